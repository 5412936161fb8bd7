-- The calendar window of a quota around a moment, in the account's zone. A lifetime has no end.
CREATE OR REPLACE FUNCTION ledger_window(
  p_window text, p_moment timestamptz, p_zone text, OUT starts_at timestamptz, OUT ends_at timestamptz
) LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
  v_first timestamp;
BEGIN
  IF p_window = 'lifetime' THEN
    starts_at := to_timestamp(0);
    RETURN;
  END IF;
  v_first := date_trunc(p_window, p_moment AT TIME ZONE p_zone);
  starts_at := v_first AT TIME ZONE p_zone;
  ends_at := (v_first + ('1 ' || p_window)::interval) AT TIME ZONE p_zone;
END $$;

-- Opens the window of a quota that covers p_moment. After a change of zone the calendar's window may begin
-- before the last one ended; then it begins where that one ended, so that nothing counts twice.
CREATE OR REPLACE FUNCTION ledger_open_window(p_quota bigint, p_window text, p_moment timestamptz, p_zone text)
RETURNS bigint LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  INSERT INTO plans_quotawindow (quota_id, starts_at, ends_at, used, held)
  SELECT p_quota,
    greatest(w.starts_at, (SELECT max(l.ends_at) FROM plans_quotawindow l
                           WHERE l.quota_id = p_quota AND l.ends_at <= p_moment)),
    w.ends_at, 0, 0
  FROM ledger_window(p_window, p_moment, p_zone) w
  RETURNING id
$$;

-- Makes the partitions of the books for the coming months; running it again makes nothing.
CREATE OR REPLACE FUNCTION ledger_make_partitions() RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
  SELECT make_partitions('plans_journal', 'id', 3) + make_partitions('plans_posting', 'journal_id', 3)
$$;
