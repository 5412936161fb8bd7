-- Notes what staff wants to give or take, and does it at once unless a person did more than p_alone alone within a
-- day: then a second person has to agree. A call's cost is given back once at most; what was paid for is not taken back here, it is refunded.
--
-- Takes {id, account_id, kind, microcredits, call_id, lot_id, expires_at, reason, asked_by}. Returns
-- 'done', 'waiting', 'again' (this adjustment was asked for before), 'no_call' (the call cost this account less, or
-- is given back already) or 'no_lot' (nothing so large was given with this lot and is left).
DROP FUNCTION IF EXISTS ledger_ask_adjustment(jsonb, bigint);
CREATE FUNCTION ledger_ask_adjustment(p_asked jsonb, p_alone bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  v_asked plans_adjustment;
  v_wrong text;
BEGIN
  SELECT a.* INTO v_asked FROM jsonb_populate_record(NULL::plans_adjustment, p_asked) a;
  PERFORM FROM plans_wallet w WHERE w.account_id = v_asked.account_id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM plans_adjustment a WHERE a.id = v_asked.id) THEN
    RETURN 'again';
  END IF;
  v_wrong := ledger_wrong_adjustment(v_asked);
  IF v_wrong IS NOT NULL THEN
    RETURN v_wrong;
  END IF;
  v_asked.state := 'waiting';
  v_asked.asked_at := app_now();
  INSERT INTO plans_adjustment SELECT (v_asked).*;
  -- Whoever asks waits for themselves, so that two small ones at once are not both taken for the first.
  PERFORM pg_advisory_xact_lock(hashtext('adjustments by ' || v_asked.asked_by));
  IF v_asked.microcredits + coalesce((
    SELECT sum(a.microcredits) FROM plans_adjustment a
    WHERE a.asked_by = v_asked.asked_by AND a.state = 'done' AND a.decided_by IS NULL
      AND a.asked_at > v_asked.asked_at - interval '1 day'), 0) > p_alone
  THEN
    RETURN 'waiting';
  END IF;
  RETURN ledger_do_adjustment(v_asked, NULL);
END $$;

-- Lets a second person agree to an adjustment or decline it. Returns 'done', 'declined', 'already' (it was decided
-- before), 'same_person', or what ledger_ask_adjustment may find wrong.
DROP FUNCTION IF EXISTS ledger_decide_adjustment(uuid, boolean, bigint);
CREATE FUNCTION ledger_decide_adjustment(p_adjustment uuid, p_agreed boolean, p_actor bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  v_asked plans_adjustment;
BEGIN
  PERFORM FROM plans_wallet w JOIN plans_adjustment a USING (account_id)
  WHERE a.id = p_adjustment FOR NO KEY UPDATE OF w;
  SELECT * INTO v_asked FROM plans_adjustment a WHERE a.id = p_adjustment AND a.state = 'waiting' FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'already';
  END IF;
  IF v_asked.asked_by = p_actor AND p_agreed THEN
    RETURN 'same_person';
  END IF;
  IF NOT p_agreed THEN
    UPDATE plans_adjustment a
    SET state = 'declined', decided_at = app_now(), decided_by = nullif(p_actor, a.asked_by) WHERE a.id = p_adjustment;
    RETURN 'declined';
  END IF;
  RETURN coalesce(ledger_wrong_adjustment(v_asked), ledger_do_adjustment(v_asked, p_actor));
END $$;

-- Why an adjustment cannot be done; nothing when it can. Internal.
CREATE OR REPLACE FUNCTION ledger_wrong_adjustment(p_asked plans_adjustment) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE
    WHEN p_asked.kind = 'restore' AND (
      EXISTS (SELECT FROM plans_lot l WHERE l.dedupe_key = 'restore:' || p_asked.call_id)
      OR p_asked.microcredits > coalesce((
        SELECT sum(p.amount) FROM plans_posting p JOIN plans_journal j ON j.id = p.journal_id
        WHERE j.id = p_asked.call_id AND j.account_id = p_asked.account_id AND p.account_code = 'usage'), 0))
      THEN 'no_call'
    WHEN p_asked.kind = 'revoke' AND NOT EXISTS (
      SELECT FROM plans_lot l WHERE l.id = p_asked.lot_id AND l.account_id = p_asked.account_id
        AND l.source IN ('promo', 'goodwill', 'restore') AND l.available >= p_asked.microcredits)
      THEN 'no_lot'
  END
$$;

-- Carries an adjustment out. Internal.
CREATE OR REPLACE FUNCTION ledger_do_adjustment(p_asked plans_adjustment, p_actor bigint) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_journal uuid;
BEGIN
  IF p_asked.kind = 'revoke' THEN
    UPDATE plans_lot l
    SET available = l.available - p_asked.microcredits, revoked = l.revoked + p_asked.microcredits
    WHERE l.id = p_asked.lot_id;
    v_journal := ledger_open_journal(
      'revoke', p_asked.account_id, p_asked.id, p_asked.asked_by, p_asked.reason);
    INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount) VALUES
      (v_journal, 'avail:' || p_asked.account_id, 'µ', p_asked.lot_id, -p_asked.microcredits),
      (v_journal, 'revoked', 'µ', p_asked.lot_id, p_asked.microcredits);
  ELSE
    PERFORM ledger_grant(jsonb_build_array(jsonb_build_object(
      'account_id', p_asked.account_id, 'source', p_asked.kind,
      'microcredits', p_asked.microcredits, 'expires_at', p_asked.expires_at,
      'dedupe_key', p_asked.kind || ':' || coalesce(p_asked.call_id, p_asked.id),
      'about_id', coalesce(p_asked.call_id, p_asked.id), 'actor_id', p_asked.asked_by, 'reason', p_asked.reason)));
  END IF;
  UPDATE plans_adjustment a SET state = 'done', decided_at = app_now(), decided_by = p_actor, lot_id = coalesce(
    a.lot_id, (SELECT l.id FROM plans_lot l
      WHERE l.dedupe_key = p_asked.kind || ':' || coalesce(p_asked.call_id, p_asked.id)))
  WHERE a.id = p_asked.id;
  RETURN 'done';
END $$;
