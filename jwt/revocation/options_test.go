package revocation

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestCredentialsAreNotPrinted(t *testing.T) {
	c := Credentials{"orders", "hunter2"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "credentials", c)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s", c, c, c, c), fmt.Sprintf("%v", &c), log.String()} {
		if strings.Contains(text, "hunter2") || !strings.Contains(text, "orders") {
			t.Error(text)
		}
	}
}

func TestOptionsAtTheirEdges(t *testing.T) {
	good := Credentials{"orders", "secret"}
	for _, row := range []struct {
		story, issuer string
		credentials   Credentials
		opts          Options
		want          bool
	}{
		{"nothing special", "https://login.example", good, Options{}, true},
		{"a slash at the end", "https://login.example/", good, Options{}, true},
		{"localhost", "http://localhost:8080", good, Options{}, true},
		{"no TLS", "http://login.example", good, Options{}, false},
		{"no issuer", "", good, Options{}, false},
		{"an issuer with a password", "https://a:hunter2@login.example", good, Options{}, false},
		{"an issuer with a query", "https://login.example?hunter2=", good, Options{}, false},
		{"no name", "https://login.example", Credentials{"", "hunter2"}, Options{}, false},
		{"no secret", "https://login.example", Credentials{"orders", ""}, Options{}, false},
		{"both policies", "https://login.example", good, Options{AcceptWhenLost: true, RefuseAfter: time.Minute}, false},
		{"refuses between two heartbeats", "https://login.example", good, Options{RefuseAfter: LeastRefuseAfter - 1}, false},
		{"the least", "https://login.example", good, Options{RefuseAfter: LeastRefuseAfter}, true},
		{"the most", "https://login.example", good, Options{RefuseAfter: MostRefuseAfter}, true},
		{"more", "https://login.example", good, Options{RefuseAfter: MostRefuseAfter + 1}, false},
		{"negative", "https://login.example", good, Options{RefuseAfter: -1}, false},
		{"the most entries", "https://login.example", good, Options{MaxEntries: MostMaxEntries}, true},
		{"more entries", "https://login.example", good, Options{MaxEntries: MostMaxEntries + 1}, false},
		{"a transport and its affairs", "https://login.example", good, Options{Transport: http.DefaultTransport, AllowPrivate: true}, false},
	} {
		o, u, err := row.opts.resolve(row.issuer, row.credentials)
		if (err == nil) != row.want || err != nil && (!errors.Is(err, ErrOption) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: got %v", row.story, err)
		}
		if err == nil && (!strings.HasSuffix(u.String(), "/revocations") || strings.Contains(u.Path, "//") || o.Keys == nil || o.RefuseAfter == 0 || o.MaxEntries == 0) {
			t.Errorf("%s: %s, %+v", row.story, u, o)
		}
	}
}
