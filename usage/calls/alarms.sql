-- What is not wrong in the books but needs a person: every row is an alarm. Of the last day, of the last ten
-- minutes, or of now.
CREATE VIEW alarms (kind, subject, details) AS
WITH doubtful AS MATERIALIZED (
  SELECT c.* FROM usage_call c
  WHERE c.how IN ('usage_capped', 'estimate') AND c.ended_at >= app_now() - interval '1 day'
    AND c.id >= (SELECT uuidv7(app_now() - clock_timestamp() - interval '2 days'))
)
-- A vendor that says that it used half more than was set aside: what is over is ours to bear.
SELECT 'variance' AS kind, m.slug AS subject,
  format('%s calls were counted at over 1.5 times of what was set aside; %s microcredits are not charged',
    count(*), sum(v.amount)) AS details
FROM doubtful c
JOIN plans_posting v ON v.journal_id = c.id AND v.account_code = 'provider_variance' AND v.lot_id = 0
JOIN models_catalog_chatmodel m ON m.id = c.chat_model_id
WHERE c.how = 'usage_capped' AND v.amount * 2 > c.held_microcredits
GROUP BY m.slug HAVING count(*) >= 5
UNION ALL
-- A vendor that does not say what it used, or nothing that can be true.
SELECT 'uncounted', m.slug, format('%s calls were charged by our own count', count(*))
FROM doubtful c JOIN models_catalog_chatmodel m ON m.id = c.chat_model_id
WHERE c.how = 'estimate'
GROUP BY m.slug HAVING count(*) >= 5
UNION ALL
-- A vendor whose own sum is not that of the classes it told: one of them was read wrong.
SELECT 'sum_differs', m.slug, format('%s calls do not add up to the sum that the vendor told', count(*))
FROM usage_call c
JOIN usage_attempt t ON t.call_id = c.id
JOIN models_catalog_chatmodel m ON m.id = c.chat_model_id
WHERE c.ended_at >= app_now() - interval '10 minutes' AND NOT c.estimated AND c.state = 'settled'
  AND c.id >= (SELECT uuidv7(app_now() - clock_timestamp() - interval '2 days'))
  AND jsonb_typeof(t.raw_usage->'total_tokens') = 'number'
  AND (t.raw_usage->>'total_tokens')::numeric <> c.in_fresh + c.cache_read + c.cache_write_5m + c.cache_write_1h
    + c.in_image + c.in_audio + c.out_text + c.out_reasoning + c.out_image + c.out_audio
GROUP BY m.slug HAVING count(*) >= 5
UNION ALL
-- A vendor that will bill us for calls at a price that nobody has noted: what they cost is not in the books.
SELECT 'no_vendor_price', m.slug || ' @ ' || u.slug, format('%s calls of %s are not in the costs', n.calls, n.day)
FROM usage_unpricedcalls n
JOIN models_catalog_route r ON r.id = n.route_id
JOIN models_catalog_upstream u ON u.id = r.upstream_id AND u.vendor_id IS NOT NULL
JOIN models_catalog_chatmodel m ON m.id = r.chat_model_id
WHERE n.day >= (app_now() AT TIME ZONE 'UTC')::date - 1
UNION ALL
-- Credits set aside for a call that should long have ended: no sweeper runs.
SELECT 'hold_overdue', h.id::text, format('%s since %s', h.state, h.opened_at)
FROM plans_hold h
WHERE least(h.hard_deadline, h.lease_until, CASE h.state WHEN 'queued' THEN h.queue_deadline END)
  < clock_timestamp() - interval '1 minute';
