-- What is over is forgotten after the time the configuration says, a handful at a time.

-- name: old_messages
-- Messages at rest that were made before a moment.
SELECT id FROM message
WHERE created_at < :before
  AND state IN ('delivered', 'undeliverable', 'rejected', 'failed', 'expired', 'suppressed', 'cancelled', 'submitted')
ORDER BY id LIMIT :limit;

-- name: forget_reports
-- What the network said about a message.
DELETE FROM report WHERE attempt_id IN (SELECT id FROM attempt WHERE message_id = :id);

-- name: forget_attempts
-- The attempts to send a message.
DELETE FROM attempt WHERE message_id = :id;

-- name: forget_parts
-- The parts of a message.
DELETE FROM part WHERE message_id = :id;

-- name: forget_order
-- What waited for a message waits for nothing.
UPDATE message SET after_id = NULL WHERE after_id = :id;

-- name: forget_message
-- A message.
DELETE FROM message WHERE id = :id;

-- name: old_inbox
-- Messages that came in before a moment and are not waited upon.
SELECT id FROM inbox
WHERE received_at < :before AND state <> 'waiting_parts'
  AND NOT EXISTS (SELECT 1 FROM request WHERE request.inbox_id = inbox.id AND request.due_at IS NOT NULL)
ORDER BY id LIMIT :limit;

-- name: forget_pdus
-- The octets of a message that came in.
DELETE FROM pdu WHERE inbox_id = :id;

-- name: forget_request_of_messages
-- The messages of a request stay until their own time.
UPDATE message SET request_id = NULL WHERE request_id IN (SELECT id FROM request WHERE inbox_id = :id);

-- name: forget_requests
-- The request a message made.
DELETE FROM request WHERE inbox_id = :id;

-- name: forget_inbox
-- A message that came in.
DELETE FROM inbox WHERE id = :id;

-- name: forget_old_reports
-- Reports that never found their message, and the octets of all reports.
DELETE FROM report WHERE received_at < :before AND attempt_id IS NULL;

-- name: release_old_report_pdus
-- Reports stay with their message; the octets they came as do not.
UPDATE report SET pdu_id = NULL WHERE pdu_id IN (SELECT id FROM pdu WHERE kind = 'report' AND received_at < :before);

-- name: forget_old_report_pdus
-- The octets reports came as.
DELETE FROM pdu WHERE kind = 'report' AND received_at < :before;
