-- Opens calls: sets credits aside for each, or refuses it and leaves nothing behind.
--
-- Takes a JSON array of {call_id, account_id, member_id, departments, project_id, scenario_id, api_key_id,
-- end_user, tier, chat_model_id, price_id, amount, floor_amount, source, streamed, reply_to, prompt_tokens,
-- output_limit, output_rate, tokens, floor_tokens, choices, session, idempotency_scope, idempotency_key, body_hash,
-- queue_deadline_seconds, hard_deadline_seconds} and returns a row for each, in the same order.
--
-- What of a call a quota holds is its credits, itself, or the most tokens it may have, in and out. Where a quota leaves
-- fewer tokens than that, but `floor_tokens`, each of the `choices` is cut shorter; the credits stay set aside in full.
--
-- All wallets are locked first, in the order of their accounts. An account's wallet guards its lots, windows,
-- holds and keys, so each call is looked at as a whole before the first write, and needs no savepoint.
--
-- The commit is not waited for: whoever claims the call commits after it in the same log and does wait, so that
-- no call reaches an upstream unless its hold is on disk. A crash before that forgets a call that never ran. Only
-- where a caller gave a call a name it is waited for: the name must stand before anyone hears of the call.
--
-- The price row of a call is the one of this moment, or the answer is 'repriced' and tells which one is. Whoever
-- publishes a price waits until the calls that are being opened stand, and lets it begin after that (prices.publish).
-- Bitmap scans are off because they never mark the index entries of closed calls as dead.
CREATE OR REPLACE FUNCTION ledger_reserve(p_calls jsonb)
RETURNS TABLE (call_id uuid, outcome text, details jsonb)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  c_open_calls CONSTANT integer := 512;
  c_untold CONSTANT text[] := ARRAY['is_slice', 'window_id', 'ends_at', 'rest'];
  v_now timestamptz;
  v_call record;
  v_state record;
  v_quota record;
  v_tight record;
  v_over jsonb; v_minutes jsonb;
  v_tokens bigint;
  v_mainland boolean;
  v_untrained boolean;
  v_no jsonb; v_price bigint;
  v_lot record;
  v_floor bigint; v_room bigint; v_own bigint; v_pool bigint;
  v_kinds text[]; v_nodes bigint[];
  v_found bigint; v_amount bigint; v_limit bigint;
  v_lots bigint[]; v_drawn bigint[];
  v_windows bigint[]; v_sessions bigint[]; v_unopened bigint[];
BEGIN
  IF NOT jsonb_path_exists(p_calls, '$[*].idempotency_key ? (@ != null)') THEN
    PERFORM set_config('synchronous_commit', 'off', true);
  END IF;
  PERFORM FROM plans_wallet w
  WHERE w.account_id IN (SELECT g.account_id FROM jsonb_to_recordset(p_calls) AS g(account_id bigint))
  ORDER BY w.account_id FOR NO KEY UPDATE;
  v_now := app_now();
  PERFORM pg_advisory_xact_lock_shared(hashtext('prices'));

  FOR v_call IN
    SELECT * FROM jsonb_to_recordset(p_calls) AS g(
      call_id uuid, account_id bigint, member_id bigint, departments bigint[], project_id bigint,
      scenario_id bigint, api_key_id bigint, end_user text, tier text, chat_model_id bigint, price_id bigint,
      amount bigint, floor_amount bigint, source text, streamed boolean, reply_to text,
      prompt_tokens bigint, output_limit bigint, output_rate bigint, tokens bigint, floor_tokens bigint,
      choices bigint, session text, idempotency_scope text, idempotency_key text, body_hash text, queue_deadline_seconds float8, hard_deadline_seconds float8)
  LOOP
    call_id := v_call.call_id;

    -- asked before?
    IF v_call.idempotency_key IS NOT NULL THEN
      SELECT b.outcome, b.details INTO outcome, details FROM ledger_asked_before(
        v_call.account_id, v_call.idempotency_scope, v_call.idempotency_key, v_call.body_hash) b;
      IF outcome IS NOT NULL THEN
        RETURN NEXT;
        CONTINUE;
      END IF;
    END IF;

    -- may they call at all?
    SELECT a.time_zone,
      a.suspended_at IS NOT NULL OR w.debt > 0 AS suspended,
      m.role = 'auditor' AS only_reads, g.member_id IS NOT NULL AS is_child,
      m.id IS NULL OR m.left_at IS NOT NULL OR v_call.api_key_id IS NOT NULL
        AND (k.id IS NULL OR k.revoked_at IS NOT NULL OR k.expires_at <= v_now) AS revoked,
      CASE WHEN a.paused_at IS NOT NULL THEN jsonb_build_object('node_kind', 'account', 'node_id', a.id)
        WHEN k.paused_at IS NOT NULL THEN jsonb_build_object('node_kind', 'key', 'node_id', k.id)
        WHEN m.paused_at IS NOT NULL THEN jsonb_build_object('node_kind', 'member', 'node_id', m.id)
        WHEN p.paused_at IS NOT NULL THEN jsonb_build_object('node_kind', 'project', 'node_id', p.id)
        WHEN s.paused_at IS NOT NULL THEN jsonb_build_object('node_kind', 'scenario', 'node_id', s.id)
        ELSE (SELECT jsonb_build_object('node_kind', 'department', 'node_id', d.id)
              FROM accounts_department d
              WHERE d.id = ANY (v_call.departments) AND d.account_id = a.id AND d.paused_at IS NOT NULL LIMIT 1)
      END AS paused,
      (SELECT count(*) FROM plans_hold h WHERE h.account_id = a.id) AS open_calls,
      EXISTS (SELECT FROM plans_quota q
              WHERE q.account_id = a.id AND q.is_slice AND q.ended_at IS NULL) AS has_slices,
      EXISTS (SELECT FROM plans_accessrule r WHERE r.account_id = a.id) AS has_rules
    INTO v_state
    FROM accounts_account a
    LEFT JOIN plans_wallet w ON w.account_id = a.id
    LEFT JOIN accounts_member m ON m.id = v_call.member_id AND m.account_id = a.id
    LEFT JOIN accounts_guardianship g ON g.member_id = m.id
    LEFT JOIN accounts_apikey k ON k.id = v_call.api_key_id AND k.account_id = a.id
    LEFT JOIN accounts_project p ON p.id = v_call.project_id AND p.account_id = a.id
    LEFT JOIN accounts_scenario s ON s.id = v_call.scenario_id AND coalesce(s.account_id, a.id) = a.id
    WHERE a.id = v_call.account_id;
    outcome := CASE
      WHEN NOT FOUND OR v_state.suspended THEN 'suspended'
      WHEN v_state.revoked THEN 'revoked'
      WHEN v_state.only_reads THEN 'only_reads'
      WHEN v_state.paused IS NOT NULL THEN 'paused'
      WHEN v_state.open_calls >= c_open_calls THEN 'busy'
    END;
    IF outcome IS NOT NULL THEN
      details := CASE outcome WHEN 'paused' THEN v_state.paused
        WHEN 'busy' THEN jsonb_build_object('limit', c_open_calls) ELSE '{}' END;
      RETURN NEXT;
      CONTINUE;
    END IF;

    -- is that its price? May they ask this model, and now?
    v_kinds := ARRAY['account', 'member', 'project', 'scenario', 'key']
      || array_fill('department'::text, ARRAY[cardinality(v_call.departments)]);
    v_nodes := ARRAY[v_call.account_id, v_call.member_id, v_call.project_id, v_call.scenario_id, v_call.api_key_id]
      || v_call.departments;
    v_mainland := false; v_untrained := false;
    v_no := NULL;
    v_price := catalog_price_at(v_call.chat_model_id, v_now, v_state.time_zone);
    IF v_price IS DISTINCT FROM v_call.price_id THEN
      v_no := jsonb_build_object('outcome', 'repriced', 'price_id', v_price);
    ELSIF v_state.has_rules THEN
      SELECT r.is_mainland_only, r.is_never_trained, r.refused INTO v_mainland, v_untrained, v_no
      FROM ledger_rules(v_call.account_id, v_kinds, v_nodes, v_call.chat_model_id) r;
    END IF;
    IF v_no IS NULL AND v_state.is_child THEN
      v_no := ledger_child_refusal(v_call.member_id, v_call.scenario_id, v_now, v_state.time_zone);
    END IF;
    IF v_no IS NOT NULL THEN
      outcome := v_no ->> 'outcome';
      details := v_no - 'outcome';
      RETURN NEXT;
      CONTINUE;
    END IF;

    -- what do the quotas leave?
    v_floor := CASE WHEN v_call.output_rate > 0
      THEN least(coalesce(v_call.floor_amount, v_call.amount), v_call.amount) ELSE v_call.amount END;
    v_room := v_call.amount;
    v_own := 0;
    v_tokens := v_call.tokens;
    v_tight := NULL;
    v_over := '[]'; v_minutes := '[]';
    v_windows := '{}'; v_sessions := '{}'; v_unopened := '{}';
    FOR v_quota IN
      SELECT q.id AS quota_id, q.node_kind, q.node_id, q.chat_model_id, q."window", q.metric, t.most AS "limit",
        q.grace_percent, q.is_slice, w.id AS window_id, w.ends_at, coalesce(w.used, 0) AS used,
        coalesce(w.held, 0) AS held, t.most + t.most * q.grace_percent / 100 - coalesce(w.used + w.held, 0) AS rest
      FROM unnest(v_kinds, v_nodes) AS n(kind, id)
      JOIN plans_quota q
        ON q.account_id = v_call.account_id AND q.node_kind = n.kind AND q.node_id = n.id AND q.ended_at IS NULL
        AND (q.chat_model_id IS NULL OR q.chat_model_id = v_call.chat_model_id)
        AND (q."window" <> 'night_hour' OR extract(hour FROM v_now AT TIME ZONE v_state.time_zone) < 7)
      LEFT JOIN LATERAL (
        SELECT o.id, o.used, o.held, o.extra, o.ends_at FROM plans_quotawindow o
        WHERE o.quota_id = q.id AND o.session = ledger_session(q."window", v_call.session)
          AND o.starts_at <= v_now AND (o.ends_at > v_now OR o.ends_at IS NULL)
        ORDER BY o.starts_at DESC LIMIT 1
      ) w ON true
      CROSS JOIN LATERAL (SELECT q."limit" + coalesce(w.extra, 0) AS most) t
    LOOP
      IF v_quota.window_id IS NULL THEN
        v_unopened := v_unopened || v_quota.quota_id;
      ELSE
        v_windows := v_windows || v_quota.window_id;
      END IF;
      IF v_quota.grace_percent > 0 AND v_quota.used + v_quota.held >= v_quota."limit" THEN
        v_over := v_over || (to_jsonb(v_quota) - c_untold);
      END IF;
      IF v_quota."window" = 'minute' THEN
        v_minutes := v_minutes || (to_jsonb(v_quota) - c_untold);
      ELSIF v_quota."window" = 'session' THEN
        v_sessions := v_sessions || v_quota.window_id;
      END IF;
      IF v_quota.metric = 'tokens' THEN
        v_tokens := least(v_tokens, v_quota.rest);
        v_quota.rest := CASE WHEN v_quota.rest >= v_call.floor_tokens THEN v_room ELSE -1 END;
      ELSIF v_quota.metric <> 'microcredits' THEN
        v_quota.rest := CASE WHEN v_quota.rest > 0 THEN v_room ELSE -1 END;
      END IF;
      IF v_quota.is_slice THEN
        v_own := greatest(v_own, v_quota.rest);
      END IF;
      IF v_quota.rest < v_room THEN
        v_room := v_quota.rest;
        v_tight := v_quota;
      END IF;
    END LOOP;
    IF v_room < v_floor THEN
      outcome := 'quota';
      details := (to_jsonb(v_tight) - c_untold) || jsonb_build_object(
        'needed', CASE v_tight.metric WHEN 'microcredits' THEN v_floor WHEN 'tokens' THEN v_call.floor_tokens ELSE 1 END,
        'resets_at', ledger_resets_at(v_tight."window", v_tight.ends_at, v_now, v_state.time_zone));
      RETURN NEXT;
      CONTINUE;
    END IF;

    -- what is set aside for others? Where more is set aside than there is, a slice still gives what is there.
    IF v_state.has_slices THEN
      v_pool := ledger_credits_left(v_call.account_id, v_now);
      SELECT a.kept, least(v_own, v_pool) - a.inside INTO v_found, v_own
      FROM ledger_set_aside(v_call.account_id, v_kinds, v_nodes, v_now) a;
      v_room := least(v_room, greatest(v_pool - v_found, v_own, 0));
      IF v_room < v_floor THEN
        outcome := CASE WHEN v_pool < v_floor
          THEN ledger_lacking(v_call.account_id, v_call.chat_model_id, v_now) ELSE 'set_aside' END;
        details := jsonb_build_object('available', v_pool, 'needed', v_floor)
          || CASE WHEN v_pool < v_floor THEN '{}'::jsonb
            ELSE ledger_largest_slice(v_call.account_id, v_kinds, v_nodes, v_now, v_state.time_zone)
              || jsonb_build_object('set_aside', v_found) END;
        RETURN NEXT;
        CONTINUE;
      END IF;
    END IF;

    -- what do the lots give?
    v_found := 0;
    v_lots := '{}'; v_drawn := '{}';
    IF v_room > 0 THEN
      FOR v_lot IN
        SELECT l.id, l.available FROM plans_lot l
        WHERE l.account_id = v_call.account_id AND l.drawable AND l.effective_at <= v_now
          AND (l.expires_at > v_now OR l.expires_at IS NULL)
          AND (l.chat_model_ids IS NULL OR v_call.chat_model_id = ANY (l.chat_model_ids))
          AND (l.scenario_ids IS NULL OR v_call.scenario_id = ANY (l.scenario_ids))
        ORDER BY l.priority, l.expires_at, l.granted_at, l.id
      LOOP
        v_lots := v_lots || v_lot.id;
        v_drawn := v_drawn || least(v_lot.available, v_room - v_found);
        v_found := v_found + least(v_lot.available, v_room - v_found);
        EXIT WHEN v_found = v_room;
      END LOOP;
    END IF;
    v_amount := v_found;
    -- Every token less saves its rate, so this many fewer surely fit into what is missing.
    v_limit := CASE WHEN v_amount = v_call.amount THEN v_call.output_limit ELSE v_call.output_limit
        - ceil((v_call.amount - v_amount) * 1000000.0 / nullif(v_call.output_rate, 0))::bigint END;
    IF v_amount < v_floor OR v_limit < 1 AND v_amount < v_call.amount THEN
      outcome := ledger_lacking(v_call.account_id, v_call.chat_model_id, v_now);
      details := jsonb_build_object('available', v_found, 'needed', v_floor);
      RETURN NEXT;
      CONTINUE;
    END IF;

    v_limit := least(v_limit, v_call.output_limit - ceil((v_call.tokens - v_tokens)::numeric / v_call.choices));
    v_tokens := coalesce(v_call.tokens - (v_call.output_limit - v_limit) * v_call.choices, 0);

    -- admitted: from here on only writes
    UPDATE plans_lot l SET available = l.available - d.amount, held = l.held + d.amount
    FROM unnest(v_lots, v_drawn) AS d(id, amount) WHERE l.id = d.id;
    INSERT INTO plans_holdlot (hold_id, lot_id, ord, amount)
    SELECT v_call.call_id, d.id, d.ord, d.amount
    FROM unnest(v_lots, v_drawn) WITH ORDINALITY AS d(id, amount, ord);
    IF v_unopened <> '{}' THEN
      v_windows := v_windows || ARRAY(
        SELECT ledger_open_window(q.id, q."window", q.metric, v_call.session, v_now, v_state.time_zone)
        FROM plans_quota q WHERE q.id = ANY (v_unopened));
    END IF;
    IF v_windows <> '{}' THEN
      UPDATE plans_quotawindow w
      SET held = w.held + CASE w.metric WHEN 'microcredits' THEN v_amount WHEN 'tokens' THEN v_tokens ELSE 1 END,
        ends_at = CASE WHEN w.id = ANY (v_sessions) THEN v_now + interval '60 days' ELSE w.ends_at END
      WHERE w.id = ANY (v_windows);
    END IF;
    INSERT INTO plans_hold (
      id, account_id, member_id, departments, project_id, scenario_id, api_key_id, end_user, tier,
      is_mainland_only, is_never_trained, chat_model_id, price_id, amount, state, fence, worker, reply_to, source,
      streamed, prompt_tokens, output_limit, tokens, session, quota_windows, opened_at, queue_deadline, hard_deadline)
    VALUES (
      v_call.call_id, v_call.account_id, v_call.member_id, coalesce(v_call.departments, '{}'), v_call.project_id,
      v_call.scenario_id, v_call.api_key_id, coalesce(v_call.end_user, ''), coalesce(v_call.tier, ''), v_mainland,
      v_untrained, v_call.chat_model_id, v_call.price_id, v_amount, 'queued', 0, '', coalesce(v_call.reply_to, ''),
      v_call.source, v_call.streamed, v_call.prompt_tokens, v_limit, v_tokens, coalesce(v_call.session, ''),
      v_windows, v_now,
      clock_timestamp() + v_call.queue_deadline_seconds * interval '1 second',
      clock_timestamp() + v_call.hard_deadline_seconds * interval '1 second');
    IF v_state.is_child THEN
      PERFORM ledger_count_minutes(v_call.member_id, v_now, v_state.time_zone);
    END IF;
    IF v_call.idempotency_key IS NOT NULL THEN
      PERFORM ledger_remember_key(v_call.account_id, v_call.idempotency_scope, v_call.idempotency_key,
        v_call.body_hash, v_call.call_id);
    END IF;
    outcome := 'ok';
    details := jsonb_build_object('amount', v_amount, 'output_limit', v_limit);
    IF v_over <> '[]' OR v_minutes <> '[]' THEN
      details := details || jsonb_build_object('over', v_over, 'minutes', v_minutes, 'tokens', v_tokens,
        'minute_left', ceil(60 - extract(second FROM v_now)));
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
