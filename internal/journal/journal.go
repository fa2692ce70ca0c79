// Package journal writes down who did what, in the transaction that does it, so that there is neither a deed without a record nor a record without
// its deed.
//
//	j := journal.New("node-1")
//	err := d.Update(ctx, func(tx *db.Conn) error {
//		… disable the account …
//		return j.Append(ctx, tx, journal.Entry{At: now, Actor: admin.ID, Action: "account.disable", Subject: account.ID})
//	})
//
// Records are chained by SHA-256 (docs/formats.md): whoever changes, removes or reorders one is found by [Journal.Verify], unless they can write the
// database and work out the whole rest of the chain anew. Against that the application signs the [Head] each minute and logs it outside of the
// database; give such heads to Verify.
//
// Names of people do not belong here, only account ids: a record cannot be erased later.
package journal

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

// Migrations are for db.Open.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Entry is what somebody did.
type Entry struct {
	At        time.Time // the zero time is now
	Actor     string    // account id; "" is nobody known, "system" the server itself, "cli" the command
	Action    string    // "session.end": lower-case letters, digits, dots, hyphens
	Subject   string    // whom or what it was done to: an id or a public handle
	Detail    string    // a JSON object, see [Detail], or "". No secrets
	RequestID string
}

// Record is an Entry with its place in the chain.
type Record struct {
	Node string
	Seq  int64 // from 1, without gaps
	Entry
	Hash Hash
}

// String is the record on one line of ASCII: nothing in it can look like another line, or turn the direction of the text.
func (r Record) String() string {
	detail := r.Detail
	if detail == "" {
		detail = "{}"
	}
	return fmt.Sprintf("%+q %d %s actor=%+q action=%+q subject=%+q request=%+q detail=%+q",
		r.Node, r.Seq, r.At.UTC().Format(time.RFC3339Nano), r.Actor, r.Action, r.Subject, r.RequestID, detail)
}

// Detail makes an Entry's Detail of a struct or map, with encoding/json.
func Detail(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", &Error{Err: ErrEntry, Reason: "detail: " + err.Error()}
	}
	return string(b), nil
}

// Journal appends to the chain of one node and reads them all. It has no state: several processes may append to the same chain.
type Journal struct{ node string }

// New returns the journal of a node: a name that stays the same over restarts.
func New(node string) *Journal { return &Journal{node} }

// Append adds an entry in the caller's transaction, which must be a writing one ([db.DB.Update]). An entry that could not be read back safely gives
// [ErrEntry]; the caller lets the transaction fail, for what is not written down must not happen.
func (j *Journal) Append(ctx context.Context, tx *db.Conn, e Entry) error {
	return j.append(ctx, tx, e, time.Now())
}

func (j *Journal) append(ctx context.Context, tx *db.Conn, e Entry, now time.Time) error {
	if tx.SQLTx() == nil {
		return &Error{Node: j.node, Err: errors.New("append needs a transaction")}
	}
	if e.At.IsZero() {
		e.At = now
	}
	e.At = e.At.UTC().Round(0)
	if err := e.check(j.node); err != nil {
		return err
	}
	head, err := j.Head(ctx, tx)
	if err != nil {
		return err
	}
	r := Record{Node: j.node, Seq: head.Seq + 1, Entry: e}
	r.Hash = r.hash(head.Hash)
	_, err = tx.Exec(ctx, "insert into journal (node, seq, at, actor, action, subject, detail, request_id, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		r.Node, r.Seq, r.At.UnixNano(), r.Actor, r.Action, r.Subject, r.Detail, r.RequestID, r.Hash[:])
	if err != nil {
		return &Error{Node: j.node, Seq: r.Seq, Err: err}
	}
	_, err = tx.Exec(ctx, "insert into journal_heads (node, seq, at, hash) values ($1, $2, $3, $4) "+
		"on conflict (node) do update set seq = excluded.seq, at = excluded.at, hash = excluded.hash",
		r.Node, r.Seq, r.At.UnixNano(), r.Hash[:])
	if err != nil {
		return &Error{Node: j.node, Seq: r.Seq, Err: err}
	}
	return nil
}

// Head returns the newest link of this node's chain; Seq 0 and a zero Hash if it has none.
func (j *Journal) Head(ctx context.Context, q *db.Conn) (Head, error) {
	h := Head{Node: j.node}
	var at int64
	err := q.QueryRow(ctx, "select seq, at, hash from journal_heads where node = $1", j.node).Scan(&h.Seq, &at, (*hashColumn)(&h.Hash))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return h, nil
	case err != nil:
		return Head{}, &Error{Node: j.node, Err: err}
	}
	h.At = time.Unix(0, at).UTC()
	return h, nil
}

const columns = "j.node, j.seq, j.at, j.actor, j.action, j.subject, j.detail, j.request_id, j.hash"

// List returns at most limit records of this node, newest first, from below the number before (0: from the newest).
func (j *Journal) List(ctx context.Context, q *db.Conn, before int64, limit int) ([]Record, error) {
	return j.query(ctx, q, "select "+columns+" from journal j where node = $1 and ($2 <= 0 or seq < $2) order by seq desc limit $3", before, limit)
}

// After returns at most limit records of this node, oldest first, above the number after: for following the journal.
func (j *Journal) After(ctx context.Context, q *db.Conn, after int64, limit int) ([]Record, error) {
	return j.query(ctx, q, "select "+columns+" from journal j where node = $1 and seq > $2 order by seq limit $3", after, limit)
}

func (j *Journal) query(ctx context.Context, q *db.Conn, query string, bound any, limit int) (rs []Record, err error) {
	rows, err := q.Query(ctx, query, j.node, bound, limit)
	if err != nil {
		return nil, &Error{Node: j.node, Err: err}
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, &Error{Node: j.node, Err: err}
		}
		rs = append(rs, r)
	}
	if err := rows.Err(); err != nil {
		return nil, &Error{Node: j.node, Err: err}
	}
	return rs, nil
}

func scan(rows *sql.Rows, more ...any) (r Record, err error) {
	var at int64
	dst := []any{&r.Node, &r.Seq, &at, &r.Actor, &r.Action, &r.Subject, &r.Detail, &r.RequestID, (*hashColumn)(&r.Hash)}
	if err := rows.Scan(append(dst, more...)...); err != nil {
		return Record{}, err
	}
	r.At = time.Unix(0, at).UTC()
	return r, nil
}

// hashColumn scans 32 bytes. Any other length cannot be a hash: it becomes the zero hash, which Verify refuses with the record's name.
type hashColumn Hash

func (h *hashColumn) Scan(src any) error {
	*h = hashColumn{}
	if b, ok := src.([]byte); ok && len(b) == len(h) {
		copy(h[:], b)
	}
	return nil
}
