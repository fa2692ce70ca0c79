package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// TestRecognise: what people paste, and what it is taken for: the kind, and how many lines, headers and tokens are in it.
func TestRecognise(t *testing.T) {
	token := signed(t, "HS256", strong, fine)
	for _, row := range []struct {
		story, text string
		kind        Kind
		n           [3]int // Set-Cookie lines, Cookie headers, tokens
	}{
		{"a Set-Cookie header", "Set-Cookie: a=1", KindSetCookie, [3]int{1, 0, 0}},
		{"in other upper and lower case", "SET-COOKIE:a=1", KindSetCookie, [3]int{1, 0, 0}},
		{"its value alone", "a=1; Path=/", KindSetCookie, [3]int{1, 0, 0}},
		{"a flag is enough", "a=1; httponly", KindSetCookie, [3]int{1, 0, 0}},
		{"a file of lines", "a=1; Path=/\nb=2; Secure\n\nSet-Cookie: c=3\n", KindSetCookie, [3]int{3, 0, 0}},
		{"lines of another system", "a=1; Path=/\r\nb=2; Secure\r\n", KindSetCookie, [3]int{2, 0, 0}},
		{"a Cookie header", "Cookie: a=1", KindCookie, [3]int{0, 1, 0}},
		{"its value alone", "a=1; b=2", KindCookie, [3]int{0, 1, 0}},
		{"of the old kind", "$Version=1; a=1; $Path=/", KindCookie, [3]int{0, 1, 0}},
		{"a token", token, KindToken, [3]int{0, 0, 1}},
		{"with quotes and a comma, out of JSON", `  "` + token + `",`, KindToken, [3]int{0, 0, 1}},
		{"in a header", "Authorization: Bearer " + token, KindToken, [3]int{0, 0, 1}},
		{"the header's value", "bearer " + token, KindToken, [3]int{0, 0, 1}},
		{"two of them", token + "\n" + token, KindToken, [3]int{0, 0, 2}},
		{"one that was broken into lines", token[:50] + "\n" + token[50:], KindToken, [3]int{0, 0, 1}},
		{"an opaque one in a header", "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA", KindToken, [3]int{0, 0, 1}},
		{"what curl -v shows", "* Connected to a.example (::1) port 443\n> GET /x HTTP/2\n> Host: a.example\n> Cookie: a=1; b=2\n> Authorization: Bearer " + token + "\n>\n< HTTP/2 200\n< set-cookie: c=3\n< set-cookie: d=4; Path=/\n{ [5 bytes data]", KindHeaders, [3]int{2, 1, 1}},
		{"what Chrome copies", ":authority\na.example\n:method\nGET\n:path\n/x\n:scheme\nhttps\ncookie\na=1; b=2\nuser-agent\nMozilla/5.0\nset-cookie\nc=3\n", KindHeaders, [3]int{1, 1, 0}},
		{"with colons", "set-cookie:\nc=3; Path=/\ncookie:\na=1\n", KindHeaders, [3]int{1, 1, 0}},
		{"script", `document.cookie = "a=1"`, KindSetCookie, [3]int{1, 0, 0}},
		{"Basic credentials", "Authorization: Basic YTpi", KindHeaders, [3]int{0, 0, 0}},
		{"a mark at the beginning", "\ufeffSet-Cookie: a=1", KindSetCookie, [3]int{1, 0, 0}},
		{"a value with a colon", "a=b:c; Path=/", KindSetCookie, [3]int{1, 0, 0}},
		{"an answer with tokens", `{"access_token":"` + token + `","refresh_token":"2YotnFZFEjr1zCsicMWpAA"}`, KindToken, [3]int{0, 0, 2}},
		{"a HAR file", record("x"), KindHAR, [3]int{}},
		{"a HAR file with something before", `{"x":[1,{"y":2}],"log":{"entries":[]}}`, KindHAR, [3]int{}},
	} {
		r, err := Explain(iotest.HalfReader(strings.NewReader(row.text)), &Options{Now: noon})
		if err != nil {
			t.Errorf("%s: %v", row.story, err)
			continue
		}
		if got := [3]int{len(r.SetCookies), len(r.Cookies), len(r.Tokens)}; r.Kind != row.kind || got != row.n {
			t.Errorf("%s: %s %v, want %s %v", row.story, r.Kind, got, row.kind, row.n)
		}
	}
}

func TestNotRecognised(t *testing.T) {
	for _, row := range []struct {
		story, text string
		want        error
		says        string
	}{
		{"one pair", "a=1", ErrDoubtful, "may be a Set-Cookie line as well as a Cookie header"},
		{"a word", "hello", ErrDoubtful, "neither a header's name nor a cookie nor a token"},
		{"nothing", " \n", ErrEmpty, ""},
		{"headers without cookies", "Content-Type: text/html", ErrDoubtful, "none with a cookie or a token"},
		{"a key set", `{"keys":[]}`, ErrDoubtful, "key set"},
		{"a list", `[{"name":"a"}]`, ErrDoubtful, "JSON list"},
		{"other JSON", `{"a":1}`, ErrDoubtful, "not of a HAR file"},
		{"a broken answer", `{"access_token":"x"`, ErrDoubtful, "not whole JSON"},
		{"an answer without a token", `{"access_token":""}`, ErrDoubtful, "no token in it"},
		{"too many lines", strings.Repeat("Set-Cookie: a=1\n", maxItems+1), ErrTooLarge, "1001 lines"},
		{"too long", strings.Repeat("x", maxText+1), ErrTooLarge, "1048576 octets"},
	} {
		_, err := Explain(strings.NewReader(row.text), nil)
		e, ok := errors.AsType[*Error](err)
		if !ok || !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) || e.Hint == "" {
			t.Errorf("%s: %v, want %v: %s", row.story, err, row.want, row.says)
		}
	}
	if _, err := Explain(strings.NewReader(strings.Repeat("Set-Cookie: a=1\n", maxItems)), nil); err != nil {
		t.Errorf("as many lines as allowed: %v", err)
	}
}

// TestForced: --kind wins over what an input looks like.
func TestForced(t *testing.T) {
	for _, row := range []struct {
		text string
		kind Kind
		want Kind
	}{
		{"a=1", KindSetCookie, KindSetCookie},
		{"a=1", KindCookie, KindCookie},
		{"a=1; Path=/", KindCookie, KindCookie},
		{"a=1; b=2", KindSetCookie, KindSetCookie},
		{"x: y", KindSetCookie, KindSetCookie},
		{"hello", KindToken, KindToken},
		{"a=1; b=2\nSet-Cookie: c=3", KindHeaders, KindHeaders},
	} {
		r, err := Explain(strings.NewReader(row.text), &Options{Kind: row.kind})
		if err != nil || r.Kind != row.want {
			t.Errorf("%q as %s: %v, %v", row.text, row.kind, r, err)
		}
	}
}

// TestJSON documents the shape: each member with the kind of its value. What scripts may rely on stands here.
func TestJSON(t *testing.T) {
	const verdict = `detail string, fix string, line string, name string, reasons list, step string, verdict string, warnings list`
	const token = `about string, alg string, bytes number, claims object, form string, header object, signature string, signature_bytes number, times list, typ string, valid boolean`
	text := "Set-Cookie: __Host-x=" + signed(t, "HS256", strong, fine) + "; odd=1\nCookie: connect.sid=1; b=2\nAuthorization: Bearer " + signed(t, "HS256", strong, fine)
	for path, want := range map[string]string{
		"":                      `assumed list, cookies list, findings list, kind string, schema number, set_cookies list, tokens list, url string`,
		"findings.0":            `about string, code string, detail string, fix string, level string, ref string`,
		"set_cookies.0":         `about string, ` + verdict + `, means list, token object, value object`,
		"set_cookies.0.value":   `bytes number, kind string, says string, text string`,
		"set_cookies.0.means.0": `says string, what string`,
		"set_cookies.0.token":   token,
		"cookies.0":             `about string, bytes number, pairs list`,
		"cookies.0.pairs.0":     `about string, name string, purpose string, server string, value object`,
		"tokens.0":              token,
		"tokens.0.times.0":      `at string, claim string, says string`,
	} {
		r, err := Explain(strings.NewReader(text), &Options{Now: noon})
		if err != nil {
			t.Fatal(err)
		}
		checkShape(t, r, path, want)
	}
	har := record("WebInspector",
		shot{at: 0, took: 9, url: "https://a.example/", headers: typed, set: []string{"sid=1; Secure; SameSite=Strict", "__Host-a=1"}},
		shot{at: 100, page: "p2", url: "https://a.example/", headers: linked, cookie: "x=1"},
		shot{at: 200, url: "data:,"})
	for path, want := range map[string]string{
		"":                             `assumed list, findings list, har object, kind string, schema number`,
		"har":                          `cookies list, creator string, from string, profile string, requests list, seconds number, totals object`,
		"har.totals":                   `comparisons object, judged number, rejected number, requests number, set_cookies number`,
		"har.requests.0":               `at string, context string, cookies list, method string, n number, set_cookies list, status number, url string`,
		"har.requests.2":               `at string, context string, cookies list, method string, n number, set_cookies list, skipped string, status number, url string`,
		"har.requests.0.set_cookies.1": strings.Replace(verdict, ", warnings list", "", 1),
		"har.requests.1.cookies.0":     `name string, result string`,
		"har.requests.1.cookies.1":     `detail string, name string, reasons list, result string, step string`,
		"har.cookies.0":                `about string, causes list, deleted number, name string, rejected number, results object, set number, site string`,
		"har.cookies.0.causes.0":       `detail string, first number, fix string, reason string, step string, times number`,
	} {
		r, err := Explain(strings.NewReader(har), &Options{Now: noon})
		if err != nil {
			t.Fatal(err)
		}
		checkShape(t, r, path, want)
	}
}

func checkShape(t *testing.T, r *Report, path, want string) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(asJSON(t, r)), &v); err != nil {
		t.Fatal(err)
	}
	for step := range strings.FieldsFuncSeq(path, func(c rune) bool { return c == '.' }) {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i := int(step[0] - '0')
			if i >= len(at) {
				t.Fatalf("%s: only %d", path, len(at))
			}
			v = at[i]
		}
	}
	var members []string
	object, _ := v.(map[string]any)
	for name, value := range object {
		kind := "object"
		switch reflect.ValueOf(value).Kind() {
		case reflect.String:
			kind = "string"
		case reflect.Float64:
			kind = "number"
		case reflect.Bool:
			kind = "boolean"
		case reflect.Slice:
			kind = "list"
		}
		members = append(members, name+" "+kind)
	}
	if !sameCodes(members, strings.Split(want, ", ")) {
		t.Errorf("%s:\n got %s\nwant %s", path, strings.Join(members, ", "), want)
	}
}

// TestShorten: no value of a cookie, and no secret claim, is left in a report that was shortened.
func TestShorten(t *testing.T) {
	const secret = "QkJCQkJCQkJCQkJCQkJC"
	inner := signed(t, "HS256", strong, `{"password":"`+secret+`"}`)
	text := fmt.Sprintf("Set-Cookie: __Host-a=%[1]s; Path=/\nSet-Cookie: %[1]s\nCookie: b=%[1]s; c=%[2]s\nAuthorization: Bearer %[2]s", secret, inner)
	har := record("x", shot{took: 1, url: "https://a.example/?code=" + secret + "&" + secret, cookie: "z=" + secret, set: []string{"__Host-b=" + secret + "; Path=/", "auth=" + inner}})
	for _, input := range []string{text, har} {
		r, err := Explain(strings.NewReader(input), nil)
		if err != nil {
			t.Fatal(err)
		}
		if whole := asJSON(t, r); !strings.Contains(whole, secret) {
			t.Error("the secret is not there to begin with")
		}
		short := func(s string) string { return s[:min(len(s), 4)] }
		r.Shorten(short, func(line string) string { name, _, _ := strings.Cut(line, "="); return short(name) })
		if left := asJSON(t, r); strings.Contains(left, secret) || strings.Contains(left, inner) {
			t.Errorf("a secret is left in %s", left)
		}
	}
}
