package db_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// Time here is that of a bubble of testing/synctest: it passes when all wait.
const tick = 200 * time.Millisecond

type watched struct {
	changed chan struct{}
	lost    chan error
	ended   chan struct{}
	stop    context.CancelFunc
}

func watch(t *testing.T, d *db.DB) *watched {
	ctx, cancel := context.WithCancel(t.Context())
	w := &watched{make(chan struct{}, 100), make(chan error, 100), make(chan struct{}), cancel}
	go func() {
		defer close(w.ended)
		d.Watch(ctx, tick, func() { w.changed <- struct{}{} }, func(err error) { w.lost <- err })
	}()
	t.Cleanup(func() { cancel(); <-w.ended })
	return w
}

func (w *watched) wantChanged(t *testing.T, after string) {
	t.Helper()
	select {
	case <-w.changed:
	case err := <-w.lost:
		t.Fatalf("after %s: lost %v, want changed", after, err)
	case <-time.After(testenv.Soon): // everybody must know within a second
		t.Fatalf("after %s: nothing, want changed", after)
	}
}

func (w *watched) wantLost(t *testing.T, after string) error {
	t.Helper()
	select {
	case err := <-w.lost:
		return err
	case <-time.After(testenv.Soon): // everybody must know within a second
		t.Fatalf("after %s: nothing, want lost", after)
		return nil
	}
}

// wantQuiet waits for a minute: three hundred looks.
func (w *watched) wantQuiet(t *testing.T, after string) {
	t.Helper()
	select {
	case <-w.changed:
		t.Fatalf("after %s: changed, want nothing", after)
	case err := <-w.lost:
		t.Fatalf("after %s: lost %v, want nothing", after, err)
	case <-time.After(time.Minute):
	}
}

func TestWatchTellsForeignCommitsFromOwn(t *testing.T) {
	synctest.Test(t, testWatchTellsForeignCommitsFromOwn)
}

func testWatchTellsForeignCommitsFromOwn(t *testing.T) {
	d := dbtest.Open(t, things)
	other := dbtest.Again(t, d, things)
	w := watch(t, d)
	w.wantQuiet(t, "opening")
	for _, name := range []string{"own1", "own2"} {
		if err := add(t, d, name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Writer().Exec("insert into things (name) values ('own3')"); err != nil {
		t.Fatal(err)
	}
	names(t, d)
	if _, err := d.Writer().Exec("pragma wal_checkpoint(truncate)"); err != nil {
		t.Fatal(err)
	}
	w.wantQuiet(t, "own commits and an own checkpoint")
	if err := add(t, other, "theirs1"); err != nil {
		t.Fatal(err)
	}
	w.wantChanged(t, "a foreign commit")
	w.wantQuiet(t, "that")
	if err := add(t, other, "theirs2"); err != nil {
		t.Fatal(err)
	}
	if err := add(t, d, "own4"); err != nil { // Update itself sees it first
		t.Fatal(err)
	}
	w.wantChanged(t, "a foreign commit with an own one behind it")
	names(t, other)
	w.wantQuiet(t, "a foreign read")
}

func TestWatchSeesWhatWasCommittedSinceOpen(t *testing.T) {
	synctest.Test(t, testWatchSeesWhatWasCommittedSinceOpen)
}

func testWatchSeesWhatWasCommittedSinceOpen(t *testing.T) {
	d := dbtest.Open(t, things)
	other := dbtest.Again(t, d, things)
	if err := add(t, other, "theirs"); err != nil {
		t.Fatal(err)
	}
	if err := add(t, d, "own"); err != nil {
		t.Fatal(err)
	}
	watch(t, d).wantChanged(t, "a commit between Open and Watch")
}

// A broken writer connection is replaced by database/sql without a word; its data_version begins anew.
func TestWatchTakesANewConnectionForAChange(t *testing.T) {
	synctest.Test(t, testWatchTakesANewConnectionForAChange)
}

func testWatchTakesANewConnectionForAChange(t *testing.T) {
	d := dbtest.Open(t, things)
	w := watch(t, d)
	w.wantQuiet(t, "opening")
	d.Writer().SetMaxIdleConns(0) // closes the connection whenever it is given back
	w.wantChanged(t, "a new writer connection")
}

func TestWatchIsLostAndRecovers(t *testing.T) { synctest.Test(t, testWatchIsLostAndRecovers) }

func testWatchIsLostAndRecovers(t *testing.T) {
	d, faults := dbtest.OpenFaulty(t, things)
	w := watch(t, d)
	w.wantQuiet(t, "opening")
	gone := errors.New("disk gone")
	faults.Set(func(db.Op) error { return gone })
	if err := w.wantLost(t, "a fault"); !errors.Is(err, gone) {
		t.Errorf("got %v, want %v", err, gone)
	}
	w.wantQuiet(t, "being told once")
	faults.Set(nil)
	w.wantChanged(t, "recovering")
	w.wantQuiet(t, "that")
}

func TestWatchIsLostWhenTheFileIsReplaced(t *testing.T) {
	synctest.Test(t, testWatchIsLostWhenTheFileIsReplaced)
}

func testWatchIsLostWhenTheFileIsReplaced(t *testing.T) {
	d := dbtest.Open(t, things)
	w := watch(t, d)
	aside := filepath.Join(t.TempDir(), "aside.db")
	if err := os.Rename(d.Path(), aside); err != nil {
		t.Fatal(err)
	}
	if err := w.wantLost(t, "moving the file away"); !errors.Is(err, db.ErrReplaced) {
		t.Errorf("got %v, want %v", err, db.ErrReplaced)
	}
	if err := d.Ping(t.Context()); !errors.Is(err, db.ErrReplaced) {
		t.Errorf("ping: got %v, want %v", err, db.ErrReplaced)
	}
	if err := os.Rename(aside, d.Path()); err != nil {
		t.Fatal(err)
	}
	w.wantChanged(t, "moving it back")
	if err := d.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWatchIsLostWhileTheWriterIsHeldTooLong(t *testing.T) {
	synctest.Test(t, testWatchIsLostWhileTheWriterIsHeldTooLong)
}

func testWatchIsLostWhileTheWriterIsHeldTooLong(t *testing.T) {
	d := dbtest.Open(t, things)
	w := watch(t, d)
	err := d.Update(t.Context(), func(*db.Conn) error {
		if err := w.wantLost(t, "a long transaction"); !errors.Is(err, db.ErrBusy) {
			t.Errorf("got %v, want %v", err, db.ErrBusy)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.wantChanged(t, "its end")
}

func TestWatchEndsWithTheDatabase(t *testing.T) { synctest.Test(t, testWatchEndsWithTheDatabase) }

func testWatchEndsWithTheDatabase(t *testing.T) {
	d := dbtest.Open(t, things)
	w := watch(t, d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	<-w.ended
	select {
	case err := <-w.lost:
		t.Errorf("lost %v, want a quiet end", err)
	default:
	}
}
