-- Begins a refund of what is unspent of a paid lot: freezes the lot and says what the provider has to pay back.
--
-- `outcome` is 'ok', 'again' (this refund was begun before), 'unpaid' (nothing was paid for the lot: given, rolled
-- over), 'frozen' (another refund or a dispute is under way) or 'nothing' (nothing is left, less than a unit of money,
-- or the lot has ended). p_microcredits empty means all that is available.
DROP FUNCTION IF EXISTS ledger_open_refund(uuid, bigint, bigint, bigint, text);
CREATE FUNCTION ledger_open_refund(
  p_refund uuid, p_lot bigint, p_microcredits bigint, p_actor bigint, p_reason text
) RETURNS TABLE (outcome text, microcredits bigint, money_minor bigint, tax_minor bigint, currency text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
  v_lot plans_lot;
BEGIN
  PERFORM FROM plans_wallet w JOIN plans_lot l USING (account_id) WHERE l.id = p_lot FOR NO KEY UPDATE OF w;
  SELECT 'again', r.microcredits, r.money_minor, r.tax_minor, r.currency
  INTO outcome, microcredits, money_minor, tax_minor, currency FROM plans_refund r WHERE r.id = p_refund;
  IF FOUND THEN
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT * INTO STRICT v_lot FROM plans_lot l WHERE l.id = p_lot;
  SELECT f.* INTO outcome, microcredits, money_minor, tax_minor, currency
  FROM ledger_refundable(p_lot, p_microcredits) f;
  IF outcome = 'ok' THEN
    PERFORM ledger_earn_account(v_lot.account_id);
    UPDATE plans_lot l SET frozen = l.frozen + 1 WHERE l.id = p_lot;
    INSERT INTO plans_refund (
      id, account_id, order_id, lot_id, microcredits, money_minor, tax_minor, currency, state, reason, actor_id,
      opened_at)
    VALUES (
      p_refund, v_lot.account_id, v_lot.order_id, p_lot, microcredits, money_minor, tax_minor, v_lot.currency,
      'processing', p_reason, p_actor, app_now());
  END IF;
  RETURN NEXT;
END $$;

-- What a refund of a lot would give back now, of p_microcredits or all that is available, as ledger_open_refund does
-- and answers; it changes nothing. All refunds of a lot together give back ⌊paid × refunded / bought⌋, and of the tax
-- the same part: who takes it all back in parts gets all of it, and never more than is left of the order's payment.
CREATE OR REPLACE FUNCTION ledger_refundable(
  p_lot bigint, p_microcredits bigint, OUT outcome text, OUT microcredits bigint, OUT money_minor bigint,
  OUT tax_minor bigint, OUT currency text
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_lot plans_lot;
  v_paid bigint;
  v_back record;
BEGIN
  SELECT * INTO STRICT v_lot FROM plans_lot l WHERE l.id = p_lot;
  SELECT coalesce(sum(r.microcredits), 0)::bigint AS part, coalesce(sum(r.money_minor), 0)::bigint AS minor,
    coalesce(sum(r.tax_minor), 0)::bigint AS tax
  INTO v_back FROM plans_refund r WHERE r.lot_id = p_lot AND r.state <> 'failed';
  v_paid := ledger_paid_for(v_lot);
  microcredits := least(coalesce(p_microcredits, v_lot.available), v_lot.available);
  money_minor := ledger_share(v_paid, v_back.part + microcredits, v_lot.granted + v_lot.repaid) - v_back.minor;
  IF v_lot.order_id IS NOT NULL THEN
    money_minor := least(money_minor, ledger_paid_and_kept(v_lot.order_id));
  END IF;
  tax_minor := ledger_share(v_lot.tax_minor, v_back.minor + money_minor, v_paid) - v_back.tax;
  currency := v_lot.currency;
  outcome := CASE
    WHEN v_lot.source NOT IN ('plan', 'topup') OR v_lot.unit_price IS NULL THEN 'unpaid'
    WHEN v_lot.frozen > 0 THEN 'frozen'
    WHEN microcredits <= 0 OR money_minor <= 0 OR v_lot.expires_at <= app_now() THEN 'nothing'
    ELSE 'ok' END;
END $$;

-- Of the tax of an order what is owed no more after a lost dispute: all refunds and disputes together give back the
-- part of the tax that they give back of the net price. What rounding made of the loss of one, the last one makes good.
-- Internal.
CREATE OR REPLACE FUNCTION ledger_tax_back(p_dispute plans_dispute) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT greatest(0, ledger_share(o.tax, b.net + p_dispute.unearned_minor, o.net) - b.tax)
  FROM (
    SELECT coalesce(sum(l.tax_minor), 0)::bigint AS tax, coalesce(sum(ledger_paid_for(l) - l.tax_minor), 0)::bigint AS net
    FROM plans_lot l WHERE l.order_id = p_dispute.order_id
  ) o, (
    SELECT coalesce(sum(g.tax), 0)::bigint AS tax, coalesce(sum(g.net), 0)::bigint AS net FROM (
      SELECT r.tax_minor AS tax, r.money_minor - r.tax_minor AS net FROM plans_refund r
      WHERE r.order_id = p_dispute.order_id AND r.state = 'succeeded'
      UNION ALL
      SELECT d.tax_minor, d.unearned_minor FROM plans_dispute d
      WHERE d.order_id = p_dispute.order_id AND d.state = 'lost'
    ) g
  ) b
$$;

-- Ends a refund as the provider tells it, and lets the lot go. After a failure it ends later by as long as it was
-- frozen. Returns 'ok', or 'already' when it had ended before.
DROP FUNCTION IF EXISTS ledger_close_refund(uuid, boolean, text);
CREATE FUNCTION ledger_close_refund(p_refund uuid, p_succeeded boolean, p_money_account text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  v_refund plans_refund;
  v_lot plans_lot;
  v_net bigint;
  v_released bigint;
  v_journal uuid;
BEGIN
  PERFORM FROM plans_wallet w JOIN plans_refund r USING (account_id) WHERE r.id = p_refund FOR NO KEY UPDATE OF w;
  UPDATE plans_refund r
  SET state = CASE WHEN p_succeeded THEN 'succeeded' ELSE 'failed' END, ended_at = app_now()
  WHERE r.id = p_refund AND r.state = 'processing' RETURNING * INTO v_refund;
  IF NOT FOUND THEN
    RETURN 'already';
  END IF;
  IF NOT p_succeeded THEN
    UPDATE plans_lot l SET frozen = l.frozen - 1, expires_at = l.expires_at + (app_now() - v_refund.opened_at)
    WHERE l.id = v_refund.lot_id;
    RETURN 'ok';
  END IF;
  PERFORM ledger_earn_account(v_refund.account_id);
  SELECT * INTO STRICT v_lot FROM plans_lot l WHERE l.id = v_refund.lot_id;
  -- What rounding leaves over stays with the lot, to be earned, and is revenue once nothing is left of it.
  v_net := v_refund.money_minor - v_refund.tax_minor;
  v_released := CASE WHEN v_refund.microcredits >= ledger_unearned(v_lot) THEN v_lot.deferred_minor
    ELSE least(v_net, v_lot.deferred_minor) END;
  UPDATE plans_lot l
  SET frozen = l.frozen - 1, available = l.available - v_refund.microcredits,
    refunded = l.refunded + v_refund.microcredits, deferred_minor = l.deferred_minor - v_released,
    earned_minor = l.earned_minor + v_released - v_net
  WHERE l.id = v_lot.id;
  v_journal := ledger_open_journal(
    'refund', v_refund.account_id, p_refund, v_refund.actor_id, v_refund.reason);
  INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
  SELECT v_journal, p.code, p.unit, p.lot, p.amount FROM (VALUES
    ('avail:' || v_refund.account_id, 'µ', v_lot.id, -v_refund.microcredits),
    ('refunded', 'µ', v_lot.id, v_refund.microcredits),
    ('deferred:' || v_refund.account_id, v_refund.currency, v_lot.id, v_released),
    ('tax', v_refund.currency, 0, v_refund.tax_minor),
    (p_money_account, v_refund.currency, 0, -v_refund.money_minor),
    ('revenue_breakage', v_refund.currency, v_lot.id, v_net - v_released)
  ) AS p(code, unit, lot, amount)
  WHERE p.amount <> 0;
  PERFORM ledger_post_fees(v_journal, v_lot, v_released - v_net);
  PERFORM ledger_move_funds(
    p_money_account, v_refund.currency, -v_refund.money_minor, v_refund.account_id, v_refund.order_id);
  RETURN 'ok';
END $$;
