-- A signing key is for access tokens or for the feed of revocations, and a key that verifies no more says so.

-- +goose Up
CREATE TABLE signing_keys_new (
	kid          TEXT    NOT NULL PRIMARY KEY,
	purpose      TEXT    NOT NULL DEFAULT 'token' CHECK (purpose IN ('token', 'feed')),
	alg          TEXT    NOT NULL,
	state        TEXT    NOT NULL CHECK (state IN ('next', 'active', 'retired', 'dropped')),
	wrapped      BLOB    NOT NULL, -- private JWK, docs/formats.md; of a dropped key, nothing
	created      INTEGER NOT NULL, -- and published
	not_before   INTEGER NOT NULL, -- signs nothing before
	retired      INTEGER NOT NULL DEFAULT 0,
	verify_until INTEGER NOT NULL DEFAULT 0 -- of a retired and a dropped key: verifies then, and not after
) STRICT;
INSERT INTO signing_keys_new (kid, alg, state, wrapped, created, not_before, retired, verify_until)
	SELECT kid, alg, state, wrapped, created, not_before, retired, verify_until FROM signing_keys;
DROP TABLE signing_keys;
ALTER TABLE signing_keys_new RENAME TO signing_keys;

-- Never two signers, and never a doubt which key is next.
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (purpose) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (purpose) WHERE state = 'next';

-- +goose Down
DELETE FROM signing_keys WHERE purpose = 'feed' OR state = 'dropped';
DROP INDEX signing_keys_active;
DROP INDEX signing_keys_next;
CREATE TABLE signing_keys_old (
	kid          TEXT    NOT NULL PRIMARY KEY,
	alg          TEXT    NOT NULL,
	state        TEXT    NOT NULL CHECK (state IN ('next', 'active', 'retired')),
	wrapped      BLOB    NOT NULL,
	created      INTEGER NOT NULL,
	not_before   INTEGER NOT NULL,
	retired      INTEGER NOT NULL DEFAULT 0,
	verify_until INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO signing_keys_old SELECT kid, alg, state, wrapped, created, not_before, retired, verify_until FROM signing_keys;
DROP TABLE signing_keys;
ALTER TABLE signing_keys_old RENAME TO signing_keys;
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (state) WHERE state = 'active';
