-- Alarms: what stands, what was told of it, and what is to be kept quiet.

-- What is remembered of each alarm, so that a restart neither repeats nor forgets one. raised_at: when it was told, NULL
-- while it is too young or over; gone_at: since when it has not been found; flaps: all-clears of the last day.
CREATE TABLE alarm (
    condition TEXT NOT NULL,
    about TEXT NOT NULL,
    since DOUBLE PRECISION NOT NULL,
    detail TEXT NOT NULL,
    figure TEXT NOT NULL,
    raised_at DOUBLE PRECISION,
    told_at DOUBLE PRECISION,
    gone_at DOUBLE PRECISION,
    flaps INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (condition, about)
);

-- Everything that was told, one row each, written in the transaction that queues its messages. condition is empty for a
-- test; quiet: somebody had silenced it; messages: how many were queued. carried_at: when journal and command had it,
-- NULL: not yet, so that a dead process's are carried by the next; outcome: what the command said of it.
CREATE TABLE alarm_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at DOUBLE PRECISION NOT NULL,
    change TEXT NOT NULL CHECK (change IN ('raised', 'repeated', 'cleared', 'test')),
    condition TEXT NOT NULL,
    about TEXT NOT NULL,
    since DOUBLE PRECISION NOT NULL,
    detail TEXT NOT NULL,
    figure TEXT NOT NULL,
    quiet INTEGER NOT NULL DEFAULT 0 CHECK (quiet IN (0, 1)),
    messages INTEGER NOT NULL DEFAULT 0,
    carried_at DOUBLE PRECISION,
    outcome TEXT
);
CREATE INDEX alarm_event_waiting ON alarm_event (id) WHERE carried_at IS NULL;
CREATE INDEX alarm_event_at ON alarm_event (at);

-- What is not told to people before a moment; about '*': whatever it is about.
CREATE TABLE alarm_silence (
    condition TEXT NOT NULL,
    about TEXT NOT NULL,
    until DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (condition, about)
);
