-- Begins a dispute: freezes every lot that came from the order, so that nothing more of it is lent.
--
-- Returns 'ok', 'again' (this dispute was begun before), 'unknown' (no lot came from the order), 'open' (the order
-- is disputed already) or 'too_much' (more than was paid for it and not given back).
DROP FUNCTION IF EXISTS ledger_open_dispute(uuid, uuid, bigint, bigint, text);
CREATE FUNCTION ledger_open_dispute(
  p_dispute uuid, p_order uuid, p_money_minor bigint, p_actor bigint, p_reason text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  v_account bigint;
  v_currency text;
  v_left bigint;
BEGIN
  SELECT l.account_id, l.currency INTO v_account, v_currency FROM plans_lot l
  WHERE l.order_id = p_order AND l.source IN ('plan', 'topup') LIMIT 1;
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;
  PERFORM FROM plans_wallet w WHERE w.account_id = v_account FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM plans_dispute d WHERE d.id = p_dispute) THEN
    RETURN 'again';
  END IF;
  IF EXISTS (SELECT FROM plans_dispute d WHERE d.order_id = p_order AND d.state = 'open') THEN
    RETURN 'open';
  END IF;
  v_left := ledger_paid_and_kept(p_order);
  IF p_money_minor > v_left THEN
    RETURN 'too_much';
  END IF;
  UPDATE plans_lot l SET frozen = l.frozen + 1 WHERE l.order_id = p_order AND l.account_id = v_account;
  INSERT INTO plans_dispute (
    id, account_id, order_id, money_minor, fee_minor, currency, revoked, owed, state, reason, actor_id, opened_at)
  VALUES (
    p_dispute, v_account, p_order, p_money_minor, 0, v_currency, 0, 0, 'open', p_reason, p_actor, app_now());
  RETURN 'ok';
END $$;

-- What was paid for an order and was not given back, nor is about to be. Internal.
CREATE OR REPLACE FUNCTION ledger_paid_and_kept(p_order uuid) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce((
      SELECT sum(p.amount) FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id
      WHERE j.kind = 'grant' AND j.about_id = p_order AND p.amount > 0
        AND p.account_code ~ '^(psp|carrier_receivable|bank|customer_credit)'), 0)::bigint
    - coalesce((SELECT sum(r.money_minor) FROM plans_refund r
      WHERE r.order_id = p_order AND r.state <> 'failed'), 0)::bigint
    - coalesce((SELECT sum(d.money_minor) FROM plans_dispute d
      WHERE d.order_id = p_order AND d.state <> 'won'), 0)::bigint
$$;

-- Ends a dispute. Won: the lots go on and end later by as long as they were frozen. Lost: what is unused is taken
-- back, and with it the tax in its price; what was spent, or had paid an older debt, becomes the account's debt, which
-- the next purchase pays: that is our loss, tax included, since it was used. Of an order that is disputed in part only
-- this part of it goes, rounded down.
--
-- Returns 'ok', 'already' (it had ended before), 'open_calls' (calls still hold part of the lots, which ends within
-- minutes) or 'open_refund' (a provider has yet to say whether part of it was paid back); ask again then.
DROP FUNCTION IF EXISTS ledger_close_dispute(uuid, boolean, bigint, text);
CREATE FUNCTION ledger_close_dispute(p_dispute uuid, p_lost boolean, p_fee_minor bigint, p_money_account text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  v_dispute plans_dispute;
  v_journal uuid;
  v_kept bigint;
BEGIN
  PERFORM FROM plans_wallet w JOIN plans_dispute d USING (account_id) WHERE d.id = p_dispute FOR NO KEY UPDATE OF w;
  SELECT * INTO v_dispute FROM plans_dispute d WHERE d.id = p_dispute AND d.state = 'open';
  IF NOT FOUND THEN
    RETURN 'already';
  END IF;
  IF NOT p_lost THEN
    UPDATE plans_lot l SET frozen = l.frozen - 1, expires_at = l.expires_at + (app_now() - v_dispute.opened_at)
    WHERE l.order_id = v_dispute.order_id AND l.account_id = v_dispute.account_id;
    UPDATE plans_dispute d SET state = 'won', ended_at = app_now() WHERE d.id = p_dispute;
    RETURN 'ok';
  END IF;
  IF EXISTS (SELECT FROM plans_lot l WHERE l.order_id = v_dispute.order_id AND l.held > 0) THEN
    RETURN 'open_calls';
  END IF;
  IF EXISTS (SELECT FROM plans_refund r WHERE r.order_id = v_dispute.order_id AND r.state = 'processing') THEN
    RETURN 'open_refund';
  END IF;
  v_kept := ledger_paid_and_kept(v_dispute.order_id) + v_dispute.money_minor;
  PERFORM ledger_earn_account(v_dispute.account_id);
  v_journal := ledger_open_journal(
    'dispute', v_dispute.account_id, p_dispute, v_dispute.actor_id, v_dispute.reason);
  WITH taken AS (
    UPDATE plans_lot l
    SET frozen = l.frozen - 1, available = l.available - s.part, revoked = l.revoked + s.part,
      deferred_minor = l.deferred_minor - ledger_share(l.deferred_minor, s.part, ledger_unearned(l))
    FROM (
      SELECT o.id, ledger_share(o.available, v_dispute.money_minor, v_kept) AS part FROM plans_lot o
      WHERE o.order_id = v_dispute.order_id AND o.account_id = v_dispute.account_id
    ) s
    WHERE l.id = s.id
    RETURNING l.id, l.spent + l.repaid AS gone, l.currency, s.part AS taken,
      old.deferred_minor - new.deferred_minor AS released
  ), posted AS (
    INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
    SELECT v_journal, p.code, p.unit, t.id, p.amount FROM taken t, LATERAL (VALUES
      ('avail:' || v_dispute.account_id, 'µ', -t.taken), ('revoked', 'µ', t.taken),
      ('deferred:' || v_dispute.account_id, t.currency, t.released)
    ) AS p(code, unit, amount)
    WHERE p.amount <> 0
  )
  SELECT coalesce(sum(t.taken), 0), coalesce(sum(t.gone), 0), coalesce(sum(t.released), 0)
  INTO v_dispute.revoked, v_dispute.owed, v_dispute.unearned_minor FROM taken t;
  v_dispute.tax_minor := ledger_tax_back(v_dispute);
  v_dispute.owed := ledger_share(
    v_dispute.owed - (SELECT coalesce(sum(d.owed), 0) FROM plans_dispute d
      WHERE d.order_id = v_dispute.order_id AND d.state = 'lost')::bigint,
    v_dispute.money_minor, v_kept);
  UPDATE plans_wallet w SET debt = w.debt + v_dispute.owed WHERE w.account_id = v_dispute.account_id;
  UPDATE plans_dispute d
  SET state = 'lost', ended_at = app_now(), fee_minor = p_fee_minor, revoked = v_dispute.revoked,
    owed = v_dispute.owed, unearned_minor = v_dispute.unearned_minor, tax_minor = v_dispute.tax_minor
  WHERE d.id = p_dispute;
  INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
  SELECT v_journal, p.code, p.unit, 0, p.amount FROM (VALUES
    ('debt:' || v_dispute.account_id, 'µ', -v_dispute.owed),
    ('revoked', 'µ', v_dispute.owed),
    (p_money_account, v_dispute.currency, -v_dispute.money_minor - p_fee_minor),
    ('psp_fee', v_dispute.currency, p_fee_minor),
    ('tax', v_dispute.currency, v_dispute.tax_minor),
    ('chargeback_loss', v_dispute.currency,
     v_dispute.money_minor - v_dispute.unearned_minor - v_dispute.tax_minor)
  ) AS p(code, unit, amount)
  WHERE p.amount <> 0;
  PERFORM ledger_move_funds(p_money_account, v_dispute.currency, -v_dispute.money_minor - p_fee_minor,
    v_dispute.account_id, v_dispute.order_id);
  RETURN 'ok';
END $$;
