-- The whole schema as it is today, to be read at one sitting: what all migrations together must equal (a test compares).
-- Never run by the program: a change is a new file in migrations/, and then a change here.

-- Which migrations have run. Made by the engine itself, before the first of them.
CREATE TABLE migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at DOUBLE PRECISION NOT NULL
);

-- The whole service: clients, what came in, requests, what goes out, and what is known of the routes.
-- Times are Unix seconds (UTC). Phones are E.164. Texts that hold a password exist only sealed.
-- AUTOINCREMENT where an id outlives its row in somebody's hands: a late answer to an attempt that was erased must not
-- be taken for that of the next one.

-- What must be remembered and belongs to nothing else: the public key that texts are sealed to.
CREATE TABLE fact (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- The local directory of clients.
CREATE TABLE client (
    phone TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    login TEXT NOT NULL,
    password BLOB,
    name TEXT NOT NULL DEFAULT '',
    changed_at DOUBLE PRECISION NOT NULL
);

-- Who wants notifications and alerts. It belongs to the number, client or not; no row means yes. Of an erased person's
-- stop the number is replaced by its mark, a keyed hash.
-- decided_at is the service centre's time of the wish: of competing wishes the later one holds.
CREATE TABLE subscription (
    phone TEXT PRIMARY KEY,
    subscribed INTEGER NOT NULL CHECK (subscribed IN (0, 1)),
    decided_at DOUBLE PRECISION NOT NULL,
    changed_at DOUBLE PRECISION NOT NULL,
    cause TEXT NOT NULL
);

-- What came in, one row a message (parts joined), ignored texts included. copied: it had come by another route, too.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at DOUBLE PRECISION NOT NULL,
    sent_at DOUBLE PRECISION,
    route TEXT NOT NULL,
    sender TEXT NOT NULL,
    phone TEXT,
    service_centre TEXT,
    text TEXT,
    state TEXT NOT NULL CHECK (state IN (
        'received', 'waiting_parts', 'command', 'ignored', 'lookalike', 'robot', 'flood', 'quarantined')),
    reason TEXT,
    command TEXT,
    request_id INTEGER,
    reference INTEGER,
    total INTEGER NOT NULL DEFAULT 1,
    copied INTEGER NOT NULL DEFAULT 0 CHECK (copied IN (0, 1))
);
CREATE INDEX inbox_waiting ON inbox (sender, reference, total) WHERE state = 'waiting_parts';
CREATE INDEX inbox_overdue ON inbox (received_at) WHERE state = 'waiting_parts';
CREATE INDEX inbox_sender ON inbox (sender, received_at) WHERE state <> 'waiting_parts';
CREATE INDEX inbox_commands ON inbox (phone, received_at) WHERE command IS NOT NULL;

-- Every PDU that a route took from its device, as it came. The digest makes a repeated sweep harmless.
CREATE TABLE pdu (
    id INTEGER PRIMARY KEY,
    received_at DOUBLE PRECISION NOT NULL,
    route TEXT NOT NULL,
    sim TEXT,
    digest TEXT NOT NULL UNIQUE,
    octets BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('deliver', 'report', 'unreadable')),
    note TEXT,
    inbox_id INTEGER REFERENCES inbox (id),
    sequence INTEGER NOT NULL DEFAULT 1,
    text TEXT,
    body BLOB
);
CREATE INDEX pdu_inbox ON pdu (inbox_id);
CREATE INDEX pdu_report ON pdu (received_at) WHERE kind = 'report';

-- Clients' requests (заявки).
CREATE TABLE request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at DOUBLE PRECISION NOT NULL,
    phone TEXT NOT NULL,
    command TEXT NOT NULL CHECK (command IN ('info', 'sms stop', 'sms start')),
    state TEXT NOT NULL CHECK (state IN ('accepted', 'in_progress', 'done', 'failed')),
    due_at DOUBLE PRECISION,
    asked INTEGER NOT NULL DEFAULT 0,
    done_at DOUBLE PRECISION,
    error TEXT,
    inbox_id INTEGER REFERENCES inbox (id)
);
CREATE INDEX request_inbox ON request (inbox_id) WHERE inbox_id IS NOT NULL;
CREATE INDEX request_due ON request (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX request_open ON request (phone, command) WHERE state IN ('accepted', 'in_progress');

-- The outbox. due_at says from when on a part may be claimed; NULL: nothing waits to be claimed
-- (a part is in the air, in doubt, or the message has come to rest). route: it has begun there, or goes there for the reason
-- that diverted tells; stands_in: only until that route is down, too. held: it holds a password to a number whose SIM was
-- replaced, and waits for that, or came to rest waiting.
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at DOUBLE PRECISION NOT NULL,
    class TEXT NOT NULL CHECK (class IN ('ack', 'result', 'admin', 'manual', 'notification', 'alert')),
    priority INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    text TEXT,
    sealed BLOB,
    secret INTEGER NOT NULL DEFAULT 0 CHECK (secret IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN (
        'queued', 'submitting', 'submitted', 'delivered', 'undeliverable', 'rejected', 'failed', 'expired',
        'suppressed', 'in_doubt', 'cancelled')),
    due_at DOUBLE PRECISION CHECK (due_at IS NULL OR state IN ('queued', 'submitting')),
    expires_at DOUBLE PRECISION,
    parts INTEGER NOT NULL,
    reference INTEGER,
    route TEXT,
    sender TEXT,
    diverted TEXT,
    diverts_to TEXT,
    sent_at DOUBLE PRECISION,
    delivered_at DOUBLE PRECISION,
    error TEXT,
    after_id INTEGER REFERENCES message (id),
    request_id INTEGER REFERENCES request (id),
    alert_id INTEGER,
    timezone TEXT,
    idempotency_key TEXT,
    fingerprint TEXT,
    stands_in INTEGER NOT NULL DEFAULT 0 CHECK (stands_in IN (0, 1)),
    held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1))
);
CREATE INDEX message_due ON message (priority, due_at, id) WHERE due_at IS NOT NULL;
-- The next message to claim, of those bound to a route or to none (NULL), by priority and then by age: found in one step
-- however long the queue is, and however much of it waits for another route.
CREATE INDEX message_bound ON message (route, priority, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX message_expiry ON message (expires_at) WHERE expires_at IS NOT NULL AND state IN ('queued', 'submitting');
CREATE INDEX message_open ON message (priority, created_at, state) WHERE state IN ('queued', 'submitting', 'in_doubt');
CREATE INDEX message_secret ON message (state, created_at) WHERE sealed IS NOT NULL;
CREATE INDEX message_after ON message (after_id) WHERE after_id IS NOT NULL;
CREATE INDEX message_request ON message (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX message_alert ON message (alert_id, state) WHERE alert_id IS NOT NULL;
-- The same key in the same class is the same message: a repeat adds nothing.
CREATE UNIQUE INDEX message_key ON message (class, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- The parts of a message, made when it is first claimed.
CREATE TABLE part (
    message_id INTEGER NOT NULL REFERENCES message (id),
    sequence INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unsent', 'in_air', 'in_doubt', 'sent', 'refused', 'delivered', 'failed')),
    refusals INTEGER NOT NULL DEFAULT 0,
    resent INTEGER NOT NULL DEFAULT 0,
    sent_at DOUBLE PRECISION,
    reported_at DOUBLE PRECISION,
    report TEXT,
    PRIMARY KEY (message_id, sequence)
);

-- Every attempt to send a part: written, and on disk, before its PDU leaves. No outcome: it may be leaving now.
-- sequence 0: an attempt at everything of the message that was unsent, by a route that takes whole messages.
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    sequence INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    route TEXT NOT NULL,
    sim TEXT,
    witness TEXT NOT NULL,
    started_at DOUBLE PRECISION NOT NULL,
    outcome TEXT CHECK (outcome IN ('sent', 'not_sent', 'in_doubt')),
    reference TEXT,
    code TEXT,
    reason TEXT,
    evidence TEXT,
    settled_at DOUBLE PRECISION,
    reported INTEGER NOT NULL DEFAULT 0 CHECK (reported IN (0, 1))
);
CREATE INDEX attempt_message ON attempt (message_id, sequence, id);
CREATE INDEX attempt_open ON attempt (route, id) WHERE outcome IS NULL OR outcome = 'in_doubt';
CREATE INDEX attempt_open_to ON attempt (recipient, route) WHERE outcome IS NULL OR outcome = 'in_doubt';
CREATE INDEX attempt_unreported ON attempt (route, id) WHERE outcome = 'sent' AND reported = 0 AND sim IS NULL;
CREATE INDEX attempt_sim ON attempt (sim, id);
CREATE INDEX attempt_reference ON attempt (reference, recipient) WHERE reference IS NOT NULL;

-- What the network said about parts that left. A report that matches nothing yet waits here; refused: what it says is
-- blocked (rules.routing.Block).
CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    received_at DOUBLE PRECISION NOT NULL,
    pdu_id INTEGER REFERENCES pdu (id),
    route TEXT NOT NULL,
    sim TEXT,
    reference TEXT NOT NULL,
    recipient TEXT NOT NULL,
    submitted_at DOUBLE PRECISION,
    discharged_at DOUBLE PRECISION,
    class TEXT NOT NULL CHECK (class IN ('delivered', 'trying', 'failed')),
    code TEXT NOT NULL,
    attempt_id INTEGER REFERENCES attempt (id),
    refused TEXT
);
CREATE INDEX report_unmatched ON report (reference, recipient) WHERE attempt_id IS NULL;
CREATE INDEX report_pdu ON report (pdu_id) WHERE pdu_id IS NOT NULL;
CREATE INDEX report_attempt ON report (attempt_id) WHERE attempt_id IS NOT NULL;

-- Numbers whose SIM was replaced, as an operator said by a receipt or a refusal: nothing that holds a password is sent to
-- them, by any route, until a person lifts it. since is when it was first told, told_at when last.
CREATE TABLE replaced_sim (
    phone TEXT PRIMARY KEY,
    since DOUBLE PRECISION NOT NULL,
    told_at DOUBLE PRECISION NOT NULL,
    route TEXT NOT NULL,
    code TEXT NOT NULL
);

-- The last 8-bit concatenation reference used towards each recipient.
CREATE TABLE concatenation (
    recipient TEXT PRIMARY KEY,
    reference INTEGER NOT NULL
);

-- Alerts (СМС-оповещения). `preparing`: the recipients are still being written, and what a dead process left so is
-- deleted. cursor is the sequence of the last recipient that has become a message, fed how many have. overrides names
-- the kind of alert that goes to those as well who want none.
CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at DOUBLE PRECISION NOT NULL,
    touched_at DOUBLE PRECISION NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('preparing', 'running', 'paused', 'done', 'cancelled')),
    text TEXT NOT NULL,
    starts_at DOUBLE PRECISION NOT NULL,
    expires_at DOUBLE PRECISION,
    may_fall_back INTEGER NOT NULL DEFAULT 0 CHECK (may_fall_back IN (0, 1)),
    overrides TEXT,
    recipients INTEGER NOT NULL DEFAULT 0,
    parts INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0,
    fed INTEGER NOT NULL DEFAULT 0,
    cursor INTEGER NOT NULL DEFAULT 0,
    done_at DOUBLE PRECISION,
    idempotency_key TEXT,
    fingerprint TEXT
);
CREATE INDEX alert_state ON alert (state, id);
-- The same key is the same alert: a repeat adds nothing.
CREATE UNIQUE INDEX alert_key ON alert (idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Who an alert is for, one row each; who was dropped is kept with the reason. text: where it is not the alert's own.
-- overrode: he wanted none, and was written to all the same. timezone: his own quiet hours count, too.
-- A row becomes a message only when its turn comes, so that an alert of 100,000 is never in front of anything.
CREATE TABLE alert_recipient (
    alert_id INTEGER NOT NULL REFERENCES alert (id),
    sequence INTEGER NOT NULL,
    phone TEXT NOT NULL,
    text TEXT,
    parts INTEGER NOT NULL,
    dropped TEXT CHECK (dropped IN (
        'opted_out', 'duplicate', 'invalid', 'not_mobile', 'foreign', 'no_consent', 'no_value', 'too_long')),
    consent_at TEXT,
    consent_source TEXT,
    timezone TEXT,
    message_id INTEGER,
    overrode INTEGER NOT NULL DEFAULT 0 CHECK (overrode IN (0, 1)),
    PRIMARY KEY (alert_id, sequence)
);

-- Parts that each route has begun to send, by the Unix minute: what limits are counted from. Kept for a day.
CREATE TABLE tally (
    route TEXT NOT NULL,
    minute INTEGER NOT NULL,
    class TEXT NOT NULL,
    parts INTEGER NOT NULL,
    PRIMARY KEY (route, minute, class)
);

-- When each route last wrote to a number; kept for a day, and only where a route's recipients are limited.
CREATE TABLE tally_recipient (
    route TEXT NOT NULL,
    recipient TEXT NOT NULL,
    last_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (route, recipient)
);
CREATE INDEX tally_recipient_recent ON tally_recipient (route, last_at);

-- The audit trail: who did what, about which number (masked) or row. Rows are only added.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at DOUBLE PRECISION NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL
);

-- How each route last said it was.
CREATE TABLE route (
    name TEXT PRIMARY KEY,
    up INTEGER NOT NULL CHECK (up IN (0, 1)),
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    facts TEXT NOT NULL,
    since DOUBLE PRECISION NOT NULL,
    changed_at DOUBLE PRECISION NOT NULL
);

-- What a route must not forget: that a PIN was refused, that a modem keeps EF_SMSS in step.
CREATE TABLE memory (
    route TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (route, name)
);

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
