-- A SIM's life.

-- name: memory_list
-- What every route remembers under a name.
SELECT route, value FROM memory WHERE name = :name;

-- name: inbox_newest
-- The last message that came in.
SELECT max(id) AS id FROM inbox;

-- name: inbox_news
-- What came to a route since a message, whole texts only, and none before those that began earlier and are not whole yet:
-- a long text of a name (persons have numbers) keeps its place, and is not passed over.
SELECT id, sender, text, reason FROM inbox
WHERE id > :after AND route = :route AND state IN ('ignored', 'robot', 'lookalike') AND text IS NOT NULL
  AND NOT EXISTS (
      SELECT 1 FROM inbox AS begun
      WHERE begun.state = 'waiting_parts' AND begun.id > :after AND begun.id < inbox.id AND begun.route = :route
        AND begun.sender NOT LIKE '+%')
ORDER BY id LIMIT 50;

-- name: message_forwarded
-- How many messages forwarded something since a moment, among the newest.
SELECT count(*) AS count
FROM (SELECT created_at, class, idempotency_key FROM message ORDER BY id DESC LIMIT :newest) AS newest
WHERE created_at > :since AND class = 'admin' AND idempotency_key LIKE 'forward %';

-- name: attempt_last_sent
-- When a route last sent something, looked for among the newest attempts.
SELECT started_at FROM (SELECT id, route, outcome, started_at FROM attempt ORDER BY id DESC LIMIT :newest) AS newest
WHERE route = :route AND outcome = 'sent' ORDER BY id DESC LIMIT 1;
