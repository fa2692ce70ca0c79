package grant

import (
	"context"
	"database/sql"
	"errors"

	"github.com/cloakroom/cloakroom/internal/db"
)

func insertClient(ctx context.Context, tx *db.Conn, c Client, hash []byte) error {
	r, err := tx.Exec(ctx, "INSERT INTO clients (id, label, secret_hash, created) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		c.ID, c.Label, hash, c.Created.UnixNano())
	return oneRow("add a client", r, err, ErrClientTaken)
}

func deleteClient(ctx context.Context, tx *db.Conn, id string) error {
	r, err := tx.Exec(ctx, "DELETE FROM clients WHERE id = $1", id)
	return oneRow("remove a client", r, err, ErrNoClient)
}

// oneRow turns "no row was changed" into an error of its own.
func oneRow(what string, r sql.Result, err, none error) error {
	if err != nil {
		return storeError(what, err)
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		return none
	}
	return storeError(what, err)
}

func findClient(ctx context.Context, q *db.Conn, id string) (c Client, hash []byte, err error) {
	var created int64
	err = q.QueryRow(ctx, "SELECT id, label, secret_hash, created FROM clients WHERE id = $1", id).Scan(&c.ID, &c.Label, &hash, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return Client{}, nil, ErrNoClient
	}
	c.Created = stamp(created)
	return c, hash, storeError("find a client", err)
}

func listClients(ctx context.Context, q *db.Conn) ([]Client, error) {
	const what = "list clients"
	rows, err := q.Query(ctx, "SELECT id, label, created FROM clients ORDER BY created, id")
	if err != nil {
		return nil, storeError(what, err)
	}
	defer rows.Close()
	var all []Client
	for rows.Next() {
		var c Client
		var created int64
		if err := rows.Scan(&c.ID, &c.Label, &created); err != nil {
			return nil, storeError(what, err)
		}
		c.Created = stamp(created)
		all = append(all, c)
	}
	return all, storeError(what, rows.Err())
}

// SessionsOfClient returns the handles of the sessions that live for a client.
func (g *Families) SessionsOfClient(ctx context.Context, q *db.Conn, clientID string) ([]string, error) {
	const what = "list the sessions of a client"
	rows, err := q.Query(ctx, "SELECT DISTINCT session_handle FROM refresh_families WHERE client_id = $1 AND ended = 0 ORDER BY session_handle", clientID)
	if err != nil {
		return nil, storeError(what, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var handle string
		if err := rows.Scan(&handle); err != nil {
			return nil, storeError(what, err)
		}
		all = append(all, handle)
	}
	return all, storeError(what, rows.Err())
}
