-- +goose Up
-- One chain a node: hash covers the record and the hash of the one before it. at is unix nanoseconds.
create table journal (
	node       text    not null,
	seq        integer not null,
	at         integer not null,
	actor      text    not null,
	action     text    not null,
	subject    text    not null,
	detail     text    not null,
	request_id text    not null,
	hash       blob    not null,
	primary key (node, seq)
);

-- The newest record of each chain, so that a chain that lost its end is noticed.
create table journal_heads (
	node text    not null primary key,
	seq  integer not null,
	at   integer not null,
	hash blob    not null
);

-- A person is shown what happened to their account.
create index journal_subject on journal (node, subject, seq);
