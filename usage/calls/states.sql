-- Where calls stand: one row for each that is open (queued, running) or has ended; unknown ids get none.
DROP FUNCTION IF EXISTS call_states(uuid[]);
CREATE FUNCTION call_states(p_calls uuid[])
RETURNS TABLE (
  call_id uuid, state text, account_id bigint, member_id bigint, how text, error_code text, charged bigint,
  chat_model_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.id, h.state, h.account_id, h.member_id, '', '', 0, h.chat_model_id
  FROM plans_hold h WHERE h.id = ANY (p_calls)
  UNION ALL
  SELECT c.id, 'ended', c.account_id, c.member_id, c.how, c.error_code, c.charged_microcredits, c.chat_model_id
  FROM usage_call c WHERE c.id = ANY (p_calls)
$$;

-- What the sweeper has to do something about: queued calls that nobody claimed for p_unclaimed seconds
-- ('unclaimed'), queued ones past their deadline ('expired'), running ones past lease or deadline ('dead').
-- Of each kind the oldest p_most. `running_calls`, `dead_calls` and `postmaster_seconds` let it see when something
-- other than the calls is wrong.
DROP FUNCTION IF EXISTS call_overdue(float8, integer);
CREATE FUNCTION call_overdue(p_unclaimed float8, p_most integer)
RETURNS TABLE (
  call_id uuid, kind text, source text, amount bigint, price_id bigint, chat_model_id bigint,
  prompt_tokens bigint, reply_to text, queued_seconds float8, running_calls bigint, dead_calls bigint,
  postmaster_seconds float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH overdue AS (
    SELECT h.*, CASE WHEN h.state = 'running' THEN 'dead'
      WHEN h.queue_deadline <= clock_timestamp() THEN 'expired' ELSE 'unclaimed' END AS kind
    FROM plans_hold h
    WHERE CASE h.state
      WHEN 'running' THEN least(h.lease_until, h.hard_deadline) <= clock_timestamp()
      ELSE h.queue_deadline <= clock_timestamp() OR h.opened_at <= app_now() - make_interval(secs => p_unclaimed)
    END
  ), ranked AS (
    SELECT o.*, row_number() OVER (PARTITION BY o.kind ORDER BY o.id) AS rank FROM overdue o
  )
  SELECT o.id, o.kind, o.source, o.amount, o.price_id, o.chat_model_id, o.prompt_tokens, o.reply_to,
    extract(epoch FROM app_now() - o.opened_at)::float8,
    (SELECT count(*) FROM plans_hold r WHERE r.state = 'running'),
    (SELECT count(*) FROM overdue d WHERE d.kind = 'dead'),
    extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8
  FROM ranked o WHERE o.rank <= p_most
  ORDER BY o.id
$$;
