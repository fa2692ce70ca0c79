package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
)

// FuzzFeedPosition: what is accepted is one number in its one spelling, and nothing else is.
func FuzzFeedPosition(f *testing.F) {
	for _, text := range []string{"", "0", "42", "042", "-1", "+1", "9223372036854775807", "9223372036854775808", "1e3", "１", "4 2", "r42", "42\n"} {
		f.Add(text, text, true)
		f.Add(text, "7", false)
	}
	f.Fuzz(func(t *testing.T, id, after string, header bool) {
		r := httptest.NewRequest(http.MethodGet, "/revocations", nil)
		r.URL.RawQuery = url.Values{"after": {after}}.Encode()
		want := after
		if header {
			r.Header["Last-Event-Id"] = []string{id}
			want = id
		}
		pos, fresh, err := feedPosition(r)
		n, bad := strconv.ParseUint(want, 10, 63)
		good := bad == nil && strconv.FormatUint(n, 10) == want
		if good != (err == nil) || fresh || err == nil && strconv.FormatInt(pos, 10) != want || err != nil && pos != 0 {
			t.Errorf("%q: got %d, %v, %v", want, pos, fresh, err)
		}
	})
}

// FuzzFeedPoll: what is accepted is within the limits, and acknowledges no more than the request named.
func FuzzFeedPoll(f *testing.F) {
	for _, body := range []string{
		`{}`, `{"maxEvents":10,"returnImmediately":false,"ack":["r41"],"setErrs":{}}`, `{"maxEvents":0}`, `{"maxEvents":-1}`, `{"maxEvents":1e3}`, `{"maxEvents":99999999999999999999}`,
		`{"ack":null}`, `{"ack":[1]}`, `{"ack":["r1","r1",""]}`, `{"setErrs":{"r1":{"err":"jwtIss","description":"\n"},"x":{}}}`, `{"setErrs":{"r01":{"err":"a"}}}`, `{"setErrs":[]}`,
		`{"maxEvents":1,"maxEvents":2}`, `{"MaxEvents":1}`, `[]`, `{}{}`, "", `{"ack":["` + strings.Repeat("r", 70000) + `"]}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/revocations", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, maxBody)
		p, failed, err := readPoll(r)
		if err != nil {
			return
		}
		var plain struct {
			Max  *int                `json:"maxEvents"`
			Now  bool                `json:"returnImmediately"`
			Ack  []string            `json:"ack"`
			Errs map[string]setError `json:"setErrs"`
		}
		if len(body) > maxBody || json.Unmarshal([]byte(body), &plain) != nil {
			t.Fatalf("accepted: %q", body)
		}
		if p.Max < 0 || p.Max > app.MaxFeedPoll || plain.Max != nil && p.Max > *plain.Max || p.Wait == plain.Now {
			t.Errorf("got %+v of %q", p, body)
		}
		for _, id := range p.Acked {
			if _, named := plain.Errs[id]; !named && !slices.Contains(plain.Ack, id) {
				t.Errorf("%q is acknowledged", id)
			}
		}
		for id := range failed {
			if seq, ok := app.ParseSetID(id); !ok || seq < 1 || id != "r"+strconv.FormatInt(seq, 10) {
				t.Errorf("%q is logged", id)
			}
		}
	})
}

func TestAccepts(t *testing.T) {
	for _, c := range []struct {
		accept string // fields, one a line
		want   bool
	}{
		{"text/event-stream", true},
		{"*/*", true},
		{"text/*", true},
		{"TEXT/Event-Stream; charset=utf-8", true},
		{"text/html\ntext/event-stream", true},
		{"text/html, text/event-stream;q=0.001", true},
		{"*/*;q=0", false},
		{"text/*;q=0, */*", false},
		{"text/event-stream;q=0, */*", false},
		{"text/event-stream;q=nan, */*", false},
		{"text/event-stream;q=0, text/event-stream;q=1", true},
		{"application/json", false},
		{"text", false},
		{"", false},
	} {
		if got := accepts(strings.Split(c.accept, "\n"), eventStream); got != c.want {
			t.Errorf("%q: got %v", c.accept, got)
		}
	}
	if !accepts(nil, eventStream) {
		t.Error("a request that says nothing is refused")
	}
}
