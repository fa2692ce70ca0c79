package session_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

func TestOptions(t *testing.T) {
	if _, err := session.New(nil, nil); err == nil {
		t.Error("no store: no error")
	}
	rows := []struct {
		story string
		o     *session.Options
		want  string // part of the error; "" is none
	}{
		{"nil", nil, ""},
		{"all defaults", &session.Options{}, ""},
		{"an idle limit above the default lifetime", &session.Options{Idle: 48 * time.Hour}, ""},
		{"a name that other hosts could set", &session.Options{CookieName: "session"}, "want a name that begins with __Host-"},
		{"a name that is none", &session.Options{CookieName: "__Host-a b"}, "CookieName"},
		{"idle too short", &session.Options{Idle: time.Millisecond}, "Idle: got 1ms, want at least 1s"},
		{"negative idle", &session.Options{Idle: -1}, "Idle: got -1ns"},
		{"lifetime below idle", &session.Options{Lifetime: time.Minute}, "Lifetime: got 1m0s, want at least Idle, 1h0m0s"},
		{"lifetime for ever", &session.Options{Lifetime: 1 << 62}, "Lifetime: got"},
		{"remembered longer than browsers do", &session.Options{Remember: 401 * 24 * time.Hour}, "Remember: got 9624h0m0s"},
		{"remembered for less than a second", &session.Options{Remember: 1}, "Remember: got 1ns"},
		{"no sessions at all", &session.Options{MaxPerSubject: -1}, "MaxPerSubject: got -1"},
		{"no data at all", &session.Options{MaxData: -1}, "MaxData: got -1"},
		{"touches too rare", &session.Options{TouchEvery: time.Hour}, "TouchEvery: got 1h0m0s, want 1ms to Idle/10, 6m0s"},
		{"touches too often", &session.Options{TouchEvery: 1}, "TouchEvery: got 1ns"},
		{"a level that there is not", &session.Options{Level: 4}, "Level: got 4"},
		{"every error at once", &session.Options{Level: 4, MaxData: -1}, "MaxData: got -1, want at least 1\nsession: Level"},
	}
	for _, row := range rows {
		m, err := session.New(memstore.New(), row.o)
		switch {
		case row.want == "" && err == nil:
			_ = m.Close()
		case row.want == "" || err == nil || !strings.Contains(err.Error(), row.want) || m != nil:
			t.Errorf("%s: %v, want %q", row.story, err, row.want)
		}
	}
}

// Limits beyond what NIST recommends at the level are warned of (SE-17).
func TestWarnings_SE17(t *testing.T) {
	const day = 24 * time.Hour
	with := func(o *session.Options, change func(*session.Options)) *session.Options { change(o); return o }
	rows := []struct {
		story string
		o     *session.Options
		want  []string // begins of the warnings
	}{
		{"default", nil, nil},
		{"AAL1", session.AAL1(), nil},
		{"AAL2", session.AAL2(), nil},
		{"AAL3", session.AAL3(), nil},
		{"AAL1, 31 days", &session.Options{Lifetime: 31 * day, Remember: 31 * day}, []string{"Lifetime is 744h", "Remember is 744h"}},
		{"AAL2, longer", with(session.AAL2(), func(o *session.Options) { o.Idle, o.Lifetime = 2*time.Hour, 25*time.Hour }), []string{"Idle is 2h", "Lifetime is 25h"}},
		{"AAL2, remembered", with(session.AAL2(), func(o *session.Options) { o.Remember = 0 }), []string{"Remember is 720h"}},
		{"AAL3, longer", with(session.AAL3(), func(o *session.Options) { o.Idle = 16 * time.Minute }), []string{"Idle is 16m"}},
	}
	for _, row := range rows {
		m, err := session.New(memstore.New(), row.o)
		if err != nil {
			t.Fatal(row.story, err)
		}
		got := m.Warnings()
		if len(got) != len(row.want) {
			t.Errorf("%s: %q, want %q", row.story, got, row.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], "session: "+row.want[i]) {
				t.Errorf("%s: %q, want %q", row.story, got[i], row.want[i])
			}
		}
		if m.Store() == nil {
			t.Error("no store")
		}
		_ = m.Close()
	}
}

// Remember-me that is switched off signs in all the same.
func TestRememberSwitchedOff(t *testing.T) {
	b := &browser{t: t, m: newManager(t, nil, session.Options{Remember: -1})}
	b.must(func(s *session.Session) error {
		if err := s.SignIn(t.Context(), session.SignIn{Subject: "alice", Remember: true}); err != nil {
			return err
		}
		if r := s.Record(); r.Remember || r.Idle != time.Hour {
			t.Errorf("%+v", r)
		}
		return nil
	})
	if b.last.MaxAge != 0 {
		t.Error("the cookie outlives the browser")
	}
}

// The program may answer for a store that is down in its own way.
func TestOnError(t *testing.T) {
	store := &spy{Store: memstore.New()}
	store.all.Store(true)
	m := newManager(t, store, session.Options{OnError: func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, "sorry: "+err.Error(), http.StatusBadGateway)
	}})
	b := &browser{t: t, m: m}
	w := b.do(func(s *session.Session) error { return session.Set(s, "x", 1) })
	if w.Code != 502 || !strings.Contains(w.Body.String(), "sorry: session: save: disk on fire") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}
