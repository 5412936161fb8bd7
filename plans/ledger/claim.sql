-- Lets one worker run queued calls, each once: no row means that somebody else did, or that it is too late.
DROP FUNCTION IF EXISTS ledger_claim(uuid, text, float8);
DROP FUNCTION IF EXISTS ledger_claim(uuid[], text, float8);
CREATE FUNCTION ledger_claim(p_calls uuid[], p_worker text, p_lease_seconds float8)
RETURNS TABLE (
  call_id uuid, fence integer, account_id bigint, time_zone text, member_id bigint, chat_model_id bigint, price_id bigint,
  amount bigint, prompt_tokens bigint, output_limit bigint, source text, streamed boolean, reply_to text,
  hard_deadline_seconds float8, opened_at timestamptz, tier text, is_mainland_only boolean, is_never_trained boolean)
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  WITH free AS MATERIALIZED (
    SELECT h.id FROM plans_hold h
    WHERE h.id = ANY (p_calls) AND h.state = 'queued' AND h.queue_deadline > clock_timestamp()
    ORDER BY h.id FOR NO KEY UPDATE
  )
  UPDATE plans_hold h
  SET state = 'running', fence = h.fence + 1, worker = p_worker,
    lease_until = clock_timestamp() + p_lease_seconds * interval '1 second'
  FROM free, accounts_account a
  WHERE h.id = ANY (p_calls) AND h.id = free.id AND a.id = h.account_id
  RETURNING h.id, h.fence, h.account_id, a.time_zone, h.member_id, h.chat_model_id, h.price_id,
    h.amount, h.prompt_tokens, h.output_limit, h.source, h.streamed, h.reply_to,
    extract(epoch FROM h.hard_deadline - clock_timestamp())::float8, h.opened_at,
    h.tier, h.is_mainland_only, h.is_never_trained
$$;

-- Prolongs the leases of a worker's running calls, notes which of them the upstream has accepted, and returns
-- those that are still the worker's; rows are locked in the order that ledger_capture locks them in.
DROP FUNCTION IF EXISTS ledger_heartbeat(uuid[], uuid[], text, float8);
CREATE FUNCTION ledger_heartbeat(p_calls uuid[], p_accepted uuid[], p_worker text, p_lease_seconds float8)
RETURNS TABLE (call_id uuid)
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  WITH mine AS MATERIALIZED (
    SELECT h.id FROM plans_hold h
    WHERE h.id = ANY (p_calls || p_accepted) AND h.worker = p_worker AND h.state = 'running'
    ORDER BY h.id FOR NO KEY UPDATE
  )
  UPDATE plans_hold h
  SET lease_until = clock_timestamp() + p_lease_seconds * interval '1 second',
    accepted_at = CASE WHEN h.id = ANY (p_accepted) THEN coalesce(h.accepted_at, app_now())
      ELSE h.accepted_at END
  FROM mine WHERE h.id = mine.id
  RETURNING h.id
$$;
