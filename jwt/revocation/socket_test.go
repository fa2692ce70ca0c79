package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// serve puts the issuer behind TLS on a socket, with its keys where they are looked for.
func (i *issuer) serve(t *testing.T) *x509.CertPool {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("GET /revocations", i)
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		data, err := i.keys.MarshalJSON()
		if err != nil {
			t.Error(err)
		}
		w.Write(data)
	})
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close) // waits until all streams have ended
	i.url = server.URL
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func followOver(t *testing.T, i *issuer, opts Options, l limits) *Feed {
	t.Helper()
	opts.Logger = slog.New(slog.DiscardHandler)
	f, err := follow(i.url, testCredentials, &opts, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// quick limits make a feed try again at once.
var quick = limits{
	silence: 10 * time.Second, retry: time.Millisecond, mostRetry: 5 * time.Millisecond, slowRetry: 5 * time.Millisecond, watch: 5 * time.Millisecond,
}

func TestOverTLS_TK34(t *testing.T) {
	i := newIssuer(t)
	roots := i.serve(t)
	i.end("first", "idle")
	f := followOver(t, i, Options{RootCAs: roots}, usualLimits)
	if err := f.Wait(soon(t)); err != nil {
		t.Fatal(err)
	}
	i.want(f, "first", "alice", "revoked idle")
	i.want(f, "here", "alice", "accepted")
	i.end("second", "signed-out")
	for ctx := soon(t); f.Status().Position != 2; time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("status %+v", f.Status())
		}
	}
	i.want(f, "second", "alice", "revoked signed-out")
}

func TestAuthorityThatNobodyKnows(t *testing.T) {
	i := newIssuer(t)
	i.serve(t)
	f := followOver(t, i, Options{}, quick)
	if err := whyLost(t, f); !errors.Is(err, ErrConnection) || len(i.requests()) != 0 {
		t.Errorf("got %v", err)
	}
}

// whyLost waits until the feed has an error.
func whyLost(t *testing.T, f *Feed) error {
	t.Helper()
	for ctx := soon(t); ; time.Sleep(time.Millisecond) {
		if err := f.Status().Err; err != nil || ctx.Err() != nil {
			return err
		}
	}
}

func TestPrivateAddressIsNotDialled_TK04(t *testing.T) {
	i := newIssuer(t)
	i.url = "https://192.168.0.1"
	f := followOver(t, i, Options{}, quick)
	if err := whyLost(t, f); !errors.Is(err, ErrAddress) {
		t.Errorf("got %v", err)
	}
}

// The credentials go to the issuer, and nowhere it points to; its cookies are not kept.
func TestCredentialsStayAtHome_TK04(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	i := newIssuer(t)
	roots := i.serve(t)
	i.fault = func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}
	f := followOver(t, i, Options{RootCAs: roots}, quick)
	for ctx := soon(t); len(i.requests()) < 3; time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatal("it does not try again")
		}
	}
	if err := f.Status().Err; !errors.Is(err, ErrStatus) {
		t.Errorf("got %v", err)
	}
	f.Close()
	for _, h := range i.requests() {
		if h.Get("Cookie") != "" {
			t.Errorf("Cookie: %s", h.Get("Cookie"))
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests elsewhere", n)
	}
}

// A server that takes the request and says nothing, and one that stops in the middle, are left after the limit.
func TestSilenceOnASocket(t *testing.T) {
	i := newIssuer(t)
	roots := i.serve(t)
	i.fault = func(w http.ResponseWriter, r *http.Request) {
		if len(i.requests())%2 == 0 {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "event: set\ndata: eyJ")
			http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
	impatient := quick
	impatient.silence = 300 * time.Millisecond
	f := followOver(t, i, Options{RootCAs: roots}, impatient)
	for ctx := soon(t); len(i.requests()) < 4; time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatal("it does not try again")
		}
	}
	if err := f.Status().Err; !errors.Is(err, ErrSilent) {
		t.Errorf("got %v", err)
	}
}
