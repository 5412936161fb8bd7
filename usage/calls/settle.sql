-- Ends calls for good: takes their holds (ledger_capture), writes the calls, their tries and lot lines, and adds
-- them to the totals of the account's local day, all in one transaction.
--
-- Takes a JSON array of endings as usage.calls.endings writes them and returns a row for each: 'ok', 'already'
-- (it had ended before; `charged` is what was charged then) or 'fenced' (it is open, but not this caller's to
-- end). What a vendor tells of a call that the sweeper had to close is kept as late evidence, never charged.
DROP FUNCTION IF EXISTS call_settle(jsonb);
CREATE FUNCTION call_settle(p_endings jsonb)
RETURNS TABLE (call_id uuid, outcome text, charged bigint, credits_left bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := app_now();
  v_ended record;
  v_hold plans_hold;
  v_local timestamp;
  v_how text;
  v_raw_usage jsonb;
BEGIN
  FOR v_ended IN
    SELECT g.*, u.*, c.outcome, c.hold, c.charged, c.lots, c.credits_left
    FROM ledger_capture(p_endings) c
    JOIN jsonb_to_recordset(p_endings) AS g(
      call_id uuid, usage jsonb, how text, state text, estimated boolean, finish_reason text, error_code text,
      route_id bigint, accepted_ago float8, first_token_milliseconds integer, attempts jsonb, kept text)
      ON g.call_id = c.call_id,
    LATERAL jsonb_to_record(g.usage) AS u(
      in_fresh bigint, cache_read bigint, cache_write_5m bigint, cache_write_1h bigint, in_image bigint,
      in_audio bigint, out_text bigint, out_reasoning bigint, out_image bigint, out_audio bigint)
  LOOP
    call_id := v_ended.call_id;
    outcome := v_ended.outcome;
    charged := v_ended.charged;
    credits_left := v_ended.credits_left;

    IF outcome <> 'ok' THEN
      SELECT c.how, c.charged_microcredits INTO v_how, charged FROM usage_call c WHERE c.id = v_ended.call_id;
      outcome := CASE WHEN FOUND THEN 'already' ELSE 'fenced' END;
      v_raw_usage := v_ended.attempts->-1->'raw_usage';
      IF v_how IN ('platform', 'sweep_partial') AND jsonb_typeof(v_raw_usage) = 'object' THEN
        INSERT INTO usage_lateevidence (call_id, raw_usage, route_id, arrived_at)
        VALUES (v_ended.call_id, v_raw_usage, (v_ended.attempts->-1->>'route_id')::bigint, v_now)
        ON CONFLICT DO NOTHING;
      END IF;
      RETURN NEXT;
      CONTINUE;
    END IF;

    v_hold := v_ended.hold;
    v_local := v_hold.opened_at
      AT TIME ZONE (SELECT a.time_zone FROM accounts_account a WHERE a.id = v_hold.account_id);
    INSERT INTO usage_call (
      id, account_id, member_id, departments, project_id, scenario_id, api_key_id, end_user, session, chat_model_id,
      price_id, route_id, source, streamed, state, how, prompt_bound, held_microcredits, charged_microcredits, estimated,
      in_fresh, cache_read, cache_write_5m, cache_write_1h, in_image, in_audio,
      out_text, out_reasoning, out_image, out_audio, finish_reason, error_code,
      opened_at, accepted_at, first_token_milliseconds, ended_at, day)
    VALUES (
      v_hold.id, v_hold.account_id, v_hold.member_id, v_hold.departments, v_hold.project_id, v_hold.scenario_id,
      v_hold.api_key_id, v_hold.end_user, v_hold.session, v_hold.chat_model_id, v_hold.price_id, v_ended.route_id,
      v_hold.source, v_hold.streamed, v_ended.state, v_ended.how, v_hold.prompt_tokens, v_hold.amount, v_ended.charged,
      v_ended.estimated, v_ended.in_fresh, v_ended.cache_read, v_ended.cache_write_5m, v_ended.cache_write_1h,
      v_ended.in_image, v_ended.in_audio, v_ended.out_text, v_ended.out_reasoning, v_ended.out_image,
      v_ended.out_audio, v_ended.finish_reason, v_ended.error_code, v_hold.opened_at,
      coalesce(v_now - make_interval(secs => v_ended.accepted_ago), v_hold.accepted_at),
      v_ended.first_token_milliseconds, v_now, v_local::date);
    INSERT INTO usage_attempt (
      id, call_id, route_id, price_id, position, outcome, raw_usage, started_at, accepted_at, ended_at)
    SELECT
      uuidv7(v_now - clock_timestamp()), v_hold.id, t.route_id, v_hold.price_id, t.position, t.outcome, t.raw_usage,
      v_now - make_interval(secs => t.started_ago), v_now - make_interval(secs => t.accepted_ago),
      v_now - make_interval(secs => t.ended_ago)
    FROM jsonb_to_recordset(v_ended.attempts) AS t(
      route_id bigint, position smallint, outcome text, raw_usage jsonb,
      started_ago float8, accepted_ago float8, ended_ago float8);
    INSERT INTO usage_calllot (
      call_id, ord, lot_id, amount_microcredits, available_before_microcredits, available_after_microcredits)
    SELECT v_hold.id, l.ord, l.lot_id, l.spent, l.available_before, l.available_after
    FROM jsonb_to_recordset(v_ended.lots) AS l(
      ord smallint, lot_id bigint, spent bigint, available_before bigint, available_after bigint)
    WHERE l.spent > 0;
    INSERT INTO usage_dailytotal AS t (
      account_id, day, member_id, departments, project_id, scenario_id, api_key_id, end_user, chat_model_id,
      calls, charged_microcredits, input_tokens, output_tokens)
    VALUES (
      v_hold.account_id, v_local::date, v_hold.member_id, v_hold.departments, v_hold.project_id, v_hold.scenario_id,
      v_hold.api_key_id, v_hold.end_user, v_hold.chat_model_id, 1, v_ended.charged,
      v_ended.in_fresh + v_ended.cache_read + v_ended.cache_write_5m + v_ended.cache_write_1h + v_ended.in_image
        + v_ended.in_audio,
      v_ended.out_text + v_ended.out_reasoning + v_ended.out_image + v_ended.out_audio)
    ON CONFLICT (
      account_id, day, member_id, departments, project_id, scenario_id, api_key_id, end_user, chat_model_id)
    DO UPDATE SET
      calls = t.calls + excluded.calls,
      charged_microcredits = t.charged_microcredits + excluded.charged_microcredits,
      input_tokens = t.input_tokens + excluded.input_tokens,
      output_tokens = t.output_tokens + excluded.output_tokens;
    INSERT INTO usage_hourprofile AS p (account_id, weekday, hour, calls, charged_microcredits)
    VALUES (
      v_hold.account_id, extract(isodow FROM v_local), extract(hour FROM v_local), 1, v_ended.charged)
    ON CONFLICT (account_id, weekday, hour) DO UPDATE SET
      calls = p.calls + excluded.calls,
      charged_microcredits = p.charged_microcredits + excluded.charged_microcredits;
    IF v_ended.kept IS NOT NULL THEN
      INSERT INTO usage_keptanswer (call_id, sealed, kept_until)
      VALUES (v_ended.call_id, decode(v_ended.kept, 'base64'), clock_timestamp() + interval '24 hours');
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
