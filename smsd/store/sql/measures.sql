-- What metrics are made of.

-- name: measures_parts
-- How attempts went that have just landed: how long each waited for its answer, and its message for its last part.
SELECT attempt.id, attempt.route, message.class, attempt.settled_at - attempt.started_at AS answered,
       CASE WHEN message.sent_at IS NOT NULL AND attempt.sequence IN (0, message.parts)
            THEN message.sent_at - message.created_at END AS queued
FROM attempt JOIN message ON message.id = attempt.message_id
WHERE attempt.id IN (SELECT value FROM json_each(:ids)) AND attempt.outcome = 'sent';

-- name: measures_webhooks
-- What webhooks are still to be told, and what was given up.
SELECT webhook, state, count(*) AS count, min(at) AS oldest FROM event GROUP BY webhook, state;
