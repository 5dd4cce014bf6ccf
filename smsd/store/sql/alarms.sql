-- Alarms: what stands, what was told, what is kept quiet; and what they are judged by.

-- name: alarm_ledger
-- What is remembered of every alarm.
SELECT condition, about, since, detail, figure, raised_at, told_at, gone_at, flaps FROM alarm;

-- name: alarm_put
-- Remember an alarm as it is now.
INSERT INTO alarm (condition, about, since, detail, figure, raised_at, told_at, gone_at, flaps)
VALUES (:condition, :about, :since, :detail, :figure, :raised_at, :told_at, :gone_at, :flaps)
ON CONFLICT (condition, about) DO UPDATE
SET since = excluded.since, detail = excluded.detail, figure = excluded.figure, raised_at = excluded.raised_at,
    told_at = excluded.told_at, gone_at = excluded.gone_at, flaps = excluded.flaps;

-- name: alarm_drop
-- Forget an alarm.
DELETE FROM alarm WHERE condition = :condition AND about = :about;

-- name: alarm_event_insert
-- Write down what is told.
INSERT INTO alarm_event (at, change, condition, about, since, detail, figure, quiet, messages, carried_at, outcome)
VALUES (:at, :change, :condition, :about, :since, :detail, :figure, :quiet, :messages, :carried_at, :outcome)
RETURNING id;

-- name: alarm_event_uncarried
-- What journal and command have not had yet, from an event on, oldest first.
SELECT id, at, change, condition, about, since, detail, figure, quiet FROM alarm_event
WHERE carried_at IS NULL AND id > :after ORDER BY id LIMIT 200;

-- name: alarm_event_carried
-- Journal and command have had it.
UPDATE alarm_event SET carried_at = :now, outcome = :outcome WHERE id = :id;

-- name: alarm_event_show
-- One event.
SELECT id, at, change, condition, about, since, detail, figure, quiet, messages, carried_at, outcome FROM alarm_event
WHERE id = :id;

-- name: alarm_event_list
-- What was told, newest first.
SELECT id, at, change, condition, about, since, detail, figure, quiet, messages, carried_at, outcome FROM alarm_event
ORDER BY id DESC LIMIT :limit;

-- name: alarm_event_messages
-- How many events were told by message between two moments, tests left out: what a clock that was ahead wrote is neither.
SELECT count(*) AS count FROM alarm_event WHERE at > :since AND at <= :now AND messages > 0 AND change <> 'test';

-- name: alarm_event_held
-- What was told by no message and was kept quiet by nobody, after one event and a moment, oldest first.
SELECT id, at, change, condition, about, since, detail, figure, quiet FROM alarm_event
WHERE id > :after AND at > :since AND messages = 0 AND quiet = 0 AND change <> 'test' ORDER BY id;

-- name: alarm_event_told
-- A message tells it after all.
UPDATE alarm_event SET messages = :messages WHERE id = :id;

-- name: alarm_event_forget
-- Forget what was told before a moment, a handful at a time.
DELETE FROM alarm_event WHERE id IN (SELECT id FROM alarm_event WHERE at < :before ORDER BY at LIMIT 100);

-- name: alarm_silence_put
-- Keep an alarm quiet until a moment.
INSERT INTO alarm_silence (condition, about, until) VALUES (:condition, :about, :until)
ON CONFLICT (condition, about) DO UPDATE SET until = excluded.until;

-- name: alarm_silence_end
-- Keep an alarm quiet no longer; the daemon tells what stands, and forgets the silence.
UPDATE alarm_silence SET until = 0 WHERE condition = :condition AND about = :about;

-- name: alarm_silence_over
-- Silences that have ended, and of which that has not been told yet.
SELECT condition, about FROM alarm_silence WHERE until <= :now;

-- name: alarm_silence_drop
-- Forget a silence that has ended: people know how it stands.
DELETE FROM alarm_silence WHERE condition = :condition AND about = :about AND until <= :now;

-- name: alarm_silence_list
-- What is kept quiet now.
SELECT condition, about, until FROM alarm_silence WHERE until > :now ORDER BY condition, about;

-- name: alarm_held
-- How many messages are in doubt whose last attempt began before a moment.
SELECT count(DISTINCT message_id) AS count FROM attempt
WHERE outcome = 'in_doubt' AND started_at < :before
  AND EXISTS (SELECT 1 FROM message WHERE message.id = attempt.message_id AND message.state = 'in_doubt');

-- name: alarm_swapped
-- Whose SIM was replaced, the first first.
SELECT phone FROM replaced_sim ORDER BY since, phone LIMIT 50;

-- name: alarm_oldest_waiting
-- When the oldest message of one class was queued that waits to be sent.
SELECT created_at FROM message WHERE priority = :priority AND state IN ('queued', 'submitting', 'in_doubt') AND state <> 'in_doubt'
ORDER BY created_at LIMIT 1;
