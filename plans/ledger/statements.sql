-- What a month's statement of an account adds up from. Each row is a sum of postings: `side` tells whether they
-- moved 'during' the stretch or 'after' it, or whether the row is what there is 'now' (code avail, debt or deferred).
-- `code` is the account of the books without whose it is, `source` that of the lot. Months that were dropped stand in
-- the journals that carried them forward, each of which names its month, by the account's clock, and its kind.
DROP FUNCTION IF EXISTS ledger_statement(bigint, timestamptz, timestamptz, text);
CREATE FUNCTION ledger_statement(p_account bigint, p_from timestamptz, p_until timestamptz, p_month text)
RETURNS TABLE (side text, kind text, code text, unit text, source text, amount bigint)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH journals AS (
    SELECT j.id, CASE WHEN j.moved_at < p_until THEN 'during' ELSE 'after' END AS side, j.kind
    FROM plans_journal j
    WHERE j.account_id = p_account AND j.kind <> 'carry_forward' AND j.moved_at >= p_from
      AND j.id >= first_id_of(p_from - interval '1 day') -- a call opens long before it is settled, but not so long
    UNION ALL
    SELECT j.id, CASE WHEN left(j.reason, 7) = p_month THEN 'during' ELSE 'after' END, split_part(j.reason, ' ', 2)
    FROM plans_journal j
    WHERE j.account_id = p_account AND j.kind = 'carry_forward' AND left(j.reason, 7) >= p_month
      AND p_from < ledger_kept_since()
  )
  SELECT j.side, j.kind, split_part(p.account_code, ':', 1), p.unit, coalesce(l.source, ''), sum(p.amount)::bigint
  FROM journals j JOIN plans_posting p ON p.journal_id = j.id LEFT JOIN plans_lot l ON l.id = p.lot_id
  GROUP BY 1, 2, 3, 4, 5
  UNION ALL
  SELECT 'now', '', v.code, v.unit, '', sum(v.amount)::bigint
  FROM plans_lot l, LATERAL (VALUES ('avail', 'µ', l.available + l.held), ('deferred', l.currency, -l.deferred_minor))
    AS v(code, unit, amount)
  WHERE l.account_id = p_account AND v.amount <> 0 GROUP BY 1, 3, 4
  UNION ALL
  SELECT 'now', '', 'debt', 'µ', '', -w.debt FROM plans_wallet w WHERE w.account_id = p_account
$$;

-- The trial balance of one currency over a stretch of time: of each account of the books (those that every customer
-- has one of together) what stood on it before, what came to it and left it, and what stands on it then.
DROP FUNCTION IF EXISTS ledger_trial_balance(text, timestamptz, timestamptz);
CREATE FUNCTION ledger_trial_balance(p_currency text, p_from timestamptz, p_until timestamptz)
RETURNS TABLE (code text, opening bigint, debit bigint, credit bigint, closing bigint)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH lines AS (
    SELECT CASE WHEN p.account_code ~ '^(deferred|ar|customer_credit):' THEN split_part(p.account_code, ':', 1)
        ELSE p.account_code END AS code,
      p.amount, j.kind = 'carry_forward' OR j.moved_at < p_from AS is_before
    FROM plans_posting p JOIN plans_journal j ON j.id = p.journal_id
    WHERE p.unit = p_currency AND p.unit <> 'µ' AND (j.moved_at < p_until OR j.kind = 'carry_forward')
  )
  SELECT l.code, coalesce(sum(l.amount) FILTER (WHERE l.is_before), 0)::bigint,
    coalesce(sum(l.amount) FILTER (WHERE NOT l.is_before AND l.amount > 0), 0)::bigint,
    coalesce(-sum(l.amount) FILTER (WHERE NOT l.is_before AND l.amount < 0), 0)::bigint,
    sum(l.amount)::bigint
  FROM lines l WHERE p_from >= ledger_kept_since() GROUP BY l.code ORDER BY l.code
$$;
