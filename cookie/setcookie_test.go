package cookie

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestParseSet(t *testing.T) {
	for _, test := range []struct {
		story, line string
		want        string // written again, or the error
	}{
		{"all of it", "__Secure-a=b; Path=/x; Domain=example.com; Expires=Mon, 23 Nov 2026 12:00:00 GMT; Max-Age=60; HttpOnly; Secure; SameSite=None; Partitioned", ""},
		{"a pair", "a=b", ""},
		{"no value", "a=", ""},
		{"equals signs in the value", "a=b==", ""},
		{"quotes", `a="b"`, ""},
		{"a deletion", "a=; Max-Age=0", ""},
		{"other case, other order, other space", "a=b;SECURE;\t samesite=lax;  pAtH=/", "a=b; Path=/; Secure; SameSite=Lax"},
		{"strict in capitals", "a=b; SameSite=STRICT", "a=b; SameSite=Strict"},

		{"empty", "", "bad cookie name"},
		{"no equals sign", "a; Path=/", "bad cookie name"},
		{"no name", "=b", "bad cookie name"},
		{"a space behind the name", "a =b", "bad cookie name"},
		{"a space in front of the name", " a=b", "bad cookie name"},
		{"a space in front of the value", "a= b", "bad cookie value"},
		{"a space behind the value", "a=b ; Path=/", "bad cookie value"},
		{"a line end", "a=b\n", "bad cookie value"},
		{"a semicolon at the end", "a=b;", "bad cookie attribute"},
		{"two semicolons", "a=b;; Secure", "bad cookie attribute"},
		{"unknown", "a=b; Priority=High", "bad cookie attribute"},
		{"a space behind an attribute", "a=b; Secure ; HttpOnly", "bad cookie attribute"},
		{"Secure with a value", "a=b; Secure=1", "bad cookie attribute"},
		{"Secure with an empty value", "a=b; Secure=", "bad cookie attribute"},
		{"Path without a value", "a=b; Path", "bad cookie attribute"},
		{"Path with an empty value", "a=b; Path=", "bad cookie attribute"},
		{"Secure twice", "a=b; Secure; secure", "bad cookie attribute"},
		{"Path twice", "a=b; Path=/; Path=/", "bad cookie attribute"},
		{"Expires twice", "a=b; Expires=Mon, 23 Nov 2026 12:00:00 GMT; Expires=Mon, 23 Nov 2026 12:00:00 GMT", "bad cookie attribute"},
		{"SameSite without a value", "a=b; SameSite", "bad cookie attribute"},
		{"SameSite unknown", "a=b; SameSite=invalid", "bad cookie attribute"},
		{"None without Secure", "a=b; SameSite=None", "bad cookie attribute"},
		{"Partitioned alone", "a=b; Partitioned", "bad cookie attribute"},
		{"a dot in front of Domain", "a=b; Domain=.example.com", "bad cookie attribute"},
		{"__Host- with a Path", "__Host-a=b; Path=/x; Secure", "cookie prefix rule broken"},
		{"__host-", "__host-a=b; Path=/; Secure", "cookie prefix rule broken"},

		{"a wrong weekday", "a=b; Expires=Tue, 23 Nov 2026 12:00:00 GMT", "bad cookie lifetime"},
		{"an RFC 850 date", "a=b; Expires=Monday, 23-Nov-26 12:00:00 GMT", "bad cookie lifetime"},
		{"hyphens", "a=b; Expires=Mon, 23-Nov-2026 12:00:00 GMT", "bad cookie lifetime"},
		{"asctime", "a=b; Expires=Mon Nov 23 12:00:00 2026", "bad cookie lifetime"},
		{"UTC", "a=b; Expires=Mon, 23 Nov 2026 12:00:00 UTC", "bad cookie lifetime"},
		{"a fraction of a second", "a=b; Expires=Mon, 23 Nov 2026 12:00:00.5 GMT", "bad cookie lifetime"},
		{"lower case", "a=b; Expires=mon, 23 nov 2026 12:00:00 gmt", "bad cookie lifetime"},
		{"30 February", "a=b; Expires=Mon, 30 Feb 2026 12:00:00 GMT", "bad cookie lifetime"},
		{"1600", "a=b; Expires=Sun, 31 Dec 1600 23:59:59 GMT", "bad cookie lifetime"},
		{"the year 1, Go's zero time", "a=b; Expires=Mon, 01 Jan 0001 00:00:00 GMT", "bad cookie lifetime"},
		{"a sign", "a=b; Max-Age=+1", "bad cookie lifetime"},
		{"minus", "a=b; Max-Age=-1", "bad cookie lifetime"},
		{"zeros in front", "a=b; Max-Age=060", "bad cookie lifetime"},
		{"not a number", "a=b; Max-Age=1e3", "bad cookie lifetime"},
		{"more than 400 days", "a=b; Max-Age=34560001", "bad cookie lifetime"},
		{"10^30 seconds", "a=b; Max-Age=1" + strings.Repeat("0", 30), "bad cookie lifetime"},
		{"a pair of 4097", "a=" + strings.Repeat("v", 4096), "cookie too long"},
		{"a line of 8 KiB and one", "a=" + strings.Repeat(";", 8<<10-1), "cookie too long"},
		{"a megabyte", strings.Repeat("a=;", 1<<20/3), "cookie too long"},
	} {
		c, err := ParseSet(test.line)
		if err != nil {
			var e *Error
			if c != nil || !errors.As(err, &e) || e.Err.Error() != test.want {
				t.Errorf("%s: %v, want %s", test.story, err, test.want)
			}
			continue
		}
		if test.want == "" {
			test.want = test.line
		}
		got, err := unsafeFormat(c, noon.Add(-60e9))
		if got != test.want || err != nil {
			t.Errorf("%s: %s\n got %s, %v\nwant %s", test.story, test.line, got, err, test.want)
		}
		if c.Raw != test.line {
			t.Errorf("%s: Raw is %q", test.story, c.Raw)
		}
	}
}

// The longest line that Format can write is within what ParseSet reads.
func TestLongestLine(t *testing.T) {
	c := &http.Cookie{
		Name: "__Secure-a", Value: strings.Repeat("v", MaxPair-len("__Secure-a")),
		Path: "/" + strings.Repeat("p", MaxAttribute-1), Domain: strings.Repeat("a.", 126) + "a",
		MaxAge: 34_560_000, Expires: noon.Add(MaxAge), Secure: true, HttpOnly: true,
		SameSite: http.SameSiteNoneMode, Partitioned: true,
	}
	line, err := format(c, noon)
	if err != nil || len(line) > maxLine {
		t.Fatalf("%d octets, %v", len(line), err)
	}
	if _, err := ParseSet(line); err != nil {
		t.Error(err)
	}
}
