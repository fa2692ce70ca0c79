package journal

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

// Verify works out every chain in the database anew, and compares it with the heads that are known from elsewhere, if given: those that were signed
// and logged. The error names the first record that is not what it was and is [ErrBroken]; other errors mean that the
// journal could not be read. It takes less than 10 µs a record and no memory.
func (j *Journal) Verify(ctx context.Context, q *db.Conn, known ...Head) error {
	if err := lostChains(ctx, q); err != nil {
		return err
	}
	// One statement reads one state of the database, whatever is appended meanwhile.
	rows, err := q.Query(ctx, "select "+columns+", h.seq, h.at, h.hash from journal j left join journal_heads h on h.node = j.node order by j.node, j.seq")
	if err != nil {
		return &Error{Err: err}
	}
	defer rows.Close()
	var readErr error
	err = verify(func(yield func(Record, Head) bool) {
		for rows.Next() {
			var head Head
			var seq, at sql.NullInt64
			r, err := scan(rows, &seq, &at, (*hashColumn)(&head.Hash))
			if err != nil {
				readErr = err
				return
			}
			head.Node, head.Seq, head.At = r.Node, seq.Int64, time.Unix(0, at.Int64)
			if !yield(r, head) {
				return
			}
		}
		readErr = rows.Err()
	}, known)
	if readErr != nil {
		return &Error{Err: readErr}
	}
	return err
}

// lostChains looks for heads whose chain is gone altogether.
func lostChains(ctx context.Context, q *db.Conn) error {
	var node string
	var seq int64
	err := q.QueryRow(ctx, "select node, seq from journal_heads h where not exists (select 1 from journal j where j.node = h.node) order by node").Scan(&node, &seq)
	switch err {
	case sql.ErrNoRows:
		return nil
	case nil:
		return broken(node, 1, "it is missing, and all after it: the head is record %d", seq)
	}
	return &Error{Err: err}
}

// verify goes through records in the order of node and number, each with the head of its chain.
func verify(records iter.Seq2[Record, Head], known []Head) error {
	type place struct {
		node string
		seq  int64
	}
	want := map[place]Hash{}
	for _, h := range known {
		if h.Seq == 0 {
			continue // nothing was written yet
		}
		if other, twice := want[place{h.Node, h.Seq}]; twice && other != h.Hash {
			return broken(h.Node, h.Seq, "two heads that are known for it differ")
		}
		want[place{h.Node, h.Seq}] = h.Hash
	}

	var last Record
	var head Head
	for r, h := range records {
		if r.Node != last.Node || last.Seq == 0 {
			if err := ends(last, head); err != nil {
				return err
			}
			last, head = Record{Node: r.Node}, h
		}
		if r.Seq != last.Seq+1 {
			return broken(r.Node, last.Seq+1, "it is missing: %d follows %d", r.Seq, last.Seq)
		}
		if r.Hash != r.hash(last.Hash) {
			return broken(r.Node, r.Seq, "it does not match its hash")
		}
		if hash, ok := want[place{r.Node, r.Seq}]; ok {
			if hash != r.Hash {
				return broken(r.Node, r.Seq, "it is not the one whose head is known: it or one before it was replaced")
			}
			delete(want, place{r.Node, r.Seq})
		}
		last = r
	}
	if err := ends(last, head); err != nil {
		return err
	}
	for p := range want {
		return broken(p.node, p.seq, "it is missing, although its head is known: the end of the chain was cut off")
	}
	return nil
}

// ends compares the last record of a chain with its head.
func ends(last Record, head Head) error {
	switch {
	case last.Seq == 0:
		return nil // before the first chain
	case head.Seq == 0:
		return broken(last.Node, last.Seq, "its chain has no head")
	case head.Seq > last.Seq:
		return broken(last.Node, last.Seq+1, "it is missing: the head is record %d", head.Seq)
	case head.Seq < last.Seq || head.Hash != last.Hash || !head.At.Equal(last.At):
		return broken(last.Node, last.Seq, "the head is another one: record %d", head.Seq)
	}
	return nil
}

func broken(node string, seq int64, format string, args ...any) error {
	return &Error{Node: node, Seq: seq, Err: ErrBroken, Reason: fmt.Sprintf(format, args...)}
}
