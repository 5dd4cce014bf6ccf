-- A SIM that an operator says was replaced holds back what carries a password; a receipt keeps what it says is blocked.

-- Numbers whose SIM was replaced, as an operator said by a receipt or a refusal: nothing that holds a password is sent to
-- them, by any route, until a person lifts it. since is when it was first told, told_at when last.
CREATE TABLE replaced_sim (
    phone TEXT PRIMARY KEY,
    since DOUBLE PRECISION NOT NULL,
    told_at DOUBLE PRECISION NOT NULL,
    route TEXT NOT NULL,
    code TEXT NOT NULL
);

-- A receipt may come before the answer it belongs to: what it says is blocked is needed once that is recorded.
ALTER TABLE report ADD COLUMN refused TEXT;
