package session_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// Ids are 256 random bits and meaningless; no bit is fixed and none comes twice (ASVS 7.2.3, SE-01, SE-02).
func TestIDs_V7_2_3_SE01_SE02(t *testing.T) {
	const n = 20_000
	m := newManager(t, nil, session.Options{MaxPerSubject: 10 * n})
	seen := make(map[string]bool, 2*n)
	var ones [256]int
	for i := range n {
		p, err := m.PlanSignIn(t.Context(), memstore.New(), session.SignIn{Subject: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		id := m.Cookie(p).Value
		raw, err := base64.RawURLEncoding.Strict().DecodeString(id)
		if err != nil || len(raw) != 32 {
			t.Fatalf("id of %d bytes, %v", len(raw), err)
		}
		if seen[id] || seen[p.Record.Handle] || len(p.Record.Handle) != 22 || strings.Contains(id, p.Record.Handle) {
			t.Fatalf("id or handle %d is not new", i)
		}
		seen[id], seen[p.Record.Handle] = true, true
		for bit := range ones {
			ones[bit] += int(raw[bit/8] >> (bit % 8) & 1)
		}
	}
	chi := 0.0 // of 256 bits; 99.9999 % of good sources stay below 380
	for _, k := range ones {
		d := float64(k) - n/2.0
		chi += d * d / (n / 4.0)
	}
	if chi > 380 {
		t.Errorf("chi-square of the bits is %.0f, limit 380", chi)
	}
}

// The id is taken from one channel of five (SE-04).
func TestIDOnlyFromTheCookie_SE04(t *testing.T) {
	b := &browser{t: t, m: newManager(t, nil, session.Options{})}
	b.signIn("alice")
	id, pair := b.cookie, "__Host-session="+b.cookie
	request := func(method, target, body string, header ...string) *http.Request {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		return r
	}
	const here = "https://example.test/"
	rows := []struct {
		story string
		r     *http.Request
		want  string
	}{
		{"cookie", request("GET", here, "", "Cookie", pair), "alice"},
		{"query", request("GET", here+"?"+url.QueryEscape("__Host-session")+"="+id, ""), "no-credentials"},
		{"path", request("GET", here+";"+pair, ""), "no-credentials"},
		{"form", request("POST", here, pair, "Content-Type", "application/x-www-form-urlencoded"), "no-credentials"},
		{"header", request("GET", here, "", "__Host-session", id, "X-Session", id, "Authorization", "Bearer "+id), "no-credentials"},
		{"a cookie of another name", request("GET", here, "", "Cookie", "session="+id), "no-credentials"},
	}
	for _, row := range rows {
		s, err := b.m.Load(row.r)
		if err != nil {
			t.Fatal(err)
		}
		got := s.Subject()
		if s.New() {
			why, _ := s.WhyNew()
			got = string(why)
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.story, got, row.want)
		}
	}
}

// Chosen ids are not adopted, whatever they look like: what is stored gets an id of ours (SE-03, CV-27, T7).
func TestChosenIDsAreNeverAdopted_SE03_CV27(t *testing.T) {
	store := &spy{Store: memstore.New()}
	m := newManager(t, store, session.Options{})
	known := &browser{t: t, m: m}
	known.signIn("alice")
	wellFormed := 0
	for i := range 10_000 {
		var raw [32]byte
		_, _ = rand.Read(raw[:])
		id := base64.RawURLEncoding.EncodeToString(raw[:])
		switch i % 5 {
		case 1:
			id = strings.Repeat(string(id[0]), i%80)
		case 2:
			id = known.cookie[:42] + string(known.cookie[42]+1) // unused bits set
		case 3:
			id = fmt.Sprint(i)
		case 4:
			id = known.cookie[:20] + "." + known.cookie[21:]
		default:
			wellFormed++
		}
		loads := store.called("load")
		b := &browser{t: t, m: m, cookie: id}
		b.must(func(s *session.Session) error {
			if !s.New() {
				t.Errorf("%q was adopted", id)
			}
			return session.Set(s, "x", 1)
		})
		if b.cookie == id {
			t.Errorf("%q was kept", id)
		}
		if key, ok := session.KeyOf(id); ok {
			if _, err := store.Store.Load(t.Context(), key); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%q is in the store: %v", id, err)
			}
		} else if store.called("load") != loads {
			t.Errorf("malformed id %q reached the store", id)
		}
		if i > 500 {
			store.mu.Lock()
			store.names = nil // or counting takes long
			store.mu.Unlock()
		}
	}
	if wellFormed != 2000 {
		t.Errorf("%d well-formed ids", wellFormed)
	}
}

// Two session cookies, or one whose name differs in case: none is believed (T10).
func TestDoubledCookie_T10(t *testing.T) {
	var log bytes.Buffer
	m := newManager(t, nil, session.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	one, two := &browser{t: t, m: m}, &browser{t: t, m: m}
	one.signIn("alice")
	two.signIn("mallory")
	for story, lines := range map[string][]string{
		"two in a line":            {"__Host-session=" + one.cookie + "; __Host-session=" + two.cookie},
		"two lines":                {"__Host-session=" + one.cookie, "__Host-session=" + two.cookie},
		"the same one twice":       {"__Host-session=" + one.cookie + "; __Host-session=" + one.cookie},
		"one in another case":      {"__Host-session=" + one.cookie + "; __host-session=" + two.cookie},
		"only one in another case": {"__HOST-session=" + two.cookie},
	} {
		log.Reset()
		r := httptest.NewRequest("GET", "https://example.test/", nil)
		r.Header["Cookie"] = lines
		s, err := m.Load(r)
		if err != nil {
			t.Errorf("%s: %v", story, err)
			continue
		}
		if why, e := s.WhyNew(); why != session.DuplicateCookie || e != nil || !s.New() {
			t.Errorf("%s: %q, want duplicate-cookie", story, why)
		}
		if !strings.Contains(log.String(), "cookie.duplicate") {
			t.Errorf("%s: log %q", story, &log)
		}
	}
	one.wantWho("alice")
}

// A header over the limits is an error of its own, not "no session" (DESIGN: limits before work).
func TestCookieHeaderOverTheLimits(t *testing.T) {
	m := newManager(t, nil, session.Options{})
	b := &browser{t: t, m: m}
	b.signIn("alice")
	for story, row := range map[string]struct {
		line string
		want error
	}{
		"too many cookies": {strings.Repeat("a=b; ", cookie.MaxCookies) + "__Host-session=" + b.cookie, cookie.ErrTooMany},
		"too many bytes":   {"a=" + strings.Repeat("b", cookie.MaxHeader) + "; __Host-session=" + b.cookie, cookie.ErrHeaderTooLarge},
	} {
		r := httptest.NewRequest("GET", "https://example.test/", nil)
		r.Header.Set("Cookie", row.line)
		if s, err := m.Load(r); s != nil || !errors.Is(err, row.want) {
			t.Errorf("%s: %v, %v; want %v", story, s, err, row.want)
		}
		w := httptest.NewRecorder()
		handler(m, func(*session.Session, http.ResponseWriter, *http.Request) error {
			t.Error("the handler was called")
			return nil
		}).ServeHTTP(w, r)
		if w.Code != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: status %d, want 431", story, w.Code)
		}
	}
}

// What happens to sessions is logged; their ids are not, nor anything they could be had from (SE-11).
func TestLogKnowsNoIDs_SE11(t *testing.T) {
	var log bytes.Buffer
	store := &spy{Store: memstore.New()}
	m := newManager(t, store, session.Options{
		Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Device: func(r *http.Request) string { return r.UserAgent() },
	})
	var ids []string
	for i := range 1000 {
		b := &browser{t: t, m: m}
		b.signIn(fmt.Sprint("account", i))
		ids = append(ids, b.cookie)
		b.must(func(s *session.Session) error { return s.Renew(t.Context()) })
		ids = append(ids, b.cookie)
		b.must(func(s *session.Session) error { return s.End(t.Context(), session.SignedOut) })
		unknown := make([]byte, 32)
		_, _ = rand.Read(unknown)
		b.cookie = base64.RawURLEncoding.EncodeToString(unknown)
		ids = append(ids, b.cookie)
		b.wantWho("unknown-session")
		store.all.Store(true)
		b.do(nil)
		store.all.Store(false)
	}
	text := log.String()
	for _, event := range []string{"session.signin", "session.renew", "session.end", "session.unknown", "session.error"} {
		if !strings.Contains(text, `"`+event+`"`) {
			t.Errorf("no %s in the log", event)
		}
	}
	secrets := make(map[string]bool)
	for _, id := range ids {
		key, _ := session.KeyOf(id)
		raw, _ := base64.RawURLEncoding.DecodeString(id)
		for _, secret := range []string{id, fmt.Sprintf("%x", raw), base64.StdEncoding.EncodeToString(raw),
			fmt.Sprintf("%x", key), base64.RawURLEncoding.EncodeToString(key[:]), fmt.Sprintf("%x", key[:6])} {
			secrets[secret] = true
		}
	}
	for i := range text {
		for _, n := range []int{12, 43, 44, 64} {
			if i+n <= len(text) && secrets[text[i:i+n]] {
				t.Fatalf("the log has %q of an id", text[i:i+n])
			}
		}
	}
}

// Another device is a signal in the log, and no reason to refuse (SE-08).
func TestAnotherDeviceIsLogged_SE08(t *testing.T) {
	var log bytes.Buffer
	m := newManager(t, nil, session.Options{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Device: func(r *http.Request) string { return r.UserAgent() },
	})
	p, err := m.SignIn(t.Context(), session.SignIn{Subject: "alice", Device: "Firefox"})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range []struct {
		agent string
		want  int // events so far
	}{{"Firefox", 0}, {"Firefox", 0}, {"curl", 1}, {"curl", 1}, {"Firefox", 1}, {"curl", 2}} {
		r := httptest.NewRequest("GET", "https://example.test/", nil)
		r.AddCookie(m.Cookie(p))
		r.Header.Set("User-Agent", row.agent)
		s, err := m.Load(r)
		if err != nil || s.Subject() != "alice" {
			t.Fatalf("step %d: refused: %v", i, err)
		}
		if got := strings.Count(log.String(), "session.device"); got != row.want {
			t.Errorf("step %d: %d events, want %d", i, got, row.want)
		}
	}
}

// LoadKey is the same without http.
func TestLoadKey(t *testing.T) {
	b := &browser{t: t, m: newManager(t, nil, session.Options{})}
	b.signIn("alice")
	for id, want := range map[string]session.Reason{
		b.cookie: "", "": session.NoCredentials, "short": session.UnknownSession,
		strings.Repeat("A", 43): session.UnknownSession,
	} {
		s, err := b.m.LoadKey(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if why, _ := s.WhyNew(); why != want || (want == "") != (s.Subject() == "alice") {
			t.Errorf("%q: %q %q, want %q", id, s.Subject(), why, want)
		}
	}
}

// LoadHandle is the same for a session that a token names; the store is asked once.
func TestLoadHandle(t *testing.T) {
	store := &spy{Store: memstore.New()}
	m := newManager(t, store, session.Options{})
	p, err := m.SignIn(t.Context(), session.SignIn{Subject: "alice", Kind: session.Token})
	if err != nil {
		t.Fatal(err)
	}
	want := func(handle, subject string, reason session.Reason, finds int) {
		t.Helper()
		before := store.called("find") + store.called("load")
		s, err := m.LoadHandle(t.Context(), handle)
		if err != nil {
			t.Fatal(err)
		}
		if why, e := s.WhyNew(); s.Subject() != subject || why != reason || (e != nil) != (reason == session.EndedByAdmin) {
			t.Errorf("%q: %q %q %v, want %q %q", handle, s.Subject(), why, e, subject, reason)
		}
		if n := store.called("find") + store.called("load") - before; n != finds {
			t.Errorf("%q: %d reads of the store, want %d", handle, n, finds)
		}
	}
	want("", "", session.NoCredentials, 0)
	want("never heard of", "", session.UnknownSession, 1)
	want(p.Record.Handle, "alice", "", 1)
	want(p.Record.Handle, "alice", "", 0)
	if _, err := m.EndAll(t.Context(), nil, "alice", "", session.EndedByAdmin); err != nil {
		t.Fatal(err)
	}
	want(p.Record.Handle, "", session.EndedByAdmin, 1)
	m.SetStale(true)
	want(p.Record.Handle, "", session.EndedByAdmin, 1)
	fresh := newManager(t, store, session.Options{})
	s, err := fresh.LoadHandle(t.Context(), p.Record.Handle)
	if err != nil {
		t.Fatal(err)
	}
	if why, e := s.WhyNew(); why != session.EndedByAdmin || e == nil {
		t.Errorf("another process: %q", why)
	}
	store.all.Store(true)
	if s, err := fresh.LoadHandle(t.Context(), p.Record.Handle); s != nil || !errors.Is(err, errStore) {
		t.Errorf("store down: %v, %v", s, err)
	}
}
