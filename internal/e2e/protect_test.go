package e2e_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// livePage notes in its window what comes by its WebSocket and its event stream, and when they end.
const livePage = `<!doctype html><link rel="icon" href="data:,"><title>Live</title><main>hello %s</main><script>
const seen = window.seen = [], ended = window.ended = {};
const ws = new WebSocket("ws://" + location.host + "/socket");
ws.onopen = () => ws.send("ping");
ws.onmessage = e => seen.push(e.data);
ws.onclose = () => ended.socket = performance.now();
const es = new EventSource("/events");
es.onmessage = e => seen.push(e.data);
es.onerror = () => { ended.events ??= performance.now(); es.close() };
</script>`

// liveApp is an app with a page that listens.
func liveApp(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/socket":
		echoSocket(w, r)
	case "/events":
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: event\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	default:
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, livePage, r.Header.Get("Remote-Name"))
	}
}

// echoSocket sends back the first message of a WebSocket, which is short (RFC 6455 section 5.2), and waits.
func echoSocket(w http.ResponseWriter, r *http.Request) {
	hash := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(hash[:]))
	head := make([]byte, 6) // opcode, length, mask
	if _, err := io.ReadFull(rw, head); err != nil {
		return
	}
	body := make([]byte, head[1]&0x7f)
	if _, err := io.ReadFull(rw, body); err != nil {
		return
	}
	for i := range body {
		body[i] ^= head[2+i%4]
	}
	_, _ = conn.Write(append([]byte{head[0], byte(len(body))}, body...))
	_, _ = io.Copy(io.Discard, rw)
}

// TestAloneInFront: `cloakroom serve --protect app.localhost=…` needs nothing else. In Chromium a person signs in at localhost and is at the app; its
// WebSocket and its event stream work, and end within a second of the session, which another device ends.
func TestAloneInFront(t *testing.T) {
	t.Parallel()
	behind := httptest.NewServer(http.HandlerFunc(liveApp))
	t.Cleanup(behind.Close)
	h := servertest.Start(t, func(c *app.Config) { c.Protect = []string{"app.localhost=" + behind.URL} })
	phone := h.Client()
	phone.SignUp("anna@example.org")
	b := newBrowser(t)
	page := strings.Replace(h.URL, "localhost", "app.localhost", 1) + "/page"

	b.visit(page)
	if at := b.where(); !strings.HasPrefix(at, h.URL+"/signin?") {
		t.Fatalf("a stranger is at %s", at)
	}
	b.signIn("anna@example.org", false)
	b.wantAt(page)
	b.wantText("hello")
	const both = `new Promise(done => { const look = () => window.seen.length == 2 ? done(window.seen.sort().join()) : setTimeout(look, 10); look() })`
	if got := eval[string](b, both); got != "event,ping" {
		t.Errorf("the page has seen %q", got)
	}
	if c := b.complaints(); c != "" {
		t.Errorf("the browser complains: %s", c)
	}

	if a := phone.Do("DELETE", "/api/sessions", ""); a.StatusCode >= 300 { // all but the phone's own
		t.Fatal(a.Status, a.Body)
	}
	start := time.Now()
	const over = `new Promise(done => { const look = () => window.ended.socket && window.ended.events ? done(true) : setTimeout(look, 10); look() })`
	if !eval[bool](b, over) || time.Since(start) > testenv.Soon {
		t.Errorf("what is open ends after %v", time.Since(start))
	}
	b.forget()
	b.visit(page)
	if at := b.where(); !strings.HasPrefix(at, h.URL+"/signin?") {
		t.Errorf("afterwards at %s", at)
	}
	b.wantText("You signed this device out from another one.")
}
