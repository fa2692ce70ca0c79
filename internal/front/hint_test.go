package front_test

import (
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
)

// hint asks the app to say a field in an early hint (RFC 8297), and returns the header of the hint that arrives.
func (s *stand) hint(t *testing.T, say string) (h http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, got textproto.MIMEHeader) error {
			if code == http.StatusEarlyHints {
				h = http.Header(got)
			}
			return nil
		},
	}), "GET", s.url+"/hint", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Say", say)
	s.send(t, r)
	if h == nil {
		t.Error("no early hint arrived")
	}
	return h
}
