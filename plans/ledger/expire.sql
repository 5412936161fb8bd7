-- Ends lots that are past their end: what is available goes to "expired"; what open calls hold is left to
-- them. At most p_limit lots; a wallet that is busy right now is left to the next run.
DROP FUNCTION IF EXISTS ledger_expire(integer);
CREATE FUNCTION ledger_expire(p_limit integer)
RETURNS TABLE (lot_id bigint, account_id bigint, expired bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := app_now();
  v_lots bigint[];
  v_accounts bigint[];
  v_lot record;
  v_journal uuid;
BEGIN
  SELECT array_agg(l.id), array_agg(l.account_id) INTO v_lots, v_accounts FROM (
    SELECT o.id, o.account_id FROM plans_lot o WHERE o.drawable AND o.expires_at <= v_now
    ORDER BY o.expires_at LIMIT p_limit
  ) l;
  v_accounts := ARRAY(
    SELECT w.account_id FROM plans_wallet w WHERE w.account_id = ANY (v_accounts)
    ORDER BY w.account_id FOR NO KEY UPDATE SKIP LOCKED);
  FOR v_lot IN
    UPDATE plans_lot l SET expired = l.expired + l.available, available = 0
    WHERE l.id = ANY (v_lots) AND l.account_id = ANY (v_accounts) AND l.drawable
    RETURNING l.id, l.account_id, old.available AS amount
  LOOP
    v_journal := ledger_open_journal('expire', v_lot.account_id, NULL, NULL, '');
    INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount) VALUES
      (v_journal, 'avail:' || v_lot.account_id, 'µ', v_lot.id, -v_lot.amount),
      (v_journal, 'expired', 'µ', v_lot.id, v_lot.amount);
    lot_id := v_lot.id;
    account_id := v_lot.account_id;
    expired := v_lot.amount;
    RETURN NEXT;
  END LOOP;
END $$;

-- Writes down that lots are about to end, each p_days before once; lots that are shorter than that are left out.
CREATE OR REPLACE FUNCTION ledger_note_endings(p_days smallint) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH noted AS (
    INSERT INTO plans_lotnotice (lot_id, days_before, account_id, due_at)
    SELECT l.id, p_days, l.account_id, l.expires_at - make_interval(days => p_days)
    FROM plans_lot l
    WHERE l.drawable AND l.expires_at > app_now() AND l.expires_at <= app_now() + make_interval(days => p_days)
      AND l.effective_at < l.expires_at - make_interval(days => p_days)
    ON CONFLICT DO NOTHING RETURNING 1
  )
  SELECT count(*)::integer FROM noted
$$;
