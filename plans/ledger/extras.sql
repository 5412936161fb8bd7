-- Gives a quota more, or less, in the window that runs now, and tells the window and when it ends; it is opened if
-- no call has. Less than what is used and set aside is not possible: then there is no row. Nor is there one of a
-- session, of which a quota has many, or of calls at once, which come back by themselves.
CREATE OR REPLACE FUNCTION ledger_give_extra(p_quota bigint, p_amount bigint)
RETURNS TABLE (window_id bigint, ends_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
  v_quota record;
  v_window bigint;
  v_now timestamptz;
BEGIN
  SELECT q.account_id, q."window", q.metric, q."limit", a.time_zone INTO v_quota
  FROM plans_quota q JOIN accounts_account a ON a.id = q.account_id
  WHERE q.id = p_quota AND q.ended_at IS NULL AND q."window" <> 'session' AND q.metric <> 'at_once';
  IF NOT FOUND THEN
    RETURN;
  END IF;
  v_now := ledger_stop_admission(v_quota.account_id);
  SELECT o.id INTO v_window FROM plans_quotawindow o
  WHERE o.quota_id = p_quota AND o.starts_at <= v_now AND (o.ends_at > v_now OR o.ends_at IS NULL)
  ORDER BY o.starts_at DESC LIMIT 1;
  IF v_window IS NULL THEN
    v_window := ledger_open_window(p_quota, v_quota."window", v_quota.metric, '', v_now, v_quota.time_zone);
  END IF;
  RETURN QUERY
  UPDATE plans_quotawindow o SET extra = o.extra + p_amount
  WHERE o.id = v_window AND (p_amount > 0 OR v_quota."limit" + o.extra + p_amount >= o.used + o.held)
  RETURNING o.id, o.ends_at;
END $$;

-- Gives a child more minutes today, by the account's clock.
CREATE OR REPLACE FUNCTION ledger_give_minutes(p_member bigint, p_minutes integer) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
  INSERT INTO plans_childday AS d (member_id, day, blocks, extra_minutes)
  SELECT m.id, (app_now() AT TIME ZONE a.time_zone)::date, '{}', p_minutes
  FROM accounts_member m JOIN accounts_account a ON a.id = m.account_id WHERE m.id = p_member
  ON CONFLICT (member_id, day) DO UPDATE SET extra_minutes = least(d.extra_minutes + excluded.extra_minutes, 1440)
$$;
