-- The feed of revocations. Times are unix nanoseconds, UTC.

-- +goose Up
-- The number of what happened last. Each transaction that adds to the feed takes its numbers here and holds the row until it commits: so numbers
-- come into sight in their order and without a gap, on every database.
CREATE TABLE feed_head (
	one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	seq INTEGER NOT NULL
) STRICT;
INSERT INTO feed_head (one, seq) VALUES (1, 0);

CREATE TABLE feed_entries (
	seq        INTEGER NOT NULL PRIMARY KEY,
	kind       TEXT    NOT NULL CHECK (kind IN ('session', 'account', 'key')),
	sid        TEXT    NOT NULL DEFAULT '', -- of a session: its handle
	sub        TEXT    NOT NULL DEFAULT '', -- of a session and an account: the account
	kid        TEXT    NOT NULL DEFAULT '', -- of a key
	at         INTEGER NOT NULL,
	not_before INTEGER NOT NULL DEFAULT 0,  -- of an account: tokens issued before are dead
	reason     TEXT    NOT NULL DEFAULT '',
	until      INTEGER NOT NULL             -- no token lives any more that it can concern
) STRICT;
CREATE INDEX feed_entries_until ON feed_entries (until);

-- When the newest access token of the family expires. What was issued before this column was there lived for an hour at most.
ALTER TABLE refresh_families ADD COLUMN access_until INTEGER NOT NULL DEFAULT 0;
UPDATE refresh_families SET access_until = min(expires, (unixepoch() + 3600) * 1000000000) WHERE ended = 0;

-- Sessions that ended in the last hour, before there was a feed.
INSERT INTO feed_entries (seq, kind, sid, sub, at, reason, until)
	SELECT row_number() OVER (ORDER BY ended, id), 'session', session_handle, subject, ended, end_reason, ended + 3660000000000
	FROM refresh_families WHERE ended > (unixepoch() - 3660) * 1000000000;
UPDATE feed_head SET seq = (SELECT count(*) FROM feed_entries);

-- +goose Down
ALTER TABLE refresh_families DROP COLUMN access_until;
DROP TABLE feed_entries;
DROP TABLE feed_head;
