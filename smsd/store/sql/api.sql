-- Tokens of the API, and what the client-support system is told.

-- name: token_insert
-- A new token; its name must be free.
INSERT INTO token (name, scopes, digest, made_at) VALUES (:name, :scopes, :digest, :now)
ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING
RETURNING id;

-- name: token_get
-- A token that holds.
SELECT id, name, scopes, digest, used_at FROM token WHERE id = :id AND revoked_at IS NULL;

-- name: token_used
-- A token was used.
UPDATE token SET used_at = :now WHERE id = :id;

-- name: token_list
-- The tokens, newest first, revoked ones included.
SELECT id, name, scopes, made_at, used_at, revoked_at FROM token ORDER BY id DESC LIMIT :limit;

-- name: token_revoke
-- A token holds no longer.
UPDATE token SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL;

-- name: webhook_clear
-- Who is told of what is written anew.
DELETE FROM webhook;

-- name: webhook_put
-- Somebody is told of something.
INSERT INTO webhook (name, kind) VALUES (:name, :kind);

-- name: webhook_list
-- Who is told of what, with what waits and what was given up.
SELECT webhook.name, webhook.kind FROM webhook ORDER BY name, kind;

-- name: event_of_message
-- A notification has come so far: told to everybody who wants to know.
INSERT INTO event (webhook, kind, at, since, phone, subject_id, word, reason, note, state, due_at)
SELECT webhook.name, 'delivery', :now, :now, message.recipient, message.id, :word, :reason, message.idempotency_key,
       'waiting', 0
FROM webhook, message WHERE webhook.kind = 'delivery' AND message.id = :id;

-- name: event_of_messages
-- The same of a window of messages that have come so far, in the order of the list.
INSERT INTO event (webhook, kind, at, since, phone, subject_id, word, note, state, due_at)
SELECT webhook.name, 'delivery', :now, :now, message.recipient, message.id, :word, message.idempotency_key,
       'waiting', 0
FROM json_each(:messages) AS moved
JOIN message ON message.id = moved.value
JOIN webhook ON webhook.kind = 'delivery'
WHERE message.class = 'notification'
ORDER BY moved.key, webhook.name;

-- name: event_of_wish
-- A number wishes to be written to, or wishes it no more.
INSERT INTO event (webhook, kind, at, since, phone, word, reason, state, due_at)
SELECT webhook.name, 'opt-out', :now, :now, :phone, :word, :reason, 'waiting', 0
FROM webhook WHERE webhook.kind = 'opt-out';

-- name: event_of_request
-- A client's request has come so far.
INSERT INTO event (webhook, kind, at, since, phone, subject_id, word, reason, note, state, due_at)
SELECT webhook.name, 'request', :now, :now, request.phone, request.id, :word, :reason, request.command, 'waiting', 0
FROM webhook, request WHERE webhook.kind = 'request' AND request.id = :id;

-- name: event_next
-- The next events for one who is told.
SELECT id, kind, at, phone, subject_id, word, reason, note, tries FROM event
WHERE webhook = :webhook AND due_at IS NOT NULL AND due_at <= :now
ORDER BY due_at, id LIMIT :limit;

-- name: event_next_due
-- When the next event is to be told.
SELECT min(due_at) AS due_at FROM event WHERE webhook = :webhook AND due_at IS NOT NULL;

-- name: event_heard
-- An event was heard.
DELETE FROM event WHERE id = :id;

-- name: event_again
-- An event is told again later.
UPDATE event SET due_at = :due_at, tries = tries + 1, error = :error WHERE id = :id AND state = 'waiting';

-- name: event_waiting
-- How many events wait to be told.
SELECT count(*) AS count FROM event WHERE webhook = :webhook AND due_at IS NOT NULL;

-- name: event_oldest
-- The oldest of them, and since when they are tried.
SELECT id, since FROM event WHERE id IN (
    SELECT id FROM event WHERE webhook = :webhook AND due_at IS NOT NULL ORDER BY id LIMIT :limit)
ORDER BY id;

-- name: event_give_up
-- An event is not told any more, unless a person has given it its time again meanwhile.
UPDATE event SET due_at = NULL, state = 'given_up', error = coalesce(:error, error, 'never tried')
WHERE id = :id AND due_at IS NOT NULL AND (:before IS NULL OR since < :before);

-- name: event_stale
-- Events that were given up and have been kept for long enough, some of them.
SELECT id FROM event WHERE state = 'given_up' AND at < :before AND webhook = :webhook LIMIT :limit;

-- name: event_forget_orphans
-- Events for those who are told nothing any more.
DELETE FROM event WHERE webhook NOT IN (SELECT name FROM webhook);

-- name: event_list
-- Events for people, newest first.
SELECT id, webhook, kind, at, phone, subject_id, word, reason, note, state, due_at, tries, error FROM event
WHERE (:webhook IS NULL OR webhook = :webhook) AND (:state IS NULL OR state = :state)
ORDER BY id DESC LIMIT :limit;

-- name: event_counts
-- How many events wait, and how many were given up.
SELECT webhook, state, count(*) AS count, min(at) AS oldest FROM event GROUP BY webhook, state;

-- name: event_retry
-- A person has an event told again at once.
UPDATE event SET state = 'waiting', due_at = 0, since = :now WHERE id = :id;

-- name: event_given_up
-- Events that were given up, some of them.
SELECT id FROM event WHERE state = 'given_up' LIMIT :limit;

-- name: event_erase
-- What was to be told of a number.
DELETE FROM event WHERE phone = :phone;
