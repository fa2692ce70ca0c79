package sqlstore_test

import (
	"testing"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sessiontest"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

func open(t testing.TB) (*sqlstore.Store, *db.DB) {
	t.Helper()
	d := dbtest.Open(t, sqlstore.Migrations)
	s, err := sqlstore.New(d.Writer(), &sqlstore.Options{Reader: d.Reader()})
	if err != nil {
		t.Fatal(err)
	}
	return s, d
}

func TestStore(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T) session.Store {
		s, _ := open(t)
		return s
	})
}
