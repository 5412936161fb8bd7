-- Closes lots at the end of their period: of what is available, at most `cap` moves into a new lot, the rest is
-- expired; what open calls hold is left to them. A lot that was rolled over before does not roll again.
-- With `keeps_rest` the rest stays in the old lot until that ends: it is drawn on before what rolled over, so that a
-- period which was paid before the last one's end takes nothing away.
--
-- Takes a JSON array of {lot_id, account_id, cap, name, expires_at, dedupe_key, keeps_rest} and returns a row for
-- each, in the same order: the new lot (none when nothing rolled), what rolled and what expired. A repetition finds the lot
-- of its dedupe key, or nothing left to move.
DROP FUNCTION IF EXISTS ledger_roll_over(jsonb);
CREATE FUNCTION ledger_roll_over(p_lots jsonb) RETURNS TABLE (lot_id bigint, rolled bigint, expired bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz;
  v_asked record;
  v_old plans_lot;
  v_rolled bigint;
  v_expired bigint;
  v_money bigint;
  v_journal uuid;
BEGIN
  PERFORM FROM plans_wallet w
  WHERE w.account_id IN (SELECT g.account_id FROM jsonb_to_recordset(p_lots) AS g(account_id bigint))
  ORDER BY w.account_id FOR NO KEY UPDATE;
  v_now := app_now();
  FOR v_asked IN
    SELECT * FROM jsonb_to_recordset(p_lots) AS g(
      lot_id bigint, account_id bigint, cap bigint, name text, expires_at timestamptz, dedupe_key text,
      keeps_rest boolean)
  LOOP
    rolled := 0;
    expired := 0;
    SELECT l.id INTO lot_id FROM plans_lot l WHERE l.dedupe_key = v_asked.dedupe_key;
    SELECT * INTO v_old FROM plans_lot l
    WHERE l.id = v_asked.lot_id AND l.account_id = v_asked.account_id AND l.drawable;
    IF NOT FOUND OR lot_id IS NOT NULL THEN
      RETURN NEXT;
      CONTINUE;
    END IF;
    PERFORM ledger_earn_account(v_asked.account_id);
    SELECT * INTO STRICT v_old FROM plans_lot l WHERE l.id = v_asked.lot_id;
    v_rolled := CASE WHEN v_old.source = 'rollover' OR v_old.expires_at <= v_now OR v_asked.expires_at <= v_now THEN 0
      ELSE greatest(0, least(v_old.available, v_asked.cap)) END;
    v_expired := CASE WHEN v_asked.keeps_rest THEN 0 ELSE v_old.available - v_rolled END;
    IF v_asked.keeps_rest AND v_rolled = 0 THEN
      RETURN NEXT;
      CONTINUE;
    END IF;
    v_money := ledger_share(v_old.deferred_minor, v_rolled, ledger_unearned(v_old));
    UPDATE plans_lot l
    SET available = l.available - v_rolled - v_expired, rolled = l.rolled + v_rolled, expired = l.expired + v_expired,
      deferred_minor = l.deferred_minor - v_money
    WHERE l.id = v_old.id;
    v_journal := ledger_open_journal('roll_over', v_old.account_id, v_old.order_id, NULL, '');
    IF v_rolled > 0 THEN
      INSERT INTO plans_lot (
        account_id, source, name, dedupe_key, order_id, offering_version_id, unit_price, currency, tax_minor,
        deferred_minor, platform_basis_points, channel_basis_points, spent_earned, expired_earned, priority, chat_model_ids, scenario_ids, frozen, granted_at,
        effective_at, expires_at, repaid, granted, available, held, spent, expired, revoked, refunded, rolled)
      VALUES (
        v_old.account_id, 'rollover', v_asked.name, v_asked.dedupe_key, v_old.order_id, v_old.offering_version_id,
        v_old.unit_price, v_old.currency, 0, v_money, v_old.platform_basis_points, v_old.channel_basis_points,
        0, 0, v_old.priority, v_old.chat_model_ids, v_old.scenario_ids, 0, v_now, v_now, v_asked.expires_at, 0, v_rolled, v_rolled, 0, 0, 0, 0, 0, 0)
      RETURNING id INTO lot_id;
    END IF;
    INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
    SELECT v_journal, p.code, p.unit, p.lot, p.amount FROM (VALUES
      ('avail:' || v_old.account_id, 'µ', v_old.id, -v_rolled - v_expired),
      ('avail:' || v_old.account_id, 'µ', lot_id, v_rolled),
      ('expired', 'µ', v_old.id, v_expired),
      ('deferred:' || v_old.account_id, v_old.currency, v_old.id, v_money),
      ('deferred:' || v_old.account_id, v_old.currency, lot_id, -v_money)
    ) AS p(code, unit, lot, amount)
    WHERE p.amount <> 0;
    rolled := v_rolled;
    expired := v_expired;
    RETURN NEXT;
  END LOOP;
END $$;
