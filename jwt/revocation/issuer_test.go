package revocation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

const testIssuer = "https://login.example"

// issuer plays the server of docs/revocations.md, over a transport in memory.
type issuer struct {
	t    testing.TB
	url  string
	key  *jwt.Key // of the feed and of the tokens
	keys *jwt.KeySet

	mu      sync.Mutex
	seq     int64
	forgot  int64            // what happened up to here is only in snapshots
	events  []map[string]any // what happened, from 1 on
	entries []entry          // of the snapshot
	part    int              // entries in a part
	changed chan struct{}
	cutOff  chan struct{} // closed when all streams are cut
	fault   func(w http.ResponseWriter, r *http.Request)
	asked   []http.Header
	record  string
	delay   func() time.Duration // of each message, if not nil
	tokens  map[string]*jwt.Token
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := jwt.GenerateKey(jwt.ES256)
	if err != nil {
		t.Fatal(err)
	}
	return newIssuerWith(t, key)
}

func newIssuerWith(t testing.TB, key *jwt.Key) *issuer {
	t.Helper()
	public, _ := key.Public()
	keys, err := jwt.NewKeySet(public)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{t: t, url: testIssuer, key: key, keys: keys, part: 2, changed: make(chan struct{}), cutOff: make(chan struct{})}
}

// sign makes a message; change, if not nil, may spoil it.
func (i *issuer) sign(seq int64, about map[string]any, event string, body any, change func(map[string]any)) string {
	claims := map[string]any{
		"iss": i.url, "aud": i.url + "/revocations", "iat": time.Now().Unix(), "jti": "r" + strconv.FormatInt(seq, 10), "seq": seq,
		"events": map[string]any{event: body},
	}
	if about != nil {
		claims["sub_id"] = about
	}
	if change != nil {
		change(claims)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		i.t.Fatal(err)
	}
	token, err := jwt.SignPayload(i.key, messageType, payload)
	if err != nil {
		i.t.Fatal(err)
	}
	return token
}

func (i *issuer) heartbeat(seq int64, change func(map[string]any)) string {
	return i.sign(seq, nil, eventHeartbeat, struct{}{}, change)
}

func (i *issuer) snapshot(seq int64, part int, last bool, entries ...map[string]any) string {
	if entries == nil {
		entries = []map[string]any{}
	}
	return i.sign(seq, nil, eventSnapshot, map[string]any{"part": part, "last": last, "entries": entries}, nil)
}

func (i *issuer) revoked(seq int64, about, body map[string]any) string {
	return i.sign(seq, about, eventRevoked, body, nil)
}

func (i *issuer) aboutSession(sid string) map[string]any {
	return map[string]any{
		"format": "complex", "session": map[string]any{"format": "opaque", "id": sid},
		"user": map[string]any{"format": "iss_sub", "iss": i.url, "sub": "alice"},
	}
}

func (i *issuer) aboutAccount(sub string) map[string]any {
	return map[string]any{"format": "iss_sub", "iss": i.url, "sub": sub}
}

func in(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// happen appends to the feed.
func (i *issuer) happen(about map[string]any, event string, body map[string]any, e entry) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seq++
	i.events = append(i.events, map[string]any{"about": about, "event": event, "body": body})
	i.entries = append(i.entries, e)
	close(i.changed)
	i.changed = make(chan struct{})
}

func (i *issuer) end(sid, reason string) {
	until := in(10 * time.Minute)
	i.happen(i.aboutSession(sid), eventRevoked, map[string]any{"reason": reason, "until": until}, entry{Session: sid, Reason: reason, Until: until})
}

func (i *issuer) disable(sub string) {
	until := in(10 * time.Minute)
	i.happen(i.aboutAccount(sub), eventRevoked, map[string]any{"reason": "account-disabled", "until": until, "not_before": in(0)},
		entry{Account: sub, NotBefore: in(0), Reason: "account-disabled", Until: until})
}

func (i *issuer) retire(kid string) {
	until := in(30 * 24 * time.Hour)
	i.happen(map[string]any{"format": "opaque", "id": kid}, eventKeyRetired, map[string]any{"kid": kid, "until": until}, entry{KeyID: kid, Until: until})
}

// cut ends all streams. From then on f answers, if it is not nil.
func (i *issuer) cut(f func(w http.ResponseWriter, r *http.Request)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fault = f
	close(i.cutOff)
	i.cutOff = make(chan struct{})
}

// forgetHistory makes that whoever was away needs a snapshot.
func (i *issuer) forgetHistory() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.forgot = i.seq
}

// token is a verified token of a session, always the same.
func (i *issuer) token(sid string) *jwt.Token {
	if i.tokens == nil {
		i.tokens = map[string]*jwt.Token{}
	}
	if i.tokens[sid] == nil {
		i.tokens[sid] = verified(i.t, i, sid, "alice")
	}
	return i.tokens[sid]
}

func (i *issuer) requests() []http.Header {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.asked = append(i.asked, r.Header.Clone())
	fault, cut, seq, forgot := i.fault, i.cutOff, i.seq, i.forgot
	i.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	if id, secret, _ := r.BasicAuth(); id != "orders" || secret != "%2Bs%3Acret" { // as it comes: form-encoded
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(w http.ResponseWriter, seq int64, token string) {
		if i.delay != nil {
			select {
			case <-time.After(i.delay()):
			case <-r.Context().Done():
			}
		}
		send(w, seq, token)
	}
	pos, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil || pos > seq || pos < forgot {
		i.mu.Lock()
		pos = i.seq
		entries := i.entries
		i.mu.Unlock()
		for n := 1; ; n++ {
			count := min(i.part, len(entries))
			var listed []map[string]any
			for _, e := range entries[:count] {
				listed = append(listed, asMap(e))
			}
			entries = entries[count:]
			send(w, pos, i.snapshot(pos, n, len(entries) == 0, listed...))
			if len(entries) == 0 {
				break
			}
		}
	}
	beat := time.NewTicker(5 * time.Second)
	defer beat.Stop()
	for due := true; ; {
		i.mu.Lock()
		changed, events := i.changed, i.events
		i.mu.Unlock()
		switch {
		case pos < int64(len(events)):
			e := events[pos]
			pos++
			send(w, pos, i.sign(pos, e["about"].(map[string]any), e["event"].(string), e["body"], nil))
			continue
		case due: // it knows nothing more than it has sent
			due = false
			send(w, pos, i.heartbeat(pos, nil))
			continue
		}
		select {
		case <-changed:
		case <-beat.C:
			due = true
		case <-cut:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func asMap(e entry) map[string]any {
	m := map[string]any{"until": e.Until}
	for name, v := range map[string]string{"sid": e.Session, "sub": e.Account, "kid": e.KeyID, "reason": e.Reason} {
		if v != "" {
			m[name] = v
		}
	}
	if e.NotBefore != 0 {
		m["not_before"] = e.NotBefore
	}
	return m
}

func send(w http.ResponseWriter, seq int64, token string) {
	fmt.Fprintf(w, "id: %d\nevent: set\ndata: %s\n\n", seq, token)
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// RoundTrip makes it a transport. The stream is a pipe, so that it works in a bubble of synctest.
func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	reads, writes := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: writes, began: make(chan struct{})}
	go func() {
		i.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		writes.Close()
	}()
	stop := func() { reads.CloseWithError(r.Context().Err()) }
	select {
	case <-w.began:
	case <-r.Context().Done():
		stop()
		return nil, r.Context().Err()
	}
	if w.status == noAnswer {
		return nil, errors.New("connection refused")
	}
	unhook := context.AfterFunc(r.Context(), stop)
	return &http.Response{StatusCode: w.status, Header: w.header, Body: closing{reads, unhook}, Request: r}, nil
}

const noAnswer = 1

type closing struct {
	*io.PipeReader
	unhook func() bool
}

func (c closing) Close() error {
	c.unhook()
	return c.PipeReader.Close()
}

type pipeWriter struct {
	header http.Header
	status int
	body   *io.PipeWriter
	once   sync.Once
	began  chan struct{}
}

func (w *pipeWriter) Header() http.Header { return w.header }
func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() { w.status = status; close(w.began) })
}
func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

var testCredentials = Credentials{"orders", "+s:cret"}

// follow follows the issuer until the test ends.
func (i *issuer) follow(opts Options) *Feed {
	i.t.Helper()
	opts.Transport, opts.Keys = i, i.keys
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	f, err := Follow(i.url, testCredentials, &opts)
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { f.Close() })
	return f
}

// verify judges a token that was issued a second ago.
func (i *issuer) verify(f *Feed, sid, sub string) error {
	i.t.Helper()
	return i.verifyIssued(f, sid, sub, time.Now().Add(-time.Second))
}

func (i *issuer) verifyIssued(f *Feed, sid, sub string, issued time.Time) error {
	i.t.Helper()
	token, err := jwt.Sign(i.key, "at+jwt", map[string]any{
		"iss": i.url, "aud": "https://orders.example", "iat": issued.Unix(), "exp": issued.Add(10 * time.Minute).Unix(), "sub": sub, "sid": sid,
	})
	if err != nil {
		i.t.Fatal(err)
	}
	v, err := jwt.NewVerifier(i.url, "https://orders.example", i.keys, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Type: "at+jwt", Revoked: f.Revoked})
	if err != nil {
		i.t.Fatal(err)
	}
	tok, err := v.Verify(token)
	if (tok == nil) != (err != nil) {
		i.t.Fatalf("a token came with an error: %v, %v", tok, err)
	}
	return err
}

// verdict is what a row of a table calls the outcome.
func verdict(err error) string {
	switch {
	case err == nil:
		return "accepted"
	case errors.Is(err, jwt.ErrRevoked):
		e, _ := errors.AsType[*Error](err)
		return strings.TrimSpace("revoked " + e.Reason)
	case errors.Is(err, ErrStale):
		return "stale"
	}
	return err.Error()
}
