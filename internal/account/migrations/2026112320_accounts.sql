-- People, what they may, and the ways in. Times are unix nanoseconds UTC. Written for SQLite and PostgreSQL.

-- +goose Up
CREATE TABLE accounts (
	id                  TEXT     NOT NULL PRIMARY KEY,
	email               TEXT     NOT NULL UNIQUE, -- canonical
	email_trusted       SMALLINT NOT NULL,        -- verified, or written by an administrator
	name                TEXT     NOT NULL,
	admin               SMALLINT NOT NULL,
	disabled            SMALLINT NOT NULL,
	password_hash       TEXT     NOT NULL,        -- argon2id, '' = cannot sign in by password
	password_changed_at BIGINT   NOT NULL,
	created_at          BIGINT   NOT NULL
);

CREATE TABLE account_groups (
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	name       TEXT NOT NULL,
	PRIMARY KEY (account_id, name)
);

-- One-time links. The token itself is not stored.
CREATE TABLE account_links (
	token_hash  TEXT     NOT NULL PRIMARY KEY, -- SHA-256, base64url
	kind        TEXT     NOT NULL,
	email       TEXT     NOT NULL,
	groups_json TEXT     NOT NULL,
	admin       SMALLINT NOT NULL,
	account_id  TEXT     NOT NULL, -- '' unless the link is for an account
	created_at  BIGINT   NOT NULL,
	expires_at  BIGINT   NOT NULL
);
CREATE INDEX account_links_expires ON account_links (expires_at);
CREATE INDEX account_links_account ON account_links (account_id);

-- Failed sign-ins in a row. Addresses without an account have rows of the same kind, so that they are answered alike. Hashed, because
-- people type passwords into the address field.
CREATE TABLE account_failures (
	bucket   TEXT   NOT NULL PRIMARY KEY, -- SHA-256, base64url
	failures BIGINT NOT NULL,
	last_at  BIGINT NOT NULL
);
CREATE INDEX account_failures_last ON account_failures (last_at);

-- +goose Down
DROP TABLE account_failures;
DROP TABLE account_links;
DROP TABLE account_groups;
DROP TABLE accounts;
