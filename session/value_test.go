package session_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// roundTrip sets a value in one request and gets it in the next.
func roundTrip[T any](t *testing.T, v T) {
	t.Helper()
	b := &browser{t: t, m: newManager(t, nil, session.Options{})}
	b.must(func(s *session.Session) error { return session.Set(s, "v", v) })
	b.must(func(s *session.Session) error {
		if got, ok := session.Get[T](s, "v"); !ok || !reflect.DeepEqual(got, v) {
			t.Errorf("%T: got %#v %v, want %#v", v, got, ok, v)
		}
		return nil
	})
}

func TestValuesOfAllTypes(t *testing.T) {
	for _, s := range []string{"", "plain", `quo"ted\`, "<&>", "여보세요", "\x00\n\x7f", "\u2028"} {
		roundTrip(t, s)
	}
	for _, i := range []int64{0, 1, -1, 999999999999999999, 1000000000000000000, math.MaxInt64, math.MinInt64} {
		roundTrip(t, i)
		roundTrip(t, int(i))
	}
	roundTrip(t, true)
	roundTrip(t, false)
	roundTrip(t, 1.5)
	roundTrip(t, uint64(math.MaxUint64))
	roundTrip(t, []byte{0, 1, 255})
	roundTrip(t, map[string][]int{"a": {1, 2}, "b": nil})
	type cart struct {
		Items []string
		Total int `json:"total"`
	}
	roundTrip(t, cart{[]string{"tea"}, 3})
	roundTrip(t, &cart{Total: 1})
	roundTrip[*int](t, nil)
}

func TestValueErrors(t *testing.T) {
	m := newManager(t, nil, session.Options{MaxData: 100})
	s, err := m.LoadKey(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 100)
	for story, row := range map[string]struct{ got, want error }{
		"no name":               {session.Set(s, "", 1), session.ErrName},
		"a name of 256 bytes":   {session.Set(s, strings.Repeat("n", 256), 1), session.ErrName},
		"a function":            {session.Set(s, "f", func() {}), session.ErrValue},
		"not a number":          {session.Set(s, "f", math.NaN()), session.ErrValue},
		"text that is no UTF-8": {session.Set(s, "s", "\xff"), session.ErrValue},
		"more than MaxData":     {session.Set(s, "s", long), session.ErrTooLarge},
		"Update past MaxData":   {session.Update(s, "s", func(string) string { return long }), session.ErrTooLarge},
		"exactly MaxData":       {session.Set(s, "s", long[:94]), nil}, // 1 + 1+1 + 1+(2+94) = 100
	} {
		if !errors.Is(row.got, row.want) {
			t.Errorf("%s: %v, want %v", story, row.got, row.want)
		}
	}
	if err := session.Set(s, "s", long[:95]); err == nil || !strings.Contains(err.Error(), "got 101 bytes, limit 100") {
		t.Errorf("one byte too many: %v", err)
	}
	if err := session.Update(s, "s", func(n int) int { return n + 1 }); !errors.Is(err, session.ErrValue) {
		t.Errorf("Update of a text as a number: %v, want ErrValue", err)
	}
	if _, ok := session.Get[int](s, "s"); ok {
		t.Error("Get of a text as a number: ok")
	}
	if v, ok := session.Get[string](s, "s"); !ok || v != long[:94] {
		t.Errorf("after the errors: %q, want what was there", v)
	}
	if v, ok := session.Get[string](s, "absent"); ok || v != "" {
		t.Errorf("absent: %q, %v", v, ok)
	}
}

// A visitor of whom there is nothing to keep costs the store nothing.
func TestAnonymousSessionIsStoredOnlyWithData(t *testing.T) {
	store := &spy{Store: memstore.New()}
	b := &browser{t: t, m: newManager(t, store, session.Options{})}
	b.must(func(s *session.Session) error {
		if !s.New() || s.Handle() != "" || s.Subject() != "" || !s.ExpiresAt().IsZero() || !s.IdleAt().IsZero() ||
			!s.AuthTime().IsZero() || s.AMR() != nil || !reflect.DeepEqual(s.Record(), session.Record{}) {
			t.Error("a new session is not empty")
		}
		return nil
	})
	b.must(func(s *session.Session) error {
		if err := session.Set(s, "x", 1); err != nil {
			return err
		}
		s.Delete("x")
		s.Delete("y")
		return nil
	})
	if store.calls.Load() != 0 || b.last != nil {
		t.Fatalf("%d calls of the store, cookie %v; want none", store.calls.Load(), b.last)
	}
	b.must(func(s *session.Session) error { return session.Set(s, "x", 1) })
	if store.calls.Load() != 1 || b.cookie == "" {
		t.Fatalf("%d calls of the store, want 1", store.calls.Load())
	}
	b.must(func(s *session.Session) error {
		if s.New() || s.Subject() != "" || s.Handle() == "" || !s.AuthTime().IsZero() {
			t.Error("not an anonymous session")
		}
		s.Delete("x")
		return nil
	})
	b.must(func(s *session.Session) error {
		if _, ok := session.Get[int](s, "x"); ok || s.New() {
			t.Error("Delete did not delete, or ended the session")
		}
		return nil
	})
}

// Requests at once each add one and set a name of their own: nothing is lost, on one node or on two.
func TestNoLostUpdate(t *testing.T) {
	for _, nodes := range []int{1, 2} {
		store := memstore.New()
		var ms []*session.Manager
		for range nodes {
			ms = append(ms, newManager(t, store, session.Options{}))
		}
		b := &browser{t: t, m: ms[0]}
		b.signIn("alice")
		const n = 100
		parallel(n, func(i int) {
			mine := &browser{t: t, m: ms[i%nodes], cookie: b.cookie}
			if w := mine.do(func(s *session.Session) error {
				if err := session.Update(s, "sum", func(n int) int { return n + 1 }); err != nil {
					return err
				}
				return session.Set(s, "mine"+string(rune('0'+i)), i)
			}); w.Code != 200 {
				t.Errorf("%d: %d %s", i, w.Code, w.Body)
			}
		})
		fresh := &browser{t: t, m: newManager(t, store, session.Options{}), cookie: b.cookie}
		fresh.must(func(s *session.Session) error {
			if sum, _ := session.Get[int](s, "sum"); sum != n {
				t.Errorf("%d nodes: sum %d, want %d", nodes, sum, n)
			}
			for i := range n {
				if v, ok := session.Get[int](s, "mine"+string(rune('0'+i))); !ok || v != i {
					t.Errorf("%d nodes: value %d is lost", nodes, i)
				}
			}
			if v := s.Record().Version; v != n+1 {
				t.Errorf("%d nodes: version %d, want %d", nodes, v, n+1)
			}
			return nil
		})
	}
}

// Records of an older schema are migrated: version 0 of the data was a JSON object.
func TestOlderDataIsMigrated(t *testing.T) {
	rows := []struct {
		story string
		data  string
		want  error // nil: name "tea", visits 3
	}{
		{"version 0", `{"name":"tea","visits":3}`, nil},
		{"version 0 with spaces", "{ \"visits\" : 3 ,\n\"name\": \"tea\" }", nil},
		{"version 1", "\x01\x04name\x05\"tea\"\x06visits\x013", nil},
		{"a newer version", "\x02\x04name\x05\"tea\"", session.ErrData},
		{"version 0, cut off", `{"name":"tea","vis`, session.ErrData},
		{"version 0, a name twice", `{"name":"tea","name":"coffee"}`, session.ErrData},
		{"version 0, more behind it", `{"name":"tea"}{}`, session.ErrData},
		{"version 1, cut off", "\x01\x04name\x05\"te", session.ErrData},
		{"version 1, a name twice", "\x01\x01a\x011\x01a\x012", session.ErrData},
		{"version 1, no JSON", "\x01\x01a\x01x", session.ErrData},
		{"version 1, a length in too many bytes", "\x01\x81\x00a\x011", session.ErrData},
		{"version 1, no name", "\x01\x00\x011", session.ErrData},
	}
	for _, row := range rows {
		store := memstore.New()
		b := &browser{t: t, m: newManager(t, store, session.Options{CacheBytes: -1})}
		b.signIn("alice")
		key, _ := session.KeyOf(b.cookie)
		rec, err := store.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		rec.Data = []byte(row.data)
		if err := store.Commit(t.Context(), session.Change{Put: []session.Record{rec}}); err != nil {
			t.Fatal(err)
		}
		s, err := b.m.LoadKey(t.Context(), b.cookie)
		if !errors.Is(err, row.want) || err == nil && row.want != nil {
			t.Errorf("%s: %v, want %v", row.story, err, row.want)
		}
		if row.want != nil {
			if w := b.do(nil); w.Code != 503 { // fail closed
				t.Errorf("%s: status %d, want 503", row.story, w.Code)
			}
			continue
		}
		check := func(visits int) {
			t.Helper()
			name, _ := session.Get[string](s, "name")
			if v, _ := session.Get[int](s, "visits"); name != "tea" || v != visits {
				t.Errorf("%s: %q, %d; want tea, %d", row.story, name, v, visits)
			}
		}
		check(3)
		if err := session.Update(s, "visits", func(n int) int { return n + 1 }); err != nil {
			t.Errorf("%s: %v", row.story, err)
		}
		if err := s.Save(t.Context()); err != nil {
			t.Errorf("%s: %v", row.story, err)
		}
		if s, err = b.m.LoadKey(t.Context(), b.cookie); err != nil {
			t.Fatal(err)
		}
		check(4)
		if d := s.Record().Data; d[0] != 1 {
			t.Errorf("%s: saved as %q, want version 1", row.story, d)
		}
	}
}
