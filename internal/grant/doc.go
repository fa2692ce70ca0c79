// Package grant keeps what lets a program stay signed in without a cookie: the keys that sign access tokens,
// and the families of refresh tokens.
//
// Everything here is stored so that a copy of the database is worth nothing by itself. Signing keys lie wrapped under
// the secret file ([LoadSecret], [OpenKeys]); of a refresh token only its SHA-256 is kept, and its successor sealed
// under a key that only the holder of the token itself can derive ([Families]).
//
// All changes happen inside the caller's transaction. The stored formats are written down in docs/formats.md.
package grant
