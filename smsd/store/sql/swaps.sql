-- Numbers whose SIM was replaced.

-- name: swap_note
-- An operator says that the SIM of a number was replaced; told again it is the same hold.
INSERT INTO replaced_sim (phone, since, told_at, route, code) VALUES (:phone, :now, :now, :route, :code)
ON CONFLICT (phone) DO UPDATE SET told_at = :now, route = :route, code = :code;

-- name: swap_get
-- Whether, and since when, passwords to a number are held.
SELECT phone, since, told_at, route, code FROM replaced_sim WHERE phone = :phone;

-- name: swap_list
-- The numbers to which passwords are held, newest first, with how many messages wait for that; what is sent in bulk
-- (priority 4 and 5) holds none.
SELECT phone, since, told_at, route, code,
       (SELECT count(*) FROM message
        WHERE due_at IS NOT NULL AND priority < 4 AND secret = 1 AND recipient = replaced_sim.phone) AS waiting
FROM replaced_sim ORDER BY since DESC, phone LIMIT :limit;

-- name: swap_forget
-- A person knows whose the new SIM is, or the number is erased.
DELETE FROM replaced_sim WHERE phone = :phone;

-- name: swap_let_go
-- What was held for a number may leave.
UPDATE message SET due_at = 0, error = NULL, held = 0
WHERE due_at IS NOT NULL AND priority < 4 AND secret = 1 AND recipient = :phone AND held = 1;
