-- What came in: octets, messages, requests and who wants to be written to.

-- name: pdu_insert
-- Keep the octets of what came in; the same octets again change nothing.
INSERT INTO pdu (received_at, route, sim, digest, octets, kind, note, sequence, text, body)
VALUES (:now, :route, :sim, :digest, :octets, :kind, :note, :sequence, :text, :body)
ON CONFLICT (digest) DO NOTHING
RETURNING id;

-- name: pdu_recent
-- The same octets came lately, where they carry no time of their own.
SELECT id FROM pdu WHERE digest > :digest AND digest < :digest || '!' AND received_at > :since LIMIT 1;

-- name: pdu_recent_among
-- Which of these octets came lately.
SELECT came.value AS digest FROM json_each(:digests) AS came
WHERE EXISTS (SELECT 1 FROM pdu WHERE digest > came.value AND digest < came.value || '!' AND received_at > :since);

-- name: pdu_insert_reports
-- Keep the octets of reports, which stand one behind the other; each of the list says where its own begin.
INSERT INTO pdu (received_at, route, digest, octets, kind, note)
SELECT :now, :route, json_extract(kept.value, '$[0]'),
       substr(:octets, json_extract(kept.value, '$[1]'), json_extract(kept.value, '$[2]')), 'report',
       json_extract(kept.value, '$[3]')
FROM json_each(:kept) AS kept WHERE true ORDER BY kept.key
ON CONFLICT (digest) DO NOTHING
RETURNING id, digest;

-- name: pdu_belongs
-- The octets are part of this message.
UPDATE pdu SET inbox_id = :inbox_id WHERE id = :id;

-- name: pdu_parts
-- The parts of a message that are here, in order; each is here once, because inbox_waiting takes no second.
SELECT sequence, text, body FROM pdu WHERE inbox_id = :inbox_id ORDER BY sequence;

-- name: pdu_list
-- The octets of a message as they came.
SELECT id, received_at, route, sim, octets, kind, note, sequence FROM pdu WHERE inbox_id = :inbox_id ORDER BY id;

-- name: inbox_insert
-- Make a message.
INSERT INTO inbox (received_at, sent_at, route, sender, phone, service_centre, text, state, reason, reference, total)
VALUES (:now, :sent_at, :route, :sender, :phone, :service_centre, :text, :state, :reason, :reference, :total);

-- name: inbox_waiting
-- The message that a part belongs to: same sender, reference and number of parts, not too long ago, and this part
-- still missing.
SELECT id FROM inbox
WHERE state = 'waiting_parts' AND sender = :sender AND reference = :reference AND total = :total
  AND received_at > :since
  AND NOT EXISTS (SELECT 1 FROM pdu WHERE pdu.inbox_id = inbox.id AND pdu.sequence = :sequence)
ORDER BY id LIMIT 1;

-- name: inbox_same
-- What else came lately with the same words from the same number, however routes write it; whether it was a copy itself.
SELECT route, copied FROM inbox
WHERE sender IN (:form1, :form2, :form3, :form4, :form5) AND text = :text AND received_at > :since
  AND state <> 'waiting_parts' AND id <> :id
ORDER BY id;

-- name: inbox_settle
-- Say what became of a message.
UPDATE inbox SET text = :text, state = :state, reason = :reason, command = :command, request_id = :request_id,
    copied = :copied
WHERE id = :id;

-- name: inbox_overdue
-- Messages whose missing part has not come.
SELECT id FROM inbox WHERE state = 'waiting_parts' AND received_at <= :before ORDER BY received_at, id LIMIT 100;

-- name: inbox_give_up
-- A part never came: what did come is kept.
UPDATE inbox SET state = 'ignored', reason = :reason, text = :text WHERE id = :id;

-- name: inbox_commands_since
-- How many commands a phone has sent lately.
SELECT count(*) AS count FROM inbox WHERE phone = :phone AND command IS NOT NULL AND received_at > :since;

-- name: inbox_list
-- Messages for people, newest first.
SELECT id, received_at, sent_at, sender, phone, text, route, state, reason, request_id, total FROM inbox
WHERE (:state IS NULL OR state = :state) AND (:phone IS NULL OR phone = :phone)
ORDER BY id DESC LIMIT :limit;

-- name: inbox_show
-- One message for people.
SELECT id, received_at, sent_at, sender, phone, service_centre, text, route, state, reason, command, request_id, total
FROM inbox WHERE id = :id;

-- name: request_open
-- The open request of a phone for a command.
SELECT id FROM request WHERE phone = :phone AND command = :command AND state IN ('accepted', 'in_progress')
ORDER BY id LIMIT 1;

-- name: request_insert
-- Accept a request.
INSERT INTO request (received_at, phone, command, state, due_at, inbox_id)
VALUES (:now, :phone, :command, 'accepted', :now, :inbox_id);

-- name: request_next
-- The next request to carry out; one left in progress by a dead process is carried out again.
SELECT id, received_at, phone, command, state, asked FROM request
WHERE due_at IS NOT NULL AND due_at <= :now ORDER BY due_at, id LIMIT 1;

-- name: request_adopt
-- What a dead process left in progress is due now.
UPDATE request SET due_at = :now WHERE state = 'in_progress';

-- name: request_hasten
-- The directory is back: who waits for it is asked about now.
UPDATE request SET due_at = :now WHERE due_at > :now AND state = 'accepted';

-- name: request_next_due
-- When the next request is to be carried out.
SELECT min(due_at) AS due_at FROM request WHERE due_at IS NOT NULL;

-- name: request_move
-- Put a request into a state.
UPDATE request SET state = :state, due_at = :due_at, asked = :asked, done_at = :done_at, error = :error
WHERE id = :id;

-- name: request_get
-- One request.
SELECT id, received_at, phone, command, state, due_at, asked, done_at, error, inbox_id FROM request WHERE id = :id;

-- name: request_ack
-- The latest acknowledgement of a request and how it stands.
SELECT id, state, created_at FROM message WHERE request_id = :id AND class = 'ack' ORDER BY id DESC LIMIT 1;

-- name: request_messages
-- The messages of a request.
SELECT id, class, state, created_at, sent_at, delivered_at, error, held FROM message WHERE request_id = :id ORDER BY id;

-- name: request_list
-- Requests for people, newest first.
SELECT id, received_at, phone, command, state, done_at, error, asked, due_at FROM request
WHERE (:state IS NULL OR state = :state) AND (:phone IS NULL OR phone = :phone)
ORDER BY id DESC LIMIT :limit;

-- name: request_counts
-- How many requests are open.
SELECT state, count(*) AS count, min(received_at) AS oldest FROM request
WHERE due_at IS NOT NULL GROUP BY state;

-- name: request_stuck
-- The oldest request that waits for a directory which could not be asked, and how many do.
SELECT id, received_at, error,
       (SELECT count(*) FROM request AS each WHERE each.due_at IS NOT NULL AND each.error IS NOT NULL) AS count
FROM request WHERE due_at IS NOT NULL AND error IS NOT NULL ORDER BY received_at, id LIMIT 1;

-- name: inbox_counts
-- What came in since a moment, by state.
SELECT state, count(*) AS count FROM inbox WHERE received_at > :since GROUP BY state;

-- name: subscription_get
-- What a number wishes.
SELECT subscribed, decided_at, changed_at, cause FROM subscription WHERE phone = :phone;

-- name: subscription_list
-- What numbers wish, for people.
SELECT phone, subscribed, decided_at, changed_at, cause FROM subscription
WHERE :stopped = 0 OR subscribed = 0 ORDER BY changed_at DESC, phone LIMIT :limit;

-- name: subscription_set
-- A number's wish, unless a later one is already known.
INSERT INTO subscription (phone, subscribed, decided_at, changed_at, cause)
VALUES (:phone, :subscribed, :decided_at, :now, :cause)
ON CONFLICT (phone) DO UPDATE
SET subscribed = excluded.subscribed, decided_at = excluded.decided_at, changed_at = excluded.changed_at,
    cause = excluded.cause
WHERE excluded.decided_at >= subscription.decided_at;
