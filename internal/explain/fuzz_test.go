package explain

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cloakroom/cloakroom/jwt"
)

// FuzzExplain: whatever is pasted gets a report or an error with a hint; its findings are sentences, and the report is whole
// JSON. However the input arrives, it is the same report.
func FuzzExplain(f *testing.F) {
	for _, seed := range []string{
		safeLine, "Set-Cookie: a=1; Path=/, b=2; Path=/", "a=1; b=2", "Cookie: a=1; a=2", "$Version=1; a=1", `document.cookie = "a=1"`,
		"> GET / HTTP/1.1\n> Host: a.example\n< set-cookie: a=1", ":authority\na.example\ncookie\na=1", "Authorization: Basic YTpi",
		signed(f, "HS256", "secret", fine), "Bearer " + signed(f, "HS512", "secret", `{"exp":1e400,"aud":[7]}`) + "=", "eyJhbGciOiJub25lIn0..", "eyJhbGciOiJkaXIifQ....",
		`{"access_token":"x"}`, `{"payload":"","signatures":[{}]}`, `{"log":{}}`, "hello", "\ufeff", "a\x01=b; Expires=Fri, 27 Nov 2026 12:00:00 GMT; Max-Age=1",
	} {
		f.Add(seed, "")
		f.Add(seed, "set-cookie")
	}
	f.Fuzz(func(t *testing.T, text, kind string) {
		if len(text) > 20_000 {
			return
		}
		r, err := Explain(strings.NewReader(text), &Options{Kind: Kind(kind), Now: noon})
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Hint == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, found := range r.Findings {
			if found.Detail == "" || found.Fix == "" || found.About == "" || strings.Contains(found.Detail, "%!") {
				t.Fatalf("%+v", found)
			}
		}
		b, err := json.Marshal(r)
		if err != nil || !json.Valid(b) {
			t.Fatal(err)
		}
		again, err := Explain(iotest.OneByteReader(strings.NewReader(text)), &Options{Kind: Kind(kind), Now: noon})
		if err != nil || asJSON(t, again) != string(b) {
			t.Fatalf("read again it is another report: %v", err)
		}
	})
}

// FuzzToken: no token is called valid without a key, nor with one that did not sign it.
func FuzzToken(f *testing.F) {
	for _, seed := range []string{
		signed(f, "HS256", "secret", fine), signed(f, "HS256", strong, fine) + "==", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJkaXIiLCJwMmMiOjF9....",
		signedWith(f, `{"alg":"HS256","crit":["b64"],"b64":false,"kid":"../x","jku":"http://[::1"}`, "HS256", "", "x"),
		signed(f, "HS256", "x", `{"exp":"1","iat":-1,"nbf":1e17,"aud":[],"iss":7,"sub":null,"exp":1}`), "eyJ", ".", "e30..", signed(f, "HS256", "", signed(f, "HS256", "", "{}")),
	} {
		f.Add(seed)
	}
	key, err := jwt.GenerateKey(jwt.ES256)
	if err != nil {
		f.Fatal(err)
	}
	public, _ := key.Public()
	keys, err := jwt.NewKeySet(public)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if len(token) > 5_000 {
			return
		}
		for _, k := range []*jwt.KeySet{nil, keys} {
			e := explainer{Options: Options{Now: noon, Keys: k}, report: &Report{}}
			for got := e.explainToken("token", token, 0); got != nil; got = got.Nested {
				if got.Valid || got.Signature == Good || k == nil && got.Signature == Wrong {
					t.Fatalf("%q is called %s, valid %v", token, got.Signature, got.Valid)
				}
				if b, err := json.Marshal(got); err != nil || !json.Valid(b) {
					t.Fatal(err)
				}
			}
			if seen, err := jwt.Inspect(token); err == nil && isHeaderPart(token[:strings.IndexByte(token, '.')]) && len(seen.Problems) > 0 && !problems(e.report.Findings) {
				t.Fatalf("%q: package jwt refuses it (%v), and nothing is said of that", token, seen.Problems)
			}
		}
	})
}

// FuzzHAR: no file makes the reader fail in another way than with an error and a hint; no more requests are judged than there
// are; what is read twice is the same, however it arrives.
func FuzzHAR(f *testing.F) {
	f.Add(record("WebInspector",
		shot{at: 0, took: 9, url: "https://a.example/", headers: typed, status: 302, location: "/b", set: []string{safeLine, "__Host-a=1"}},
		shot{at: 9, url: "https://a.example/b", headers: typed, cookie: "x=1; x=2"},
		shot{at: 20, url: "https://b.example/c", headers: picture, cookies: []map[string]any{{"name": "a", "value": "b", "expires": "2026-12-01T00:00:00Z"}}, blocked: []map[string]any{{"blockedReasons": []string{"SecureOnly"}}}}))
	f.Add(record("Firefox old", shot{url: "http://a.example/", set: []string{"a=1", "b=2"}, kind: "document"}))
	f.Add(record("WebKit Web Inspector", shot{url: "wss://a.example:99999/%zz", set: []string{"a=1; Path=/", "b=2"}, list: []string{"c=3"}}))
	f.Add(`{"log":{"entries":[{"request":{"url":"https://a.example/","headers":[{"name":"Cookie","value":"\ud83d\u0000"}]},"timings":{"wait":1e999}}]}}`)
	f.Add(`{"log":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 50_000 {
			return
		}
		r, err := Explain(strings.NewReader(text), &Options{Kind: KindHAR, Now: noon})
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Hint == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		n := r.HAR.Totals
		if n.Requests != len(r.HAR.Entries) || n.Judged > n.Requests || n.Rejected > n.SetCookies {
			t.Fatalf("%+v of %d", n, len(r.HAR.Entries))
		}
		again, err := Explain(iotest.HalfReader(strings.NewReader(text)), &Options{Kind: KindHAR, Now: noon})
		if err != nil || !reflect.DeepEqual(asJSON(t, r), asJSON(t, again)) {
			t.Fatalf("read again it is another report: %v", err)
		}
	})
}
