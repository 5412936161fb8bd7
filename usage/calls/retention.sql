-- From which moment on every call is still there; what was before it is only in totals and in the books.
CREATE OR REPLACE FUNCTION call_kept_since() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
  SELECT min(to_date(right(c.relname, 6), 'YYYYMM'))::timestamptz
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'usage_call'::regclass AND c.relname ~ '_[0-9]{6}$'
$$;

-- From which moment on totals can be compared with calls: two days later, since a day is an account's own.
CREATE OR REPLACE FUNCTION call_comparable_since() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN EXISTS (SELECT FROM usage_dropped) THEN call_kept_since() + interval '2 days' ELSE '-infinity' END
$$;

-- Drops the oldest month of calls, with their attempts and lot lines, once it is more than p_months old, and returns
-- it; nothing when none is due. What each account's calls came to is kept; votes on them go too. Calls are what a bill is explained with,
-- so they are kept for two years at least; less is refused.
DROP FUNCTION IF EXISTS call_drop_month(integer);
CREATE FUNCTION call_drop_month(p_months integer) RETURNS date
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
  v_month date := call_kept_since();
  v_name text := to_char(v_month, 'YYYYMM');
BEGIN
  IF p_months < 24 THEN
    RAISE EXCEPTION 'calls are kept for at least 24 months, not %', p_months USING ERRCODE = 'check_violation';
  END IF;
  IF v_month + make_interval(months => p_months + 1) > app_now() THEN
    RETURN NULL;
  END IF;
  EXECUTE format($sql$
    INSERT INTO usage_dropped AS d (account_id, calls, charged_microcredits)
    SELECT c.account_id, count(*), sum(c.charged_microcredits) FROM %I c GROUP BY c.account_id
    ON CONFLICT (account_id) DO UPDATE SET
      calls = d.calls + excluded.calls, charged_microcredits = d.charged_microcredits + excluded.charged_microcredits
  $sql$, 'usage_call_' || v_name);
  EXECUTE format('DELETE FROM usage_vote v USING %I c WHERE v.call_id = c.id', 'usage_call_' || v_name);
  EXECUTE format('DELETE FROM usage_assistantcall a USING %I c WHERE a.call_id = c.id', 'usage_call_' || v_name);
  EXECUTE format('DROP TABLE %I, %I, %I',
    'usage_call_' || v_name, 'usage_attempt_' || v_name, 'usage_calllot_' || v_name);
  RETURN v_month;
END $$;
