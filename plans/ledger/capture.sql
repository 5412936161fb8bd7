-- Closes open calls for good: the part that was used is spent, the rest goes back to its lot, or to "expired"
-- where the lot has ended meanwhile. Internal: the settlement of calls is built on it.
--
-- Takes a JSON array of {call_id, fence, charge, cost, state} and returns a row for each: 'ok', or 'already' for a call that
-- was closed before, or 'fenced' for one that is now another's. `if_state` asks for the state that the call must
-- still be in, and `if_lapsed` that its lease or deadline has passed. The charge never exceeds what was set
-- aside; what it `cost` beyond that is ours, and stands in the books as variance. A call whose `state` is "voided"
-- does not count where a quota counts calls. `lots` tells for each lot, in the order drawn: lot_id, ord, amount (set aside), spent, and what the
-- lot had left to spend before and after, be it available or held. `credits_left` is what the account
-- may still set aside.
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
  v_closed record;
BEGIN
  -- The ids stand in an array: a plan made while hardly a call is open then still looks them up one by one.
  PERFORM FROM plans_wallet w
  WHERE w.account_id = ANY (ARRAY(SELECT h.account_id FROM plans_hold h WHERE h.id = ANY (v_calls)))
  ORDER BY w.account_id FOR NO KEY UPDATE;
  PERFORM FROM plans_hold h WHERE h.id = ANY (v_calls) ORDER BY h.id FOR UPDATE;
  v_now := app_now();

  FOR v_closed IN
    WITH given AS MATERIALIZED (
      SELECT DISTINCT ON (g.call_id) g.* FROM jsonb_to_recordset(p_captures)
        AS g(call_id uuid, fence integer, charge bigint, cost bigint, state text, if_state text, if_lapsed boolean)
    ), closed AS (
      DELETE FROM plans_hold h USING given g
      WHERE h.id = ANY (v_calls) AND h.id = g.call_id
        AND (g.fence IS NULL OR g.fence = h.fence)
        AND (g.if_state IS NULL OR g.if_state = h.state)
        AND (g.if_lapsed IS NOT TRUE OR clock_timestamp() >= CASE h.state
          WHEN 'queued' THEN h.queue_deadline ELSE least(h.lease_until, h.hard_deadline) END)
      RETURNING h AS hold, h.id, h.account_id, h.amount, h.quota_windows,
        greatest(0, least(coalesce(g.charge, 0), h.amount)) AS charged,
        greatest(0, coalesce(g.cost, 0) - h.amount) AS variance,
        CASE WHEN g.state = 'voided' THEN 0 ELSE 1 END AS counted
    ), freed AS (
      DELETE FROM plans_holdlot d USING closed c WHERE d.hold_id = ANY (v_calls) AND d.hold_id = c.id
      RETURNING d.hold_id, d.lot_id, d.ord, d.amount, c.account_id, c.charged,
        CASE WHEN d.ord = 1 THEN c.variance ELSE 0 END AS variance
    ), drawn AS (
      SELECT f.*, l.expires_at <= v_now IS TRUE AS ended, l.available + l.held AS lot_left,
        greatest(0, least(f.amount, f.charged + f.amount
          - sum(f.amount) OVER (PARTITION BY f.hold_id ORDER BY f.ord)))::bigint AS spent
      FROM freed f JOIN plans_lot l ON l.id = f.lot_id
    ), lines AS MATERIALIZED (
      SELECT d.*, CASE WHEN d.ended THEN d.amount - d.spent ELSE 0 END AS lost,
        d.lot_left - coalesce(sum(d.spent + CASE WHEN d.ended THEN d.amount - d.spent ELSE 0 END) OVER (
          PARTITION BY d.lot_id ORDER BY d.hold_id
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before
      FROM drawn d
    ), moved AS (
      UPDATE plans_lot l
      SET held = l.held - s.amount, spent = l.spent + s.spent, expired = l.expired + s.lost,
        available = l.available + s.amount - s.spent - s.lost
      FROM (
        SELECT i.lot_id, sum(i.amount)::bigint AS amount, sum(i.spent)::bigint AS spent,
          sum(i.lost)::bigint AS lost
        FROM lines i GROUP BY i.lot_id
      ) s WHERE l.id = s.lot_id
    ), counted AS (
      UPDATE plans_quotawindow w
      SET held = w.held - CASE WHEN w.counts_calls THEN s.calls ELSE s.amount END,
        used = w.used + CASE WHEN w.counts_calls THEN s.counted ELSE s.charged END
      FROM (
        SELECT u.id, sum(c.amount)::bigint AS amount, sum(c.charged)::bigint AS charged, count(*) AS calls,
          sum(c.counted) AS counted
        FROM closed c, unnest(c.quota_windows) AS u(id) GROUP BY u.id
      ) s WHERE w.id = s.id
    ), booked AS (
      INSERT INTO plans_journal (id, kind, account_id, reason, moved_at)
      SELECT i.hold_id, 'settle', i.account_id, '', v_now FROM lines i
      WHERE i.spent + i.lost + i.variance > 0 GROUP BY i.hold_id, i.account_id
    ), posted AS (
      INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
      SELECT i.hold_id, p.code, 'µ', p.lot_id, p.amount
      FROM lines i, LATERAL (VALUES
        ('avail:' || i.account_id, i.lot_id, -i.spent - i.lost), ('usage', i.lot_id, i.spent),
        ('expired', i.lot_id, i.lost), ('issued', 0, -i.variance), ('provider_variance', 0, i.variance)
      ) AS p(code, lot_id, amount)
      WHERE p.amount <> 0
    )
    SELECT g.call_id, c.hold, c.account_id, c.charged,
      CASE WHEN c.id IS NOT NULL THEN 'ok'
        WHEN EXISTS (SELECT FROM plans_hold h WHERE h.id = g.call_id) THEN 'fenced'
        ELSE 'already' END AS outcome,
      (SELECT jsonb_agg(jsonb_build_object('lot_id', i.lot_id, 'ord', i.ord, 'amount', i.amount,
         'spent', i.spent, 'available_before', i.before, 'available_after', i.before - i.spent - i.lost)
         ORDER BY i.ord)
       FROM lines i WHERE i.hold_id = c.id) AS lots
    FROM given g LEFT JOIN closed c ON c.id = g.call_id
  LOOP
    call_id := v_closed.call_id;
    outcome := v_closed.outcome;
    hold := v_closed.hold;
    charged := v_closed.charged;
    lots := coalesce(v_closed.lots, '[]');
    credits_left := NULL;
    IF v_closed.account_id IS NOT NULL THEN
      credits_left := ledger_credits_left(v_closed.account_id, v_now);
    END IF;
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
