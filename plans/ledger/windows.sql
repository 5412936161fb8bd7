-- The calendar window of a quota around a moment, in the account's zone; an hour that clocks repeat is two. A lifetime
-- has no end. Five hours and a session begin at the moment itself, with the first call; a session is forgotten 60 days
-- after its last one.
CREATE OR REPLACE FUNCTION ledger_window(
  p_window text, p_moment timestamptz, p_zone text, OUT starts_at timestamptz, OUT ends_at timestamptz
) LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
  v_local timestamp := p_moment AT TIME ZONE p_zone;
  v_first timestamp;
BEGIN
  IF p_window = 'lifetime' THEN
    starts_at := to_timestamp(0);
    RETURN;
  END IF;
  IF p_window = 'five_hours' THEN
    starts_at := p_moment;
    ends_at := p_moment + interval '5 hours';
    RETURN;
  END IF;
  IF p_window = 'session' THEN
    starts_at := p_moment;
    ends_at := p_moment + interval '60 days';
    RETURN;
  END IF;
  IF p_window IN ('minute', 'night_hour') THEN
    v_first := date_trunc(CASE p_window WHEN 'minute' THEN 'minute' ELSE 'hour' END, v_local);
    starts_at := p_moment - (v_local - v_first);
    ends_at := starts_at + CASE p_window WHEN 'minute' THEN interval '1 minute' ELSE interval '1 hour' END;
    RETURN;
  END IF;
  v_first := date_trunc(p_window, v_local);
  starts_at := v_first AT TIME ZONE p_zone;
  ends_at := (v_first + ('1 ' || p_window)::interval) AT TIME ZONE p_zone;
END $$;

-- Of which session a window is that counts a call: of the call's own, where each has one.
CREATE OR REPLACE FUNCTION ledger_session(p_window text, p_session text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_window WHEN 'session' THEN coalesce(p_session, '') ELSE '' END
$$;

-- Opens the window of a quota that covers p_moment. After a change of zone the calendar's window may begin
-- before the last one ended; then it begins where that one ended, so that nothing counts twice.
DROP FUNCTION IF EXISTS ledger_open_window(bigint, text, timestamptz, text);
DROP FUNCTION IF EXISTS ledger_open_window(bigint, text, boolean, timestamptz, text);
CREATE OR REPLACE FUNCTION ledger_open_window(
  p_quota bigint, p_window text, p_metric text, p_session text, p_moment timestamptz, p_zone text
) RETURNS bigint LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  INSERT INTO plans_quotawindow (quota_id, session, starts_at, ends_at, used, held, extra, metric)
  SELECT p_quota, s.name,
    greatest(w.starts_at, (SELECT l.ends_at FROM plans_quotawindow l
                           WHERE l.quota_id = p_quota AND l.session = s.name AND l.ends_at <= p_moment
                           ORDER BY l.starts_at DESC LIMIT 1)),
    w.ends_at, 0, 0, 0, p_metric
  FROM ledger_window(p_window, p_moment, p_zone) w, (SELECT ledger_session(p_window, p_session) AS name) s
  RETURNING id
$$;

-- When a window starts anew: at its end, also before its first call. A session and a lifetime never do.
CREATE OR REPLACE FUNCTION ledger_resets_at(
  p_window text, p_ends_at timestamptz, p_moment timestamptz, p_zone text
) RETURNS timestamptz LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN p_window <> 'session'
    THEN coalesce(p_ends_at, (SELECT w.ends_at FROM ledger_window(p_window, p_moment, p_zone) w)) END
$$;

-- Lets nobody open a call of the account until the transaction ends, and tells the moment: what changes its quotas
-- then counts every call that is opened later, and none from before.
CREATE OR REPLACE FUNCTION ledger_stop_admission(p_account bigint) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
BEGIN
  INSERT INTO plans_wallet (account_id, debt) VALUES (p_account, 0) ON CONFLICT DO NOTHING;
  PERFORM FROM plans_wallet w WHERE w.account_id = p_account FOR NO KEY UPDATE;
  RETURN app_now();
END $$;

-- What an account's slices still keep for others than the given nodes. A slice inside of another one (a department
-- in a department, a member in a department) is part of it and counts once. `inside` is the part of it that is
-- kept for departments and members inside of the given ones. Internal.
DROP FUNCTION IF EXISTS ledger_set_aside(bigint, text[], bigint[], timestamptz);
CREATE FUNCTION ledger_set_aside(
  p_account bigint, p_kinds text[], p_nodes bigint[], p_moment timestamptz, OUT kept bigint, OUT inside bigint
) LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH RECURSIVE slices AS (
    SELECT q.id, q.node_kind, q.node_id, greatest(0, q."limit" + coalesce(w.extra - w.used - w.held, 0)) AS rest,
      CASE q.node_kind
        WHEN 'department' THEN (SELECT d.parent_id FROM accounts_department d WHERE d.id = q.node_id)
        WHEN 'member' THEN (SELECT m.department_id FROM accounts_member m WHERE m.id = q.node_id)
      END AS parent_id
    FROM plans_quota q
    LEFT JOIN LATERAL (
      SELECT o.used, o.held, o.extra FROM plans_quotawindow o
      WHERE o.quota_id = q.id AND o.starts_at <= p_moment AND (o.ends_at > p_moment OR o.ends_at IS NULL)
      ORDER BY o.starts_at DESC LIMIT 1
    ) w ON true
    WHERE q.account_id = p_account AND q.is_slice AND q.ended_at IS NULL
      AND NOT EXISTS (SELECT FROM unnest(p_kinds, p_nodes) AS n(kind, id) WHERE n.kind = q.node_kind AND n.id = q.node_id)
  ), above AS (
    SELECT s.id, s.parent_id FROM slices s WHERE s.parent_id IS NOT NULL
    UNION
    SELECT a.id, d.parent_id FROM above a JOIN accounts_department d ON d.id = a.parent_id
    WHERE d.parent_id IS NOT NULL
  )
  SELECT coalesce(sum(s.rest), 0)::bigint, coalesce(sum(s.rest) FILTER (WHERE EXISTS (
      SELECT FROM above a JOIN unnest(p_kinds, p_nodes) AS n(kind, id) ON n.kind = 'department' AND n.id = a.parent_id
      WHERE a.id = s.id)), 0)::bigint
  FROM slices s
  WHERE NOT EXISTS (
    SELECT FROM above a JOIN slices o ON o.node_kind = 'department' AND o.node_id = a.parent_id WHERE a.id = s.id)
$$;

-- The slice that keeps most for others than the given nodes, as a refusal tells of a quota. Internal.
CREATE OR REPLACE FUNCTION ledger_largest_slice(
  p_account bigint, p_kinds text[], p_nodes bigint[], p_moment timestamptz, p_zone text
) RETURNS jsonb LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('quota_id', q.id, 'node_kind', q.node_kind, 'node_id', q.node_id, 'window', q."window",
    'metric', q.metric, 'used', coalesce(w.used, 0), 'held', coalesce(w.held, 0),
    'limit', q."limit" + coalesce(w.extra, 0),
    'grace_percent', 0, 'resets_at', ledger_resets_at(q."window", w.ends_at, p_moment, p_zone))
  FROM plans_quota q
  LEFT JOIN LATERAL (
    SELECT o.used, o.held, o.extra, o.ends_at FROM plans_quotawindow o
    WHERE o.quota_id = q.id AND o.starts_at <= p_moment AND (o.ends_at > p_moment OR o.ends_at IS NULL)
    ORDER BY o.starts_at DESC LIMIT 1
  ) w ON true
  WHERE q.account_id = p_account AND q.is_slice AND q.ended_at IS NULL
    AND NOT EXISTS (SELECT FROM unnest(p_kinds, p_nodes) AS n(kind, id) WHERE n.kind = q.node_kind AND n.id = q.node_id)
  ORDER BY q."limit" + coalesce(w.extra - w.used - w.held, 0) DESC, q.id LIMIT 1
$$;

-- Makes the partitions of the books for the coming months; running it again makes nothing.
CREATE OR REPLACE FUNCTION ledger_make_partitions() RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
  SELECT make_partitions('plans_journal', 'id', 3) + make_partitions('plans_posting', 'journal_id', 3)
$$;
