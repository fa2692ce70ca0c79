-- Signing keys and refresh families. Times are unix nanoseconds, UTC; 0 is "never" or "not yet".

-- +goose Up
CREATE TABLE signing_keys (
	kid          TEXT    NOT NULL PRIMARY KEY,
	alg          TEXT    NOT NULL,
	state        TEXT    NOT NULL CHECK (state IN ('next', 'active', 'retired')),
	wrapped      BLOB    NOT NULL, -- private JWK, docs/formats.md
	created      INTEGER NOT NULL,
	not_before   INTEGER NOT NULL, -- signs nothing before
	retired      INTEGER NOT NULL DEFAULT 0,
	verify_until INTEGER NOT NULL DEFAULT 0 -- a retired key still verifies until then
) STRICT;

-- Never two signers.
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (state) WHERE state = 'active';

CREATE TABLE refresh_families (
	id             TEXT    NOT NULL PRIMARY KEY,
	version        INTEGER NOT NULL, -- compare and swap
	session_handle TEXT    NOT NULL,
	subject        TEXT    NOT NULL,
	client_id      TEXT    NOT NULL,
	scope          TEXT    NOT NULL,
	started        INTEGER NOT NULL,
	expires        INTEGER NOT NULL, -- absolute
	newest         INTEGER NOT NULL, -- number of the newest token
	rotated        INTEGER NOT NULL, -- when it was made
	ended          INTEGER NOT NULL DEFAULT 0,
	end_reason     TEXT    NOT NULL DEFAULT '',
	forgotten      INTEGER NOT NULL DEFAULT 0 -- 1: expired, and its old hashes are deleted
) STRICT;

CREATE INDEX refresh_families_session ON refresh_families (session_handle);
CREATE INDEX refresh_families_subject ON refresh_families (subject);
CREATE INDEX refresh_families_expires ON refresh_families (forgotten, expires);

CREATE TABLE refresh_tokens (
	hash       BLOB    NOT NULL PRIMARY KEY, -- SHA-256 of the token
	family     TEXT    NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
	generation INTEGER NOT NULL,
	successor  BLOB, -- the next token, sealed under a key derived from this one
	UNIQUE (family, generation)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE refresh_tokens;
DROP TABLE refresh_families;
DROP TABLE signing_keys;
