-- Every row is something that must never be: a charge that does not follow from usage and price, lines that do
-- not add up to it, a quota or a total that disagrees with the calls.
CREATE VIEW call_violations AS
WITH costs AS (
  SELECT c.*, r.chat_model_id AS price_of, r.active_from, r.active_until, ceil((
      c.in_fresh::numeric * r.in_fresh + c.cache_read::numeric * r.cache_read
      + c.cache_write_5m::numeric * r.cache_write_5m + c.cache_write_1h::numeric * r.cache_write_1h
      + c.in_image::numeric * r.in_image + c.in_audio::numeric * r.in_audio
      + c.out_text::numeric * r.out_text + c.out_reasoning::numeric * r.out_reasoning
      + c.out_image::numeric * r.out_image + c.out_audio::numeric * r.out_audio
    ) / 1000000) + r.per_request AS cost
  FROM usage_call c JOIN catalog_rates r ON r.price_id = c.price_id
    AND c.in_fresh + c.cache_read + c.cache_write_5m + c.cache_write_1h + c.in_image + c.in_audio
      >= r.from_input_tokens
    AND (r.until_input_tokens IS NULL OR c.in_fresh + c.cache_read + c.cache_write_5m + c.cache_write_1h + c.in_image
      + c.in_audio < r.until_input_tokens)
  WHERE c.ended_at >= audit_since()
), quotas_by_calls AS (
  -- From the calls to the windows: there are quotas of minutes, and a window is found by its index.
  SELECT w.id AS window_id, sum(CASE
      WHEN w.metric = 'microcredits' THEN c.charged_microcredits
      WHEN c.state = 'voided' OR w.metric = 'at_once' THEN 0
      WHEN w.metric = 'calls' THEN 1
      ELSE c.in_fresh + c.cache_read + c.cache_write_5m + c.cache_write_1h + c.in_image + c.in_audio
        + c.out_text + c.out_reasoning + c.out_image + c.out_audio
    END) AS counted
  FROM plans_quota q
  JOIN usage_call c ON c.account_id = q.account_id
    AND c.opened_at >= q.created_at AND (q.ended_at IS NULL OR c.opened_at < q.ended_at)
    AND (q.chat_model_id IS NULL OR c.chat_model_id = q.chat_model_id)
    AND CASE q.node_kind
      WHEN 'account' THEN true
      WHEN 'member' THEN c.member_id = q.node_id
      WHEN 'department' THEN q.node_id = ANY (c.departments)
      WHEN 'project' THEN c.project_id = q.node_id
      WHEN 'key' THEN c.api_key_id = q.node_id
      WHEN 'scenario' THEN c.scenario_id = q.node_id
    END
  JOIN LATERAL (
    SELECT o.id, o.metric, o.ends_at FROM plans_quotawindow o
    WHERE o.quota_id = q.id AND o.session = ledger_session(q."window", c.session) AND o.starts_at <= c.opened_at
    ORDER BY o.starts_at DESC LIMIT 1
  ) w ON w.ends_at IS NULL OR c.opened_at < w.ends_at
  WHERE audit_is_full()
  GROUP BY w.id
)
SELECT 'charge_not_cost' AS kind, id::text AS subject,
  format('charged %s, cost %s, held %s', charged_microcredits, cost, held_microcredits) AS details
FROM costs WHERE state = 'settled' AND charged_microcredits <> least(cost, held_microcredits)
UNION ALL
-- The account's zone may be another one by now, so that which hours it was cannot be told any more. Calls from before
-- the ledger named the price (with that migration) may have begun at one that a process remembered.
SELECT 'price_not_in_force', id::text, format('price %s, opened at %s', price_id, opened_at)
FROM costs WHERE active_from IS NULL OR (
  (opened_at < active_from OR opened_at >= active_until) AND opened_at >= (
    SELECT min(m.applied) FROM django_migrations m
    WHERE m.app = 'models_catalog' AND m.name = '0011_prices_come_whole'))
UNION ALL
SELECT 'price_of_another_model', id::text, format('price %s, model %s', price_id, chat_model_id)
FROM costs WHERE price_of <> chat_model_id
UNION ALL
SELECT 'window_not_of_its_base', w.id::text, format('base %s', w.base_id)
FROM models_catalog_price w JOIN models_catalog_price b ON b.id = w.base_id
WHERE (w.chat_model_id, w.active_from) <> (b.chat_model_id, b.active_from) OR b.base_id IS NOT NULL
UNION ALL
SELECT 'voided_but_charged', id::text, format('charged %s', charged_microcredits)
FROM costs WHERE state = 'voided' AND charged_microcredits <> 0
UNION ALL
SELECT 'charge_over_hold', id::text, format('charged %s, held %s', charged_microcredits, held_microcredits)
FROM costs WHERE charged_microcredits NOT BETWEEN 0 AND held_microcredits
UNION ALL
SELECT 'lots_not_charge', c.id::text, format('lots %s, charged %s', coalesce(l.amount, 0), c.charged_microcredits)
FROM costs c
LEFT JOIN LATERAL (
  SELECT sum(d.amount_microcredits) AS amount FROM usage_calllot d WHERE d.call_id = c.id
) l ON true
WHERE coalesce(l.amount, 0) <> c.charged_microcredits
UNION ALL
SELECT 'ended_but_open', c.id::text, h.state FROM usage_call c JOIN plans_hold h ON h.id = c.id
UNION ALL
SELECT 'settled_without_journal', c.id::text, format('charged %s', c.charged_microcredits)
FROM costs c WHERE c.charged_microcredits > 0 AND NOT EXISTS (SELECT FROM plans_journal j WHERE j.id = c.id)
UNION ALL
SELECT 'variance_not_booked', c.id::text, format('cost %s, held %s, booked %s', c.cost, c.held_microcredits, v.amount)
FROM costs c
LEFT JOIN plans_posting v ON v.journal_id = c.id AND v.account_code = 'provider_variance' AND v.unit = 'µ'
  AND v.lot_id = 0
WHERE c.how = 'usage_capped' AND c.held_microcredits > 0
  AND coalesce(v.amount, 0) <> greatest(0, least(c.cost, 1000000000000000) - c.held_microcredits)
UNION ALL
SELECT 'totals_not_calls', coalesce(t.account_id, c.account_id)::text || ' ' || coalesce(t.day, c.day),
  format('totals %s calls, %s; calls %s, %s', t.calls, t.charged, c.calls, c.charged)
FROM (SELECT account_id, day, sum(calls) AS calls, sum(charged_microcredits) AS charged
      FROM usage_dailytotal GROUP BY 1, 2) t
FULL JOIN (SELECT account_id, day, count(*) AS calls, sum(charged_microcredits) AS charged
           FROM usage_call GROUP BY 1, 2) c
  ON c.account_id = t.account_id AND c.day = t.day
WHERE audit_is_full() AND (t.calls, t.charged) IS DISTINCT FROM (c.calls, c.charged)
  AND coalesce(t.day, c.day) >= call_comparable_since()
UNION ALL
SELECT 'profile_not_calls', coalesce(p.account_id, c.account_id)::text,
  format('profile %s calls, %s; calls %s, %s', p.calls, p.charged, c.calls, c.charged)
FROM (SELECT account_id, sum(calls) AS calls, sum(charged_microcredits) AS charged
      FROM usage_hourprofile GROUP BY 1) p
FULL JOIN (SELECT account_id, sum(calls) AS calls, sum(charged) AS charged FROM (
             SELECT account_id, count(*) AS calls, sum(charged_microcredits) AS charged FROM usage_call GROUP BY 1
             UNION ALL
             SELECT account_id, calls, charged_microcredits FROM usage_dropped
           ) every GROUP BY 1) c ON c.account_id = p.account_id
WHERE audit_is_full() AND (p.calls, p.charged) IS DISTINCT FROM (c.calls, c.charged)
UNION ALL
SELECT 'quota_not_calls', w.id::text, format('used %s, calls %s', w.used, coalesce(u.counted, 0))
FROM plans_quotawindow w LEFT JOIN quotas_by_calls u ON u.window_id = w.id
WHERE audit_is_full() AND w.starts_at >= call_comparable_since() AND w.used <> coalesce(u.counted, 0);

-- All of it in one place.
CREATE VIEW violations (kind, subject, details) AS
SELECT kind, subject, details::text FROM ledger_violations
UNION ALL
SELECT kind, subject, details::text FROM money_violations
UNION ALL
SELECT kind, subject, details FROM call_violations;
