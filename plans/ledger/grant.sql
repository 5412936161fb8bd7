-- Grants lots of credits, each exactly once by its dedupe key.
--
-- Takes a JSON array of {account_id, source, name, microcredits, dedupe_key, priority, effective_at,
-- expires_at, order_id, offering_version_id, actor_id, reason} and, for a lot that was paid for, {money_minor,
-- currency, money_account}. Returns a row for each, in the same order: the lot, and whether it
-- was granted just now.
DROP FUNCTION IF EXISTS ledger_grant(jsonb);
CREATE FUNCTION ledger_grant(p_grants jsonb) RETURNS TABLE (lot_id bigint, granted boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz;
  v_grant record;
  v_journal uuid;
BEGIN
  INSERT INTO plans_wallet (account_id, debt)
  SELECT DISTINCT g.account_id, 0 FROM jsonb_to_recordset(p_grants) AS g(account_id bigint)
  ORDER BY g.account_id ON CONFLICT DO NOTHING;
  PERFORM FROM plans_wallet w
  WHERE w.account_id IN (SELECT g.account_id FROM jsonb_to_recordset(p_grants) AS g(account_id bigint))
  ORDER BY w.account_id FOR NO KEY UPDATE;
  v_now := app_now();

  FOR v_grant IN
    SELECT * FROM jsonb_to_recordset(p_grants) AS g(
      account_id bigint, source text, name text, microcredits bigint, dedupe_key text, priority smallint,
      effective_at timestamptz, expires_at timestamptz, order_id uuid, offering_version_id bigint,
      actor_id bigint, reason text, money_minor bigint, currency text,
      money_account text)
  LOOP
    INSERT INTO plans_lot (
      account_id, source, name, dedupe_key, order_id, offering_version_id, unit_price, currency, priority,
      granted_at, effective_at, expires_at, granted, available, held, spent, expired, revoked, refunded)
    VALUES (
      v_grant.account_id, v_grant.source, coalesce(v_grant.name, v_grant.source), v_grant.dedupe_key,
      v_grant.order_id, v_grant.offering_version_id,
      v_grant.money_minor * 1000000.0 / v_grant.microcredits, coalesce(v_grant.currency, ''),
      coalesce(v_grant.priority, 0), v_now, coalesce(v_grant.effective_at, v_now), v_grant.expires_at,
      v_grant.microcredits, v_grant.microcredits, 0, 0, 0, 0, 0)
    ON CONFLICT (dedupe_key) DO NOTHING RETURNING id INTO lot_id;
    granted := FOUND;
    IF NOT granted THEN
      SELECT l.id INTO STRICT lot_id FROM plans_lot l
      WHERE l.dedupe_key = v_grant.dedupe_key AND l.account_id = v_grant.account_id;
    ELSE
      v_journal := new_id();
      INSERT INTO plans_journal (id, kind, account_id, actor_id, reason, moved_at)
      VALUES (v_journal, 'grant', v_grant.account_id, v_grant.actor_id, coalesce(v_grant.reason, ''), v_now);
      INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
      SELECT v_journal, p.code, p.unit, p.lot, p.amount FROM (VALUES
        ('issued', 'µ', lot_id, -v_grant.microcredits),
        ('avail:' || v_grant.account_id, 'µ', lot_id, v_grant.microcredits),
        (v_grant.money_account, v_grant.currency, 0, v_grant.money_minor),
        ('deferred:' || v_grant.account_id, v_grant.currency, lot_id, -v_grant.money_minor)
      ) AS p(code, unit, lot, amount)
      WHERE p.amount <> 0;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
