package sessiontest_test

import (
	"testing"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
	"github.com/cloakroom/cloakroom/session/sessiontest"
)

// A store's own test file needs no more than this.
func ExampleRun() {
	testStore := func(t *testing.T) {
		sessiontest.Run(t, func(t *testing.T) session.Store { return memstore.New() })
	}
	_ = testStore
}
