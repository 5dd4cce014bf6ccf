-- Self-tests: messages to ourselves, and whether they came back.

-- One row each. token is the text that is recognised; begun_at when it was queued; deadline until when it must be back.
-- round_trip: seconds from the attempt that left to its arrival. No outcome: it is under way.
CREATE TABLE self_test (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    route TEXT NOT NULL,
    token TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    begun_at DOUBLE PRECISION NOT NULL,
    deadline DOUBLE PRECISION NOT NULL,
    outcome TEXT CHECK (outcome IN ('ok', 'failed')),
    reason TEXT,
    inbox_id INTEGER,
    ended_at DOUBLE PRECISION,
    round_trip DOUBLE PRECISION
);
CREATE INDEX self_test_route ON self_test (route, id);
CREATE INDEX self_test_open ON self_test (id) WHERE outcome IS NULL;
