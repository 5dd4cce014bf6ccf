-- Figures for people, counted over the newest rows only.

-- name: figures_sent
-- How many parts the network took lately.
SELECT coalesce(sum(settled_at > :minute), 0) AS minute, coalesce(sum(settled_at > :hour), 0) AS hour
FROM (SELECT outcome, settled_at FROM attempt ORDER BY id DESC LIMIT :newest) AS newest
WHERE outcome = 'sent';

-- name: figures_received
-- How many messages came in lately.
SELECT coalesce(sum(received_at > :minute), 0) AS minute, coalesce(sum(received_at > :hour), 0) AS hour
FROM (SELECT received_at FROM inbox ORDER BY id DESC LIMIT :newest) AS newest;

-- name: figures_errors
-- The last attempts that did not simply leave.
SELECT started_at, message_id, route, outcome, code, reason
FROM (SELECT id, started_at, message_id, route, outcome, code, reason FROM attempt ORDER BY id DESC LIMIT :newest)
    AS newest
WHERE outcome <> 'sent'
ORDER BY id DESC LIMIT :limit;

-- name: figures_submits
-- By how much the service centre's time of a part was after the moment it was given to a modem; the centre of a bind
-- may tell its own zone's time, and seldom seconds.
SELECT report.submitted_at - attempt.started_at AS skew
FROM (SELECT id, attempt_id, received_at, submitted_at FROM report ORDER BY id DESC LIMIT :newest) AS report
JOIN attempt ON attempt.id = report.attempt_id
WHERE report.received_at > :since AND report.submitted_at IS NOT NULL AND attempt.sim IS NOT NULL
ORDER BY report.id DESC LIMIT 25;

-- name: figures_delivers
-- By how much the service centre's time of a message to us was after the moment it came in: below nothing, if at all.
SELECT sent_at - received_at AS skew
FROM (SELECT id, received_at, sent_at FROM inbox ORDER BY id DESC LIMIT :newest) AS inbox
WHERE received_at > :since AND sent_at IS NOT NULL
ORDER BY id DESC LIMIT 25;
