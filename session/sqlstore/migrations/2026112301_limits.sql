-- +goose Up
-- The instant after which a session is over, worked out by the database from what is stored (session.Record.Limit says the same in Go),
-- so that a sweep reads what it ends and no more.
alter table sessions add column ends integer generated always as
	(case when idle > 0 and seen + idle < expires then seen + idle else expires end) virtual;
create index sessions_ends on sessions (ends);
create index endings_at on endings (at);
