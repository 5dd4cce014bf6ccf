-- Self-tests: messages to ourselves.

-- name: self_test_insert
-- Begin a test.
INSERT INTO self_test (route, token, message_id, begun_at, deadline)
VALUES (:route, :token, :message_id, :now, :deadline);

-- name: self_test_bind
-- Have its message leave by the route that is tested, and by no other.
UPDATE message SET route = :route, diverted = :reason WHERE id = :id;

-- name: self_test_open
-- Tests under way, oldest first.
SELECT id, route, token, message_id, begun_at, deadline FROM self_test WHERE outcome IS NULL ORDER BY id;

-- name: self_test_returned
-- The message that a test came back as, looked for among the newest.
SELECT id, received_at FROM (SELECT id, received_at, text FROM inbox ORDER BY id DESC LIMIT :newest) AS newest
WHERE received_at >= :since AND text = :token ORDER BY id LIMIT 1;

-- name: self_test_left
-- The attempt by which a test's message left the route that is tested.
SELECT started_at FROM attempt
WHERE message_id = :message_id AND route = :route AND (outcome IS NULL OR outcome <> 'not_sent')
ORDER BY id DESC LIMIT 1;

-- name: self_test_message
-- How the message of a test stands.
SELECT state, error FROM message WHERE id = :message_id;

-- name: self_test_end
-- Write down how a test ended.
UPDATE self_test SET outcome = :outcome, reason = :reason, inbox_id = :inbox_id, ended_at = :now,
    round_trip = :round_trip
WHERE id = :id AND outcome IS NULL;

-- name: self_test_mark
-- Say in the inbox what the message was.
UPDATE inbox SET reason = :reason WHERE id = :id;

-- name: self_test_recent
-- The last tests of a route, newest first.
SELECT id, route, begun_at, outcome, reason, ended_at, round_trip FROM self_test
WHERE route = :route AND outcome IS NOT NULL ORDER BY id DESC LIMIT :limit;

-- name: self_test_last_ok
-- The last test of a route that came back.
SELECT ended_at, round_trip FROM self_test WHERE route = :route AND outcome = 'ok' ORDER BY id DESC LIMIT 1;

-- name: self_test_routes
-- Routes that were ever tested.
SELECT DISTINCT route FROM self_test;

-- name: self_test_forget
-- Forget tests that are old, but for the newest of each route.
DELETE FROM self_test WHERE id IN (
    SELECT id FROM self_test AS old WHERE old.begun_at < :before AND old.outcome IS NOT NULL
      AND EXISTS (SELECT 1 FROM self_test AS newer WHERE newer.route = old.route AND newer.id > old.id) LIMIT 100);
