package jwks

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What only real sockets show. The limit of time is short here: it is what ends the ones that hang.
func TestServersOfAllKinds_TK_24(t *testing.T) {
	body := publish(t, newKey(t, "a"))
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was asked") }))
	defer elsewhere.Close()
	write := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, s) }
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			http.Redirect(w, r, to, http.StatusFound)
		}
	}
	for _, tt := range []struct {
		what   string
		server http.HandlerFunc
		want   error
	}{
		{"a good one", write(body), nil},
		{"a good one that calls it HTML", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, body)
		}, nil},
		{"says nothing until the time is over", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ErrFetch},
		{"sends a space now and then, for ever", func(w http.ResponseWriter, r *http.Request) {
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					io.WriteString(w, " ")
					http.NewResponseController(w).Flush()
				case <-r.Context().Done():
					return
				}
			}
		}, ErrFetch},
		{"closes in the middle", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			io.WriteString(w, body)
		}, ErrFetch},
		{"is no HTTP at all", func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				io.WriteString(c, "\x00garbage\r\n\r\n")
				c.Close()
			}
		}, ErrFetch},
		{"has a header of 1 MiB", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
			io.WriteString(w, body)
		}, ErrFetch},
		{"as long as the limit", write(body + strings.Repeat(" ", 4096-len(body))), nil},
		{"one byte longer", write(body + strings.Repeat(" ", 4097-len(body))), ErrTooLarge},
		{"without an end", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat(" ", 4096)); err != nil {
					return
				}
			}
		}, ErrTooLarge},
		{"404", http.NotFound, ErrStatus},
		{"500", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, 500) }, ErrStatus},
		{"redirects within itself", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Cookie") != "" {
				t.Error("a cookie was sent")
			}
			if r.URL.Path == "/" {
				redirect("/new")(w, r)
				return
			}
			io.WriteString(w, body)
		}, nil},
		{"redirects in a circle", redirect("/"), ErrRedirect},
		{"redirects to another port", redirect(elsewhere.URL), ErrRedirect},
		{"redirects to another scheme", redirect("https://127.0.0.1/"), ErrRedirect},
		{"redirects to another scheme on its own port", func(w http.ResponseWriter, r *http.Request) { redirect("https://"+r.Host+"/")(w, r) }, ErrRedirect},
		{"redirects with a password", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				redirect("http://u:p@"+r.Host+"/new")(w, r)
				return
			}
			io.WriteString(w, body)
		}, ErrRedirect},
		{"redirects to a file", redirect("file:///etc/passwd"), ErrRedirect},
	} {
		t.Run(tt.what, func(t *testing.T) {
			server := httptest.NewServer(tt.server)
			defer server.Close()
			limit := 5 * time.Second
			if tt.want == ErrFetch {
				limit = 200 * time.Millisecond
			}
			s, err := New(server.URL, &Options{Timeout: limit, MaxBytes: 4096})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Refresh(t.Context()); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			} else if e := (*Error)(nil); err != nil && (!errors.As(err, &e) || e.URL != server.URL) {
				t.Errorf("got %#v", err)
			}
			if keys := s.Status().Keys; (keys != nil) != (tt.want == nil) {
				t.Errorf("keys %v", keys)
			}
		})
	}
}

func TestTLSIsChecked(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, publish(t, newKey(t, "a")))
	}))
	server.Config.ErrorLog = quiet
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for _, tt := range []struct {
		what  string
		roots *x509.CertPool
		want  error
	}{
		{"an authority that nobody knows", nil, ErrFetch},
		{"one that the owner named", roots, nil},
	} {
		s, err := New(server.URL, &Options{RootCAs: tt.roots})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Refresh(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.what, err, tt.want)
		}
	}
}

func TestPrivateAddressIsNotFetchedFrom_TK_04(t *testing.T) {
	s, err := New("https://192.168.0.1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); !errors.Is(err, ErrAddress) {
		t.Errorf("got %v", err)
	}
}
