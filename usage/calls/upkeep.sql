-- Makes the partitions of the calls for the coming months; running it again makes nothing.
CREATE OR REPLACE FUNCTION call_make_partitions() RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
  SELECT make_partitions('usage_call', 'id', 3) + make_partitions('usage_attempt', 'id', 3)
    + make_partitions('usage_calllot', 'call_id', 3)
$$;

-- Forgets answers that were promised to be kept for a day only, at most p_limit of them.
CREATE OR REPLACE FUNCTION call_forget_answers(p_limit integer) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH old AS (
    SELECT k.call_id FROM usage_keptanswer k WHERE k.kept_until <= clock_timestamp()
    ORDER BY k.kept_until LIMIT p_limit FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM usage_keptanswer k USING old o WHERE k.call_id = o.call_id RETURNING 1
  )
  SELECT count(*)::integer FROM gone
$$;
