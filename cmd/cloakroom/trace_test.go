package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cloakroom/cloakroom/trace"
)

// website NAME starts a small site: $NAME is its URL over http, $NAME_TLS over https with HTTP/2, and $NAME.pem what its
// certificate is signed by.
func website(ts *testscript.TestScript, _ bool, args []string) {
	name := args[0]
	plain := httptest.NewServer(http.HandlerFunc(site))
	ts.Defer(plain.Close)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(site))
	secure.EnableHTTP2 = true
	secure.StartTLS()
	ts.Defer(secure.Close)
	ts.Setenv(name, plain.URL)
	ts.Setenv(name+"_TLS", secure.URL)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	ts.Check(os.WriteFile(ts.MkAbs(name+".pem"), text, 0o600))
}

// site answers like one where people sign in.
func site(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/login":
		w.Header().Add("Set-Cookie", "__Host-sid=hv90m6Tq2ZlXoJ5nW8cYbR3kD7uE1sAfG4iHpLwNvYA; Path=/; Secure; HttpOnly; SameSite=Lax")
		w.Header().Add("Set-Cookie", "__Host-pref=dark; Path=/")
		w.Header().Add("Set-Cookie", "theme=dark; Max-Age=3600")
		http.Redirect(w, r, "/account", http.StatusFound)
	case "/steer":
		w.Header().Set("X-Evil", "\u202eevil")
		_, _ = io.WriteString(w, "<title>\x1b]0;owned\x07</title>\x1b[2J\u202ehello")
	default:
		w.Header().Set("Server-Timing", `db;dur=2.5;desc="accounts"`)
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "<title>Account</title><h1>Hello</h1><p>%s with %q and %q, in %q.</p><a href=/orders>Orders</a><form action=/out><input type=hidden name=csrf value=abcdefghij></form>",
			r.Method, body, r.Header.Get("Cookie"), r.Header.Get("Accept-Language"))
	}
}

// TestWaiting: a person is told what takes long, and no word stays behind.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		w := &wait{say: func(s string) { said = append(said, s) }, wipe: func() { said = append(said, "wiped") }}
		expect := func(what, want string) {
			t.Helper()
			synctest.Wait()
			w.mu.Lock()
			defer w.mu.Unlock()
			if got := strings.Join(said, ", "); got != want {
				t.Errorf("%s: said %q, want %q", what, got, want)
			}
			said = nil
		}
		w.begin(0, trace.PhaseDNS, "shop.example")
		time.Sleep(patience - 1)
		w.begin(0, trace.PhaseTCP, "\x1b[2J")
		expect("what is quick", "")
		time.Sleep(patience)
		expect("what is slow", "connecting to �[2J")
		w.begin(0, trace.PhaseDNS, strings.Repeat("a", 500))
		time.Sleep(patience)
		expect("a long name", "wiped, looking for "+strings.Repeat("a", 26)+"…"+strings.Repeat("a", 37))
		w.begin(0, trace.PhaseWait, "192.0.2.1:443")
		expect("the next step", "wiped")
		w.done()
		time.Sleep(time.Hour)
		expect("the end", "")
	})
}

// TestAsNamesItsContexts: the flag takes what there is.
func TestAsNamesItsContexts(t *testing.T) {
	names := ""
	for _, c := range asContexts {
		names += c.Name + ","
	}
	code, _, stderr := runTour(t.Context(), "trace", "--as", "pigeon", "localhost")
	if want := `--as must be one of "` + strings.ReplaceAll(names, ",", `","`) + `all",`; code != exitUsage || !strings.Contains(stderr, want) {
		t.Errorf("exit status %d, said %s, want %s", code, stderr, want)
	}
}
