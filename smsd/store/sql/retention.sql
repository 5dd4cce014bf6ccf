-- What is over is forgotten after the time the configuration says, a handful at a time. :before is a table in JSON of
-- classes or states and the moment before which each is old; what it does not name is kept.

-- name: message_window
-- The next messages in the order of their ids.
SELECT count(*) AS count, max(id) AS last, min(created_at) AS oldest
FROM (SELECT id, created_at FROM message WHERE id > :after ORDER BY id LIMIT :window) AS seen;

-- name: old_messages
-- Those of them that are at rest and old enough for their class.
SELECT message.id FROM message JOIN json_each(:before) AS rule ON rule.key = message.class
WHERE message.id > :after AND message.id <= :until AND message.created_at < rule.value
  AND message.state IN (
      'delivered', 'undeliverable', 'rejected', 'failed', 'expired', 'suppressed', 'cancelled', 'submitted')
ORDER BY message.id LIMIT :limit;

-- name: forget_reports
-- What the network said about messages.
DELETE FROM report WHERE attempt_id IN (
    SELECT id FROM attempt WHERE message_id IN (SELECT value FROM json_each(:ids)));

-- name: forget_attempts
-- The attempts to send them.
DELETE FROM attempt WHERE message_id IN (SELECT value FROM json_each(:ids));

-- name: forget_parts
-- Their parts.
DELETE FROM part WHERE message_id IN (SELECT value FROM json_each(:ids));

-- name: forget_order
-- What waited for them waits for nothing.
UPDATE message SET after_id = NULL WHERE after_id IN (SELECT value FROM json_each(:ids));

-- name: forget_messages
-- The messages.
DELETE FROM message WHERE id IN (SELECT value FROM json_each(:ids));

-- name: inbox_window
-- The next messages that came in, in the order of their ids.
SELECT count(*) AS count, max(id) AS last, min(received_at) AS oldest
FROM (SELECT id, received_at FROM inbox WHERE id > :after ORDER BY id LIMIT :window) AS seen;

-- name: old_inbox
-- Those of them that are old enough for their state and not waited upon.
SELECT inbox.id FROM inbox JOIN json_each(:before) AS rule ON rule.key = inbox.state
WHERE inbox.id > :after AND inbox.id <= :until AND inbox.received_at < rule.value AND inbox.state <> 'waiting_parts'
  AND NOT EXISTS (SELECT 1 FROM request WHERE request.inbox_id = inbox.id AND request.due_at IS NOT NULL)
ORDER BY inbox.id LIMIT :limit;

-- name: forget_pdus
-- The octets of messages that came in.
DELETE FROM pdu WHERE inbox_id IN (SELECT value FROM json_each(:ids));

-- name: forget_request_of_messages
-- The messages of a request stay until their own time.
UPDATE message SET request_id = NULL WHERE request_id IN (
    SELECT id FROM request WHERE inbox_id IN (SELECT value FROM json_each(:ids)));

-- name: forget_requests
-- The requests they made.
DELETE FROM request WHERE inbox_id IN (SELECT value FROM json_each(:ids));

-- name: forget_inbox
-- The messages that came in.
DELETE FROM inbox WHERE id IN (SELECT value FROM json_each(:ids));

-- name: pdu_window
-- The next octets in the order of their ids.
SELECT count(*) AS count, max(id) AS last, min(received_at) AS oldest
FROM (SELECT id, received_at FROM pdu WHERE id > :after ORDER BY id LIMIT :window) AS seen;

-- name: old_pdus
-- Those of them that are old enough and still there; a part whose others are awaited stays, and so does what could not
-- be understood: without its octets nobody ever will.
SELECT pdu.id FROM pdu JOIN json_each(:before) AS rule ON rule.key = 'octets'
WHERE pdu.id > :after AND pdu.id <= :until AND pdu.received_at < rule.value AND length(pdu.octets) > 0
  AND pdu.kind <> 'unreadable'
  AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.id = pdu.inbox_id AND inbox.state = 'waiting_parts')
ORDER BY pdu.id LIMIT :limit;

-- name: forget_unmatched_reports
-- Reports that never found their message.
DELETE FROM report WHERE attempt_id IS NULL AND pdu_id IN (SELECT value FROM json_each(:ids));

-- name: release_report_pdus
-- Reports stay with their message; the octets they came as do not.
UPDATE report SET pdu_id = NULL WHERE pdu_id IN (SELECT value FROM json_each(:ids));

-- name: forget_report_pdus
-- The octets that reports came as; the same report again would change nothing.
DELETE FROM pdu WHERE kind = 'report' AND id IN (SELECT value FROM json_each(:ids));

-- name: wipe_pdus
-- The octets of messages; what they were known by stays with the message.
UPDATE pdu SET octets = :nothing, text = NULL, body = NULL WHERE id IN (SELECT value FROM json_each(:ids));

-- name: audit_window
-- The next of what admins did, in the order of their ids.
SELECT count(*) AS count, max(id) AS last, min(at) AS oldest
FROM (SELECT id, at FROM audit WHERE id > :after ORDER BY id LIMIT :window) AS seen;

-- name: old_audit
-- What of it is old enough.
SELECT audit.id FROM audit JOIN json_each(:before) AS rule ON rule.key = 'audit'
WHERE audit.id > :after AND audit.id <= :until AND audit.at < rule.value
ORDER BY audit.id LIMIT :limit;

-- name: forget_audit
-- What admins did.
DELETE FROM audit WHERE id IN (SELECT value FROM json_each(:ids));
