package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sqlstore"
	_ "modernc.org/sqlite"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "app.db")+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := sqlstore.Migrate(ctx, db); err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(db, nil)
	if err != nil {
		log.Fatal(err)
	}
	// sessions, err := session.New(store, nil)

	rs, err := store.List(ctx, "ann")
	fmt.Println(len(rs), err)
	// Output: 0 <nil>
}

// A change of sessions in one transaction with something else: both happen or neither.
func ExampleStore_In() {
	changePassword := func(ctx context.Context, db *sql.DB, store *sqlstore.Store, ann, hash string) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if _, err := tx.ExecContext(ctx, "update people set hash = ? where id = ?", hash, ann); err != nil {
			return err
		}
		sessions := store.In(tx)
		old, err := sessions.List(ctx, ann)
		if err != nil {
			return err
		}
		var change session.Change
		for _, r := range old {
			change.End = append(change.End, r.Ending(session.PasswordChanged, time.Now().UTC()))
		}
		if err := sessions.Commit(ctx, change); err != nil {
			return err
		}
		return tx.Commit()
	}
	_ = changePassword
}
