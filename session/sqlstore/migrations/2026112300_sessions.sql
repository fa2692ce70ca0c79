-- +goose Up
-- Times are unix nanoseconds, null for the zero time. key is the SHA-256 of the session id.
create table sessions (
	id        integer primary key,
	key       blob    not null unique,
	handle    text    not null unique,
	subject   text    not null,
	version   integer not null,
	created   integer,
	auth_time integer,
	seen      integer,
	idle      integer not null,
	expires   integer,
	remember  integer not null,
	kind      integer not null,
	amr       text    not null,
	device    text    not null,
	data      blob
);
create index sessions_subject on sessions (subject, created);

-- What remains of a session that ended, for thirty days. autoincrement: a number is never given twice, so followers miss nothing.
create table endings (
	seq     integer primary key autoincrement,
	key     blob    not null unique,
	handle  text    not null,
	subject text    not null,
	created integer,
	seen    integer,
	at      integer not null,
	reason  text    not null
);
create index endings_handle on endings (handle);
create index endings_subject on endings (subject, seq);
