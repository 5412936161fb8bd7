-- What must never be found in the ledger; every row is a violation. The names are those of the invariants.
CREATE VIEW ledger_violations (kind, subject, details) AS
WITH per_lot AS (
  SELECT p.lot_id,
    sum(p.amount) FILTER (WHERE p.account_code LIKE 'avail:%') AS left_over,
    sum(p.amount) FILTER (WHERE p.account_code = 'usage') AS spent,
    sum(p.amount) FILTER (WHERE p.account_code = 'expired') AS expired,
    sum(p.amount) FILTER (WHERE p.account_code = 'revoked') AS revoked,
    sum(p.amount) FILTER (WHERE p.account_code = 'refunded') AS refunded
  FROM plans_posting p WHERE p.unit = 'µ' GROUP BY p.lot_id
), per_account AS (
  SELECT split_part(p.account_code, ':', 2)::bigint AS account_id, sum(p.amount) AS balance
  FROM plans_posting p
  WHERE p.unit = 'µ' AND (p.account_code LIKE 'avail:%' OR p.account_code LIKE 'debt:%') GROUP BY 1
), lots_of AS (
  SELECT l.account_id, sum(l.available + l.held) AS left_over FROM plans_lot l GROUP BY l.account_id
), held_of AS (
  SELECT d.lot_id, sum(d.amount) AS held FROM plans_holdlot d GROUP BY d.lot_id
), lots_of_hold AS (
  SELECT d.hold_id, sum(d.amount) AS amount FROM plans_holdlot d GROUP BY d.hold_id
), held_in AS (
  SELECT u.id, sum(h.amount) AS held FROM plans_hold h, unnest(h.quota_windows) AS u(id) GROUP BY u.id
), drawn AS (
  SELECT d.hold_id, d.lot_id, d.ord,
    row_number() OVER (PARTITION BY d.hold_id ORDER BY l.priority, l.expires_at, l.granted_at, l.id) AS due
  FROM plans_holdlot d JOIN plans_lot l ON l.id = d.lot_id
)
SELECT 'I1 journal does not add up', p.journal_id::text, jsonb_build_object('unit', p.unit, 'sum', sum(p.amount))
FROM plans_posting p GROUP BY p.journal_id, p.unit HAVING sum(p.amount) <> 0
UNION ALL
SELECT 'I1 posting without a journal', p.journal_id::text, jsonb_build_object('code', p.account_code)
FROM plans_posting p WHERE NOT EXISTS (SELECT FROM plans_journal j WHERE j.id = p.journal_id)
UNION ALL
SELECT 'I2 lot does not add up', l.id::text, to_jsonb(l) FROM plans_lot l
WHERE l.granted <> l.available + l.held + l.spent + l.expired + l.revoked + l.refunded
  OR least(l.available, l.held, l.spent, l.expired, l.revoked, l.refunded) < 0
UNION ALL
SELECT 'I3 lot differs from the books', l.id::text, to_jsonb(b) FROM plans_lot l
LEFT JOIN per_lot b ON b.lot_id = l.id
WHERE (l.available + l.held, l.spent, l.expired, l.revoked, l.refunded) IS DISTINCT FROM
  (coalesce(b.left_over, 0), coalesce(b.spent, 0), coalesce(b.expired, 0), coalesce(b.revoked, 0),
   coalesce(b.refunded, 0))
UNION ALL
SELECT 'I3 books know a lot that is not there', b.lot_id::text, to_jsonb(b) FROM per_lot b
WHERE b.lot_id <> 0 AND NOT EXISTS (SELECT FROM plans_lot l WHERE l.id = b.lot_id)
UNION ALL
SELECT 'I4 account differs from the books', w.account_id::text,
  jsonb_build_object('lots', l.left_over, 'debt', w.debt, 'books', b.balance)
FROM plans_wallet w
LEFT JOIN lots_of l USING (account_id) LEFT JOIN per_account b USING (account_id)
WHERE coalesce(l.left_over, 0) - w.debt <> coalesce(b.balance, 0)
UNION ALL
SELECT 'I4 lots without a wallet', l.account_id::text, to_jsonb(l) FROM lots_of l
WHERE NOT EXISTS (SELECT FROM plans_wallet w WHERE w.account_id = l.account_id)
UNION ALL
SELECT 'I6 lot holds what no call holds', l.id::text, jsonb_build_object('held', l.held, 'calls', h.held)
FROM plans_lot l LEFT JOIN held_of h ON h.lot_id = l.id WHERE l.held <> coalesce(h.held, 0)
UNION ALL
SELECT 'I6 call and its lots differ', coalesce(h.id, d.hold_id)::text,
  jsonb_build_object('amount', h.amount, 'lots', d.amount)
FROM plans_hold h FULL JOIN lots_of_hold d ON d.hold_id = h.id
WHERE h.id IS NULL OR h.amount <> coalesce(d.amount, 0)
UNION ALL
SELECT 'I6 quota holds what no call holds', coalesce(w.id, h.id)::text,
  jsonb_build_object('held', w.held, 'calls', h.held)
FROM plans_quotawindow w FULL JOIN held_in h ON h.id = w.id
WHERE w.id IS NULL OR w.held <> coalesce(h.held, 0)
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
WHERE h.opened_at >= l.expires_at OR h.opened_at < l.effective_at;
