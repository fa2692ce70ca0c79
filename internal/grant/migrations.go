package grant

import "embed"

// Migrations holds the tables of this package, for [db.Open]. Numbers 2026112330 to 2026112339 are its own.
//
//go:embed migrations/*.sql
var Migrations embed.FS
