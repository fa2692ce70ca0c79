package journal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)

func appendAll(t testing.TB, d *db.DB, j *Journal, entries ...Entry) {
	t.Helper()
	for _, e := range entries {
		if err := d.Update(t.Context(), func(tx *db.Conn) error { return j.Append(t.Context(), tx, e) }); err != nil {
			t.Fatal(err)
		}
	}
}

func entry(i int) Entry {
	return Entry{At: noon.Add(time.Duration(i) * time.Second), Actor: "admin", Action: "session.end", Subject: fmt.Sprintf("account-%d", i),
		Detail: fmt.Sprintf(`{"n":%d}`, i), RequestID: "r1"}
}

func TestAppendAndRead(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	j := New("a")
	if h, err := j.Head(t.Context(), d.View()); err != nil || h != (Head{Node: "a"}) {
		t.Errorf("empty: got head %v, %v", h, err)
	}
	if err := j.Verify(t.Context(), d.View()); err != nil {
		t.Errorf("empty: %v", err)
	}
	local := time.FixedZone("x", 3600)
	for i := range 10 {
		e := entry(i)
		e.At = e.At.In(local)
		appendAll(t, d, j, e)
		appendAll(t, d, New("b"), entry(i))
	}
	for _, tc := range []struct {
		story string
		list  func() ([]Record, error)
		want  string
	}{
		{"newest first", func() ([]Record, error) { return j.List(t.Context(), d.View(), 0, 3) }, "10 9 8"},
		{"the next page", func() ([]Record, error) { return j.List(t.Context(), d.View(), 8, 3) }, "7 6 5"},
		{"the last page", func() ([]Record, error) { return j.List(t.Context(), d.View(), 2, 3) }, "1"},
		{"following", func() ([]Record, error) { return j.After(t.Context(), d.View(), 7, 100) }, "8 9 10"},
		{"nothing new", func() ([]Record, error) { return j.After(t.Context(), d.View(), 10, 100) }, ""},
	} {
		rs, err := tc.list()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rs {
			got = append(got, fmt.Sprint(r.Seq))
			if r.Entry != entry(int(r.Seq)-1) || r.Node != "a" {
				t.Errorf("%s: got %v, want %v", tc.story, r, entry(int(r.Seq)-1))
			}
		}
		if g := strings.Join(got, " "); g != tc.want {
			t.Errorf("%s: got %q, want %q", tc.story, g, tc.want)
		}
	}
	if h, err := j.Head(t.Context(), d.View()); err != nil || h.Seq != 10 || !h.At.Equal(entry(9).At) || h.Hash == (Hash{}) {
		t.Errorf("got head %v, %v", h, err)
	}
	if err := j.Verify(t.Context(), d.View()); err != nil {
		t.Error(err)
	}
}

func TestAppendIsPartOfTheTransaction(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	j := New("a")
	appendAll(t, d, j, entry(0))
	no := errors.New("no")
	err := d.Update(t.Context(), func(tx *db.Conn) error {
		if err := j.Append(t.Context(), tx, entry(1)); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	if h, err := j.Head(t.Context(), d.View()); err != nil || h.Seq != 1 {
		t.Errorf("got head %d, %v, want 1", h.Seq, err)
	}
	if err := j.Append(t.Context(), d.View(), entry(1)); err == nil {
		t.Error("appended without a transaction")
	}
	if err := j.Verify(t.Context(), d.View()); err != nil {
		t.Error(err)
	}
}

func TestTwoProcessesShareAChain(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	other := dbtest.Again(t, d, Migrations)
	j := New("a")
	var wg sync.WaitGroup
	for _, x := range []*db.DB{d, d, other, other} {
		wg.Go(func() {
			for i := range 25 {
				if err := x.Update(t.Context(), func(tx *db.Conn) error { return j.Append(t.Context(), tx, entry(i)) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if err := j.Verify(t.Context(), d.View()); err != nil {
				t.Errorf("while others append: %v", err)
			}
		}
	})
	wg.Wait()
	if h, _ := j.Head(t.Context(), d.View()); h.Seq != 100 {
		t.Errorf("got %d records, want 100", h.Seq)
	}
	if err := j.Verify(t.Context(), d.View()); err != nil {
		t.Error(err)
	}
}

func TestAppendRefusesWhatCannotBeShown(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	long := strings.Repeat("x", MaxText+1)
	for _, tc := range []struct {
		story  string
		change func(*Entry)
		want   string
	}{
		{"no action", func(e *Entry) { e.Action = "" }, "action"},
		{"an action with a space", func(e *Entry) { e.Action = "session end" }, "action"},
		{"a line feed in the subject", func(e *Entry) { e.Subject = "x\n2026-11-23 admin session.end" }, "control"},
		{"an escape sequence in the request id", func(e *Entry) { e.RequestID = "\x1b[2J" }, "control"},
		{"C1 controls in the actor", func(e *Entry) { e.Actor = "a\u0085b" }, "control"},
		{"no UTF-8", func(e *Entry) { e.Actor = "\xff" }, "UTF-8"},
		{"a long subject", func(e *Entry) { e.Subject = long }, "got 1025 bytes, limit 1024"},
		{"a detail that is no JSON", func(e *Entry) { e.Detail = "{" }, "JSON"},
		{"a detail that is no object", func(e *Entry) { e.Detail = `"x"` }, "JSON"},
		{"a detail on two lines", func(e *Entry) { e.Detail = "{\n}" }, "JSON"},
		{"a detail that is not UTF-8", func(e *Entry) { e.Detail = "{\"a\":\"\xff\"}" }, "JSON"},
		{"a long detail", func(e *Entry) { e.Detail = `{"a":"` + strings.Repeat("x", MaxDetail) + `"}` }, "limit 8192"},
		{"a year that has no nanoseconds", func(e *Entry) { e.At = time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC) }, "2500"},
	} {
		e := entry(0)
		tc.change(&e)
		err := d.Update(t.Context(), func(tx *db.Conn) error { return New("a").Append(t.Context(), tx, e) })
		if !errors.Is(err, ErrEntry) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %v with %q", tc.story, err, ErrEntry, tc.want)
		} else if strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%s: the error repeats the control characters: %q", tc.story, err)
		}
	}
	if h, _ := New("a").Head(t.Context(), d.View()); h.Seq != 0 {
		t.Error("something was written")
	}
}

func TestAnEntryWithoutATimeIsNow(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	e := entry(0)
	e.At = time.Time{}
	err := d.Update(t.Context(), func(tx *db.Conn) error { return New("a").append(t.Context(), tx, e, noon) })
	if err != nil {
		t.Fatal(err)
	}
	if h, _ := New("a").Head(t.Context(), d.View()); !h.At.Equal(noon) {
		t.Errorf("got %v, want %v", h.At, noon)
	}
}

func TestARecordIsOneLineOfASCII(t *testing.T) {
	detail, err := Detail(map[string]any{"agent": "x\n\x1b[31m\u202e\u2028안나", "html": "<b>"})
	if err != nil {
		t.Fatal(err)
	}
	r := Record{Node: "a", Seq: 1, Entry: Entry{At: noon, Actor: "안나", Action: "x", Subject: "a\" actor=\"admin", Detail: detail}}
	s := r.String()
	for _, c := range s {
		if c < ' ' || c > '~' {
			t.Fatalf("got %q in %q", c, s)
		}
	}
	if !strings.HasPrefix(s, `"a" 1 2026-11-23T12:00:00.123456789Z actor="\uc548\ub098" action="x" subject="a\" actor=\"admin"`) {
		t.Errorf("got %s", s)
	}
	if _, err := Detail(make(chan int)); !errors.Is(err, ErrEntry) {
		t.Errorf("got %v, want %v", err, ErrEntry)
	}
}

// The vector of docs/formats.md, worked out by another program.
func TestTheFormatStays(t *testing.T) {
	r := Record{Node: "node-1", Seq: 1, Entry: Entry{At: noon, Actor: "admin", Action: "session.end", Subject: "account-1", Detail: `{"n":1}`, RequestID: "r1"}}
	first := r.hash(Hash{})
	r.Seq = 2
	second := r.hash(first)
	h := Head{Node: "node-1", Seq: 2, Hash: second, At: noon}
	for _, tc := range []struct{ what, got, want string }{
		{"first hash", hex.EncodeToString(first[:]), wantFirst},
		{"second hash", hex.EncodeToString(second[:]), wantSecond},
		{"head", hex.EncodeToString(h.Bytes()), wantHead},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.what, tc.got, tc.want)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	d := dbtest.Open(b, Migrations)
	j := New("a")
	err := d.Update(b.Context(), func(tx *db.Conn) error {
		for b.Loop() {
			if err := j.Append(b.Context(), tx, entry(1)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

const (
	wantFirst  = "71c64e91b6dca6f278928b3d27d0de91d6abf4a1cd8609e9a671093091093ea9"
	wantSecond = "758b708d33a74c591a3094b1165cd6fabe64f2efa04bc5ce7b138ca8284c05d6"
	wantHead   = "0000000000000019636c6f616b726f6f6d206a6f75726e616c206865616420763100000000000000066e6f64652d31000000000000000218eaaacd48974d15758b708d33a74c591a3094b1165cd6fabe64f2efa04bc5ce7b138ca8284c05d6"
)
