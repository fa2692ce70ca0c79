package jwt

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fuzzKey is the same in every process that fuzzes.
func fuzzKey(t testing.TB) *Key {
	t.Helper()
	k, err := ParseKey([]byte(`{"kty":"oct","alg":"HS256","kid":"1","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A token never comes with an error; a token that is accepted is, part by
// part, the only spelling of what it says; and what Inspect shows is what was verified.
func FuzzToken(f *testing.F) {
	k := fuzzKey(f)
	now := time.Unix(1_800_000_000, 0)
	v, err := NewVerifier("i", "a", mustSet(f, k), Algorithms(), nil)
	if err != nil {
		f.Fatal(err)
	}
	keeps, err := NewVerifier("i", "a", mustSet(f, k), Algorithms(), &VerifierOptions{KeepBytes: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	const payload = `{"iss":"i","aud":"a","exp":1800000060,"sub":"s"}`
	for _, header := range []string{`{"alg":"HS256","kid":"1","typ":"JWT"}`, `{"alg":"HS256"}`, `{"alg":"none"}`, `{"alg":"HS256","crit":["x"]}`} {
		f.Add(header, payload, true)
		f.Add(header, payload, false)
	}
	for _, p := range []string{`{"iss":"i","aud":["a"],"exp":1.8e9}`, `{"iss":"i","iss":"i"}`, `{"aud":[],"exp":null}`, "\xff", `{"iss":"\ud800"}`} {
		f.Add(`{"alg":"HS256"}`, p, true)
	}
	f.Fuzz(func(t *testing.T, header, payload string, sign bool) {
		token := header // also as a whole token
		if sign {
			token = join(header, []byte(payload), signWith(t, k))
		}
		got, err := v.VerifyAt(token, now)
		if (got == nil) != (err != nil) {
			t.Fatalf("got %v with %v", got, err)
		}
		for range 2 { // what keeps tokens says the same, the second time too
			kept, e := keeps.VerifyAt(token, now)
			if (kept == nil) != (e != nil) || fmt.Sprint(e) != fmt.Sprint(err) {
				t.Fatalf("keeping: got %v with %v, want %v", kept, e, err)
			}
		}
		if err != nil {
			if Reason(err) == "" || strings.Count(err.Error(), "jwt: ") < 1 {
				t.Fatalf("no reason in %v", err)
			}
			if raw, e := VerifySignature(token, mustSet(t, k), Algorithms()); (raw == nil) != (e != nil) {
				t.Fatalf("got %q with %v", raw, e)
			}
			return
		}
		if !sign {
			t.Fatalf("accepted without a signature: %q", token)
		}
		i, err := Inspect(token)
		if err != nil || encodeBase64(i.RawHeader)+"."+encodeBase64(i.Payload)+"."+encodeBase64(i.Signature) != token {
			t.Fatalf("%q is not its own spelling: %+v, %v", token, i, err)
		}
		if i.Header != got.Header() || !bytes.Equal(i.Payload, got.Payload()) {
			t.Fatalf("inspected %+v, verified %+v", i, got)
		}
		c := got.Claims()
		if c.Issuer != "i" || !c.Audience.Contains("a") || !c.Expires.After(now) {
			t.Fatalf("accepted with %+v", c)
		}
		var any map[string]any
		if err := got.Decode(&any); err == nil && any["iss"] != "i" {
			t.Fatalf("encoding/json reads another issuer: %v", any["iss"])
		}
		again, err := Sign(k, "", c)
		if err != nil {
			t.Fatalf("cannot be signed again: %v", err)
		}
		if _, err := v.VerifyAt(again, now); err != nil {
			t.Fatalf("signed again: %v", err)
		}
	})
}

// Whatever is thrown at it as one string.
func FuzzRawToken(f *testing.F) {
	k := fuzzKey(f)
	v, err := NewVerifier("i", "a", mustSet(f, k), Algorithms(), &VerifierOptions{MaxBytes: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	good := join(`{"alg":"HS256"}`, []byte(`{"iss":"i","aud":"a","exp":1800000060}`), signWith(f, k))
	for _, token := range []string{good, "", ".", "..", "...", "e30.e30.", good + "\n", good + "=", "a.b.c.d.e", "{}"} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if got, err := v.VerifyAt(token, time.Unix(1_800_000_000, 0)); (got == nil) != (err != nil) || err == nil && token != good {
			t.Fatalf("got %v with %v", got, err)
		}
		if i, err := Inspect(token); err == nil && encodeBase64(i.RawHeader)+"."+encodeBase64(i.Payload)+"."+encodeBase64(i.Signature) != token {
			t.Fatalf("%q is not its own spelling", token)
		}
	})
}

// What is accepted as JSON is JSON for encoding/json, too, and its strings and dates are read
// alike. The other way round we are stricter.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":1,"\u0062":[true,null,-1.5e3]}`, `{"a":1,"\u0061":1}`, `"\ud83d\ude00"`, `"\ud83d"`, "\"\xff\"", `1e400`, `01`, ` [ ] `, `{"exp":1.5}`,
		strings.Repeat("[", 33) + strings.Repeat("]", 33), `[{"a":{"b":"c"}},"",0]`, `{"iss":"a","ISS":"b"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := checkJSON(text)
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("accepted, but encoding/json says no: %q", text)
		}
		if v.kind == kindString {
			var want string
			if err := json.Unmarshal([]byte(text), &want); err != nil || v.text() != want {
				t.Fatalf("got %q, want %q, %v", v.text(), want, err)
			}
			var again string
			if err := json.Unmarshal(appendString(nil, want), &again); err != nil || again != want {
				t.Fatalf("%q written as %q", want, appendString(nil, want))
			}
		}
		if v.kind == kindNumber {
			if d, bad := parseDate(v); bad == "" {
				var want float64
				if err := json.Unmarshal([]byte(text), &want); err != nil {
					t.Fatal(err)
				}
				got := float64(d.UnixNano()) / 1e9
				if d.Unix() > 1<<33 { // beyond what UnixNano holds
					got = float64(d.Unix())
				}
				if diff := got - want; diff < -1e-3 && want-got > 1 || diff > 1e-3 {
					t.Fatalf("%s: got %v, want %v", text, got, want)
				}
				var back NumericDate
				b, err := d.MarshalJSON()
				if err != nil || json.Unmarshal(b, &back) != nil || !back.Equal(d.Time) {
					t.Fatalf("%s: %v written as %s", text, d, b)
				}
			}
		}
		if v.kind != kindObject {
			return
		}
		// No doubled member got through: encoding/json finds as many members.
		var want map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		n := 0
		if err := eachMember(text, func(name string, v value) error {
			n++
			if _, found := want[name]; !found {
				t.Fatalf("encoding/json knows no member %q", name)
			}
			return nil
		}); err != nil || n != len(want) {
			t.Fatalf("%d members, want %d, %v", n, len(want), err)
		}
	})
}

func FuzzKey(f *testing.F) {
	for _, k := range testKeys() {
		if k.alg.scheme().keyType == "RSA" {
			k, _ = k.Public() // the private one is slow to check
		}
		if b, err := k.PrivateJWK(); err == nil {
			f.Add(string(b))
		}
		if b, err := k.MarshalJSON(); err == nil {
			f.Add(string(b))
		}
	}
	for _, text := range []string{`{}`, `{"kty":"EC"}`, `{"kty":"oct","k":""}`, `{"kty":"RSA","n":"AQ","e":"AQAB"}`, `{"kty":"OKP","crv":"Ed25519","x":""}`, `{"kty":"oct","key_ops":["sign"],"k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKey([]byte(text))
		if (k == nil) != (err != nil) {
			t.Fatalf("got %v with %v", k, err)
		}
		if err != nil {
			if Reason(err) != "key" {
				t.Fatalf("reason %q of %v", Reason(err), err)
			}
			return
		}
		checkKeyComesBack(t, k)
	})
}

// checkKeyComesBack: a key that was accepted is written and read as itself.
func checkKeyComesBack(t *testing.T, k *Key) {
	t.Helper()
	if !k.CanSign() && !k.canVerify() {
		t.Fatalf("%v can do nothing", k)
	}
	write := (*Key).PrivateJWK
	if !k.material.private() {
		write = (*Key).MarshalJSON
	}
	b, err := write(k)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseKey(b)
	if err != nil || !back.Equal(k) {
		t.Fatalf("%s is read as %v, %v", b, back, err)
	}
	if again, err := write(back); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%s is written again as %s, %v", b, again, err)
	}
}

func FuzzKeySet(f *testing.F) {
	a, b := testKeys()[ES256], testKeys()[EdDSA]
	aj, err := a.MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	bj, err := b.MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{
		`{"keys":[]}`, `{"keys":[` + string(aj) + `,` + string(bj) + `]}`, string(aj), `{"keys":[` + string(aj) + `,` + string(aj) + `]}`,
		`{"keys":[{"kty":"AKP"},` + string(bj) + `]}`, `{"keys":[{}]}`, `{"keys":1}`, `{}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseKeySet([]byte(text))
		if (s == nil) != (err != nil) {
			t.Fatalf("got %v with %v", s, err)
		}
		if err != nil {
			if Reason(err) != "key" {
				t.Fatalf("reason %q of %v", Reason(err), err)
			}
			return
		}
		if _, err := NewKeySet(s.Keys()...); err != nil {
			t.Fatalf("the parsed keys are no set: %v", err)
		}
		for _, k := range s.Keys() {
			if got, err := s.Key(k.ID()); err != nil || got != k {
				t.Fatalf("%v is not found by its ID: %v, %v", k, got, err)
			}
			checkKeyComesBack(t, k)
		}
		if public, err := s.MarshalJSON(); err == nil {
			back, err := ParseKeySet(public)
			if err != nil || len(back.Keys()) != len(s.Keys()) {
				t.Fatalf("%s is read as %v, %v", public, back, err)
			}
		}
	})
}

// Base64url is read as encoding/base64 does, but for line ends, which nothing may skip; and one value has one spelling.
// A space behind a name changes nothing but the way on which a claim is read, and encoding/json reads the same.
func FuzzClaims(f *testing.F) {
	spaced := strings.NewReplacer(`"iss":`, `"iss" :`, `"sub":`, `"sub" :`, `"aud":`, `"aud" :`, `"exp":`, `"exp" :`, `"nbf":`, `"nbf" :`, `"iat":`, `"iat" :`, `"jti":`, `"jti" :`)
	for _, text := range []string{
		`{}`, `{"iss":"i","aud":["a","b"],"exp":1800000060,"sub":"s","nbf":0,"iat":1.5,"jti":"\u0031"}`, `{ "exp":1 , "iss":"i" }`, `{,"iss":"i"}`, `{"iss":"i""sub":"s"}`,
		`{"iss":"i","\u0069ss":"i"}`, `{"\u0069ss":"i","iss":"i"}`, `{"x":1,"iss":"i","x":2}`, `{"x":"\"iss\":","sub":"a\"iss"}`, `{"exp":01}`, `{"exp":253402300799}`,
		`{"exp":99999999999}`, `{"exp":1800000060 }`, `{"exp":-0}`, `{"exp":"1"}`, `{"iss":1}`, `{"exp":1`, `{"iss":`, `{"iss"`, `{"is`, `{"iss":"i"]`, `{"exp":1]`,
		`{"x":}`, `{"x":,"iss":"i"}`, `{"sub":}`, `{"sub":,"iss":"i"}`, `{"exp":,"iss":"i"}`, `{"aud":}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var quick, slow Claims
		has, err := parseClaims(text, &quick, nil)
		again, otherErr := parseClaims(spaced.Replace(text), &slow, nil)
		if (err == nil) != (otherErr == nil) || err == nil && (has != again || !reflect.DeepEqual(quick, slow)) {
			t.Fatalf("%q: got %+v, %v; with spaces %+v, %v", text, quick, err, slow, otherErr)
		}
		if err != nil {
			return
		}
		if _, err := checkJSON(text); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		for name, got := range map[string]any{"iss": &quick.Issuer, "sub": &quick.Subject, "jti": &quick.ID, "exp": &quick.Expires, "nbf": &quick.NotBefore, "iat": &quick.IssuedAt} {
			want := reflect.New(reflect.TypeOf(got).Elem())
			if raw, found := members[name]; found != (has&registeredClaim(name) != 0) || found && json.Unmarshal(raw, want.Interface()) != nil {
				t.Fatalf("%q: %s, found %v", text, name, found)
			}
			if !reflect.DeepEqual(got, want.Interface()) {
				t.Fatalf("%q: %s is %v, want %v", text, name, got, want)
			}
		}
	})
}

func FuzzBase64(f *testing.F) {
	for _, text := range []string{"", "A", "AA", "AB", "AAA", "AAB", "AAAA", "-_-_", "AbC-_9zZ-_09", "AAAA=AAAAAAA", "AAAAAAAAA=AA", "AA==", "A\nA", "AAAAA", "++//", "é"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := appendBase64([]byte("x"), text)
		want, wrong := base64.RawURLEncoding.Strict().DecodeString(text)
		if lineEnd := strings.ContainsAny(text, "\r\n"); (err != nil) != (wrong != nil || lineEnd) {
			t.Fatalf("%q: got %q, %v, encoding/base64 says %v", text, got, err, wrong)
		}
		if err != nil {
			if got != nil {
				t.Fatalf("got %q with %v", got, err)
			}
			return
		}
		if string(got) != "x"+string(want) || encodeBase64(want) != text || string(appendEncoded([]byte("x"), want)) != "x"+text {
			t.Fatalf("%q: got %q, want %q", text, got, want)
		}
	})
}
