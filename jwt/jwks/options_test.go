package jwks

import (
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"
)

var quiet = log.New(io.Discard, "", 0)

func TestURLs_TK_04(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want bool
	}{
		{"https://login.example/.well-known/jwks.json", true},
		{"https://login.example", true},
		{"http://localhost:8080/jwks", true},
		{"http://LOCALHOST./jwks", true},
		{"http://app.localhost/jwks", true},
		{"http://127.0.0.1/jwks", true},
		{"http://[::1]:80/jwks", true},
		{"http://login.example/", false},
		{"http://localhost.example/", false},
		{"http://notlocalhost/", false},
		{"http://10.0.0.1/", false},
		{"http://0.0.0.0/", false},
		{"ftp://localhost/", false},
		{"file:///etc/passwd", false},
		{"//login.example/", false},
		{"https:///jwks", false},
		{"https://user:hunter2@login.example/", false},
		{"https://login.example/#keys", false},
		{"https://login.example/hunter2%zz", false},
		{"", false},
	} {
		s, err := New(tt.url, nil)
		if (err == nil) != tt.want || (s == nil) != (err != nil) || err != nil && !errors.Is(err, ErrOption) {
			t.Errorf("%q: got %v", tt.url, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret is in the error: %v", err)
		}
	}
}

func TestOptionsAtTheirEdges(t *testing.T) {
	for _, tt := range []struct {
		what string
		opts *Options
		want bool
	}{
		{"nil", nil, true},
		{"zero", &Options{}, true},
		{"the longest timeout", &Options{Timeout: 29 * time.Second}, true},
		{"a fetch that could meet the next", &Options{Timeout: 29*time.Second + 1}, false},
		{"a negative timeout", &Options{Timeout: -1}, false},
		{"the largest answer", &Options{MaxBytes: 1 << 20}, true},
		{"more than a set may have", &Options{MaxBytes: 1<<20 + 1}, false},
		{"less than nothing", &Options{MaxBytes: -1}, false},
		{"stale for 30 days", &Options{MaxStale: 30 * 24 * time.Hour}, true},
		{"stale for longer", &Options{MaxStale: 30*24*time.Hour + 1}, false},
		{"never stale", &Options{MaxStale: -1}, true},
		{"a transport with a rule that it would not follow", &Options{Transport: http.DefaultTransport, AllowPrivate: true}, false},
	} {
		if _, err := New(testURL, tt.opts); (err == nil) != tt.want || err != nil && !errors.Is(err, ErrOption) {
			t.Errorf("%s: got %v", tt.what, err)
		}
	}
}

func TestFreshness(t *testing.T) {
	for _, tt := range []struct {
		what    string
		control []string
		age     string
		want    time.Duration
	}{
		{"nothing said", nil, "", DefaultFresh},
		{"nothing that matters", []string{"public, must-revalidate"}, "90", DefaultFresh},
		{"Cloakroom's own", []string{"public, max-age=300"}, "", 5 * time.Minute},
		{"capitals and quotes", []string{`Max-Age="300"`}, "", 5 * time.Minute},
		{"s-maxage is for shared caches", []string{"s-maxage=60, max-age=300"}, "", 5 * time.Minute},
		{"the shortest of two", []string{"max-age=600", "max-age=300"}, "", 5 * time.Minute},
		{"it lay in a cache", []string{"max-age=300"}, "100", 200 * time.Second},
		{"it lay there too long", []string{"max-age=300"}, "9999999999999999999999", LeastFresh},
		{"shorter than the least", []string{"max-age=59"}, "", LeastFresh},
		{"zero", []string{"max-age=0"}, "", LeastFresh},
		{"no-store", []string{"max-age=600, no-store"}, "", LeastFresh},
		{"no-cache", []string{"no-cache"}, "", LeastFresh},
		{"negative", []string{"max-age=-1"}, "", LeastFresh},
		{"no number", []string{"max-age=soon"}, "", LeastFresh},
		{"a year", []string{"max-age=31536000"}, "", MostFresh},
		{"more than fits", []string{"max-age=99999999999999999999"}, "", MostFresh},
	} {
		h := http.Header{"Cache-Control": tt.control}
		if tt.age != "" {
			h.Set("Age", tt.age)
		}
		if got := freshness(h); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.what, got, tt.want)
		}
	}
}

func TestAgeOfASleeper(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		what      string
		then, now time.Time
		want      time.Duration
	}{
		{"an hour", now, now.Add(time.Hour), time.Hour},
		{"the machine slept an hour", now, now.Round(0).Add(time.Hour), time.Hour},
		{"another caller asked earlier", now, now.Add(-time.Second), 0},
	} {
		if got := age(tt.then, tt.now); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.what, got, tt.want)
		}
	}
}
