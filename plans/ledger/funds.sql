-- Keeps account of whose money moves, wherever a posting moves some of an account's own or of what came in unasked:
-- p_amount comes (or, negative, goes) to p_code, as in the books. Money of others, or that is not there, fails. Internal.
CREATE OR REPLACE FUNCTION ledger_move_funds(
  p_code text, p_currency text, p_amount bigint, p_account bigint, p_order uuid
) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
  IF p_code = 'customer_credit:' || p_account AND p_amount < 0 THEN
    INSERT INTO plans_surplus AS s (account_id, currency, minor) VALUES (p_account, p_currency, -p_amount)
    ON CONFLICT (account_id, currency) DO UPDATE SET minor = s.minor + excluded.minor;
  ELSIF p_code = 'customer_credit:' || p_account THEN
    UPDATE plans_surplus s SET minor = s.minor - p_amount
    WHERE s.account_id = p_account AND s.currency = p_currency AND s.minor >= p_amount;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'account % has not so much money of its own', p_account USING ERRCODE = 'check_violation';
    END IF;
  ELSIF p_code = 'bank_unmatched' THEN
    UPDATE plans_incoming i SET granted_at = app_now()
    WHERE i.order_id = p_order AND i.account_id = p_account AND i.currency = p_currency
      AND i.matched_minor = p_amount AND i.granted_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no sum received was matched to order %', p_order USING ERRCODE = 'check_violation';
    END IF;
  ELSIF p_code LIKE 'customer_credit:%' THEN
    RAISE EXCEPTION 'account % pays with the money of another one', p_account USING ERRCODE = 'check_violation';
  END IF;
END $$;

-- Takes note of a sum that came in without an order that waited for it, exactly once by its dedupe key: it is owed to
-- whoever sent it until it is matched, credited or sent back. Returns its id, and whether it was noted just now; another
-- amount under the same key is a mistake of the caller's and fails.
DROP FUNCTION IF EXISTS ledger_receive(uuid, text, text, bigint, text, text);
CREATE FUNCTION ledger_receive(
  p_incoming uuid, p_key text, p_money_account text, p_amount bigint, p_currency text, p_reference text
) RETURNS TABLE (incoming_id uuid, received boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
  v_journal uuid;
BEGIN
  IF p_money_account !~ '^(bank$|psp:|carrier_receivable:)' THEN
    RAISE EXCEPTION 'nothing comes in on %', p_money_account USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO plans_incoming (id, dedupe_key, money_account, amount_minor, currency, reference, received_at)
  VALUES (p_incoming, p_key, p_money_account, p_amount, p_currency, p_reference, app_now())
  ON CONFLICT (dedupe_key) DO NOTHING RETURNING id INTO incoming_id;
  received := FOUND;
  IF received THEN
    v_journal := ledger_open_journal('receive', 0, incoming_id, NULL, p_reference);
    INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount) VALUES
      (v_journal, p_money_account, p_currency, 0, p_amount), (v_journal, 'bank_unmatched', p_currency, 0, -p_amount);
  ELSE
    SELECT i.id INTO STRICT incoming_id FROM plans_incoming i
    WHERE i.dedupe_key = p_key AND (i.money_account, i.amount_minor, i.currency) = (p_money_account, p_amount, p_currency);
  END IF;
  RETURN NEXT;
END $$;

-- Says whose a sum is that came in. With an order that nobody has paid its price is set aside for it, to be granted
-- from 'bank_unmatched' by the same transaction, and the surplus becomes the account's own money; so does all of it
-- without an order, or when the order is paid already. Asking again answers the same; until the order was granted it
-- may be said otherwise.
--
-- `outcome` is 'matched', 'credited', 'unknown', 'currency' (another one than the order's), 'too_little' (to pay the
-- order) or 'taken' (nothing of it is left to be decided). `surplus_minor` is what became the account's own now.
DROP FUNCTION IF EXISTS ledger_match(uuid, bigint, uuid, bigint, text, bigint, text);
CREATE FUNCTION ledger_match(
  p_incoming uuid, p_account bigint, p_order uuid, p_price bigint, p_currency text, p_actor bigint, p_reason text
) RETURNS TABLE (outcome text, surplus_minor bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
  v_incoming plans_incoming;
  v_open bigint;
  v_price bigint := 0;
  v_journal uuid;
BEGIN
  INSERT INTO plans_wallet (account_id, debt) VALUES (p_account, 0) ON CONFLICT DO NOTHING;
  PERFORM FROM plans_wallet w WHERE w.account_id = p_account FOR NO KEY UPDATE;
  UPDATE plans_incoming i SET order_id = NULL, matched_minor = 0
  WHERE i.id = p_incoming AND i.granted_at IS NULL AND i.order_id IS DISTINCT FROM p_order;
  SELECT * INTO v_incoming FROM plans_incoming i WHERE i.id = p_incoming FOR UPDATE;
  v_open := v_incoming.amount_minor - v_incoming.matched_minor - v_incoming.credited_minor - v_incoming.returned_minor;
  surplus_minor := 0;
  outcome := CASE
    WHEN v_incoming.id IS NULL THEN 'unknown'
    WHEN p_order = v_incoming.order_id THEN 'matched'
    WHEN v_incoming.currency <> p_currency THEN 'currency'
    WHEN v_open <= 0 AND v_incoming.matched_minor + v_incoming.returned_minor = 0 AND v_incoming.account_id = p_account
      THEN 'credited' -- all of it, before
    WHEN v_open <= 0 THEN 'taken'
    WHEN p_order IS NULL OR EXISTS (
      SELECT FROM plans_lot l WHERE l.order_id = p_order AND l.source IN ('plan', 'topup')
      UNION ALL
      SELECT FROM plans_incoming i WHERE i.order_id = p_order) THEN 'credited'
    WHEN v_open < p_price THEN 'too_little'
    ELSE 'open' END;
  IF outcome = 'open' THEN
    outcome := 'matched';
    v_price := p_price;
  ELSIF outcome <> 'credited' OR v_open <= 0 THEN
    RETURN NEXT;
    RETURN;
  END IF;
  surplus_minor := v_open - v_price;
  UPDATE plans_incoming i
  SET account_id = p_account, credited_minor = i.credited_minor + surplus_minor,
    matched_minor = v_price, order_id = CASE WHEN v_price > 0 THEN p_order END
  WHERE i.id = p_incoming;
  IF surplus_minor > 0 THEN
    v_journal := ledger_open_journal('match', p_account, p_incoming, p_actor, p_reason);
    INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount) VALUES
      (v_journal, 'bank_unmatched', p_currency, 0, surplus_minor),
      (v_journal, 'customer_credit:' || p_account, p_currency, 0, -surplus_minor);
    PERFORM ledger_move_funds('customer_credit:' || p_account, p_currency, -surplus_minor, p_account, NULL);
  END IF;
  RETURN NEXT;
END $$;

-- Sends money back that no credits were granted for, exactly once by its id: of a sum that came in, or of an account's
-- own (one of both is given). A match that no grant has followed does not count any more then. Returns 'ok', 'again'
-- (sent before), 'too_much' (not so much is left) or 'unknown'.
DROP FUNCTION IF EXISTS ledger_return_money(uuid, uuid, bigint, bigint, text, text, bigint, text);
CREATE FUNCTION ledger_return_money(
  p_outgoing uuid, p_incoming uuid, p_account bigint, p_amount bigint, p_currency text, p_money_account text,
  p_actor bigint, p_reason text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  v_from text := CASE WHEN p_account IS NULL THEN 'bank_unmatched' ELSE 'customer_credit:' || p_account END;
  v_left bigint;
  v_journal uuid;
BEGIN
  IF p_money_account !~ '^(bank$|psp:|carrier_receivable:)' THEN
    RAISE EXCEPTION 'nothing goes out from %', p_money_account USING ERRCODE = 'check_violation';
  END IF;
  IF p_account IS NULL THEN
    SELECT i.amount_minor - i.credited_minor - i.returned_minor
      - CASE WHEN i.granted_at IS NULL THEN 0 ELSE i.matched_minor END INTO v_left
    FROM plans_incoming i WHERE i.id = p_incoming AND i.currency = p_currency FOR UPDATE;
  ELSE
    PERFORM FROM plans_wallet w WHERE w.account_id = p_account FOR NO KEY UPDATE;
    SELECT s.minor INTO v_left FROM plans_surplus s WHERE s.account_id = p_account AND s.currency = p_currency;
  END IF;
  IF EXISTS (SELECT FROM plans_outgoing o WHERE o.id = p_outgoing) THEN
    RETURN 'again';
  END IF;
  IF v_left IS NULL THEN
    RETURN 'unknown';
  END IF;
  IF p_amount > v_left THEN
    RETURN 'too_much';
  END IF;
  INSERT INTO plans_outgoing (
    id, incoming_id, account_id, money_account, amount_minor, currency, reason, actor_id, sent_at)
  VALUES (p_outgoing, p_incoming, p_account, p_money_account, p_amount, p_currency, p_reason, p_actor, app_now());
  IF p_account IS NULL THEN
    UPDATE plans_incoming i SET order_id = NULL, matched_minor = 0 WHERE i.id = p_incoming AND i.granted_at IS NULL;
    UPDATE plans_incoming i SET returned_minor = i.returned_minor + p_amount WHERE i.id = p_incoming;
  ELSE
    PERFORM ledger_move_funds(v_from, p_currency, p_amount, p_account, NULL);
  END IF;
  v_journal := ledger_open_journal('return', coalesce(p_account, 0), p_outgoing, p_actor, p_reason);
  INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount) VALUES
    (v_journal, v_from, p_currency, 0, p_amount), (v_journal, p_money_account, p_currency, 0, -p_amount);
  RETURN 'ok';
END $$;

-- Books what somebody charges us, each once by its dedupe key: a fee that a provider keeps, or what a vendor's calls of
-- a day cost, which is owed. Asked again with another amount, by later evidence, it books the difference. Returns what
-- was booked by this, nothing where all of it was before.
DROP FUNCTION IF EXISTS ledger_book_cost(text, text, text, bigint, text, date, text);
CREATE FUNCTION ledger_book_cost(
  p_kind text, p_key text, p_against text, p_amount bigint, p_currency text, p_day date, p_reason text
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  v_cost plans_cost;
  v_journal uuid;
BEGIN
  INSERT INTO plans_cost (id, kind, dedupe_key, against, amount_minor, currency, day, booked_at, changed_at)
  VALUES (new_id(), p_kind, p_key, p_against, 0, p_currency, p_day, app_now(), app_now())
  ON CONFLICT (dedupe_key) DO NOTHING;
  SELECT * INTO STRICT v_cost FROM plans_cost c
  WHERE c.dedupe_key = p_key AND (c.kind, c.against, c.currency) = (p_kind, p_against, p_currency) FOR UPDATE;
  IF v_cost.amount_minor = p_amount THEN
    RETURN 0;
  END IF;
  UPDATE plans_cost c SET amount_minor = p_amount, changed_at = app_now() WHERE c.id = v_cost.id;
  v_journal := ledger_open_journal('cost', 0, v_cost.id, NULL, p_reason);
  INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount) VALUES
    (v_journal, p_kind, p_currency, 0, p_amount - v_cost.amount_minor),
    (v_journal, p_against, p_currency, 0, v_cost.amount_minor - p_amount);
  RETURN p_amount - v_cost.amount_minor;
END $$;
