-- From which moment on the audit looks: everything, unless the transaction says otherwise (SET LOCAL audit.since).
CREATE OR REPLACE FUNCTION audit_since() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('audit.since', true), ''), '-infinity')::timestamptz
$$;

CREATE OR REPLACE FUNCTION audit_is_full() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT audit_since() = '-infinity'
$$;

-- What must never be found in the ledger; every row is a violation. The names are those of the invariants.
CREATE VIEW ledger_violations (kind, subject, details) AS
WITH moved AS MATERIALIZED (
  SELECT p.journal_id, j.kind, p.account_code, p.unit, p.lot_id, p.amount
  FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id WHERE j.moved_at >= audit_since()
), sums AS (
  SELECT lot_id,
    coalesce(sum(amount) FILTER (WHERE account_code LIKE 'avail:%'), 0) AS left_over,
    coalesce(sum(amount) FILTER (WHERE account_code = 'usage'), 0) AS spent,
    coalesce(sum(amount) FILTER (WHERE account_code = 'expired'), 0) AS expired,
    coalesce(sum(amount) FILTER (WHERE account_code = 'revoked'), 0) AS revoked,
    coalesce(sum(amount) FILTER (WHERE account_code = 'refunded'), 0) AS refunded,
    coalesce(-sum(amount) FILTER (WHERE account_code LIKE 'deferred:%'), 0) AS deferred
  FROM moved WHERE lot_id <> 0 AND (audit_is_full() OR kind <> 'carry_forward') GROUP BY lot_id
), books AS MATERIALIZED (
  -- of each lot: all of them, or of those that moved, on top of what the books said before (plans_lotcheck)
  SELECT s.lot_id, s.left_over + coalesce(c.left_over, 0) AS left_over, s.spent + coalesce(c.spent, 0) AS spent,
    s.expired + coalesce(c.expired, 0) AS expired, s.revoked + coalesce(c.revoked, 0) AS revoked,
    s.refunded + coalesce(c.refunded, 0) AS refunded, s.deferred + coalesce(c.deferred, 0) AS deferred
  FROM sums s LEFT JOIN plans_lotcheck c ON c.lot_id = s.lot_id AND NOT audit_is_full()
), looked_at AS (
  SELECT l.* FROM plans_lot l WHERE audit_is_full()
  UNION ALL
  SELECT l.* FROM plans_lot l WHERE NOT audit_is_full() AND l.id = ANY (ARRAY(
    SELECT b.lot_id FROM books b UNION SELECT d.lot_id FROM plans_holdlot d
  ))
), per_account AS (
  SELECT split_part(p.account_code, ':', 2)::bigint AS account_id, sum(p.amount) AS balance
  FROM plans_posting p
  WHERE audit_is_full() AND p.unit = 'µ' AND (p.account_code LIKE 'avail:%' OR p.account_code LIKE 'debt:%')
  GROUP BY 1
), lots_of AS (
  SELECT l.account_id, sum(l.available + l.held) AS left_over FROM plans_lot l WHERE audit_is_full()
  GROUP BY l.account_id
), held_of AS (
  SELECT d.lot_id, sum(d.amount) AS held FROM plans_holdlot d GROUP BY d.lot_id
), lots_of_hold AS (
  SELECT d.hold_id, sum(d.amount) AS amount FROM plans_holdlot d GROUP BY d.hold_id
), held_in AS (
  SELECT u.id, sum(h.amount) AS held, sum(h.tokens) AS tokens, count(*) AS calls FROM plans_hold h, unnest(h.quota_windows) AS u(id) GROUP BY u.id
), drawn AS (
  SELECT d.hold_id, d.lot_id, d.ord,
    row_number() OVER (PARTITION BY d.hold_id ORDER BY l.priority, l.expires_at, l.granted_at, l.id) AS due
  FROM plans_holdlot d JOIN plans_lot l ON l.id = d.lot_id
)
SELECT 'I1 journal does not add up', p.journal_id::text, jsonb_build_object('unit', p.unit, 'sum', sum(p.amount))
FROM moved p GROUP BY p.journal_id, p.unit HAVING sum(p.amount) <> 0
UNION ALL
SELECT 'I1 posting without a journal', p.journal_id::text, jsonb_build_object('code', p.account_code)
FROM plans_posting p
WHERE audit_is_full() AND NOT EXISTS (SELECT FROM plans_journal j WHERE j.id = p.journal_id)
UNION ALL
SELECT 'I2 lot does not add up', l.id::text, to_jsonb(l) FROM looked_at l
WHERE l.granted <> l.available + l.held + l.spent + l.expired + l.revoked + l.refunded + l.rolled
  OR least(l.available, l.held, l.spent, l.expired, l.revoked, l.refunded, l.rolled) < 0
UNION ALL
SELECT 'I3 lot differs from the books', l.id::text, to_jsonb(b) FROM looked_at l
LEFT JOIN books b ON b.lot_id = l.id
WHERE (b.lot_id IS NOT NULL OR audit_is_full())
  AND (l.available + l.held, l.spent, l.expired, l.revoked, l.refunded) IS DISTINCT FROM
  (coalesce(b.left_over, 0), coalesce(b.spent, 0), coalesce(b.expired, 0), coalesce(b.revoked, 0),
   coalesce(b.refunded, 0))
UNION ALL
SELECT 'I3 books know a lot that is not there', b.lot_id::text, to_jsonb(b) FROM books b
WHERE NOT EXISTS (SELECT FROM plans_lot l WHERE l.id = b.lot_id)
UNION ALL
SELECT 'I4 account differs from the books', w.account_id::text,
  jsonb_build_object('lots', l.left_over, 'debt', w.debt, 'books', b.balance)
FROM plans_wallet w
LEFT JOIN lots_of l USING (account_id) LEFT JOIN per_account b USING (account_id)
WHERE audit_is_full() AND coalesce(l.left_over, 0) - w.debt <> coalesce(b.balance, 0)
UNION ALL
SELECT 'I4 lots without a wallet', l.account_id::text, to_jsonb(l) FROM lots_of l
WHERE NOT EXISTS (SELECT FROM plans_wallet w WHERE w.account_id = l.account_id)
UNION ALL
SELECT 'I6 lot holds what no call holds', l.id::text, jsonb_build_object('held', l.held, 'calls', h.held)
FROM looked_at l LEFT JOIN held_of h ON h.lot_id = l.id WHERE l.held <> coalesce(h.held, 0)
UNION ALL
SELECT 'I6 call and its lots differ', coalesce(h.id, d.hold_id)::text,
  jsonb_build_object('amount', h.amount, 'lots', d.amount)
FROM plans_hold h FULL JOIN lots_of_hold d ON d.hold_id = h.id
WHERE h.id IS NULL OR h.amount <> coalesce(d.amount, 0)
UNION ALL
SELECT 'I6 quota holds what no call holds', coalesce(w.id, h.id)::text,
  jsonb_build_object('held', w.held, 'calls', h.held)
FROM (SELECT q.* FROM plans_quotawindow q WHERE audit_is_full()
      UNION ALL
      SELECT q.* FROM plans_quotawindow q
      WHERE NOT audit_is_full() AND q.id = ANY (ARRAY(SELECT i.id FROM held_in i))) w
FULL JOIN held_in h ON h.id = w.id
WHERE w.id IS NULL OR w.held <> coalesce(CASE w.metric
  WHEN 'microcredits' THEN h.held WHEN 'tokens' THEN h.tokens ELSE h.calls END, 0)
UNION ALL
-- The quotas of a key take over what the key that they replace has used; all else is written down somewhere.
SELECT 'I6 quota differs from what was given, lent and reclaimed', w.id::text,
  jsonb_build_object('extra', w.extra, 'lent', l.net, 'reclaimed', r.back)
FROM plans_quotawindow w JOIN plans_quota q ON q.id = w.quota_id
LEFT JOIN (
  SELECT t.window_id, sum(t.amount) AS net FROM (
    SELECT n.lender_window_id AS window_id, n.returned - n.microcredits AS amount FROM plans_loan n
    UNION ALL
    SELECT n.borrower_window_id, n.microcredits - n.returned FROM plans_loan n
  ) t GROUP BY t.window_id
) l ON l.window_id = w.id
LEFT JOIN (
  SELECT c.window_id, sum(c.microcredits) AS back FROM plans_reclaim c WHERE c.returned_at IS NULL GROUP BY c.window_id
) r ON r.window_id = w.id
WHERE audit_is_full() AND q.node_kind <> 'key' AND (w.extra <> 0 OR l.net <> 0 OR r.back <> 0)
  AND w.extra - coalesce(l.net, 0) + coalesce(r.back, 0) NOT BETWEEN 0 AND coalesce((
    SELECT sum(e.granted) FROM plans_extra e WHERE e.quota_id = w.quota_id AND e.state = 'approved'), 0)
UNION ALL
SELECT 'I6 lot is frozen for nothing', l.id::text, jsonb_build_object('frozen', l.frozen) FROM looked_at l
WHERE l.frozen <> (SELECT count(*) FROM plans_refund r WHERE r.lot_id = l.id AND r.state = 'processing')
  + (SELECT count(*) FROM plans_dispute d WHERE d.order_id = l.order_id AND d.state = 'open')
UNION ALL
SELECT 'I8 open call is settled already', h.id::text, to_jsonb(j)
FROM plans_hold h JOIN plans_journal j ON j.id = h.id
UNION ALL
SELECT 'I13 lots drawn out of order', d.hold_id::text, jsonb_build_object('lot', d.lot_id, 'ord', d.ord)
FROM drawn d WHERE d.ord <> d.due
UNION ALL
SELECT 'I14 call opened on a lot outside its time', h.id::text,
  jsonb_build_object('lot', l.id, 'opened', h.opened_at, 'expires', l.expires_at)
FROM plans_hold h JOIN plans_holdlot d ON d.hold_id = h.id JOIN plans_lot l ON l.id = d.lot_id
WHERE h.opened_at >= l.expires_at OR h.opened_at < l.effective_at
UNION ALL
SELECT 'I16 money that is not earned differs from the books', l.id::text,
  jsonb_build_object('lot', l.deferred_minor, 'books', b.deferred)
FROM looked_at l LEFT JOIN books b ON b.lot_id = l.id
WHERE (b.lot_id IS NOT NULL OR audit_is_full()) AND l.deferred_minor <> coalesce(b.deferred, 0)
UNION ALL
SELECT 'I16 all credits are gone, yet not all money is earned', l.id::text, to_jsonb(l) FROM looked_at l
WHERE l.deferred_minor > 0 AND ledger_unearned(l) = 0
UNION ALL
SELECT 'I16 paid order and books differ', o.id::text, jsonb_build_object('price', o.price_minor, 'books', m.minor)
FROM plans_order o
LEFT JOIN LATERAL (
  SELECT sum(p.amount) AS minor FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id
  WHERE j.about_id = o.id AND j.kind = 'grant' AND p.unit = o.currency AND p.amount > 0
) m ON true
WHERE o.state = 'paid' AND o.paid_at >= greatest(audit_since(), ledger_kept_since()) AND o.price_minor <> coalesce(m.minor, 0)
UNION ALL
SELECT 'I17 more was given back than was paid', o.id::text,
  jsonb_build_object('price', o.price_minor, 'back', b.minor)
FROM plans_order o JOIN (
  SELECT g.order_id, sum(g.minor) AS minor FROM (
    SELECT r.order_id, r.money_minor AS minor FROM plans_refund r WHERE r.state <> 'failed'
    UNION ALL
    SELECT d.order_id, d.money_minor FROM plans_dispute d WHERE d.state <> 'won'
  ) g GROUP BY g.order_id
) b ON b.order_id = o.id
WHERE b.minor > o.price_minor;

-- Adds what the books said between two moments to what they said before, for the next audit to begin at. A first
-- moment of -infinity begins anew.
CREATE OR REPLACE FUNCTION ledger_fold_audit(p_from timestamptz, p_until timestamptz) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM plans_lotcheck WHERE p_from = '-infinity';
  INSERT INTO plans_lotcheck AS c (lot_id, left_over, spent, expired, revoked, refunded, deferred)
  SELECT p.lot_id,
    coalesce(sum(p.amount) FILTER (WHERE p.account_code LIKE 'avail:%'), 0),
    coalesce(sum(p.amount) FILTER (WHERE p.account_code = 'usage'), 0),
    coalesce(sum(p.amount) FILTER (WHERE p.account_code = 'expired'), 0),
    coalesce(sum(p.amount) FILTER (WHERE p.account_code = 'revoked'), 0),
    coalesce(sum(p.amount) FILTER (WHERE p.account_code = 'refunded'), 0),
    coalesce(-sum(p.amount) FILTER (WHERE p.account_code LIKE 'deferred:%'), 0)
  FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id
  WHERE j.moved_at >= p_from AND j.moved_at < p_until AND p.lot_id <> 0
    AND (p_from = '-infinity' OR j.kind <> 'carry_forward')
  GROUP BY p.lot_id
  ON CONFLICT (lot_id) DO UPDATE SET
    left_over = c.left_over + excluded.left_over, spent = c.spent + excluded.spent,
    expired = c.expired + excluded.expired, revoked = c.revoked + excluded.revoked,
    refunded = c.refunded + excluded.refunded, deferred = c.deferred + excluded.deferred;
$$;
