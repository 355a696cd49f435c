-- One text for all engines. The words in capitals that are no SQL stand for what engines
-- spell differently (dialect.go): BYTES, a byte string; KEYTEXT, a text that is compared
-- byte by byte; KEYED, a table of short rows that is stored in the order of its key.
--
-- Times are milliseconds since 1970 UTC, 0 for none. Ids are made by the application.

-- Configuration, cached by every node.

CREATE TABLE pools (
	pool BIGINT NOT NULL,
	external_id KEYTEXT NOT NULL,
	version BIGINT NOT NULL,
	config TEXT NOT NULL,
	mfa TEXT NOT NULL,
	PRIMARY KEY (pool)
);

-- A pool's external id is free again the moment it is deleted.
CREATE TABLE pool_ids (
	external_id KEYTEXT NOT NULL,
	pool BIGINT NOT NULL,
	PRIMARY KEY (external_id)
) KEYED;

CREATE TABLE pool_keys (
	pool BIGINT NOT NULL,
	id_key BYTES NOT NULL,
	access_key BYTES NOT NULL,
	PRIMARY KEY (pool)
);

CREATE TABLE clients (
	client_id KEYTEXT NOT NULL,
	pool BIGINT NOT NULL,
	version BIGINT NOT NULL,
	config TEXT NOT NULL,
	secrets BYTES NOT NULL,
	PRIMARY KEY (client_id)
);

CREATE INDEX clients_by_pool ON clients (pool, client_id);

CREATE TABLE access_keys (
	id KEYTEXT NOT NULL,
	secret BYTES NOT NULL,
	owner TEXT NOT NULL,
	root SMALLINT NOT NULL,
	disabled SMALLINT NOT NULL,
	created BIGINT NOT NULL,
	PRIMARY KEY (id)
);

-- What the caches of all nodes poll. Rows live for an hour.
CREATE TABLE changes (
	at BIGINT NOT NULL,
	id BIGINT NOT NULL,
	scope KEYTEXT NOT NULL,
	external_id KEYTEXT NOT NULL,
	PRIMARY KEY (at, id)
) KEYED;

-- Users. The row is the truth; user_keys and user_attrs are derived from it in the same
-- transaction.

CREATE TABLE users (
	pool BIGINT NOT NULL,
	uid BYTES NOT NULL,
	version BIGINT NOT NULL,
	sub KEYTEXT NOT NULL,
	username TEXT NOT NULL,
	status SMALLINT NOT NULL,
	enabled SMALLINT NOT NULL,
	created BIGINT NOT NULL,
	modified BIGINT NOT NULL,
	auth_after BIGINT NOT NULL,
	credential BYTES NOT NULL,
	attributes TEXT NOT NULL,
	pending TEXT NOT NULL,
	names BYTES NOT NULL,
	PRIMARY KEY (pool, uid)
);

CREATE INDEX users_by_state ON users (pool, enabled, status, uid);

CREATE TABLE user_keys (
	pool BIGINT NOT NULL,
	kind SMALLINT NOT NULL,
	value KEYTEXT NOT NULL,
	uid BYTES NOT NULL,
	PRIMARY KEY (pool, kind, value)
) KEYED;

CREATE TABLE user_attrs (
	pool BIGINT NOT NULL,
	attr SMALLINT NOT NULL,
	value KEYTEXT NOT NULL,
	uid BYTES NOT NULL,
	PRIMARY KEY (pool, attr, value, uid)
) KEYED;

CREATE TABLE user_counts (
	pool BIGINT NOT NULL,
	shard SMALLINT NOT NULL,
	n BIGINT NOT NULL,
	PRIMARY KEY (pool, shard)
) KEYED;

-- Short-lived rows. Readers judge expires; deletion only reclaims the space.

CREATE TABLE codes (
	pool BIGINT NOT NULL,
	uid BYTES NOT NULL,
	purpose KEYTEXT NOT NULL,
	attribute KEYTEXT NOT NULL,
	medium TEXT NOT NULL,
	destination TEXT NOT NULL,
	hash BYTES NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	PRIMARY KEY (pool, uid, purpose, attribute)
) KEYED;

CREATE INDEX codes_by_expiry ON codes (pool, expires);

CREATE TABLE attempts (
	pool BIGINT NOT NULL,
	uid BYTES NOT NULL,
	kind KEYTEXT NOT NULL,
	version BIGINT NOT NULL,
	n BIGINT NOT NULL,
	last BIGINT NOT NULL,
	until BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	PRIMARY KEY (pool, uid, kind)
) KEYED;

CREATE INDEX attempts_by_expiry ON attempts (pool, expires);

CREATE TABLE families (
	pool BIGINT NOT NULL,
	uid BYTES NOT NULL,
	origin_jti KEYTEXT NOT NULL,
	generation BIGINT NOT NULL,
	grace_until BIGINT NOT NULL,
	revoked SMALLINT NOT NULL,
	expires BIGINT NOT NULL,
	PRIMARY KEY (pool, uid, origin_jti)
) KEYED;

CREATE INDEX families_by_expiry ON families (pool, expires);

CREATE TABLE spent (
	proof BYTES NOT NULL,
	until BIGINT NOT NULL,
	PRIMARY KEY (proof)
) KEYED;

CREATE INDEX spent_by_expiry ON spent (until);

CREATE TABLE jobs (
	id BYTES NOT NULL,
	kind KEYTEXT NOT NULL,
	version BIGINT NOT NULL,
	due BIGINT NOT NULL,
	leased_until BIGINT NOT NULL,
	node TEXT NOT NULL,
	failures BIGINT NOT NULL,
	trouble TEXT NOT NULL,
	state BYTES NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX jobs_by_due ON jobs (kind, due);
