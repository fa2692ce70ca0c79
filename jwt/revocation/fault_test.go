package revocation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// A fault is what every connection meets from a moment on.
type fault func(i *issuer, w http.ResponseWriter, r *http.Request)

// stays sends messages and then nothing more.
func stays(messages func(i *issuer) []string) fault {
	return func(i *issuer, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, m := range messages(i) {
			send(w, 0, m)
		}
		<-r.Context().Done()
	}
}

// raw sends bytes as they are and ends.
func raw(text string) fault {
	return func(_ *issuer, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, text)
	}
}

func status(code int, header ...string) fault {
	return func(_ *issuer, w http.ResponseWriter, _ *http.Request) {
		for n := 0; n < len(header); n += 2 {
			w.Header().Set(header[n], header[n+1])
		}
		w.WriteHeader(code)
	}
}

// spoiled is a heartbeat with one thing wrong.
func spoiled(change func(i *issuer, claims map[string]any)) fault {
	return stays(func(i *issuer) []string {
		return []string{i.heartbeat(1, func(c map[string]any) { change(i, c) })}
	})
}

// A faultRow is told apart by what Status says of it. Before each the feed was whole up to 1.
type faultRow struct {
	story string
	fault fault
	want  error
}

// onTheWay is what networks, proxies and servers do that sign nothing.
var onTheWay = []faultRow{
	{"nobody answers", status(noAnswer), ErrConnection},
	{"the connection is taken, and nothing comes", func(_ *issuer, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ErrSilent},
	{"a stream without a message", stays(func(*issuer) []string { return nil }), ErrSilent},
	{"a stream of comments", func(_ *issuer, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			io.WriteString(w, ": still here\n\n")
			time.Sleep(time.Second)
		}
	}, ErrSilent},
	{"a stream that ends at once", raw(""), ErrConnection},
	{"half a line", raw("id: 1\nevent: set\ndata: eyJ"), ErrConnection},
	{"a whole message without its empty line", func(i *issuer, w http.ResponseWriter, _ *http.Request) {
		raw("event: set\ndata: "+i.heartbeat(1, nil)+"\n")(i, w, nil)
	}, ErrConnection},
	{"a line of 2 MiB", raw("event: set\ndata: " + strings.Repeat("e", 2<<20) + "\n\n"), ErrTooLarge},
	{"a message on two lines", raw("event: set\ndata: e\ndata: e\n\n"), ErrMessage},
	{"no token", raw("event: set\ndata: hello\n\n"), ErrMessage},

	{"401", status(401), ErrCredentials},
	{"403", status(403), ErrCredentials},
	{"404", status(404), ErrStatus},
	{"204", status(204), ErrStatus},
	{"500", status(500), ErrConnection},
	{"503, come again later", status(503, "Retry-After", "7"), ErrConnection},
	{"a redirect", status(302, "Location", "https://evil.example/"), ErrStatus},
	{"a redirect within the host", status(307, "Location", "/revocations"), ErrStatus},
	{"a page", status(200, "Content-Type", "text/html"), ErrStatus},
}

// ofTheSigner is what only the issuer could send, or somebody who has its messages.
var ofTheSigner = []faultRow{
	{"the signature of another message", stays(func(i *issuer) []string {
		one, other := i.heartbeat(1, nil), i.heartbeat(2, nil)
		return []string{one[:strings.LastIndex(one, ".")] + other[strings.LastIndex(other, "."):]}
	}), jwt.ErrSignature},
	{"a key that nobody knows", stays(func(i *issuer) []string {
		other := newIssuer(i.t)
		return []string{other.heartbeat(1, nil)}
	}), jwt.ErrUnknownKey},
	{"an access token", stays(func(i *issuer) []string {
		token, err := jwt.SignPayload(i.key, "at+jwt", []byte(`{}`))
		if err != nil {
			i.t.Error(err)
		}
		return []string{token}
	}), jwt.ErrType},
	{"another algorithm", stays(func(i *issuer) []string {
		key, err := jwt.GenerateKey(jwt.EdDSA)
		if err != nil {
			i.t.Error(err)
		}
		token, err := jwt.SignPayload(key, messageType, []byte(`{}`))
		if err != nil {
			i.t.Error(err)
		}
		return []string{token}
	}), jwt.ErrAlgorithm},
	{"another issuer", spoiled(func(_ *issuer, c map[string]any) { c["iss"] = "https://evil.example" }), ErrMessage},
	{"another audience", spoiled(func(i *issuer, c map[string]any) { c["aud"] = i.url }), ErrMessage},
	{"no time", spoiled(func(_ *issuer, c map[string]any) { delete(c, "iat") }), ErrMessage},
	{"no ID", spoiled(func(_ *issuer, c map[string]any) { delete(c, "jti") }), ErrMessage},
	{"no number", spoiled(func(_ *issuer, c map[string]any) { delete(c, "seq") }), ErrMessage},
	{"a number with a fraction", spoiled(func(_ *issuer, c map[string]any) { c["seq"] = 1.5 }), ErrMessage},
	{"no event", spoiled(func(_ *issuer, c map[string]any) { c["events"] = map[string]any{} }), ErrMessage},
	{"two events", spoiled(func(_ *issuer, c map[string]any) {
		c["events"] = map[string]any{eventHeartbeat: map[string]any{}, eventSnapshot: map[string]any{}}
	}), ErrMessage},
	{"a clock that is a minute slow", spoiled(func(_ *issuer, c map[string]any) { c["iat"] = in(-61 * time.Second) }), ErrClock},
	{"a clock that is a minute fast", spoiled(func(_ *issuer, c map[string]any) { c["iat"] = in(62 * time.Second) }), ErrClock},

	{"the same heartbeat again and again", func(i *issuer, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for beat := i.recorded(); r.Context().Err() == nil; time.Sleep(time.Second) {
			send(w, 0, beat)
		}
	}, ErrSilent},
	{"heartbeats of an older number", stays(func(i *issuer) []string { return []string{i.heartbeat(0, nil), i.heartbeat(0, nil)} }), ErrSilent},
	{"a heartbeat that is ahead, then silence", func(i *issuer, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Last-Event-ID") == "" {
			stays(func(*issuer) []string { return nil })(i, w, r)
			return
		}
		stays(func(i *issuer) []string { return []string{i.heartbeat(3, nil)} })(i, w, r)
	}, ErrSilent},
	{"what happened, with one left out", stays(func(i *issuer) []string {
		return []string{i.revoked(3, i.aboutSession("third"), map[string]any{"until": in(time.Minute)})}
	}), ErrGap},
	{"a snapshot that is cut", func(i *issuer, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		send(w, 0, i.snapshot(9, 1, false, map[string]any{"sid": "x", "until": in(time.Minute)}))
	}, ErrConnection},
	{"a snapshot that goes on as a heartbeat", stays(func(i *issuer) []string {
		return []string{i.snapshot(1, 1, false, map[string]any{"sid": "x", "until": in(time.Minute)}), i.heartbeat(1, nil)}
	}), ErrGap},
	{"a snapshot without its second part", stays(func(i *issuer) []string {
		return []string{i.snapshot(1, 1, false, map[string]any{"sid": "x", "until": in(time.Minute)}), i.snapshot(1, 3, true)}
	}), ErrGap},
	{"a snapshot that begins with its second part", stays(func(i *issuer) []string { return []string{i.snapshot(1, 2, true)} }), ErrGap},
	{"a snapshot of two numbers", stays(func(i *issuer) []string {
		return []string{i.snapshot(1, 1, false, map[string]any{"sid": "x", "until": in(time.Minute)}), i.snapshot(2, 2, true)}
	}), ErrGap},
	{"a part with nothing in it that is not the last", stays(func(i *issuer) []string { return []string{i.snapshot(1, 1, false)} }), ErrMessage},
	{"a part zero", stays(func(i *issuer) []string { return []string{i.snapshot(1, 0, true)} }), ErrMessage},
	{"a snapshot over the limit", stays(func(i *issuer) []string {
		var many []map[string]any
		for n := range 11 {
			many = append(many, map[string]any{"sid": fmt.Sprint("s", n), "until": in(time.Minute)})
		}
		return []string{i.snapshot(1, 1, true, many...)}
	}), ErrTooMany},
	{"a snapshot without end, of one entry", stays(func(i *issuer) []string {
		var parts []string
		for n := range 11 {
			parts = append(parts, i.snapshot(1, n+1, false, map[string]any{"sid": "x", "until": in(time.Minute)}))
		}
		return parts
	}), ErrTooMany},

	{"an entry about nothing", stays(entryOf(map[string]any{"until": 1})), ErrMessage},
	{"an entry about an account without a time", stays(entryOf(map[string]any{"sub": "x", "until": 1})), ErrMessage},
	{"an entry about a session and a key", stays(entryOf(map[string]any{"sid": "x", "kid": "x", "until": 1})), ErrMessage},
	{"an entry about a session with a time", stays(entryOf(map[string]any{"sid": "x", "not_before": 1, "until": 1})), ErrMessage},
	{"an entry without an end", stays(entryOf(map[string]any{"sid": "x"})), ErrMessage},
	{"an entry with an end that is text", stays(entryOf(map[string]any{"sid": "x", "until": "1"})), ErrMessage},
	{"an entry with a long name", stays(entryOf(map[string]any{"sid": strings.Repeat("x", 257), "until": 1})), ErrMessage},
	{"a session of another issuer", stays(func(i *issuer) []string {
		about := i.aboutSession("x")
		about["user"].(map[string]any)["iss"] = "https://evil.example"
		return []string{i.revoked(2, about, map[string]any{"until": in(time.Minute)})}
	}), ErrMessage},
	{"an account of another issuer", stays(func(i *issuer) []string {
		about := i.aboutAccount("x")
		about["iss"] = "https://evil.example"
		return []string{i.revoked(2, about, map[string]any{"not_before": 1, "until": in(time.Minute)})}
	}), ErrMessage},
	{"a session that is an email", stays(func(i *issuer) []string {
		return []string{i.revoked(2, map[string]any{"format": "email", "email": "x"}, map[string]any{"until": in(time.Minute)})}
	}), ErrMessage},
	{"an account without a time", stays(func(i *issuer) []string {
		return []string{i.revoked(2, i.aboutAccount("x"), map[string]any{"until": in(time.Minute)})}
	}), ErrMessage},
	{"a member twice", stays(func(i *issuer) []string {
		payload := strings.Replace(fmt.Sprintf(`{"iss":%q,"aud":"%s/revocations","iat":%d,"jti":"h","seq":1,"seq":1,"events":{%q:{}}}`,
			i.url, i.url, in(0), eventHeartbeat), "\n", "", -1)
		token, err := jwt.SignPayload(i.key, messageType, []byte(payload))
		if err != nil {
			i.t.Error(err)
		}
		return []string{token}
	}), jwt.ErrMalformed},
}

func entryOf(e map[string]any) func(i *issuer) []string {
	return func(i *issuer) []string { return []string{i.snapshot(1, 1, true, e)} }
}

// recorded is one heartbeat, always the same.
func (i *issuer) recorded() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.record == "" {
		i.record = i.heartbeat(1, nil)
	}
	return i.record
}

// Each fault, under both policies: a token that is good, one that was revoked before, and one that is revoked while the feed is lost. Then the
// fault is mended.
func TestFaults_TK34(t *testing.T) {
	for _, row := range slices.Concat(onTheWay, ofTheSigner) {
		for _, accept := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/accept=%v", row.story, accept), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testFault(t, row.fault, row.want, accept) })
			})
		}
	}
}

func testFault(t *testing.T, bad fault, want error, accept bool) {
	mend := 45 * time.Second
	if errors.Is(want, ErrTooMany) {
		mend = 5 * time.Minute // what fills the room must expire
	}
	i := newIssuer(t)
	i.end("gone", "signed-out")
	var said bytes.Buffer
	f := i.follow(Options{AcceptWhenLost: accept, MaxEntries: 10, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	if err := f.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	check := func(when, here, gone, late string) {
		t.Helper()
		for sid, want := range map[string]string{"here": here, "gone": gone, "late": late} {
			if got := verdict(i.verify(f, sid, "alice")); got != want {
				t.Errorf("%s, %s: got %s, want %s (%v)", when, sid, got, want, f.Status().Err)
			}
		}
	}
	time.Sleep(3 * time.Second)
	i.cut(func(w http.ResponseWriter, r *http.Request) { bad(i, w, r) })
	lost := time.Now()
	check("at once", "accepted", "revoked signed-out", "accepted")
	time.Sleep(30 * time.Second)
	i.end("late", "ended-by-admin") // the issuer goes on, behind the fault
	check("after 30 s", "accepted", "revoked signed-out", "accepted")
	s := f.Status()
	if !errors.Is(s.Err, want) {
		t.Errorf("got %v, want %v", s.Err, want)
	}
	// The view is from the last heartbeat, three seconds before the fault at most, or from within a second after it.
	if since := s.StaleSince.Sub(lost); since < 7*time.Second || since > 12*time.Second || s.Refusing {
		t.Errorf("stale since %s after the fault, refusing %v", since, s.Refusing)
	}
	time.Sleep(35 * time.Second)
	if accept {
		check("after 65 s", "accepted", "revoked signed-out", "accepted")
	} else {
		check("after 65 s", "stale", "revoked signed-out", "stale")
	}
	if s := f.Status(); s.Refusing == accept || s.Age < time.Minute {
		t.Errorf("after 65 s: %+v", s)
	}
	i.cut(nil)
	time.Sleep(mend)
	check("mended", "accepted", "revoked signed-out", "revoked ended-by-admin")
	if s := f.Status(); !s.Connected || s.Position != 2 || s.Err != nil || !s.StaleSince.IsZero() || s.Refusing {
		t.Errorf("mended: %+v", s)
	}
	f.Close()
	time.Sleep(time.Second) // faults that tick see it
	for text, want := range map[string]int{"is followed": 2, "the feed is lost": 2, "every token is refused": 1, "until it expires": 1} {
		if text == "every token is refused" && accept || text == "until it expires" && !accept {
			want = 0
		}
		if text == "the feed is lost" && accept {
			want = 1
		}
		if got := strings.Count(said.String(), text); got != want {
			t.Errorf("said %q %d times, want %d:\n%s", text, got, want, &said)
		}
	}
	if strings.Contains(said.String(), testCredentials.Secret) {
		t.Error("the secret is in the log")
	}
}
