-- What is not wrong in the books but needs a person: every row is an alarm. Of the last day, or of now.
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
-- Credits set aside for a call that should long have ended: no sweeper runs.
SELECT 'hold_overdue', h.id::text, format('%s since %s', h.state, h.opened_at)
FROM plans_hold h
WHERE least(h.hard_deadline, h.lease_until, CASE h.state WHEN 'queued' THEN h.queue_deadline END)
  < clock_timestamp() - interval '1 minute';
