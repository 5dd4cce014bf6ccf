-- Two more things that the program knew again by a turn of phrase in what people read.

-- The message holds a password to a number whose SIM was replaced: it waits for that, or came to rest waiting.
ALTER TABLE message ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));
UPDATE message SET held = 1
WHERE secret = 1 AND (error = 'held: an operator says that the SIM of this number was replaced'
      OR error = 'its deadline passed while it was held: an operator says that the SIM of this number was replaced');

-- A message of an alert that goes by the SIM because no bind is up stands in as well.
UPDATE message SET stands_in = 1 WHERE diverted = 'no bind is up: this alert may leave by the SIM';
