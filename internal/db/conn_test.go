package db_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

// TestWritersAreServedInTheOrderOfArrival: database/sql hands the one connection to any of those who wait, so that under load
// some would wait until they give up.
func TestWritersAreServedInTheOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dbtest.Open(t)
		hold, held := make(chan struct{}), make(chan struct{})
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if err := d.Update(t.Context(), func(*db.Conn) error { close(held); <-hold; return nil }); err != nil {
				t.Error(err)
			}
		})
		<-held
		var order []int // one at a time writes
		for i := range 30 {
			waiting.Go(func() {
				if err := d.Update(t.Context(), func(*db.Conn) error { order = append(order, i); return nil }); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // it is in the queue
		}
		close(hold)
		waiting.Wait()
		if len(order) != 30 || !slices.IsSorted(order) {
			t.Errorf("served in the order %v", order)
		}
	})
}
