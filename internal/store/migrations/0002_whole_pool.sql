-- Second factors. mfa is a JSON document, empty for a user who has chosen nothing; seeds lie
-- in the sealed credential.

ALTER TABLE users ADD COLUMN mfa TEXT NOT NULL DEFAULT '';

-- Passkeys. record is sealed: the public key, the counter and what the authenticator said.
-- No two users of a pool have a credential of the same id.

CREATE TABLE passkeys (
	pool BIGINT NOT NULL,
	credential_id KEYTEXT NOT NULL,
	uid BYTES NOT NULL,
	version BIGINT NOT NULL,
	created BIGINT NOT NULL,
	record BYTES NOT NULL,
	PRIMARY KEY (pool, credential_id)
);

CREATE INDEX passkeys_by_user ON passkeys (pool, uid);

-- Devices that their users have confirmed. proof is sealed: the salt and the verifier of the
-- device's password. tokens is when the last refresh token that names the device has
-- expired; until then a device that was forgotten is a revoked family under its key.

CREATE TABLE devices (
	pool BIGINT NOT NULL,
	uid BYTES NOT NULL,
	device_key KEYTEXT NOT NULL,
	group_key TEXT NOT NULL,
	name TEXT NOT NULL,
	remembered SMALLINT NOT NULL,
	ip TEXT NOT NULL,
	created BIGINT NOT NULL,
	modified BIGINT NOT NULL,
	authenticated BIGINT NOT NULL,
	tokens BIGINT NOT NULL,
	proof BYTES NOT NULL,
	PRIMARY KEY (pool, uid, device_key)
);

-- What a proof that was spent still opens, once: empty for most.

ALTER TABLE spent ADD COLUMN next_step KEYTEXT NOT NULL DEFAULT '';

-- Groups. gid is never used again, so that a group that is made under the name of a deleted
-- one does not meet the old group's members.

CREATE TABLE groups_of_users (
	pool BIGINT NOT NULL,
	name KEYTEXT NOT NULL,
	gid BYTES NOT NULL,
	version BIGINT NOT NULL,
	config TEXT NOT NULL,
	PRIMARY KEY (pool, name)
);

CREATE TABLE members (
	pool BIGINT NOT NULL,
	gid BYTES NOT NULL,
	uid BYTES NOT NULL,
	PRIMARY KEY (pool, gid, uid)
) KEYED;

CREATE TABLE memberships (
	pool BIGINT NOT NULL,
	uid BYTES NOT NULL,
	name KEYTEXT NOT NULL,
	gid BYTES NOT NULL,
	PRIMARY KEY (pool, uid, name)
) KEYED;

-- What a pool holds besides clients and users: resource servers, identity providers,
-- brandings and the like. kind tells them apart; client is the app client that one belongs
-- to, empty for most; secret is sealed and may be empty. An alias is a further name that no
-- other resource of the kind and pool has.

CREATE TABLE resources (
	pool BIGINT NOT NULL,
	kind KEYTEXT NOT NULL,
	name KEYTEXT NOT NULL,
	client KEYTEXT NOT NULL,
	version BIGINT NOT NULL,
	config TEXT NOT NULL,
	secret BYTES NOT NULL,
	aliases TEXT NOT NULL,
	PRIMARY KEY (pool, kind, name)
);

CREATE INDEX resources_by_client ON resources (pool, client, kind, name);

CREATE TABLE resource_aliases (
	pool BIGINT NOT NULL,
	kind KEYTEXT NOT NULL,
	alias KEYTEXT NOT NULL,
	name KEYTEXT NOT NULL,
	PRIMARY KEY (pool, kind, alias)
) KEYED;

-- Domains belong to one pool among all pools.

CREATE TABLE domains (
	domain KEYTEXT NOT NULL,
	pool BIGINT NOT NULL,
	version BIGINT NOT NULL,
	config TEXT NOT NULL,
	PRIMARY KEY (domain)
);

CREATE INDEX domains_by_pool ON domains (pool, domain);

-- Request rates that were provisioned while the server runs, in calls per second.

CREATE TABLE request_rates (
	category KEYTEXT NOT NULL,
	rate BIGINT NOT NULL,
	PRIMARY KEY (category)
) KEYED;

-- Imports. created is in milliseconds; state is how far the import is. A blob is an upload, or
-- a log, in pieces, which are sealed. A pool has at most one import that is running.

CREATE TABLE imports (
	pool BIGINT NOT NULL,
	job_id KEYTEXT NOT NULL,
	version BIGINT NOT NULL,
	created BIGINT NOT NULL,
	config TEXT NOT NULL,
	state TEXT NOT NULL,
	PRIMARY KEY (pool, job_id)
);

CREATE INDEX imports_by_creation ON imports (pool, created, job_id);

CREATE TABLE running_imports (
	pool BIGINT NOT NULL,
	job_id KEYTEXT NOT NULL,
	PRIMARY KEY (pool)
);

CREATE TABLE blobs (
	pool BIGINT NOT NULL,
	owner KEYTEXT NOT NULL,
	seq BIGINT NOT NULL,
	piece BYTES NOT NULL,
	PRIMARY KEY (pool, owner, seq)
);

-- What happened when users signed in, signed up or recovered. Of two writes of an event the
-- one with the higher revision stands, whichever comes first. feedback is empty for none.

CREATE TABLE auth_events (
	pool BIGINT NOT NULL,
	uid BYTES NOT NULL,
	at BIGINT NOT NULL,
	event_id KEYTEXT NOT NULL,
	revision BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	event TEXT NOT NULL,
	feedback TEXT NOT NULL,
	PRIMARY KEY (pool, uid, at, event_id)
);

CREATE INDEX auth_events_by_expiry ON auth_events (pool, expires);

-- What a custom sign-in carries from challenge to challenge, where it is too much for a
-- Session. state is sealed.

CREATE TABLE custom_states (
	pool BIGINT NOT NULL,
	id BYTES NOT NULL,
	expires BIGINT NOT NULL,
	state BYTES NOT NULL,
	PRIMARY KEY (pool, id)
);

CREATE INDEX custom_states_by_expiry ON custom_states (pool, expires);
