package cookie

import (
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// with is a safe cookie with one thing changed.
func with(change func(c *http.Cookie)) *http.Cookie {
	c := New("__Host-sid", "v")
	change(c)
	return c
}

func TestCheckSafety_CK_P5(t *testing.T) {
	for _, test := range []struct {
		story string
		c     *http.Cookie
		want  error // of Check
		grave bool  // UnsafeCheck refuses it too
	}{
		{"what New makes", New("__Host-sid", "v"), nil, false},
		{"Strict", with(func(c *http.Cookie) { c.SameSite = http.SameSiteStrictMode }), nil, false},
		{"__Host-Http-", New("__Host-Http-sid", "v"), nil, false},
		{"__Http- with a path", with(func(c *http.Cookie) { c.Name, c.Path = "__Http-sid", "/app" }), nil, false},
		{"__Secure- with a Domain", with(func(c *http.Cookie) { c.Name, c.Domain = "__Secure-sid", "example.com" }), nil, false},
		{"__Secure- without a Path", with(func(c *http.Cookie) { c.Name, c.Path = "__Secure-sid", "" }), nil, false},
		{"Partitioned", with(func(c *http.Cookie) { c.Partitioned, c.SameSite = true, http.SameSiteNoneMode }), nil, false},

		{"the zero value of net/http", &http.Cookie{Name: "sid", Value: "v"}, ErrUnsafe, false},
		{"no Secure", with(func(c *http.Cookie) { c.Name, c.Secure = "sid", false }), ErrUnsafe, false},
		{"no HttpOnly", with(func(c *http.Cookie) { c.HttpOnly = false }), ErrUnsafe, false},
		{"no SameSite", with(func(c *http.Cookie) { c.SameSite = 0 }), ErrUnsafe, false},
		{"default SameSite", with(func(c *http.Cookie) { c.SameSite = http.SameSiteDefaultMode }), ErrUnsafe, false},
		{"None, not Partitioned", with(func(c *http.Cookie) { c.SameSite = http.SameSiteNoneMode }), ErrUnsafe, false},
		{"no prefix", New("sid", "v"), ErrUnsafe, false},
		{"Domain without a prefix", with(func(c *http.Cookie) { c.Name, c.Domain = "sid", "example.com" }), ErrUnsafe, false},

		{"no cookie", nil, ErrName, true},
		{"__Host- without Secure", with(func(c *http.Cookie) { c.Secure = false }), ErrPrefix, true},
		{"__Host- with a Domain", with(func(c *http.Cookie) { c.Domain = "example.com" }), ErrPrefix, true},
		{"__Host- with a Path", with(func(c *http.Cookie) { c.Path = "/app" }), ErrPrefix, true},
		{"__Host- without a Path", with(func(c *http.Cookie) { c.Path = "" }), ErrPrefix, true},
		{"__Secure- without Secure", with(func(c *http.Cookie) { c.Name, c.Secure = "__Secure-sid", false }), ErrPrefix, true},
		{"__Http- without Secure", with(func(c *http.Cookie) { c.Name, c.Secure = "__Http-sid", false }), ErrPrefix, true},
		{"__Http- without HttpOnly", with(func(c *http.Cookie) { c.Name, c.HttpOnly = "__Http-sid", false }), ErrPrefix, true},
		{"__Host-Http- without HttpOnly", with(func(c *http.Cookie) { c.Name, c.HttpOnly = "__Host-Http-sid", false }), ErrPrefix, true},
		{"__Host-Http- with a Path", with(func(c *http.Cookie) { c.Name, c.Path = "__Host-Http-sid", "/app" }), ErrPrefix, true},
		{"__Host-Http- with a Domain", with(func(c *http.Cookie) { c.Name, c.Domain = "__Host-Http-sid", "example.com" }), ErrPrefix, true},
		{"__host-", New("__host-sid", "v"), ErrPrefix, true},
		{"__HOST-", New("__HOST-sid", "v"), ErrPrefix, true},
		{"__secure-", New("__secure-sid", "v"), ErrPrefix, true},
		{"__Host-http-, which browsers read as __Host-Http-", New("__Host-http-sid", "v"), ErrPrefix, true},
		{"a word that only looks like a prefix", New("__Hosted", "v"), ErrUnsafe, false},
	} {
		if err := Check(test.c); !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: Check: %v, want %v", test.story, err, test.want)
		}
		err := UnsafeCheck(test.c)
		if (err != nil) != test.grave || err != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: UnsafeCheck: %v, want an error: %v", test.story, err, test.grave)
		}
		if line, err := Format(test.c); (err == nil) != (test.want == nil) || (line == "") != (err != nil) {
			t.Errorf("%s: Format: %q, %v", test.story, line, err)
		}
		if line, err := UnsafeFormat(test.c); (err != nil) != test.grave || (line == "") != (err != nil) {
			t.Errorf("%s: UnsafeFormat: %q, %v", test.story, line, err)
		}
	}
}

func TestCheckGrammar_CK_P1_CK_P6(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	for _, test := range []struct {
		story string
		c     http.Cookie
		want  error
	}{
		{"every token octet in the name", http.Cookie{Name: "!#$%&'*+-.^_`|~09azAZ"}, nil},
		{"no name", http.Cookie{Value: "v"}, ErrName},
		{"a space behind the name", http.Cookie{Name: "sid "}, ErrName},
		{"an equals sign in the name", http.Cookie{Name: "a=b"}, ErrName},
		{"a letter outside ASCII in the name", http.Cookie{Name: "쿠키"}, ErrName},
		{"a line end in the name", http.Cookie{Name: "a\nb"}, ErrName},

		{"no value", http.Cookie{Name: "a"}, nil},
		{"every cookie-octet", http.Cookie{Name: "a", Value: "!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~"}, nil},
		{"a quoted value", http.Cookie{Name: "a", Value: `"v"`}, nil},
		{"quotes around nothing", http.Cookie{Name: "a", Value: `""`}, nil},
		{"one quote", http.Cookie{Name: "a", Value: `"`}, ErrValue},
		{"a quote at the start", http.Cookie{Name: "a", Value: `"v`}, ErrValue},
		{"a quote inside quotes", http.Cookie{Name: "a", Value: `"v"v"`}, ErrValue},
		{"a semicolon, which net/http drops", http.Cookie{Name: "a", Value: "a;b"}, ErrValue},
		{"a semicolon inside quotes", http.Cookie{Name: "a", Value: `"a;b"`}, ErrValue},
		{"a comma, for which net/http adds quotes", http.Cookie{Name: "a", Value: "a,b"}, ErrValue},
		{"a space", http.Cookie{Name: "a", Value: "a b"}, ErrValue},
		{"a backslash", http.Cookie{Name: "a", Value: `a\b`}, ErrValue},
		{"a DEL", http.Cookie{Name: "a", Value: "a\x7f"}, ErrValue},
		{"a NUL", http.Cookie{Name: "a", Value: "\x00"}, ErrValue},
		{"a letter outside ASCII", http.Cookie{Name: "a", Value: "é"}, ErrValue},
		{"Quoted", http.Cookie{Name: "a", Value: "v", Quoted: true}, ErrValue},

		{"a path with spaces inside", http.Cookie{Name: "a", Path: "/a b/c,d"}, nil},
		{"a path of 1024", http.Cookie{Name: "a", Path: "/" + strings.Repeat("p", 1023)}, nil},
		{"a path of 1025, which browsers ignore", http.Cookie{Name: "a", Path: "/" + strings.Repeat("p", 1024)}, ErrTooLong},
		{"a path that browsers replace", http.Cookie{Name: "a", Path: "app"}, ErrAttribute},
		{"a space in front of the path", http.Cookie{Name: "a", Path: " /"}, ErrAttribute},
		{"a space behind the path", http.Cookie{Name: "a", Path: "/ "}, ErrAttribute},
		{"an attribute in the path", http.Cookie{Name: "a", Path: "/;Domain=example.com"}, ErrAttribute},
		{"a line end in the path", http.Cookie{Name: "a", Path: "/\r\nX: y"}, ErrAttribute},
		{"a path outside ASCII", http.Cookie{Name: "a", Path: "/é"}, ErrAttribute},

		{"a domain", http.Cookie{Name: "a", Domain: "shop-1.Example.com"}, nil},
		{"a domain with an A-label", http.Cookie{Name: "a", Domain: "xn--pckua2a7gp15o89zb.com"}, nil},
		{"a domain that begins with a digit", http.Cookie{Name: "a", Domain: "1.3com"}, nil},
		{"a label of 63", http.Cookie{Name: "a", Domain: label63 + ".com"}, nil},
		{"a label of 64", http.Cookie{Name: "a", Domain: label63 + "a.com"}, ErrAttribute},
		{"a domain of 254", http.Cookie{Name: "a", Domain: strings.Repeat("a.", 126) + "aa"}, ErrTooLong},
		{"a dot in front, which browsers drop", http.Cookie{Name: "a", Domain: ".example.com"}, ErrAttribute},
		{"a dot behind", http.Cookie{Name: "a", Domain: "example.com."}, ErrAttribute},
		{"only a dot", http.Cookie{Name: "a", Domain: "."}, ErrAttribute},
		{"two dots", http.Cookie{Name: "a", Domain: "a..b"}, ErrAttribute},
		{"a label that ends with a hyphen", http.Cookie{Name: "a", Domain: "bad-.com"}, ErrAttribute},
		{"a label that begins with a hyphen", http.Cookie{Name: "a", Domain: "-bad.com"}, ErrAttribute},
		{"an underscore", http.Cookie{Name: "a", Domain: "a_b.com"}, ErrAttribute},
		{"an attribute in the domain", http.Cookie{Name: "a", Domain: "a.com;Path=/"}, ErrAttribute},
		{"a domain outside ASCII", http.Cookie{Name: "a", Domain: "쿠키.kr"}, ErrAttribute},
		{"an IPv4 address", http.Cookie{Name: "a", Domain: "127.0.0.1"}, ErrAttribute},
		{"an IPv6 address", http.Cookie{Name: "a", Domain: "::1"}, ErrAttribute},

		{"None with Secure", http.Cookie{Name: "a", Secure: true, SameSite: http.SameSiteNoneMode}, nil},
		{"None without Secure", http.Cookie{Name: "a", SameSite: http.SameSiteNoneMode}, ErrAttribute},
		{"a SameSite that is none", http.Cookie{Name: "a", SameSite: 5}, ErrAttribute},
		{"a negative SameSite", http.Cookie{Name: "a", SameSite: -1}, ErrAttribute},
		{"Partitioned, whole", http.Cookie{Name: "a", Secure: true, SameSite: http.SameSiteNoneMode, Partitioned: true}, nil},
		{"Partitioned without Secure", http.Cookie{Name: "a", Partitioned: true}, ErrAttribute},
		{"Partitioned without SameSite", http.Cookie{Name: "a", Secure: true, Partitioned: true}, ErrAttribute},
		{"Partitioned with Lax", http.Cookie{Name: "a", Secure: true, SameSite: http.SameSiteLaxMode, Partitioned: true}, ErrAttribute},
		{"Unparsed", http.Cookie{Name: "a", Unparsed: []string{"Priority=High"}}, ErrAttribute},
	} {
		err := UnsafeCheck(&test.c)
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v, want %v", test.story, err, test.want)
		}
		if err != nil && test.c.Value != "" && len(test.c.Value) > 1 && strings.Contains(err.Error(), test.c.Value) {
			t.Errorf("%s: the error shows the value: %v", test.story, err)
		}
		if line, err := UnsafeFormat(&test.c); err == nil {
			back, err := ParseSet(line)
			if err != nil || back.Name != test.c.Name || back.Value != test.c.Value || back.Path != test.c.Path || back.Domain != test.c.Domain {
				t.Errorf("%s: %q comes back as %+v, %v", test.story, line, back, err)
			}
		}
	}
}

func TestCheckRefusesLongPair_CK_P4(t *testing.T) {
	for _, test := range []struct {
		size int
		want error
	}{{4095, nil}, {4096, nil}, {4097, ErrTooLong}} {
		for _, name := range []string{"__Host-sid", "__Host-" + strings.Repeat("n", 2000)} {
			c := New(name, strings.Repeat("v", test.size-len(name)))
			err := Check(c)
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Errorf("%d octets: %v, want %v", test.size, err, test.want)
			}
		}
	}
	err := Check(New("__Host-sid", strings.Repeat("v", 4087)))
	if want := `cookie: "__Host-sid": name and value too long: got 4097, limit 4096`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCheckLifetime_CK_P3(t *testing.T) {
	const days400 = 34_560_000
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	for _, test := range []struct {
		story   string
		maxAge  int
		expires time.Time
		want    bool
	}{
		{"neither", 0, time.Time{}, true},
		{"a second", 1, time.Time{}, true},
		{"400 days", days400, time.Time{}, true},
		{"a second more", days400 + 1, time.Time{}, false},
		{"the largest int", math.MaxInt, time.Time{}, false},
		{"a deletion", -1, time.Time{}, true},
		{"the least int is a deletion", math.MinInt, time.Time{}, true},
		{"Expires in 400 days", 0, at(MaxAge), true},
		{"Expires in 400 days and a second", 0, at(MaxAge + time.Second), false},
		{"Expires in the past", 0, at(-time.Hour), true},
		{"Expires in 1601", 0, time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{"Expires in 1600", 0, time.Date(1600, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{"Expires in 1600 in UTC", 0, time.Date(1601, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600)), false},
		{"Expires in 9999", 0, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{"Expires in 10000", 0, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"both agree", 60, at(time.Minute), true},
		{"a second apart", 60, at(61 * time.Second), true},
		{"a second apart the other way", 60, at(59 * time.Second), true},
		{"two seconds apart", 60, at(62 * time.Second), false},
		{"both delete", -1, at(-time.Second), true},
		{"Max-Age deletes, Expires does not", -1, at(time.Second), false},
		{"Expires deletes, Max-Age does not", 60, at(-time.Minute), false},
	} {
		c := New("__Host-sid", "v")
		c.MaxAge, c.Expires = test.maxAge, test.expires
		_, err := format(c, noon)
		if (err == nil) != test.want || err != nil && !errors.Is(err, ErrLifetime) {
			t.Errorf("%s: %v, want accepted: %v", test.story, err, test.want)
		}
	}
}

// 10^5 random times: Format accepts both attributes exactly if they agree, and
// what it writes is read as the same second.
func TestLifetimesAgree_CK_P3(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	accepted := 0
	for range 100_000 {
		now := time.Unix(random.Int64N(1<<33), random.Int64N(1e9)).In(time.FixedZone("", random.IntN(86400)-43200))
		c := New("__Host-sid", "v")
		c.MaxAge = 1 + random.IntN(int(MaxAge/time.Second))
		c.Expires = now.Add(time.Duration(c.MaxAge)*time.Second + time.Duration(random.Int64N(6e9)-3e9))
		// In whole seconds, as it will be read.
		read := time.Unix(c.Expires.Unix(), 0).Sub(now)
		apart := read - time.Duration(c.MaxAge)*time.Second
		want := apart.Abs() <= time.Second && read <= MaxAge

		line, err := format(c, now)
		if (err == nil) != want {
			t.Fatalf("now %v, Max-Age %d, Expires %v: %v, want accepted: %v", now, c.MaxAge, c.Expires, err, want)
		}
		if err != nil {
			continue
		}
		accepted++
		back, err := ParseSet(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if back.MaxAge != c.MaxAge || back.Expires.Unix() != c.Expires.Unix() {
			t.Fatalf("%s: read as Max-Age %d, Expires %v", line, back.MaxAge, back.Expires)
		}
	}
	if accepted < 10_000 {
		t.Errorf("only %d accepted: the test says little", accepted)
	}
}

func TestErrorsAreShortAndOnOneLine(t *testing.T) {
	err := UnsafeCheck(&http.Cookie{Name: strings.Repeat("x\n", 5000)})
	if err == nil || len(err.Error()) > 300 || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	var e *Error
	if !errors.As(err, &e) || e.Unwrap() != ErrName {
		t.Errorf("got %#v", err)
	}
}
