-- Alerts, their recipients, and what the routes have sent of late.

-- name: alert_insert
-- Begin an alert; nothing of it is sent while it is preparing.
INSERT INTO alert (created_at, touched_at, state, text, starts_at, expires_at, may_fall_back, overrides, fingerprint)
VALUES (:now, :now, 'preparing', :text, :starts_at, :expires_at, :may_fall_back, :overrides, :fingerprint);

-- name: alert_touch
-- Somebody is still writing recipients of an alert.
UPDATE alert SET touched_at = :now WHERE id = :id AND state = 'preparing';

-- name: alert_recipient_insert
-- Write a recipient down, or why he is none.
INSERT INTO alert_recipient (alert_id, sequence, phone, text, parts, dropped, consent_at, consent_source,
                             timezone)
VALUES (:alert_id, :sequence, :phone, :text, :parts, :dropped, :consent_at, :consent_source, :timezone);

-- name: alert_publish
-- All recipients are on disk: from now on the alert exists.
UPDATE alert SET state = 'running', recipients = :recipients, parts = :parts, dropped = :dropped, touched_at = :now,
    idempotency_key = :key
WHERE id = :id AND state = 'preparing';

-- name: alert_by_key
-- The alert that a key already stands for.
SELECT id, text, fingerprint FROM alert WHERE idempotency_key = :key;

-- name: alert_abandoned
-- Alerts that nobody has been writing for some time: their process is dead.
SELECT id FROM alert WHERE state = 'preparing' AND touched_at < :before LIMIT 1;

-- name: alert_recipients_forget
-- Forget recipients of an alert, a handful at a time.
DELETE FROM alert_recipient
WHERE alert_id = :id AND sequence IN (
    SELECT sequence FROM alert_recipient WHERE alert_id = :id ORDER BY sequence LIMIT :limit);

-- name: alert_forget
-- Forget an alert without recipients.
DELETE FROM alert WHERE id = :id;

-- name: alert_old
-- An alert that ended before a moment and of which no message is left.
SELECT id FROM alert
WHERE state IN ('done', 'cancelled') AND done_at < :before
  AND NOT EXISTS (SELECT 1 FROM message WHERE message.alert_id = alert.id)
LIMIT 1;

-- name: alert_get
-- One alert.
SELECT id, created_at, state, text, starts_at, expires_at, may_fall_back, overrides, recipients, parts, dropped, fed, cursor,
       done_at, idempotency_key
FROM alert WHERE id = :id;

-- name: alert_list
-- Alerts for people, newest first; what is still being prepared does not exist yet.
SELECT id, created_at, state, text, starts_at, expires_at, may_fall_back, overrides, recipients, parts, dropped, fed, cursor,
       done_at, idempotency_key
FROM alert WHERE state <> 'preparing' AND (:open = 0 OR state IN ('running', 'paused'))
ORDER BY id DESC LIMIT :limit;

-- name: alert_counts
-- How many messages of an alert are in each state.
SELECT state, count(*) AS count FROM message WHERE alert_id = :id GROUP BY state;

-- name: alert_waiting
-- Whether anything of an alert waits to be sent or is being sent.
SELECT 1 AS waiting FROM message WHERE alert_id = :id AND state IN ('queued', 'submitting') LIMIT 1;

-- name: alert_causes
-- Failures of an alert by their cause.
SELECT state, error, count(*) AS count FROM message
WHERE alert_id = :id AND state IN ('undeliverable', 'rejected', 'failed', 'in_doubt')
GROUP BY state, error ORDER BY count(*) DESC, error LIMIT :limit;

-- name: alert_sent_span
-- When the first and the last message of an alert left, and how many did lately.
SELECT min(sent_at) AS first, max(sent_at) AS last, count(sent_at) AS sent,
       sum(CASE WHEN sent_at > :since THEN 1 ELSE 0 END) AS lately
FROM message WHERE alert_id = :id;

-- name: alert_parts_ahead
-- Running alerts but for one: when each starts, and how many parts are still to leave of it, about.
SELECT starts_at, parts FROM (
    SELECT starts_at,
           parts * (recipients - fed) / recipients
           + (SELECT coalesce(sum(message.parts), 0) FROM message
              WHERE message.alert_id = alert.id AND message.state = 'queued') AS parts
    FROM alert WHERE state = 'running' AND recipients > 0 AND id <> :id) AS running
WHERE parts > 0;

-- name: alert_drops
-- The dropped of an alert by reason.
SELECT dropped AS reason, count(*) AS count FROM alert_recipient
WHERE alert_id = :id AND dropped IS NOT NULL GROUP BY dropped ORDER BY count(*) DESC;

-- name: alert_overrode
-- How many were written to although they want none.
SELECT count(*) AS count FROM alert_recipient WHERE alert_id = :id AND overrode = 1;

-- name: alert_recipient_page
-- The recipients of an alert in order, a page at a time, with what became of them.
SELECT alert_recipient.sequence, phone, dropped, consent_at, consent_source, message_id, alert_recipient.parts,
       overrode, alert_recipient.timezone,
       message.state, message.route, message.sender, message.sent_at, message.delivered_at, message.error
FROM alert_recipient LEFT JOIN message ON message.id = alert_recipient.message_id
WHERE alert_recipient.alert_id = :id AND alert_recipient.sequence > :after
ORDER BY alert_recipient.sequence LIMIT :limit;

-- name: alert_move
-- Put an alert into a state.
UPDATE alert SET state = :state, done_at = :done_at WHERE id = :id;

-- name: alert_hold
-- The messages of a paused alert wait without being due; what has begun goes on.
UPDATE message SET due_at = NULL WHERE alert_id = :id AND state = 'queued';

-- name: alert_release
-- The messages of an alert that goes on are due again.
UPDATE message SET due_at = :now WHERE alert_id = :id AND state = 'queued' AND due_at IS NULL;

-- name: alert_withdraw
-- The messages of a cancelled alert of which nothing has left.
UPDATE message SET state = 'cancelled', due_at = NULL, error = :error WHERE alert_id = :id AND state = 'queued';

-- name: alert_hold_message
-- A message that came back from the air while its alert was paused.
UPDATE message SET due_at = NULL WHERE id = :id;

-- name: alert_running
-- The alerts that are running, the first to come first.
SELECT id, text, starts_at, expires_at, overrides, recipients, fed, cursor FROM alert
WHERE state = 'running' ORDER BY id;

-- name: alert_in_outbox
-- How many messages of alerts wait in the outbox, and how many of them could leave now; counted to a bound.
SELECT count(*) AS waiting, coalesce(sum(CASE WHEN due_at <= :now THEN 1 ELSE 0 END), 0) AS due
FROM (SELECT due_at FROM message WHERE priority = :priority AND due_at IS NOT NULL LIMIT :limit) AS counted;

-- name: alert_next_recipients
-- The recipients whose turn it is.
SELECT sequence, phone, text, parts, timezone,
       EXISTS (SELECT 1 FROM subscription WHERE subscription.phone = alert_recipient.phone AND subscribed = 0)
           AS opted_out
FROM alert_recipient WHERE alert_id = :id AND sequence > :cursor AND dropped IS NULL ORDER BY sequence LIMIT :limit;

-- name: alert_recipient_fed
-- A recipient has become a message, perhaps although he wants none.
UPDATE alert_recipient SET message_id = :message_id, overrode = :overrode
WHERE alert_id = :alert_id AND sequence = :sequence;

-- name: alert_fed
-- How far an alert has become messages.
UPDATE alert SET fed = fed + :count, cursor = :cursor WHERE id = :id;

-- name: alert_bound
-- How many messages of alerts wait for the SIM that stands in for the binds.
SELECT count(*) AS count FROM message
WHERE route = :route AND priority = :priority AND due_at IS NOT NULL AND state = 'queued' AND stands_in = 1;

-- name: alert_bind
-- Let the SIM carry some messages of alerts that may fall back.
UPDATE message SET route = :route, diverted = :reason, stands_in = 1
WHERE id IN (
    SELECT message.id FROM message JOIN alert ON alert.id = message.alert_id
    WHERE message.priority = :priority AND message.due_at IS NOT NULL AND message.due_at <= :now
      AND message.route IS NULL AND message.state = 'queued' AND alert.may_fall_back = 1
    ORDER BY message.due_at, message.id LIMIT :limit);

-- name: alert_unbind
-- The binds are back, or the SIM is gone: what has not begun goes the way of all alerts.
UPDATE message SET route = NULL, sender = NULL, diverted = NULL, stands_in = 0
WHERE route = :route AND priority = :priority AND due_at IS NOT NULL AND state = 'queued' AND stands_in = 1;

-- name: tally_add
-- Parts have been begun.
INSERT INTO tally (route, minute, class, parts) VALUES (:route, :minute, :class, :parts)
ON CONFLICT (route, minute, class) DO UPDATE SET parts = tally.parts + excluded.parts;

-- name: tally_take_back
-- A part did not leave after all.
UPDATE tally SET parts = parts - :parts
WHERE route = :route AND minute = :minute AND parts >= :parts
  AND class = (SELECT message.class FROM message WHERE message.id = :message_id);

-- name: tally_recipient
-- A number has been written to.
INSERT INTO tally_recipient (route, recipient, last_at) VALUES (:route, :recipient, :now)
ON CONFLICT (route, recipient) DO UPDATE SET last_at = excluded.last_at;

-- name: tally_spent
-- What a route has sent in this minute, the last hour and the last day.
SELECT coalesce(sum(CASE WHEN minute >= :minute THEN parts ELSE 0 END), 0) AS minute,
       coalesce(sum(CASE WHEN minute > :hour THEN parts ELSE 0 END), 0) AS hour,
       coalesce(sum(parts), 0) AS day,
       coalesce(sum(CASE WHEN class = 'alert' THEN parts ELSE 0 END), 0) AS alerts
FROM tally WHERE route = :route AND minute > :day;

-- name: tally_recipients
-- How many numbers a route has written to since a moment.
SELECT count(*) AS count FROM tally_recipient WHERE route = :route AND last_at > :since;

-- name: tally_owed
-- How many parts have not begun of messages that have: of those in the air, and of those between two parts.
SELECT count(*) AS parts
FROM part
WHERE state = 'unsent' AND message_id IN (
    SELECT attempt.message_id
    FROM attempt JOIN message ON message.id = attempt.message_id AND message.state = 'submitting'
    WHERE attempt.route = :route AND (attempt.outcome IS NULL OR attempt.outcome = 'in_doubt')
    UNION
    SELECT id FROM message WHERE route = :route AND due_at IS NOT NULL AND state = 'submitting');

-- name: tally_by_route
-- What each route has sent since a minute.
SELECT route, sum(parts) AS parts FROM tally WHERE minute > :day GROUP BY route;

-- name: tally_forget
-- What is older than a day no longer counts.
DELETE FROM tally WHERE minute <= :day;

-- name: tally_recipient_forget
-- Nor does who was written to before.
DELETE FROM tally_recipient WHERE last_at <= :since;
