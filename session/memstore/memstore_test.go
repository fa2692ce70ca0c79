package memstore_test

import (
	"testing"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
	"github.com/cloakroom/cloakroom/session/sessiontest"
)

func TestStore(t *testing.T) {
	sessiontest.Run(t, func(*testing.T) session.Store { return memstore.New() })
}
