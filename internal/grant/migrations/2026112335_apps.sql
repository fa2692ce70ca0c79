-- Apps on hosts of their own. Times are unix nanoseconds, UTC.

-- +goose Up
-- A session cookie of an app's host. It has no limits of its own: it is another name for the person's session.
CREATE TABLE app_sessions (
	key     BLOB    NOT NULL PRIMARY KEY, -- the SHA-256 of the id in the cookie
	parent  TEXT    NOT NULL,             -- the handle of the person's session
	subject TEXT    NOT NULL,
	host    TEXT    NOT NULL,             -- the only host at which it holds
	created INTEGER NOT NULL,
	until   INTEGER NOT NULL              -- nothing is known of the parent any more
) STRICT;
CREATE INDEX app_sessions_parent ON app_sessions (parent, host, created);
CREATE INDEX app_sessions_subject ON app_sessions (subject);
CREATE INDEX app_sessions_until ON app_sessions (until);

-- One-time codes by which a browser takes a sign-in from the sign-in's host to an app's.
CREATE TABLE app_codes (
	hash    BLOB    NOT NULL PRIMARY KEY, -- the SHA-256 of the code
	parent  TEXT    NOT NULL,
	subject TEXT    NOT NULL,
	host    TEXT    NOT NULL,
	path    TEXT    NOT NULL,             -- where the person wanted to go there
	visit   BLOB    NOT NULL,             -- the SHA-256 of the id in that browser's visit cookie at the app's host
	created INTEGER NOT NULL
) STRICT;
CREATE INDEX app_codes_created ON app_codes (created);

-- +goose Down
DROP TABLE app_codes;
DROP TABLE app_sessions;
