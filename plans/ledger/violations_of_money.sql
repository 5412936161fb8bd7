-- What must never be found in the operator's own books; every row is a violation. Money moves seldom beside credits, so
-- most of it is looked at by full audits alone. Lots, refunds, disputes, sums received and costs say what happened to
-- money; the postings say where it stands; both have to agree to the minor unit, of every currency.
CREATE VIEW money_violations (kind, subject, details) AS
WITH lines AS MATERIALIZED (
  SELECT p.account_code AS code, p.unit, p.lot_id, sum(p.amount) AS amount FROM plans_posting p
  WHERE audit_is_full() AND p.unit <> 'µ' GROUP BY 1, 2, 3
), shares AS (
  SELECT n.lot_id, -coalesce(sum(n.amount) FILTER (WHERE n.code IN ('revenue_usage', 'revenue_breakage')), 0) AS earned,
    coalesce(sum(n.amount) FILTER (WHERE n.code = 'platform_fee'), 0) AS platform,
    coalesce(sum(n.amount) FILTER (WHERE n.code = 'channel_fee'), 0) AS channel
  FROM lines n WHERE n.lot_id <> 0 GROUP BY 1
), paid AS (
  SELECT l.order_id, l.currency, l.tax_minor AS tax, ledger_paid_for(l) AS minor,
    ledger_paid_for(l) - l.tax_minor
      - CASE WHEN l.repaid > 0 THEN ledger_share(ledger_paid_for(l) - l.tax_minor, l.repaid, l.granted + l.repaid) ELSE 0 END
      - l.deferred_minor - l.earned_minor AS elsewhere
  FROM plans_lot l WHERE audit_is_full() AND l.currency <> ''
), given_back AS (
  SELECT r.order_id, r.currency, r.money_minor AS minor, r.tax_minor AS tax, r.money_minor - r.tax_minor AS unearned
  FROM plans_refund r WHERE audit_is_full() AND r.state = 'succeeded'
  UNION ALL
  SELECT d.order_id, d.currency, d.money_minor + d.fee_minor, d.tax_minor, d.unearned_minor
  FROM plans_dispute d WHERE audit_is_full() AND d.state = 'lost'
), told (what, unit, books, told) AS (
  SELECT 'money in and out', n.unit, n.amount, 0 FROM lines n
  WHERE n.code ~ '^(psp:|carrier_receivable:|bank$|bank_unmatched$|ar:|customer_credit:)'
  UNION ALL
  SELECT 'money in and out', p.currency, 0, p.minor FROM paid p
  UNION ALL
  SELECT 'money in and out', g.currency, 0, -g.minor FROM given_back g
  UNION ALL
  SELECT 'money in and out', c.currency, 0, -c.amount_minor FROM plans_cost c WHERE audit_is_full() AND c.kind = 'psp_fee'
  UNION ALL
  SELECT 'tax', n.unit, -n.amount, 0 FROM lines n WHERE n.code = 'tax'
  UNION ALL
  SELECT 'tax', p.currency, 0, p.tax FROM paid p
  UNION ALL
  SELECT 'tax', g.currency, 0, -g.tax FROM given_back g
  UNION ALL
  SELECT n.code, n.unit, n.amount, 0 FROM lines n WHERE n.code IN ('psp_fee', 'provider_cost')
  UNION ALL
  SELECT c.kind, c.currency, 0, c.amount_minor FROM plans_cost c WHERE audit_is_full()
  UNION ALL
  SELECT 'psp_fee', d.currency, 0, d.fee_minor FROM plans_dispute d WHERE audit_is_full() AND d.state = 'lost'
  UNION ALL
  SELECT n.code, n.unit, -n.amount, 0 FROM lines n WHERE n.code ~ '^(bank_unmatched$|customer_credit:)'
  UNION ALL
  SELECT 'bank_unmatched', i.currency, 0, i.amount_minor - i.credited_minor - i.returned_minor
    - CASE WHEN i.granted_at IS NULL THEN 0 ELSE i.matched_minor END FROM plans_incoming i WHERE audit_is_full()
  UNION ALL
  SELECT 'customer_credit:' || s.account_id, s.currency, 0, s.minor FROM plans_surplus s WHERE audit_is_full()
)
SELECT 'I16 trial balance is not zero', n.unit, jsonb_build_object('sum', sum(n.amount))
FROM lines n GROUP BY n.unit HAVING sum(n.amount) <> 0
UNION ALL
SELECT 'I16 money stands on an account of credits', n.code, jsonb_build_object('amount', n.amount, 'unit', n.unit)
FROM lines n WHERE n.code ~ '^(issued|usage|expired|revoked|refunded|adjust|avail:.*|debt:.*)$'
UNION ALL
SELECT 'I16 books differ from what happened to money', t.what || ' ' || t.unit,
  jsonb_build_object('books', sum(t.books), 'told', sum(t.told))
FROM told t GROUP BY t.what, t.unit HAVING sum(t.books) <> sum(t.told)
UNION ALL
-- What was paid for an order is not earned yet, earned, given back with its tax, or has paid an older debt.
SELECT 'I16 not all that was paid is accounted for', p.order_id::text,
  jsonb_build_object('elsewhere', p.elsewhere, 'back', coalesce(g.unearned, 0))
FROM (SELECT o.order_id, sum(o.elsewhere) AS elsewhere FROM paid o WHERE o.order_id IS NOT NULL GROUP BY 1) p
LEFT JOIN (SELECT b.order_id, sum(b.unearned) AS unearned FROM given_back b GROUP BY 1) g USING (order_id)
WHERE p.elsewhere <> coalesce(g.unearned, 0)
UNION ALL
SELECT 'I16 shares differ from what was earned', l.id::text,
  jsonb_build_object('earned', l.earned_minor, 'books', s.earned, 'platform', s.platform, 'channel', s.channel)
FROM plans_lot l LEFT JOIN shares s ON s.lot_id = l.id
WHERE audit_is_full() AND l.currency <> ''
  AND (l.earned_minor, ledger_share(l.earned_minor, l.platform_basis_points, 10000),
    ledger_share(l.earned_minor, l.channel_basis_points, 10000))
  IS DISTINCT FROM (coalesce(s.earned, 0), coalesce(s.platform, 0), coalesce(s.channel, 0))
UNION ALL
SELECT 'I16 sum received and its journals differ', i.id::text,
  jsonb_build_object('amount', i.amount_minor, 'credited', i.credited_minor, 'books', b.received, 'given', b.credited)
FROM plans_incoming i CROSS JOIN LATERAL (
  SELECT coalesce(sum(p.amount) FILTER (WHERE j.kind = 'receive' AND p.account_code = i.money_account), 0) AS received,
    coalesce(sum(p.amount) FILTER (WHERE j.kind = 'match' AND p.account_code = 'bank_unmatched'), 0) AS credited
  FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id AND p.unit = i.currency
  WHERE j.about_id = i.id
) b
WHERE i.received_at >= greatest(audit_since(), ledger_kept_since())
  AND (i.amount_minor, i.credited_minor) IS DISTINCT FROM (b.received, b.credited)
UNION ALL
SELECT 'I16 sum sent back and its journal differ', o.id::text, jsonb_build_object('amount', o.amount_minor, 'books', b.sent)
FROM plans_outgoing o CROSS JOIN LATERAL (
  SELECT coalesce(-sum(p.amount), 0) AS sent FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id
  WHERE j.about_id = o.id AND j.kind = 'return' AND p.unit = o.currency AND p.account_code = o.money_account
) b
WHERE o.sent_at >= greatest(audit_since(), ledger_kept_since()) AND o.amount_minor <> b.sent
UNION ALL
SELECT 'I15 paid period has no lot of its own', s.id::text, to_jsonb(s)
FROM plans_subscriptionperiod s JOIN plans_subscription u ON u.id = s.subscription_id
WHERE audit_is_full() AND NOT EXISTS (
  SELECT FROM plans_lot l WHERE l.id = s.lot_id AND l.source = 'plan' AND l.account_id = u.account_id
    AND l.order_id = s.order_id AND l.dedupe_key = format('period:%s:%s', s.subscription_id, s.number))
UNION ALL
SELECT 'I15 plan was granted without a paid period', l.id::text, jsonb_build_object('key', l.dedupe_key)
FROM plans_lot l
WHERE audit_is_full() AND l.source = 'plan' AND l.dedupe_key ~ '^period:[0-9]+:[0-9]+$'
  AND NOT EXISTS (SELECT FROM plans_subscriptionperiod s WHERE s.lot_id = l.id);
