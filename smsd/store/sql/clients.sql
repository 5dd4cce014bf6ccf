-- The local directory of clients, and what the daemon must remember.

-- name: client_put
-- Add a client or replace what is known of him; an absent password leaves the one that is there.
INSERT INTO client (phone, code, login, password, name, changed_at)
VALUES (:phone, :code, :login, :password, :name, :now)
ON CONFLICT (phone) DO UPDATE
SET code = excluded.code, login = excluded.login, password = coalesce(excluded.password, client.password),
    name = excluded.name, changed_at = excluded.changed_at;

-- name: client_get
-- One client.
SELECT client.phone, code, login, password, name, client.changed_at, coalesce(subscribed, 1) AS subscribed
FROM client LEFT JOIN subscription ON subscription.phone = client.phone WHERE client.phone = :phone;

-- name: client_list
-- Clients for people, the last changed first.
SELECT client.phone, code, login, password IS NOT NULL AS has_password, name, client.changed_at,
       coalesce(subscribed, 1) AS subscribed
FROM client LEFT JOIN subscription ON subscription.phone = client.phone
ORDER BY client.changed_at DESC, client.phone LIMIT :limit;

-- name: client_count
-- How many clients there are.
SELECT count(*) AS count FROM client;

-- name: client_sealed_otherwise
-- How many passwords another key opens than this one; octets 2 to 9 of what is sealed name its key.
SELECT count(*) AS count FROM client WHERE password IS NOT NULL AND substr(password, 2, 8) <> :key_id;

-- name: client_page
-- Clients in the order of their numbers, a page at a time.
SELECT phone, code, login, name FROM client WHERE phone > :after ORDER BY phone LIMIT :limit;

-- name: subscription_stopped
-- The numbers that want no notifications and alerts.
SELECT phone FROM subscription WHERE subscribed = 0;

-- name: client_remove
-- Forget a client; the number's wish about notifications stays.
DELETE FROM client WHERE phone = :phone;

-- name: fact_get
-- A fact of this store.
SELECT value FROM fact WHERE name = :name;

-- name: fact_put
-- Remember a fact of this store.
INSERT INTO fact (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: fact_drop
-- Forget a fact of this store.
DELETE FROM fact WHERE name = :name;

-- name: memory_get
-- What a route remembers.
SELECT value FROM memory WHERE route = :route AND name = :name;

-- name: memory_put
-- Let a route remember something.
INSERT INTO memory (route, name, value) VALUES (:route, :name, :value)
ON CONFLICT (route, name) DO UPDATE SET value = excluded.value;

-- name: memory_drop
-- Let a route forget something.
DELETE FROM memory WHERE route = :route AND name = :name;

-- name: route_put
-- How a route is now, and since when it is up or is not: one that is tried again every minute has been away all along.
INSERT INTO route (name, up, state, detail, facts, since, changed_at)
VALUES (:name, :up, :state, :detail, :facts, :now, :now)
ON CONFLICT (name) DO UPDATE
SET since = CASE WHEN route.up = excluded.up THEN route.since ELSE excluded.since END,
    up = excluded.up, state = excluded.state, detail = excluded.detail, facts = excluded.facts,
    changed_at = excluded.changed_at;

-- name: route_list
-- How the routes last said they were.
SELECT name, up, state, detail, facts, since, changed_at FROM route ORDER BY name;

-- name: route_forget_others
-- Routes that are no longer configured are not shown.
DELETE FROM route WHERE name NOT IN (SELECT value FROM json_each(:names));
