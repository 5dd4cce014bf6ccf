-- A person erased, and who did what.

-- name: erase_in_air
-- Whether a part to a number is in the air.
SELECT 1 AS in_air FROM attempt WHERE recipient = :phone AND outcome IS NULL LIMIT 1;

-- name: erase_in_preparation
-- Whether an alert that names a number is still being written.
SELECT 1 AS preparing FROM alert_recipient JOIN alert ON alert.id = alert_recipient.alert_id
WHERE alert_recipient.phone = :phone AND alert.state = 'preparing' LIMIT 1;

-- name: erase_find_messages
-- The messages to a number.
SELECT id, state FROM message WHERE recipient = :phone;

-- name: erase_find_inbox
-- The messages from a number, however it was written.
SELECT id FROM inbox WHERE phone = :phone OR sender = :phone;

-- name: erase_find_report_pdus
-- The octets of reports on messages to a number, of those too that never found their message.
SELECT report.pdu_id FROM report LEFT JOIN attempt ON attempt.id = report.attempt_id
WHERE report.pdu_id IS NOT NULL AND (report.recipient = :phone OR attempt.recipient = :phone);

-- name: erase_unreadable
-- What could not be read.
SELECT inbox_id, octets FROM pdu WHERE kind = 'unreadable' AND inbox_id IS NOT NULL;

-- name: erase_reports
-- Reports on messages to a number.
DELETE FROM report WHERE recipient = :phone;

-- name: erase_alert_counts
-- Alerts are for so many fewer people.
UPDATE alert SET
    recipients = recipients - (SELECT count(*) FROM alert_recipient
        WHERE alert_id = alert.id AND phone = :phone AND dropped IS NULL),
    parts = parts - (SELECT coalesce(sum(alert_recipient.parts), 0) FROM alert_recipient
        WHERE alert_id = alert.id AND phone = :phone AND dropped IS NULL),
    fed = fed - (SELECT count(*) FROM alert_recipient
        WHERE alert_id = alert.id AND phone = :phone AND message_id IS NOT NULL),
    dropped = dropped - (SELECT count(*) FROM alert_recipient
        WHERE alert_id = alert.id AND phone = :phone AND alert_recipient.dropped IS NOT NULL)
WHERE id IN (SELECT alert_id FROM alert_recipient WHERE phone = :phone);

-- name: erase_alert_recipients
-- A number among the recipients of alerts.
DELETE FROM alert_recipient WHERE phone = :phone;

-- name: erase_request_of_messages
-- Messages to others never belong to somebody's request; those of an erased one would.
UPDATE message SET request_id = NULL WHERE request_id IN (SELECT id FROM request WHERE phone = :phone);

-- name: erase_requests
-- The requests of a number.
DELETE FROM request WHERE phone = :phone;

-- name: erase_pdus
-- The octets of things received.
DELETE FROM pdu WHERE id IN (SELECT value FROM json_each(:ids));

-- name: erase_concatenation
-- The last reference used towards a number.
DELETE FROM concatenation WHERE recipient = :phone;

-- name: erase_tally
-- When a number was last written to.
DELETE FROM tally_recipient WHERE recipient = :phone;

-- name: subscription_recognise
-- A number that is known again gets its stop back.
UPDATE subscription SET phone = :phone
WHERE phone = :mark AND NOT EXISTS (SELECT 1 FROM subscription AS known WHERE known.phone = :phone);

-- name: subscription_mark
-- A stop lives on without its number.
UPDATE subscription SET phone = :mark, cause = :cause WHERE phone = :phone;

-- name: subscription_forget
-- A wish to be written to need not outlive its number.
DELETE FROM subscription WHERE phone = :phone;

-- name: audit_insert
-- Somebody did something.
INSERT INTO audit (at, who, what, about) VALUES (:at, :who, :what, :about);

-- name: audit_list
-- Who did what, newest first.
SELECT id, at, who, what, about FROM audit ORDER BY id DESC LIMIT :limit;
