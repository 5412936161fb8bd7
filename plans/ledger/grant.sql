-- Grants lots of credits, each exactly once by its dedupe key.
--
-- Takes a JSON array of {account_id, source, name, microcredits, dedupe_key, priority, chat_model_ids,
-- scenario_ids, effective_at, expires_at, order_id, offering_version_id, about_id, actor_id, reason} and, for a
-- lot that was paid for, {money_minor, tax_minor, currency, money_account}; the tax is part of the money. Of what it
-- will earn, {platform_bp, channel_bp} hundredths of a percent are owed to others. Returns a row for each, in the same
-- order: the lot, and whether it was granted just now.
--
-- What is bought pays the account's debt first: the lot is smaller by as much, and so is what it may earn.
DROP FUNCTION IF EXISTS ledger_grant(jsonb);
CREATE FUNCTION ledger_grant(p_grants jsonb) RETURNS TABLE (lot_id bigint, granted boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz;
  v_grant record;
  v_journal uuid;
  v_net bigint;
  v_repaid bigint;
  v_recovered bigint;
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
      chat_model_ids bigint[], scenario_ids bigint[], effective_at timestamptz, expires_at timestamptz,
      order_id uuid, offering_version_id bigint, about_id uuid, actor_id bigint, reason text,
      money_minor bigint, tax_minor bigint, currency text, money_account text,
      platform_bp smallint, channel_bp smallint)
  LOOP
    v_net := coalesce(v_grant.money_minor - coalesce(v_grant.tax_minor, 0), 0);
    SELECT least(w.debt, v_grant.microcredits) INTO v_repaid FROM plans_wallet w
    WHERE w.account_id = v_grant.account_id AND v_grant.source IN ('plan', 'topup');
    v_repaid := coalesce(v_repaid, 0);
    v_recovered := ledger_share(v_net, v_repaid, v_grant.microcredits);
    INSERT INTO plans_lot (
      account_id, source, name, dedupe_key, order_id, offering_version_id, unit_price, currency, tax_minor,
      deferred_minor, platform_basis_points, channel_basis_points, spent_earned, expired_earned, priority, chat_model_ids, scenario_ids, frozen, granted_at,
      effective_at, expires_at, repaid, granted, available, held, spent, expired, revoked, refunded, rolled)
    VALUES (
      v_grant.account_id, v_grant.source, coalesce(v_grant.name, v_grant.source), v_grant.dedupe_key,
      v_grant.order_id, v_grant.offering_version_id,
      v_grant.money_minor * 1000000.0 / v_grant.microcredits, coalesce(v_grant.currency, ''),
      coalesce(v_grant.tax_minor, 0), v_net - v_recovered,
      coalesce(v_grant.platform_bp, 0), coalesce(v_grant.channel_bp, 0), 0, 0, coalesce(v_grant.priority, 0),
      v_grant.chat_model_ids, v_grant.scenario_ids, 0, v_now, coalesce(v_grant.effective_at, v_now),
      v_grant.expires_at, v_repaid, v_grant.microcredits - v_repaid, v_grant.microcredits - v_repaid, 0, 0, 0, 0, 0, 0)
    ON CONFLICT (dedupe_key) DO NOTHING RETURNING id INTO lot_id;
    granted := FOUND;
    IF NOT granted THEN
      SELECT l.id INTO STRICT lot_id FROM plans_lot l
      WHERE l.dedupe_key = v_grant.dedupe_key AND l.account_id = v_grant.account_id;
    ELSE
      UPDATE plans_wallet w SET debt = w.debt - v_repaid
      WHERE w.account_id = v_grant.account_id AND v_repaid > 0;
      v_journal := ledger_open_journal(
        'grant', v_grant.account_id, coalesce(v_grant.about_id, v_grant.order_id), v_grant.actor_id, v_grant.reason);
      INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
      SELECT v_journal, p.code, p.unit, p.lot, p.amount FROM (VALUES
        (CASE WHEN v_grant.source IN ('goodwill', 'restore') THEN 'adjust' ELSE 'issued' END,
         'µ', lot_id, -v_grant.microcredits),
        ('avail:' || v_grant.account_id, 'µ', lot_id, v_grant.microcredits - v_repaid),
        ('debt:' || v_grant.account_id, 'µ', 0, v_repaid),
        (v_grant.money_account, v_grant.currency, 0, v_grant.money_minor),
        ('tax', v_grant.currency, 0, -v_grant.tax_minor),
        ('chargeback_loss', v_grant.currency, 0, -v_recovered),
        ('deferred:' || v_grant.account_id, v_grant.currency, lot_id, v_recovered - v_net)
      ) AS p(code, unit, lot, amount)
      WHERE p.amount <> 0;
      PERFORM ledger_move_funds(
        v_grant.money_account, v_grant.currency, v_grant.money_minor, v_grant.account_id, v_grant.order_id);
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
