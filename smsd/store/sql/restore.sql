-- What a restored backup must not do by itself: send again what may have left after it was taken (store/restore.py).

-- name: restore_attempts
-- How the attempts end that were in the air is not known; whoever knew ran on without this copy.
UPDATE attempt SET outcome = 'in_doubt', reason = :why, settled_at = NULL WHERE outcome IS NULL;

-- name: restore_witnesses
-- The SIM's count has moved on since by messages that this copy does not know of: it proves nothing here. A status
-- report still does.
UPDATE attempt SET witness = '{}' WHERE outcome = 'in_doubt';

-- name: restore_parts
-- Whether these parts left after the copy was taken is not known, and no class is sent once more by itself.
UPDATE part SET state = 'in_doubt', resent = 1
WHERE state IN ('unsent', 'in_air', 'in_doubt')
  AND message_id IN (SELECT id FROM message WHERE state IN ('queued', 'submitting', 'in_doubt'));

-- name: restore_messages
-- Nothing of these leaves unless a person says so.
UPDATE message SET state = 'in_doubt', due_at = NULL, diverts_to = NULL, error = :why
WHERE state IN ('queued', 'submitting', 'in_doubt');

-- name: restore_requests
-- Whether these were answered is not known, and no apology is sent for them.
UPDATE request SET state = 'failed', due_at = NULL, done_at = :now, error = :why
WHERE state IN ('accepted', 'in_progress');

-- name: restore_alerts
-- Recipients whose turn has not come here may have had it there.
UPDATE alert SET state = 'paused' WHERE state = 'running';

-- name: restore_memory
-- What a route remembered of its modem is of then: it is found out anew.
DELETE FROM memory;
