-- The queue of outgoing messages, their parts, attempts and reports.

-- name: message_insert
-- Put a message into the queue; with a key that its class already has, nothing happens.
INSERT INTO message (created_at, class, priority, recipient, text, sealed, secret, state, due_at, expires_at, parts,
                     after_id, request_id, alert_id, timezone, idempotency_key, fingerprint)
VALUES (:created_at, :class, :priority, :recipient, :text, :sealed, :secret, 'queued', :due_at, :expires_at, :parts,
        :after_id, :request_id, :alert_id, :timezone, :key, :fingerprint)
ON CONFLICT (class, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
RETURNING id;

-- name: message_by_key
-- Find the message that a key already stands for.
SELECT id, recipient, text, parts, fingerprint FROM message WHERE class = :class AND idempotency_key = :key;

-- name: message_next
-- The next message of one priority that no route is bound to, among those made before a moment; answers made after
-- another moment are left to the routes that their clients wrote to.
SELECT id, class, recipient, text, sealed, secret, state, expires_at, parts, reference, diverted,
       (SELECT count(*) FROM part WHERE message_id = message.id) AS made,
       EXISTS (SELECT 1 FROM subscription WHERE phone = message.recipient AND subscribed = 0) AS opted_out,
       (SELECT alert.state FROM alert WHERE alert.id = message.alert_id) AS alert_state,
       (SELECT alert.overrides FROM alert WHERE alert.id = message.alert_id) AS overrides, timezone
FROM message
WHERE priority = :priority AND due_at IS NOT NULL AND due_at <= :now AND route IS NULL AND created_at < :made_before
  AND (:left_to IS NULL OR created_at <= :left_after
       OR NOT EXISTS (SELECT 1 FROM request JOIN inbox ON inbox.id = request.inbox_id
                      WHERE request.id = message.request_id AND inbox.route IN (SELECT value FROM json_each(:left_to))))
ORDER BY due_at, id
LIMIT :limit;

-- name: message_next_bound
-- The next message of one priority that is bound to this route; at a limit only what has begun.
SELECT id, class, recipient, text, sealed, secret, state, expires_at, parts, reference, diverted,
       (SELECT count(*) FROM part WHERE message_id = message.id) AS made,
       EXISTS (SELECT 1 FROM subscription WHERE phone = message.recipient AND subscribed = 0) AS opted_out,
       (SELECT alert.state FROM alert WHERE alert.id = message.alert_id) AS alert_state,
       (SELECT alert.overrides FROM alert WHERE alert.id = message.alert_id) AS overrides, timezone
FROM message
WHERE route = :route AND priority = :priority AND due_at IS NOT NULL AND due_at <= :now
  AND (:begun_only = 0 OR state = 'submitting')
ORDER BY due_at, id
LIMIT :limit;

-- name: message_next_dues
-- For each priority when the next part may be claimed: of messages that no route is bound to, with the age of that one,
-- and of those that are bound to this route.
SELECT class.value AS priority, free.due_at AS free_due_at, free.created_at AS free_created_at,
       (SELECT due_at FROM message
        WHERE route = :route AND priority = class.value AND due_at IS NOT NULL
        ORDER BY due_at, id LIMIT 1) AS bound_due_at
FROM json_each(:priorities) AS class
LEFT JOIN message AS free ON free.id = (
    SELECT id FROM message
    WHERE priority = class.value AND due_at IS NOT NULL AND route IS NULL
    ORDER BY due_at, id LIMIT 1)
ORDER BY class.value;

-- name: message_next_due_own
-- When the next answer of one priority may be claimed that no route is bound to and that is not left to another.
SELECT due_at AS free_due_at, created_at AS free_created_at
FROM message
WHERE priority = :priority AND due_at IS NOT NULL AND route IS NULL
  AND (created_at <= :left_after
       OR NOT EXISTS (SELECT 1 FROM request JOIN inbox ON inbox.id = request.inbox_id
                      WHERE request.id = message.request_id AND inbox.route IN (SELECT value FROM json_each(:left_to))))
ORDER BY due_at, id
LIMIT 1;

-- name: message_written_to
-- The route by which the command came that a message answers.
SELECT inbox.route
FROM message
JOIN request ON request.id = message.request_id
JOIN inbox ON inbox.id = request.inbox_id
WHERE message.id = :id;

-- name: message_next_due_begun
-- When the next part of one priority may be claimed, of messages that this route has begun.
SELECT due_at FROM message
WHERE route = :route AND priority = :priority AND due_at IS NOT NULL AND state = 'submitting'
ORDER BY due_at, id
LIMIT 1;

-- name: message_state
-- What is needed to move a message on.
SELECT id, id AS message_id, class, state, due_at, parts, sent_at, sealed, created_at, expires_at, diverted, diverts_to,
       stands_in,
       (SELECT count(*) FROM attempt WHERE message_id = message.id AND outcome IS NULL) AS in_air
FROM message WHERE id = :id;

-- name: message_move
-- Put a message into a state; what is not waiting is not due.
UPDATE message
SET state = :state, due_at = :due_at, error = :error, sent_at = coalesce(sent_at, :sent_at),
    delivered_at = coalesce(delivered_at, :delivered_at)
WHERE id = :id;

-- name: message_submitted_plainly
-- Messages whose only part has left.
UPDATE message SET state = 'submitted', due_at = NULL, error = NULL, sent_at = coalesce(sent_at, :now)
WHERE id IN (SELECT value FROM json_each(:messages));

-- name: message_delivered_plainly
-- Messages whose only part has arrived.
UPDATE message SET state = 'delivered', due_at = NULL, error = NULL, sent_at = coalesce(sent_at, :now),
    delivered_at = coalesce(delivered_at, :now)
WHERE id IN (SELECT value FROM json_each(:messages));

-- name: message_wait
-- The message waits until it is day where its reader is.
UPDATE message SET due_at = :due_at WHERE id = :id;

-- name: message_hold
-- The message holds a password that must not leave now; without a deadline it gets one, lest it be held for ever.
UPDATE message SET due_at = :due_at, expires_at = coalesce(expires_at, created_at + :longest), error = :error, held = 1
WHERE id = :id;

-- name: message_was_held
-- The message has come to rest waiting for its number's hold to be lifted.
UPDATE message SET held = 1 WHERE id = :id;

-- name: message_may_fall_back
-- Whether a person allowed the alert of a message to leave by the SIM.
SELECT alert.may_fall_back FROM message JOIN alert ON alert.id = message.alert_id WHERE message.id = :id;

-- name: message_begin
-- A part of the message is in the air.
UPDATE message SET state = 'submitting', due_at = NULL, route = :route, sender = :sender, reference = :reference
WHERE id = :id;

-- name: message_begin_plainly
-- The only part of each message is in the air.
UPDATE message SET state = 'submitting', due_at = NULL, route = :route, sender = :sender
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: message_unbind
-- Nothing of the message has left: any route may take it, unless it was diverted to one.
UPDATE message SET route = CASE WHEN diverted IS NULL THEN NULL ELSE route END, sender = NULL WHERE id = :id;

-- name: message_bind
-- A part of the message has left by this route: the rest follows it, unless the message goes by another already.
UPDATE message SET route = :route WHERE id = :id AND route IS NULL;

-- name: message_divert
-- The message goes by this route from its first part on, and the reason is kept.
UPDATE message SET route = :route, sender = NULL, reference = NULL, diverted = :reason, diverts_to = NULL,
    stands_in = :stands_in
WHERE id = :id;

-- name: message_divert_later
-- The message goes by this route once the part now in the air has landed.
UPDATE message SET diverts_to = :route, diverted = :reason, stands_in = :stands_in WHERE id = :id;

-- name: message_stranded
-- Answers that have begun on a route and wait for it.
SELECT id, class FROM message
WHERE route = :route AND priority <= :least AND due_at IS NOT NULL AND diverted IS NULL
LIMIT 100;

-- name: message_let_go
-- What was given to this route because another had failed or put it off, and has not begun, waits for neither: any route
-- may take it.
UPDATE message SET route = NULL, sender = NULL, diverted = NULL, stands_in = 0
WHERE route = :route AND due_at IS NOT NULL AND state = 'queued' AND stands_in = 1;

-- name: message_free
-- A person sends the message again: no route is bound to it.
UPDATE message SET route = NULL, sender = NULL, diverted = NULL, diverts_to = NULL, stands_in = 0 WHERE id = :id;

-- name: message_hasten
-- A person has it tried at once.
UPDATE message SET due_at = 0 WHERE id = :id AND due_at IS NOT NULL;

-- name: message_mend_clock
-- What waits for a time that no retry is ever set to was set while the clock was ahead.
UPDATE message SET due_at = :now WHERE due_at IS NOT NULL AND due_at > :latest;

-- name: message_extend
-- A message that a person sends again gets as long as it had at first.
UPDATE message SET expires_at = :now + (expires_at - created_at) WHERE id = :id AND expires_at <= :now;

-- name: message_wipe
-- A text that holds a password is gone once the message has come to rest.
UPDATE message SET sealed = NULL WHERE id = :id AND sealed IS NOT NULL;

-- name: message_wipe_old
-- A text that holds a password is gone a day after it was made if it has left, or may have, report or no report.
UPDATE message SET sealed = NULL
WHERE sealed IS NOT NULL AND state IN ('submitted', 'in_doubt') AND created_at < :before;

-- name: message_release
-- An acknowledgement is settled: the result that waited for it may leave.
UPDATE message SET due_at = :now
WHERE after_id = :id AND state = 'queued' AND due_at > :now
  AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.message_id = message.id);

-- name: message_expired
-- Messages whose deadline passed while nothing of them was in the air, a handful at a time.
SELECT id, recipient, secret FROM message
WHERE expires_at IS NOT NULL AND expires_at <= :now AND state IN ('queued', 'submitting') AND due_at IS NOT NULL
LIMIT :limit;

-- name: concatenation_next
-- Draw the next 8-bit concatenation reference towards a recipient; it survives restarts and wraps at 256.
INSERT INTO concatenation (recipient, reference) VALUES (:recipient, :first)
ON CONFLICT (recipient) DO UPDATE SET reference = (concatenation.reference + 1) % 256
RETURNING reference;

-- name: part_insert
-- Make a part of a message that is claimed for the first time.
INSERT INTO part (message_id, sequence, state) VALUES (:message_id, :sequence, :state);

-- name: part_insert_plainly
-- Make the parts of messages of one part that are claimed for the first time.
INSERT INTO part (message_id, sequence, state) SELECT value, 1, 'in_air' FROM json_each(:ids);

-- name: part_lift
-- Everything of a message that is to be sent is in the air.
UPDATE part SET state = 'in_air' WHERE message_id = :message_id AND state = 'unsent';

-- name: part_next
-- The next part of a message that is to be sent.
SELECT min(sequence) AS sequence FROM part WHERE message_id = :message_id AND state = 'unsent';

-- name: part_list
-- The parts of a message in order.
SELECT message_id, sequence, state, refusals, resent, sent_at, reported_at, report
FROM part WHERE message_id = :message_id ORDER BY sequence;

-- name: part_move
-- Put a part into a state.
UPDATE part SET state = :state, refusals = refusals + :refused, resent = resent + :resent,
    sent_at = coalesce(:sent_at, sent_at)
WHERE message_id = :message_id AND sequence = :sequence;

-- name: part_sent_plainly
-- The only parts of messages have left.
UPDATE part SET state = 'sent', sent_at = :now
WHERE message_id IN (SELECT value FROM json_each(:messages)) AND sequence = 1;

-- name: part_report
-- What the network last said about a part.
UPDATE part SET state = :state, report = :report, reported_at = :now
WHERE message_id = :message_id AND sequence = :sequence;

-- name: part_delivered_plainly
-- The only parts of messages have arrived: of each its attempt, the message, and what the network said.
UPDATE part SET state = 'delivered', report = arrived.code, reported_at = :now
FROM (SELECT json_extract(value, '$[1]') AS message_id, json_extract(value, '$[2]') AS code
      FROM json_each(:arrived)) AS arrived
WHERE part.message_id = arrived.message_id AND part.sequence = 1;

-- name: part_reset
-- A person sends a message again: every part starts afresh.
UPDATE part SET state = 'unsent', refusals = 0, resent = 0 WHERE message_id = :message_id;

-- name: attempt_insert
-- From now on, and once this is on disk, the part may be leaving.
INSERT INTO attempt (message_id, sequence, recipient, route, sim, witness, started_at)
VALUES (:message_id, :sequence, :recipient, :route, :sim, :witness, :now);

-- name: attempt_insert_plainly
-- The same for messages of one part, in the order of the list.
INSERT INTO attempt (message_id, sequence, recipient, route, sim, witness, started_at)
SELECT message.id, 1, message.recipient, :route, :sim, :witness, :now
FROM json_each(:ids) AS taken JOIN message ON message.id = taken.value
ORDER BY taken.key;

-- name: attempt_made_plainly
-- The last attempts that were made: the message of each, and its id.
SELECT json_group_array(json_array(message_id, id)) FROM attempt WHERE id > :last - :count;

-- name: attempt_get
-- One attempt with its part, or with each of them where it took the whole message, and what moves a message on that has
-- no other part.
SELECT attempt.id, attempt.message_id, part.sequence, attempt.recipient, attempt.route, attempt.sim,
       attempt.outcome, attempt.started_at, attempt.witness, part.state AS part_state, part.refusals, part.resent,
       (SELECT max(id) FROM attempt AS newer
        WHERE newer.message_id = attempt.message_id AND newer.sequence IN (0, part.sequence)) AS newest,
       message.class, message.state, message.parts, message.sealed, message.diverts_to, message.route AS message_route,
       attempt.sequence AS attempted,
       EXISTS (SELECT 1 FROM attempt AS last WHERE last.sequence = 0 AND last.id =
               (SELECT max(id) FROM attempt AS any WHERE any.message_id = attempt.message_id)) AS goes_whole
FROM attempt
JOIN message ON message.id = attempt.message_id
JOIN part ON part.message_id = attempt.message_id AND (attempt.sequence = 0 OR part.sequence = attempt.sequence)
WHERE attempt.id = :id;

-- name: attempt_settle
-- Record how an attempt ended, or that its end is not known.
UPDATE attempt SET outcome = :outcome, reference = coalesce(:reference, reference), code = :code, reason = :reason,
    evidence = :evidence, settled_at = :now
WHERE id = :id;

-- name: attempt_plain
-- Those of some attempts of which nothing else is to be said if they have left, each with its message: it is at the only
-- part of that, no end was known, nothing waits for the message, there is nothing to wipe, and it has not been given up or
-- diverted.
SELECT json_group_array(json_array(attempt.id, attempt.message_id))
FROM json_each(:attempts) AS ended
JOIN attempt ON attempt.id = ended.value
JOIN message ON message.id = attempt.message_id
JOIN part ON part.message_id = attempt.message_id AND part.sequence = 1
WHERE attempt.outcome IS NULL AND attempt.sequence = 1
  AND message.parts = 1 AND message.state = 'submitting' AND message.class <> 'ack'
  AND message.sealed IS NULL AND message.diverts_to IS NULL AND part.state = 'in_air';

-- name: attempt_sent_plainly
-- Attempts have left: of each its id, the reference it was given, and the evidence.
UPDATE attempt SET outcome = 'sent', reference = ended.reference, evidence = ended.evidence, settled_at = :now
FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS reference,
             json_extract(value, '$[2]') AS evidence
      FROM json_each(:ended)) AS ended
WHERE attempt.id = ended.id;

-- name: attempt_list
-- The attempts of a message in order.
SELECT id, sequence, route, sim, started_at, outcome, reference, code, reason, evidence, settled_at, reported
FROM attempt WHERE message_id = :message_id ORDER BY id;

-- name: attempt_in_air
-- Attempts of a message that may be leaving now.
SELECT id FROM attempt WHERE message_id = :message_id AND outcome IS NULL;

-- name: attempt_orphans
-- Attempts that a dead process left without an outcome.
SELECT id FROM attempt WHERE outcome IS NULL;

-- name: attempt_doubts
-- Attempts of a route whose end is not known and still matters.
SELECT attempt.id, attempt.message_id, attempt.recipient, attempt.sim, attempt.witness, attempt.started_at
FROM attempt
JOIN message ON message.id = attempt.message_id
WHERE attempt.route = :route AND attempt.outcome = 'in_doubt' AND message.state = 'in_doubt'
  AND EXISTS (SELECT 1 FROM part
              WHERE part.message_id = attempt.message_id AND attempt.sequence IN (0, part.sequence)
                AND part.state = 'in_doubt')
ORDER BY attempt.id;

-- name: attempt_later
-- What the same subscription did after an attempt, oldest first, as far as a sequence can be read from it.
SELECT outcome, witness, reference FROM attempt
WHERE sim = :sim AND id > :id AND (outcome IS NULL OR outcome <> 'not_sent')
ORDER BY id LIMIT 512;

-- name: attempt_by_reference
-- Attempts that a status report may speak of.
SELECT id, message_id, sequence, route, sim, started_at, outcome, reported, witness, reference
FROM attempt WHERE recipient = :recipient AND reference = :reference
ORDER BY id DESC LIMIT 64;

-- name: attempt_by_reference_alone
-- The same for a route whose reports do not tell the recipient.
SELECT id, message_id, sequence, route, sim, started_at, outcome, reported, witness, reference
FROM attempt WHERE route = :route AND reference = :reference
ORDER BY id DESC LIMIT 64;

-- name: attempt_in_doubt_to
-- Attempts to a recipient that may have left, without a reference to know them by.
SELECT attempt.id, attempt.message_id, attempt.sequence, attempt.route, attempt.sim, attempt.started_at,
       attempt.outcome, attempt.reported, attempt.witness, attempt.reference
FROM attempt WHERE (outcome IS NULL OR outcome = 'in_doubt') AND route = :route AND recipient = :recipient
ORDER BY id DESC LIMIT 64;

-- name: attempt_last
-- The newest attempt.
SELECT max(id) AS id FROM attempt;

-- name: attempt_marked
-- Attempts to a recipient that may have left, or left and were not reported, among those that bear one mark, by whichever
-- route without a SIM.
SELECT attempt.id, attempt.message_id, attempt.sequence, attempt.route, attempt.sim, attempt.started_at,
       attempt.outcome, attempt.reported, attempt.witness, attempt.reference
FROM attempt
WHERE id IN (:id1, :id2, :id3) AND (outcome IS NULL OR outcome = 'in_doubt' OR (outcome = 'sent' AND reported = 0))
  AND sim IS NULL AND :recipient IN (recipient, '')
ORDER BY id DESC;

-- name: attempt_meant_plainly
-- Attempts known by a form of an id that a receipt bears: whether it left, is the only one of the only part of a message
-- and nothing else is to be said of that than that it has arrived; whether anything to the same recipient is in doubt.
SELECT json_extract(asked.value, '$[0]') AS place, json_extract(asked.value, '$[1]') AS rank,
       attempt.id, attempt.message_id,
       attempt.outcome = 'sent' AND attempt.reported = 0 AND attempt.sequence = 1
       AND message.parts = 1 AND message.state = 'submitted' AND message.class <> 'ack' AND message.sealed IS NULL
       AND message.diverts_to IS NULL AND part.state = 'sent' AS plain,
       EXISTS (SELECT 1 FROM attempt AS doubt
               WHERE (doubt.outcome IS NULL OR doubt.outcome = 'in_doubt') AND doubt.route = :route
                 AND doubt.recipient = attempt.recipient) AS doubted
FROM json_each(:asked) AS asked
JOIN attempt ON attempt.reference = json_extract(asked.value, '$[3]')
            AND attempt.recipient = json_extract(asked.value, '$[2]')
LEFT JOIN message ON message.id = attempt.message_id
LEFT JOIN part ON part.message_id = attempt.message_id AND part.sequence = 1;

-- name: attempt_unreported
-- What a route without a subscription of its own got away and nothing was heard of, from an attempt on.
SELECT attempt.id, attempt.reference, attempt.recipient
FROM attempt
JOIN message ON message.id = attempt.message_id
WHERE attempt.route = :route AND attempt.id > :after AND attempt.outcome = 'sent' AND attempt.reported = 0
  AND attempt.sim IS NULL AND attempt.started_at >= :since AND attempt.started_at <= :before AND message.state = 'submitted'
ORDER BY attempt.id LIMIT :limit;

-- name: attempt_named
-- A report tells the id of an attempt that was taken without one.
UPDATE attempt SET reference = :reference WHERE id = :id AND reference = '';

-- name: attempt_reported
-- The network has said its last word on this attempt.
UPDATE attempt SET reported = 1 WHERE id = :id;

-- name: attempt_reported_plainly
-- The same of several attempts.
UPDATE attempt SET reported = 1 WHERE id IN (SELECT value FROM json_each(:attempts));

-- name: report_insert
-- Keep what the network said about a part, matched or not.
INSERT INTO report (received_at, pdu_id, route, sim, reference, recipient, submitted_at, discharged_at, class, code,
                    refused, attempt_id)
VALUES (:now, :pdu_id, :route, :sim, :reference, :recipient, :submitted_at, :discharged_at, :class, :code,
        :refused, :attempt_id);

-- name: report_insert_plainly
-- Keep what the network said about parts that have arrived, in the order of the list.
INSERT INTO report (received_at, pdu_id, attempt_id, route, reference, recipient, class, code, submitted_at,
                    discharged_at)
SELECT :now, json_extract(told.value, '$[0]'), json_extract(told.value, '$[1]'), :route,
       json_extract(told.value, '$[2]'), json_extract(told.value, '$[3]'), 'delivered',
       json_extract(told.value, '$[4]'), json_extract(told.value, '$[5]'), json_extract(told.value, '$[6]')
FROM json_each(:reports) AS told ORDER BY told.key;

-- name: report_waits
-- Whether any report waits for its answer to be recorded.
SELECT 1 AS waits FROM report WHERE attempt_id IS NULL LIMIT 1;

-- name: report_waits_for
-- For which of these references a report waits.
SELECT DISTINCT reference FROM report
WHERE attempt_id IS NULL AND reference IN (SELECT value FROM json_each(:references));

-- name: report_unmatched
-- Reports that came before the answer they belong to was recorded.
SELECT id, reference, route, sim, submitted_at, class, code, refused, received_at FROM report
WHERE attempt_id IS NULL AND reference IN (:form1, :form2, :form3, :form4, :form5, :form6)
  AND recipient IN (:recipient, '') AND (:route IS NULL OR route = :route)
  AND received_at >= :since
ORDER BY id;

-- name: report_match
-- The attempt a waiting report speaks of is known now.
UPDATE report SET attempt_id = :attempt_id WHERE id = :id;

-- name: report_list
-- What the network said about a message.
SELECT report.received_at, attempt.sequence, report.class, report.code, report.submitted_at, report.discharged_at
FROM report JOIN attempt ON attempt.id = report.attempt_id
WHERE attempt.message_id = :message_id ORDER BY report.id;

-- name: message_list
-- Messages for people, newest first.
SELECT message.id, created_at, recipient, text, secret, sealed IS NOT NULL AS sealed, class, state, parts, route,
       sender, (SELECT count(*) FROM attempt WHERE attempt.message_id = message.id) AS attempts, sent_at, delivered_at,
       error, alert_id, request_id, due_at, expires_at
FROM message
WHERE (:state IS NULL OR state = :state) AND (:class IS NULL OR class = :class)
  AND (:recipient IS NULL OR recipient = :recipient)
ORDER BY id DESC LIMIT :limit;

-- name: message_show
-- One message for people.
SELECT message.id, created_at, recipient, text, secret, sealed IS NOT NULL AS sealed, class, state, parts, route,
       sender, (SELECT count(*) FROM attempt WHERE attempt.message_id = message.id) AS attempts, sent_at, delivered_at,
       error, alert_id, request_id, due_at, expires_at, after_id, idempotency_key, reference, diverted, timezone, held
FROM message WHERE message.id = :id;

-- name: message_counts
-- How many messages are in each state that is not rest, by class, and the age of the oldest.
SELECT priority, state, count(*) AS count, min(created_at) AS oldest FROM message
WHERE state IN ('queued', 'submitting', 'in_doubt') GROUP BY priority, state;

-- name: message_oldest_ack
-- The oldest acknowledgement that has not left for certain; in doubt since before a moment it waits for a person only.
SELECT id, created_at FROM message
WHERE priority = 0 AND state IN ('queued', 'submitting', 'in_doubt')
  AND (state <> 'in_doubt' OR EXISTS (
      SELECT 1 FROM attempt WHERE attempt.message_id = message.id AND attempt.started_at >= :held))
ORDER BY created_at LIMIT 1;
