-- From which moment on every journal is still there; what moved before stands in journals that carry it forward.
CREATE OR REPLACE FUNCTION ledger_kept_since() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
  SELECT min(to_date(right(c.relname, 6), 'YYYYMM'))::timestamptz
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'plans_journal'::regclass AND c.relname ~ '_[0-9]{6}$'
$$;

-- Forgets the windows of minutes and of sessions that ended more than a day ago, at most p_limit of them, unless a
-- call of theirs is still open. A session's ends 60 days after its last call.
CREATE OR REPLACE FUNCTION ledger_forget_windows(p_limit integer) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH old AS (
    SELECT w.id FROM plans_quota q JOIN plans_quotawindow w ON w.quota_id = q.id
    WHERE q."window" IN ('minute', 'session') AND w.ends_at < app_now() - interval '1 day' AND w.held = 0
      AND w.id <> ALL (ARRAY(SELECT unnest(h.quota_windows) FROM plans_hold h))
    LIMIT p_limit
  ), gone AS (
    DELETE FROM plans_quotawindow w USING old o WHERE w.id = o.id RETURNING 1
  )
  SELECT count(*)::integer FROM gone
$$;

-- Drops the oldest month of the books once it is more than p_months old, and returns it; nothing when none is due.
-- Before, journals of each account carry forward what the month's postings add up to, lot by lot, so that every sum
-- stays what it was: one for each month by the account's clock and kind of journal, which its reason names ("2026-01
-- settle"), so that statements can still be told. Books are kept for ten years at least, as tax law asks; less is
-- refused.
DROP FUNCTION IF EXISTS ledger_drop_month(integer);
CREATE FUNCTION ledger_drop_month(p_months integer) RETURNS date
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
  v_month date := ledger_kept_since();
  v_name text := to_char(v_month, 'YYYYMM');
BEGIN
  IF p_months < 120 THEN
    RAISE EXCEPTION 'books are kept for at least 120 months, not %', p_months USING ERRCODE = 'check_violation';
  END IF;
  IF v_month + make_interval(months => p_months + 1) > app_now() THEN
    RETURN NULL;
  END IF;
  EXECUTE format($sql$
    WITH sums AS MATERIALIZED (
      SELECT j.account_id, p.account_code, p.unit, p.lot_id, sum(p.amount) AS amount,
        CASE j.kind WHEN 'carry_forward' THEN j.reason
          ELSE to_char(j.moved_at AT TIME ZONE coalesce(a.time_zone, 'UTC'), 'YYYY-MM') || ' ' || j.kind END AS told
      FROM %I j JOIN plans_posting p ON p.journal_id = j.id LEFT JOIN accounts_account a ON a.id = j.account_id
      GROUP BY 1, 2, 3, 4, 6 HAVING sum(p.amount) <> 0
    ), carried AS MATERIALIZED (
      SELECT s.account_id, s.told, new_id() AS id FROM (SELECT DISTINCT account_id, told FROM sums) s
    ), journals AS (
      INSERT INTO plans_journal (id, kind, account_id, reason, moved_at)
      SELECT c.id, 'carry_forward', c.account_id, c.told, app_now() FROM carried c
    )
    INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
    SELECT c.id, s.account_code, s.unit, s.lot_id, s.amount FROM sums s JOIN carried c USING (account_id, told)
  $sql$, 'plans_journal_' || v_name);
  EXECUTE format('DROP TABLE %I, %I', 'plans_posting_' || v_name, 'plans_journal_' || v_name);
  RETURN v_month;
END $$;

-- What each lot of an account had left at a moment, held credits included, and its debt as less than nothing (lot 0):
-- what there is now without what moved since. Nothing can be said of a moment before the oldest month that is kept.
DROP FUNCTION IF EXISTS ledger_left_at(bigint, timestamptz);
CREATE FUNCTION ledger_left_at(p_account bigint, p_moment timestamptz)
RETURNS TABLE (lot_id bigint, left_over bigint)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH moved AS (
    SELECT p.lot_id, sum(p.amount) AS amount
    FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id
    WHERE j.account_id = p_account AND j.moved_at > p_moment AND j.kind <> 'carry_forward'
      AND j.id >= first_id_of(p_moment - interval '1 day') -- a call opens long before it is settled, but not so long
      AND p.account_code IN ('avail:' || p_account, 'debt:' || p_account)
    GROUP BY p.lot_id
  ), present AS (
    SELECT l.id AS lot_id, l.available + l.held AS left_over FROM plans_lot l WHERE l.account_id = p_account
    UNION ALL
    SELECT 0, -w.debt FROM plans_wallet w WHERE w.account_id = p_account
  )
  SELECT n.lot_id, (n.left_over - coalesce(m.amount, 0))::bigint
  FROM present n LEFT JOIN moved m USING (lot_id)
  WHERE p_moment >= ledger_kept_since() AND n.left_over <> coalesce(m.amount, 0)
  ORDER BY n.lot_id
$$;
