-- What a part of some credits is worth: the same part of the money, rounded down; the last part takes the rest.
CREATE OR REPLACE FUNCTION ledger_share(p_minor bigint, p_part bigint, p_whole bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
RETURN CASE WHEN p_part >= p_whole THEN p_minor
  ELSE div(p_minor::numeric * p_part, p_whole)::bigint END;

-- What was paid for a lot, in minor units; nothing for what was given.
CREATE OR REPLACE FUNCTION ledger_paid_for(p_lot plans_lot) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN p_lot.source = 'rollover' THEN 0
    ELSE coalesce(round(p_lot.unit_price * (p_lot.granted + p_lot.repaid) / 1000000), 0)::bigint END
$$;

-- What of a lot's credits stands for money that is not earned yet. Internal.
CREATE OR REPLACE FUNCTION ledger_unearned(p_lot plans_lot) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT p_lot.granted - p_lot.spent_earned - p_lot.expired_earned - p_lot.revoked - p_lot.refunded - p_lot.rolled
$$;

-- Books the shares of the platform and of the channel in what a lot has earned more (or, by rounding, less): after
-- it they have had ⌊earned × share⌋ of this lot, whatever its parts were. p_lot is the lot as it was before. Internal.
CREATE OR REPLACE FUNCTION ledger_post_fees(p_journal uuid, p_lot plans_lot, p_more bigint) RETURNS void
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
  SELECT p_journal, p.code, p_lot.currency, p_lot.id, p.amount
  FROM (VALUES ('platform', p_lot.platform_basis_points), ('channel', p_lot.channel_basis_points)) AS s(name, share),
  LATERAL (
    SELECT ledger_share(p_lot.earned_minor + p_more, s.share, 10000) - ledger_share(p_lot.earned_minor, s.share, 10000)
      AS due
  ) f,
  LATERAL (VALUES (s.name || '_fee', f.due), ('payable:' || s.name, -f.due)) AS p(code, amount)
  WHERE p.amount <> 0
$$;

-- Books what an account's lots have earned since the last time, by use and by lapse. Internal; the wallet is
-- locked. Every unit of money is earned exactly once, and all of it once all credits of a lot are gone.
CREATE OR REPLACE FUNCTION ledger_earn_account(p_account bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_lot plans_lot;
  v_used bigint;
  v_lapsed bigint;
  v_journal uuid;
BEGIN
  FOR v_lot IN
    SELECT * FROM plans_lot l
    WHERE l.account_id = p_account AND l.deferred_minor > 0
      AND (l.spent > l.spent_earned OR l.expired > l.expired_earned)
    ORDER BY l.id
  LOOP
    v_used := ledger_share(v_lot.deferred_minor, v_lot.spent - v_lot.spent_earned, ledger_unearned(v_lot));
    v_lot.deferred_minor := v_lot.deferred_minor - v_used;
    v_lot.spent_earned := v_lot.spent;
    v_lapsed := ledger_share(v_lot.deferred_minor, v_lot.expired - v_lot.expired_earned, ledger_unearned(v_lot));
    UPDATE plans_lot l
    SET deferred_minor = v_lot.deferred_minor - v_lapsed, spent_earned = l.spent, expired_earned = l.expired,
      earned_minor = l.earned_minor + v_used + v_lapsed
    WHERE l.id = v_lot.id;
    CONTINUE WHEN v_used + v_lapsed = 0;
    v_journal := coalesce(v_journal, ledger_open_journal('earn', p_account, NULL, NULL, ''));
    INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
    SELECT v_journal, p.code, v_lot.currency, v_lot.id, p.amount FROM (VALUES
      ('deferred:' || p_account, v_used + v_lapsed), ('revenue_usage', -v_used), ('revenue_breakage', -v_lapsed)
    ) AS p(code, amount)
    WHERE p.amount <> 0;
    PERFORM ledger_post_fees(v_journal, v_lot, v_used + v_lapsed);
  END LOOP;
END $$;

-- Begins a journal and returns its id. Internal.
CREATE OR REPLACE FUNCTION ledger_open_journal(
  p_kind text, p_account bigint, p_about uuid, p_actor bigint, p_reason text
) RETURNS uuid LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  INSERT INTO plans_journal (id, kind, account_id, about_id, actor_id, reason, moved_at)
  VALUES (new_id(), p_kind, p_account, p_about, p_actor, coalesce(p_reason, ''), app_now()) RETURNING id
$$;

-- Books for at most p_limit accounts what they have earned for us, and returns how many there were.
CREATE OR REPLACE FUNCTION ledger_earn(p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  v_accounts bigint[];
BEGIN
  v_accounts := ARRAY(
    SELECT DISTINCT l.account_id FROM plans_lot l
    WHERE l.deferred_minor > 0 AND (l.spent > l.spent_earned OR l.expired > l.expired_earned)
    ORDER BY l.account_id LIMIT p_limit);
  v_accounts := ARRAY(
    SELECT w.account_id FROM plans_wallet w WHERE w.account_id = ANY (v_accounts)
    ORDER BY w.account_id FOR NO KEY UPDATE SKIP LOCKED);
  FOR v_number IN 1 .. cardinality(v_accounts) LOOP
    PERFORM ledger_earn_account(v_accounts[v_number]);
  END LOOP;
  RETURN cardinality(v_accounts);
END $$;
