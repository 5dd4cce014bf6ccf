-- The HTTP API: what a repeat is known by, who may call, and what the client-support system is told.

ALTER TABLE message ADD COLUMN fingerprint TEXT;

-- Who may call the API by TCP. digest: BLAKE2b of the secret half under a key of this store; the secret is kept nowhere.
CREATE TABLE token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    digest TEXT NOT NULL,
    made_at DOUBLE PRECISION NOT NULL,
    used_at DOUBLE PRECISION,
    revoked_at DOUBLE PRECISION
);
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked_at IS NULL;

-- Who is told of what, as the daemon's configuration says: whichever process changes a state finds it here.
CREATE TABLE webhook (
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('delivery', 'opt-out', 'request')),
    PRIMARY KEY (name, kind)
);

-- What is to be told, written in the transaction of what happened; deleted once it was heard. subject_id is a message or
-- a request, word its state, reason why, note the message's key or the request's command. It is tried from since on;
-- due_at NULL: given up.
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('delivery', 'opt-out', 'request')),
    at DOUBLE PRECISION NOT NULL,
    since DOUBLE PRECISION NOT NULL,
    phone TEXT NOT NULL,
    subject_id INTEGER,
    word TEXT NOT NULL,
    reason TEXT,
    note TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'given_up')),
    due_at DOUBLE PRECISION CHECK (due_at IS NULL OR state = 'waiting'),
    tries INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE INDEX event_due ON event (webhook, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX event_phone ON event (phone);
CREATE INDEX event_given_up ON event (at) WHERE state = 'given_up';
