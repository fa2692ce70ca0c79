-- Programs with a secret of their own. Times are unix nanoseconds, UTC.

-- +goose Up
CREATE TABLE clients (
	id          TEXT    NOT NULL PRIMARY KEY,
	label       TEXT    NOT NULL, -- for people
	secret_hash BLOB    NOT NULL, -- SHA-256 of the secret's 43 characters
	created     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE clients;
