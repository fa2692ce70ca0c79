package cookie

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// naive is Get written in the plainest way, to be compared with.
func naive(lines []string, name string) (found []string, variants int) {
	for _, line := range lines {
		for i, pair := range strings.Split(line, ";") {
			if i > 0 {
				pair = strings.TrimPrefix(pair, " ")
			}
			n, v, ok := strings.Cut(pair, "=")
			if ok && n == name {
				found = append(found, v)
			} else if ok && strings.EqualFold(n, name) && len(n) == len(name) {
				variants++
			}
		}
	}
	return found, variants
}

// FuzzHeader: Get returns a value only if exactly one pair has the very name,
// and Parse has the same pairs.
func FuzzHeader(f *testing.F) {
	f.Add("a=1; __Host-sid=2", "b=3", "__Host-sid")
	f.Add("__Host-sid =evil", "__host-sid=evil", "__Host-sid")
	f.Add(`a="1; sid=2"; =x; y`, ";;; ", "sid")
	f.Add("sid=1", "sid=2", "sid")
	f.Add("\u2000sid=1; $Version=1", "SID=1;sid=2", "sid")
	f.Add("=", "=a", "")
	f.Fuzz(func(t *testing.T, line1, line2, name string) {
		lines := []string{line1, line2}
		h := http.Header{"Cookie": lines}
		value, err := Get(h, name)
		all, parseErr := Parse(h)
		found, variants := naive(lines, name)
		prefixed := PrefixOf(name) != nil
		if err != nil && value != "" {
			t.Fatalf("the value %q beside the error %v", value, err)
		}
		switch {
		case checkName(name) != nil:
			if err == nil {
				t.Fatalf("a value for the bad name %q", name)
			}
		case parseErr != nil:
			if err == nil || errors.Is(err, http.ErrNoCookie) {
				t.Fatalf("Parse says %v, Get says %v", parseErr, err)
			}
		case len(found) == 1 && (!prefixed || variants == 0):
			if err != nil || value != found[0] {
				t.Fatalf("got %q, %v, want %q", value, err, found[0])
			}
		case len(found) == 0 && (!prefixed || variants == 0):
			if !errors.Is(err, http.ErrNoCookie) {
				t.Fatalf("got %q, %v, want no cookie", value, err)
			}
		default:
			if !errors.Is(err, ErrDuplicate) && !errors.Is(err, ErrCaseVariant) {
				t.Fatalf("got %q, %v; %d found, %d variants", value, err, len(found), variants)
			}
		}
		if parseErr != nil {
			return
		}
		// Written again, Parse gives the same pairs.
		var pairs []string
		for _, c := range all {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
		again, err := Parse(http.Header{"Cookie": {strings.Join(pairs, "; ")}})
		for i, c := range again {
			// A space in front of the whole line is no separator.
			if c.Name != all[i].Name || c.Value != all[i].Value {
				t.Fatalf("pair %d: %q=%q came back as %q=%q", i, all[i].Name, all[i].Value, c.Name, c.Value)
			}
		}
		if err == nil && len(again) != len(all) {
			t.Fatalf("%d pairs came back as %d", len(all), len(again))
		}
	})
}

// FuzzParseSet: what is accepted is written again, and that is a fixed point.
func FuzzParseSet(f *testing.F) {
	f.Add("__Secure-a=b; Path=/x; Domain=example.com; Expires=Mon, 23 Nov 2026 12:00:00 GMT; Max-Age=60; HttpOnly; Secure; SameSite=None; Partitioned")
	f.Add("a=b;SECURE;\t samesite=lax;  pAtH=/")
	f.Add(`__Host-a="b"; Path=/; Secure`)
	f.Add("a=; Max-Age=0")
	f.Add("a=b; Expires=Mon, 01 Jan 0001 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseSet(text)
		if err != nil {
			var e *Error
			if c != nil || !errors.As(err, &e) {
				t.Fatalf("%+v, %v", c, err)
			}
			return
		}
		if !strings.HasPrefix(text, c.Name+"="+c.Value) {
			t.Fatalf("%q has another name or value than %q", text, c.Name+"="+c.Value)
		}
		once := line(c)
		again, err := ParseSet(once)
		if err != nil {
			t.Fatalf("%q was written as %q, which is refused: %v", text, once, err)
		}
		if twice := line(again); twice != once {
			t.Fatalf("%q was written as %q, then as %q", text, once, twice)
		}
	})
}

// FuzzSet: an accepted cookie comes back through a browser's Cookie header and
// through ParseSet octet for octet; a refused one leaves no header (CK-P1).
func FuzzSet(f *testing.F) {
	f.Add("__Host-sid", "v", "/", "", int64(0), 0, true, true, 2, false)
	f.Add("__Secure-sid", `"v"`, "/a b", "example.com", int64(1_795_392_000), 60, true, false, 4, true)
	f.Add("a", "a,b", "", ".example.com", int64(-1), -1, false, false, 0, false)
	f.Add("a\n", "a;b", "/;x", "::1", int64(1)<<40, 1<<30, false, false, 9, true)
	f.Fuzz(func(t *testing.T, name, value, path, domain string, expires int64, maxAge int, secure, httpOnly bool, sameSite int, partitioned bool) {
		c := &http.Cookie{
			Name: name, Value: value, Path: path, Domain: domain, MaxAge: maxAge,
			Secure: secure, HttpOnly: httpOnly, SameSite: http.SameSite(sameSite), Partitioned: partitioned,
		}
		if expires != 0 {
			c.Expires = time.Unix(expires, 0)
		}
		if Check(c) == nil && UnsafeCheck(c) != nil {
			t.Fatalf("%+v passes Check and not UnsafeCheck", c)
		}
		w := httptest.NewRecorder()
		err := UnsafeSet(w, c)
		lines := w.Header()["Set-Cookie"]
		if err != nil {
			if len(lines) != 0 {
				t.Fatalf("%v, but the header is %q", err, lines)
			}
			return
		}
		if len(lines) != 1 || strings.ContainsAny(lines[0], "\r\n\x00") {
			t.Fatalf("header %q", lines)
		}
		back, err := ParseSet(lines[0])
		if err != nil || back.Name != name || back.Value != value || back.Path != path || back.Domain != domain ||
			back.Secure != secure || back.HttpOnly != httpOnly || back.Partitioned != partitioned {
			t.Fatalf("%+v was written as %q and came back as %+v, %v", c, lines[0], back, err)
		}
		pair, _, _ := strings.Cut(lines[0], ";")
		if got, err := Get(http.Header{"Cookie": {"x.y=1; " + pair}}, name); name != "x.y" && (err != nil || got != value) {
			t.Fatalf("%q came back as %q, %v", pair, got, err)
		}
		if err := Delete(w, c); err != nil || len(w.Header()["Set-Cookie"]) != 1 {
			t.Fatalf("deletion of %+v: %v, header %q", c, err, w.Header())
		}
	})
}

// FuzzOpen: what opens was sealed by us, and there is one spelling of it.
func FuzzOpen(f *testing.F) {
	// A constant, because each process of a fuzz run would seal another nonce.
	const sealed = "AdkY6oOC-JQAAAAAAAAAAAAAAAAAAOfGlMJcrfXpgCS-i4qKO7gPSQwtyB5Q"
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = byte(i)
	}
	s := sealer(f, secret)
	if _, err := s.open("__Host-visit", sealed, time.Unix(0, 0)); err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{sealed, sealed + "A", sealed[1:], "AQ", strings.Repeat("A", 52), sealed[:30] + "\n" + sealed[30:]} {
		f.Add("__Host-visit", text)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		value, err := s.open(name, text, time.Unix(0, 0))
		if err == nil && (name != "__Host-visit" || text != sealed || string(value) != "lang=ko") {
			t.Fatalf("%q opens for %q as %q", text, name, value)
		}
		if err != nil && value != nil {
			t.Fatalf("%q beside %v", value, err)
		}
	})
}

// FuzzSeal: what is sealed opens, under this name and no other.
func FuzzSeal(f *testing.F) {
	s := sealer(f, secret1, secret2)
	f.Add("__Host-a", []byte("v"), int64(1))
	f.Add("a", []byte{}, int64(time.Hour))
	f.Add("a b", []byte("v"), int64(-1))
	f.Fuzz(func(t *testing.T, name string, value []byte, lifetime int64) {
		sealed, err := s.seal(name, value, time.Duration(lifetime), noon)
		if err != nil {
			if sealed != "" {
				t.Fatalf("%q beside %v", sealed, err)
			}
			return
		}
		if err := UnsafeCheck(&http.Cookie{Name: name, Value: sealed}); err != nil && !errors.Is(err, ErrPrefix) {
			t.Fatal(err)
		}
		end := noon.Add(time.Duration(lifetime))
		if got, err := s.open(name, sealed, end); err != nil || !bytes.Equal(got, value) {
			t.Fatalf("got %q, %v, want %q", got, err, value)
		}
		if _, err := s.open(name, sealed, end.Add(1)); !errors.Is(err, ErrExpired) {
			t.Fatalf("a nanosecond late: %v", err)
		}
		if _, err := s.open(name+"x", sealed, noon); !errors.Is(err, ErrAltered) {
			t.Fatalf("under another name: %v", err)
		}
	})
}
