-- Which call was opened under a caller's own name for it in the last day, as ledger_reserve answers: a replay, or a
-- mismatch where another body came with the same name. Internal.
CREATE OR REPLACE FUNCTION ledger_asked_before(
  p_account bigint, p_scope text, p_key text, p_hash text, OUT outcome text, OUT details jsonb
) LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN i.body_hash = p_hash THEN 'replay' ELSE 'mismatch' END, jsonb_build_object('call_id', i.call_id)
  FROM plans_idempotencykey i
  WHERE i.account_id = p_account AND i.scope = p_scope AND i.key = p_key
    AND i.created_at > clock_timestamp() - interval '24 hours'
$$;

-- Remembers a caller's own name for a call. Internal.
CREATE OR REPLACE FUNCTION ledger_remember_key(
  p_account bigint, p_scope text, p_key text, p_hash text, p_call uuid
) RETURNS void LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  INSERT INTO plans_idempotencykey AS i (account_id, scope, key, body_hash, call_id, created_at)
  VALUES (p_account, p_scope, p_key, p_hash, p_call, clock_timestamp())
  ON CONFLICT ON CONSTRAINT plans_idempotencykey_pkey DO UPDATE
  SET body_hash = excluded.body_hash, call_id = excluded.call_id, created_at = excluded.created_at
$$;

-- Forgets idempotency keys that are older than a day, at most p_limit of them.
CREATE OR REPLACE FUNCTION ledger_forget_keys(p_limit integer) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH old AS (
    SELECT i.account_id, i.scope, i.key FROM plans_idempotencykey i
    WHERE i.created_at <= clock_timestamp() - interval '24 hours'
    ORDER BY i.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM plans_idempotencykey i USING old o
    WHERE (i.account_id, i.scope, i.key) = (o.account_id, o.scope, o.key) RETURNING 1
  )
  SELECT count(*)::integer FROM gone
$$;
