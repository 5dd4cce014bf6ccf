-- A key that stands for an alert is compared with all that was asked for under it, recipients included.

ALTER TABLE alert ADD COLUMN fingerprint TEXT;
