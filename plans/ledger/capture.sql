-- Closes open calls for good: the part that was used is spent, the rest goes back to its lot, or to "expired"
-- where the lot has ended meanwhile. Internal: the settlement of calls is built on it.
--
-- Takes a JSON array of {call_id, fence, charge, cost, tokens, state} and returns a row for each: 'ok', or 'already' for a call that
-- was closed before, or 'fenced' for one that is now another's. `if_state` asks for the state that the call must
-- still be in, and `if_lapsed` that its lease or deadline has passed. The charge never exceeds what was set
-- aside; what it `cost` beyond that is ours, and stands in the books as variance. A call whose `state` is "voided"
-- does not count where a quota counts calls or `tokens`, which are all that it used, in and out. `lots` tells for each lot, in the order drawn: lot_id, ord, amount (set aside), spent, and what the
-- lot had left to spend before and after, be it available or held. `credits_left` is what the account
-- may still set aside, as each call of the set ends.
DROP FUNCTION IF EXISTS ledger_capture(jsonb);
CREATE FUNCTION ledger_capture(p_captures jsonb)
RETURNS TABLE (
  call_id uuid, outcome text, hold plans_hold, charged bigint, lots jsonb, credits_left bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz;
  v_calls uuid[] := ARRAY(SELECT g.call_id FROM jsonb_to_recordset(p_captures) AS g(call_id uuid));
  v_given record;
  v_line record;
  v_lot record;
  v_unspent bigint;
  v_spent bigint;
  v_lost bigint;
  v_variance bigint;
  v_is_booked boolean;
BEGIN
  -- The ids stand in an array: a plan made while hardly a call is open then still looks them up one by one.
  PERFORM FROM plans_wallet w
  WHERE w.account_id = ANY (ARRAY(SELECT h.account_id FROM plans_hold h WHERE h.id = ANY (v_calls)))
  ORDER BY w.account_id FOR NO KEY UPDATE;
  IF cardinality(v_calls) > 1 THEN
    PERFORM FROM plans_hold h WHERE h.id = ANY (v_calls) ORDER BY h.id FOR UPDATE;
  END IF;
  v_now := app_now();

  FOR v_given IN
    SELECT DISTINCT ON (g.call_id) g.* FROM jsonb_to_recordset(p_captures)
      AS g(call_id uuid, fence integer, charge bigint, cost bigint, tokens bigint, state text, if_state text,
        if_lapsed boolean)
  LOOP
    call_id := v_given.call_id;
    lots := '[]';
    DELETE FROM plans_hold h
    WHERE h.id = v_given.call_id
      AND (v_given.fence IS NULL OR v_given.fence = h.fence)
      AND (v_given.if_state IS NULL OR v_given.if_state = h.state)
      AND (v_given.if_lapsed IS NOT TRUE OR clock_timestamp() >= CASE h.state
        WHEN 'queued' THEN h.queue_deadline ELSE least(h.lease_until, h.hard_deadline) END)
    RETURNING h.* INTO hold;
    IF NOT FOUND THEN
      outcome := CASE WHEN EXISTS (SELECT FROM plans_hold h WHERE h.id = v_given.call_id) THEN 'fenced'
        ELSE 'already' END;
      charged := NULL;
      credits_left := NULL;
      RETURN NEXT;
      CONTINUE;
    END IF;
    outcome := 'ok';
    charged := greatest(0, least(coalesce(v_given.charge, 0), hold.amount));

    -- The lots pay in the order drawn; the variance, which is nobody's, stands beside the first.
    v_unspent := charged;
    v_variance := greatest(0, coalesce(v_given.cost, 0) - hold.amount);
    v_is_booked := false;
    FOR v_line IN
      WITH freed AS (
        DELETE FROM plans_holdlot d WHERE d.hold_id = v_given.call_id RETURNING d.lot_id, d.ord, d.amount
      )
      SELECT f.* FROM freed f ORDER BY f.ord
    LOOP
      v_spent := least(v_line.amount, v_unspent);
      v_unspent := v_unspent - v_spent;
      UPDATE plans_lot l
      SET held = l.held - v_line.amount, spent = l.spent + v_spent,
        expired = l.expired + CASE WHEN l.expires_at <= v_now THEN v_line.amount - v_spent ELSE 0 END,
        available = l.available + CASE WHEN l.expires_at <= v_now THEN 0 ELSE v_line.amount - v_spent END
      WHERE l.id = v_line.lot_id
      RETURNING l.expires_at <= v_now AS ended, l.available + l.held AS lot_left INTO v_lot;
      v_lost := CASE WHEN v_lot.ended THEN v_line.amount - v_spent ELSE 0 END;
      lots := lots || jsonb_build_object('lot_id', v_line.lot_id, 'ord', v_line.ord, 'amount', v_line.amount,
        'spent', v_spent, 'available_before', v_lot.lot_left + v_spent + v_lost, 'available_after', v_lot.lot_left);
      IF v_spent + v_lost + v_variance > 0 THEN
        IF NOT v_is_booked THEN
          INSERT INTO plans_journal (id, kind, account_id, reason, moved_at)
          VALUES (v_given.call_id, 'settle', hold.account_id, '', v_now);
          v_is_booked := true;
        END IF;
        INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
        SELECT v_given.call_id, p.code, 'µ', p.lot_id, p.amount
        FROM (VALUES
          ('avail:' || hold.account_id, v_line.lot_id, -v_spent - v_lost), ('usage', v_line.lot_id, v_spent),
          ('expired', v_line.lot_id, v_lost), ('issued', 0, -v_variance), ('provider_variance', 0, v_variance)
        ) AS p(code, lot_id, amount)
        WHERE p.amount <> 0;
        v_variance := 0;
      END IF;
    END LOOP;

    UPDATE plans_quotawindow w
    SET held = w.held - CASE w.metric WHEN 'microcredits' THEN hold.amount WHEN 'tokens' THEN hold.tokens ELSE 1 END,
      used = w.used + CASE WHEN w.metric = 'microcredits' THEN charged
        WHEN v_given.state = 'voided' OR w.metric = 'at_once' THEN 0
        WHEN w.metric = 'tokens' THEN coalesce(v_given.tokens, 0) ELSE 1 END
    WHERE w.id = ANY (hold.quota_windows);
    credits_left := ledger_credits_left(hold.account_id, v_now);
    RETURN NEXT;
  END LOOP;
END $$;

-- What an account may still set aside at a moment: the available part of its usable lots.
CREATE OR REPLACE FUNCTION ledger_credits_left(p_account bigint, p_moment timestamptz) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(sum(l.available), 0)::bigint FROM plans_lot l
  WHERE l.account_id = p_account AND l.drawable AND l.effective_at <= p_moment
    AND (l.expires_at > p_moment OR l.expires_at IS NULL)
$$;
