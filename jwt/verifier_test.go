package jwt

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// claimsToken signs a payload that is given as text, so that a row can say what Sign would refuse.
func claimsToken(t testing.TB, k *Key, typ, payload string) string {
	t.Helper()
	token, err := SignPayload(k, typ, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Rows are members of the payload; exp is far enough unless a row says otherwise.
func TestIssuerAudienceAndSubject_TK12_TK13_CV01(t *testing.T) {
	k := testKeys()[HS256]
	v := testVerifier(t, k, nil)
	const iss, aud = `"iss":"https://login.example"`, `"aud":"https://api.example"`
	exp := fmt.Sprintf(`"exp":%d`, time.Now().Add(time.Hour).Unix())
	for _, row := range []struct {
		story, members string
		want           error // nil: accepted
	}{
		{"all three", iss + "," + aud + "," + exp, nil},
		{"in another order", exp + "," + aud + "," + iss, nil},
		{"aud as an array of one", iss + `,"aud":["https://api.example"],` + exp, nil},
		{"aud with others before", iss + `,"aud":["x","y","https://api.example"],` + exp, nil},
		{"aud with others after", iss + `,"aud":["https://api.example","x"],` + exp, nil},
		{"aud twice in the array", iss + `,"aud":["https://api.example","https://api.example"],` + exp, nil},
		{"aud with escapes", iss + `,"aud":"https:\/\/api.ex\u0061mple",` + exp, nil},
		{"with sub and jti", iss + "," + aud + "," + exp + `,"sub":"alice","jti":"1"`, nil},
		{"with claims that nobody knows", iss + "," + aud + "," + exp + `,"x":{"y":[1,null,true]},"z":1e400`, nil},

		{"no aud", iss + "," + exp, ErrClaim},
		{"aud of another", iss + `,"aud":"https://other.example",` + exp, ErrAudience},
		{"aud array without us", iss + `,"aud":["a","b"],` + exp, ErrAudience},
		{"aud empty string", iss + `,"aud":"",` + exp, ErrAudience},
		{"aud empty array", iss + `,"aud":[],` + exp, ErrClaim},
		{"aud array of an empty string", iss + `,"aud":[""],` + exp, ErrAudience},
		{"aud null", iss + `,"aud":null,` + exp, ErrClaim},
		{"aud number", iss + `,"aud":1,` + exp, ErrClaim},
		{"aud true", iss + `,"aud":true,` + exp, ErrClaim},
		{"aud object", iss + `,"aud":{"https://api.example":1},` + exp, ErrClaim},
		{"aud array with a number", iss + `,"aud":["https://api.example",1],` + exp, ErrClaim},
		{"aud array with null", iss + `,"aud":[null,"https://api.example"],` + exp, ErrClaim},
		{"aud array in an array", iss + `,"aud":[["https://api.example"]],` + exp, ErrClaim},
		{"aud with a slash more", iss + `,"aud":"https://api.example/",` + exp, ErrAudience},
		{"aud in another case", iss + `,"aud":"https://API.example",` + exp, ErrAudience},
		{"aud cut", iss + `,"aud":"https://api.exampl",` + exp, ErrAudience},
		{"aud longer", iss + `,"aud":"https://api.example.evil",` + exp, ErrAudience},
		{"aud by a space", iss + `,"aud":"x https://api.example",` + exp, ErrAudience},
		{"aud under another name", iss + `,"Aud":"https://api.example",` + exp, ErrClaim},
		{"aud twice", iss + "," + aud + "," + aud + "," + exp, ErrMalformed},
		{"aud twice, the wrong one first", iss + `,"aud":"x",` + aud + "," + exp, ErrMalformed},
		{"aud twice, once escaped", iss + `,"\u0061ud":"x",` + aud + "," + exp, ErrMalformed},

		{"no iss", aud + "," + exp, ErrClaim},
		{"iss of another", `"iss":"https://evil.example",` + aud + "," + exp, ErrIssuer},
		{"iss empty", `"iss":"",` + aud + "," + exp, ErrIssuer},
		{"iss null", `"iss":null,` + aud + "," + exp, ErrClaim},
		{"iss array", `"iss":["https://login.example"],` + aud + "," + exp, ErrClaim},
		{"iss with a slash more", `"iss":"https://login.example/",` + aud + "," + exp, ErrIssuer},
		{"iss in another case", `"iss":"https://Login.example",` + aud + "," + exp, ErrIssuer},
		{"iss with user info", `"iss":"https://login.example@evil.example",` + aud + "," + exp, ErrIssuer},
		{"iss and aud exchanged", `"iss":"https://api.example","aud":"https://login.example",` + exp, ErrIssuer},
		{"iss twice", iss + "," + iss + "," + aud + "," + exp, ErrMalformed},

		{"sub number", iss + "," + aud + "," + exp + `,"sub":1`, ErrClaim},
		{"sub null", iss + "," + aud + "," + exp + `,"sub":null`, ErrClaim},
		{"sub array", iss + "," + aud + "," + exp + `,"sub":["alice"]`, ErrClaim},
		{"sub twice", iss + "," + aud + "," + exp + `,"sub":"alice","sub":"root"`, ErrMalformed},
		{"jti number", iss + "," + aud + "," + exp + `,"jti":1`, ErrClaim},
		{"no exp", iss + "," + aud, ErrClaim},
		{"nothing", "", ErrClaim},
	} {
		token := claimsToken(t, k, "", "{"+row.members+"}")
		if row.want != nil {
			refused(t, v, row.story, token, row.want)
		} else if got, err := v.Verify(token); err != nil || got.Claims().Issuer != testIssuer {
			t.Errorf("%s: got %v, %v", row.story, got, err)
		}
	}
}

func TestPayloadsThatAreNoClaims_TK06_TK11(t *testing.T) {
	k := testKeys()[HS256]
	v := testVerifier(t, k, &VerifierOptions{MaxBytes: 1 << 20})
	c, err := testClaimsText()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ story, payload string }{
		{"empty", ""}, {"space", " "}, {"null", "null"}, {"true", "true"}, {"a number", "1"}, {"a string", `"x"`}, {"an array", "[]"},
		{"an array around", "[" + c + "]"}, {"a bracket for the brace", "[" + c[1:]}, {"a quote for the brace", `"` + c[1:]}, {"not closed", c[:len(c)-1]}, {"data after", c + "x"}, {"two objects", c + c},
		{"a NUL after", c + "\x00"}, {"not UTF-8", strings.Replace(c, "alice", "\xc3\x28", 1)},
		{"UTF-8 of a surrogate", strings.Replace(c, "alice", "\xed\xa0\x80", 1)}, {"overlong UTF-8", strings.Replace(c, "alice", "\xc0\xaf", 1)},
		{"a byte order mark", "\ufeff" + c}, {"single quotes", "{'sub':'alice'}"}, {"a nested JWT", "eyJhbGciOiJub25lIn0.e30."},
		{"a member twice deep inside", c[:len(c)-1] + `,"x":{"y":{"z":1,"z":2}}}`},
		{"nested 33 deep", c[:len(c)-1] + `,"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`},
		{"nested 100000 deep", c[:len(c)-1] + `,"x":` + strings.Repeat("[", 100000)},
		{"NaN", c[:len(c)-1] + `,"x":NaN}`}, {"Infinity", c[:len(c)-1] + `,"x":Infinity}`},
	} {
		refused(t, v, row.story, claimsToken(t, k, "", row.payload), ErrMalformed)
		if got, err := VerifySignature(claimsToken(t, k, "", row.payload), mustSet(t, k), Algorithms()); err != nil || string(got) != row.payload {
			t.Errorf("%s: VerifySignature: got %q, %v", row.story, got, err)
		}
	}
	deep := c[:len(c)-1] + `,"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`
	if _, err := v.Verify(claimsToken(t, k, "", deep)); err != nil {
		t.Errorf("nested 32 deep: %v", err)
	}
}

func testClaimsText() (string, error) {
	c := testClaims()
	b, err := c.append(nil)
	return string(b), err
}

func TestFormOfExpiry_TK12(t *testing.T) {
	k := testKeys()[HS256]
	v := testVerifier(t, k, nil)
	now := time.Unix(1_800_000_000, 0)
	for _, row := range []struct {
		exp  string
		want error
	}{
		{"1800000001", nil},
		{"1800000000.000000001", nil},
		{"1800000000.5", nil},
		{"1800000060.25", nil},
		{"1.8000001e9", nil},
		{"1.8000001E+9", nil},
		{"18000001000e-1", nil},
		{"1800000000", ErrExpired},
		{"1800000000.0", ErrExpired},
		{"1800000000.0000000001", ErrExpired}, // cut to nanoseconds: it ends earlier, never later
		{"1799999999.999999999", ErrExpired},
		{"0", ErrExpired},
		{"0.0", ErrExpired},
		{"0e400", ErrExpired},
		{"1e-400", ErrExpired},
		{"2115619200", nil},                // now and ten years, three of them leap years
		{"2115619200.000000001", ErrClaim}, // and a nanosecond
		{"2115619201", ErrClaim},
		{"9223372036854775807", ErrClaim},
		{"9223372036854775808", ErrClaim},
		{"18446744073709551616", ErrClaim},
		{"18446744075509551617", ErrClaim}, // 2^64 and a good date
		{"1800000001000", ErrClaim},        // milliseconds
		{"1e400", ErrClaim},
		{"1e999", ErrClaim},
		{"1e99999999999999999999", ErrClaim},
		{"1e-99999999999999999999", ErrClaim},
		{strings.Repeat("9", 400), ErrClaim},
		{"-1", ErrClaim},
		{"-0", ErrClaim},
		{"-0.0", ErrClaim},
		{"-1800000001", ErrClaim},
		{"-1e400", ErrClaim},
		{`"1800000001"`, ErrClaim},
		{`""`, ErrClaim},
		{`"never"`, ErrClaim},
		{"null", ErrClaim},
		{"true", ErrClaim},
		{"false", ErrClaim},
		{"[1800000001]", ErrClaim},
		{`{"exp":1800000001}`, ErrClaim},
		{"+1800000001", ErrMalformed},
		{"01800000001", ErrMalformed},
		{"0x6b49d201", ErrMalformed},
		{"1800000001.", ErrMalformed},
		{".5", ErrMalformed},
		{"1800000001e", ErrMalformed},
		{"NaN", ErrMalformed},
		{"Infinity", ErrMalformed},
		{"1_800_000_001", ErrMalformed},
		{"", ErrMalformed},
	} {
		token := claimsToken(t, k, "", `{"iss":"https://login.example","aud":"https://api.example","exp":`+row.exp+`}`)
		if got, err := v.VerifyAt(token, now); !errors.Is(err, row.want) || (got == nil) != (err != nil) {
			t.Errorf("exp %s: got %v, %v, want %v", row.exp, got, err, row.want)
		}
		// nbf and iat follow the same rules of form.
		for _, name := range []string{"nbf", "iat"} {
			token := claimsToken(t, k, "", `{"iss":"https://login.example","aud":"https://api.example","exp":1800000001,"`+name+`":`+row.exp+`}`)
			_, err := v.VerifyAt(token, now)
			formIsBad := errors.Is(row.want, ErrMalformed) || errors.Is(row.want, ErrClaim) && !strings.HasPrefix(row.exp, "21156192")
			if got := errors.Is(err, ErrMalformed) || errors.Is(err, ErrClaim); got != formIsBad {
				t.Errorf("%s %s: got %v, want it refused for its form: %v", name, row.exp, err, formIsBad)
			}
		}
	}
}

func TestTimesToTheNanosecond_TK12(t *testing.T) {
	for _, leeway := range []time.Duration{0, time.Second, 60 * time.Second} {
		t.Run(leeway.String(), func(t *testing.T) {
			k := testKeys()[HS256]
			synctest.Test(t, func(t *testing.T) {
				v := testVerifier(t, k, &VerifierOptions{Leeway: leeway})
				start := time.Now() // a whole second: synctest begins in the year 2000
				claims := testClaims()
				claims.Expires = At(start.Add(300 * time.Second))
				claims.NotBefore = At(start.Add(100 * time.Second))
				claims.IssuedAt = At(start.Add(90 * time.Second))
				token := mustSign(t, k, "", claims)
				begins, ends := claims.NotBefore.Add(-leeway), claims.Expires.Add(leeway)
				for _, row := range []struct {
					story string
					at    time.Time
					want  error
				}{
					{"issued a second later", claims.IssuedAt.Add(-leeway - time.Second), ErrNotYetValid},
					{"a second before nbf", begins.Add(-time.Second), ErrNotYetValid},
					{"1 ns before nbf", begins.Add(-1), ErrNotYetValid},
					{"at nbf", begins, nil},
					{"a second after nbf", begins.Add(time.Second), nil},
					{"a second before exp", ends.Add(-time.Second), nil},
					{"1 ns before exp", ends.Add(-1), nil},
					{"at exp", ends, ErrExpired},
					{"1 ns after exp", ends.Add(1), ErrExpired},
					{"a second after exp", ends.Add(time.Second), ErrExpired},
				} {
					time.Sleep(time.Until(row.at)) // in the bubble's time
					if _, err := v.Verify(token); !errors.Is(err, row.want) {
						t.Errorf("%s: got %v, want %v", row.story, err, row.want)
					}
				}
			})
		})
	}
}

// iat alone, ahead by a clock that differs.
func TestIssuedInTheFuture_TK12(t *testing.T) {
	k := testKeys()[HS256]
	now := time.Unix(1_800_000_000, 0)
	c := testClaims()
	c.Expires, c.IssuedAt = At(now.Add(time.Hour)), At(now.Add(30*time.Second))
	token := mustSign(t, k, "", c)
	for leeway, want := range map[time.Duration]error{0: ErrNotYetValid, 29 * time.Second: ErrNotYetValid, 30 * time.Second: nil} {
		v := testVerifier(t, k, &VerifierOptions{Leeway: leeway})
		if _, err := v.VerifyAt(token, now); !errors.Is(err, want) {
			t.Errorf("leeway %v: got %v, want %v", leeway, err, want)
		}
	}
}

// Every kind of token at every other kind's verifier: only the diagonal is accepted.
func TestKindsAreExclusive_TK14(t *testing.T) {
	k := testKeys()[HS256]
	kinds := []string{
		"", "at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "cloakroom-email+jwt", "cloakroom-reset+jwt", "application/x/y+jwt", "jwt2",
	}
	for _, wanted := range kinds {
		v := testVerifier(t, k, &VerifierOptions{Type: wanted})
		for _, typ := range kinds {
			token := mustSign(t, k, typ, testClaims())
			if _, err := v.Verify(token); (err == nil) != (typ == wanted) || err != nil && !errors.Is(err, ErrType) {
				t.Errorf("%q at the verifier of %q: got %v", typ, wanted, err)
			}
		}
	}
	for _, row := range []struct {
		typ, wanted string
		same        bool
	}{
		{"application/at+jwt", "at+jwt", true},
		{"at+jwt", "application/at+jwt", true},
		{"AT+JWT", "at+jwt", true},
		{"Application/AT+jwt", "at+jwt", true},
		{"JWT", "", true},
		{"jwt", "", true},
		{"application/jwt", "", true},
		{"JWT", "JWT", true},
		{"", "JWT", false},
		{"JWT", "at+jwt", false},
		{"at+jwt", "JWT", false},
		{"at+jwt ", "at+jwt", false},
		{"at+jwt;v=1", "at+jwt", false},
		{"text/at+jwt", "at+jwt", false},
		{"application/application/at+jwt", "at+jwt", false},
		{"application/", "", false},
		{"at", "at+jwt", false},
		{"at+\u212awt", "at+kwt", false}, // the Kelvin sign is no k
	} {
		v := testVerifier(t, k, &VerifierOptions{Type: row.wanted})
		_, err := v.Verify(mustSign(t, k, row.typ, testClaims()))
		if (err == nil) != row.same {
			t.Errorf("%q at the verifier of %q: got %v, want accepted: %v", row.typ, row.wanted, err, row.same)
		}
	}
	// "typ" that is there but empty is not the same as none.
	token := join(`{"alg":"HS256","typ":""}`, payloadOf(t), signWith(t, k))
	refused(t, testVerifier(t, k, nil), "an empty typ", token, ErrType)
}

func TestOptions(t *testing.T) {
	keys := mustSet(t, testKeys()[ES256])
	var noKeys *KeySet
	for _, row := range []struct {
		story, issuer, audience string
		keys                    KeySource
		opts                    *VerifierOptions
		want                    error
	}{
		{"all required ones", "i", "a", keys, nil, nil},
		{"the limits", "i", "a", keys, &VerifierOptions{Leeway: time.Minute, MaxBytes: 1 << 20}, nil},
		{"any of all", "", "", keys, &VerifierOptions{InsecureAnyIssuer: true, InsecureAnyAudience: true, InsecureAnyType: true}, nil},
		{"no issuer", "", "a", keys, nil, ErrOption},
		{"no audience", "i", "", keys, nil, ErrOption},
		{"no keys", "i", "a", nil, nil, ErrOption},
		{"a nil key set", "i", "a", noKeys, nil, ErrOption},
		{"any issuer and one", "i", "a", keys, &VerifierOptions{InsecureAnyIssuer: true}, ErrOption},
		{"any audience and one", "i", "a", keys, &VerifierOptions{InsecureAnyAudience: true}, ErrOption},
		{"any type and one", "i", "a", keys, &VerifierOptions{InsecureAnyType: true, Type: "x"}, ErrOption},
		{"leeway of 61 s", "i", "a", keys, &VerifierOptions{Leeway: 61 * time.Second}, ErrOption},
		{"leeway of 1 ns over", "i", "a", keys, &VerifierOptions{Leeway: time.Minute + 1}, ErrOption},
		{"negative leeway", "i", "a", keys, &VerifierOptions{Leeway: -1}, ErrOption},
		{"more than 1 MiB", "i", "a", keys, &VerifierOptions{MaxBytes: 1<<20 + 1}, ErrOption},
		{"negative size", "i", "a", keys, &VerifierOptions{MaxBytes: -1}, ErrOption},
		{"1 GiB of tokens", "i", "a", keys, &VerifierOptions{KeepBytes: 1 << 30}, nil},
		{"more than 1 GiB of tokens", "i", "a", keys, &VerifierOptions{KeepBytes: 1<<30 + 1}, ErrOption},
		{"a negative number of tokens", "i", "a", keys, &VerifierOptions{KeepBytes: -1}, ErrOption},
	} {
		v, err := NewVerifier(row.issuer, row.audience, row.keys, []Algorithm{ES256}, row.opts)
		if !errors.Is(err, row.want) || (v == nil) != (err != nil) {
			t.Errorf("%s: got %v, %v, want %v", row.story, v, err, row.want)
		}
	}
}

func TestInsecureOptionsTurnOffOneCheckEach(t *testing.T) {
	k := testKeys()[HS256]
	exp := fmt.Sprintf(`"exp":%d`, time.Now().Add(time.Hour).Unix())
	for _, row := range []struct {
		story, issuer, audience, typ, payload string
		opts                                  VerifierOptions
		want                                  error
	}{
		{"any issuer: another", "", testAudience, "", `"iss":"x","aud":"https://api.example",` + exp, VerifierOptions{InsecureAnyIssuer: true}, nil},
		{"any issuer: none", "", testAudience, "", `"aud":"https://api.example",` + exp, VerifierOptions{InsecureAnyIssuer: true}, nil},
		{"any issuer: the audience still counts", "", testAudience, "", `"iss":"x","aud":"x",` + exp, VerifierOptions{InsecureAnyIssuer: true}, ErrAudience},
		{"any issuer: malformed still counts", "", testAudience, "", `"iss":1,"aud":"https://api.example",` + exp, VerifierOptions{InsecureAnyIssuer: true}, ErrClaim},
		{"any audience: another", testIssuer, "", "", `"iss":"https://login.example","aud":"x",` + exp, VerifierOptions{InsecureAnyAudience: true}, nil},
		{"any audience: none", testIssuer, "", "", `"iss":"https://login.example",` + exp, VerifierOptions{InsecureAnyAudience: true}, nil},
		{"any audience: malformed still counts", testIssuer, "", "", `"iss":"https://login.example","aud":[],` + exp, VerifierOptions{InsecureAnyAudience: true}, ErrClaim},
		{"any audience: the type still counts", testIssuer, "", "x", `"iss":"https://login.example",` + exp, VerifierOptions{InsecureAnyAudience: true}, ErrType},
		{"any of all: exp still counts", "", "", "x", `"sub":"x"`, VerifierOptions{InsecureAnyIssuer: true, InsecureAnyAudience: true, InsecureAnyType: true}, ErrClaim},
		{"any of all: expired still counts", "", "", "x", `"exp":1`, VerifierOptions{InsecureAnyIssuer: true, InsecureAnyAudience: true, InsecureAnyType: true}, ErrExpired},
	} {
		v, err := NewVerifier(row.issuer, row.audience, mustSet(t, k), Algorithms(), &row.opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(claimsToken(t, k, row.typ, "{"+row.payload+"}")); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.story, err, row.want)
		}
	}
}

func TestRequiredClaims(t *testing.T) {
	k := testKeys()[HS256]
	v := testVerifier(t, k, &VerifierOptions{Require: []string{"sub", "iat", "client_id"}})
	base := fmt.Sprintf(`{"iss":"https://login.example","aud":"https://api.example","exp":%d`, time.Now().Add(time.Hour).Unix())
	for _, row := range []struct {
		story, members string
		want           error
	}{
		{"all", `,"sub":"a","iat":1,"client_id":"c"}`, nil},
		{"one is missing", `,"sub":"a","iat":1}`, ErrClaim},
		{"one is null", `,"sub":"a","iat":1,"client_id":null}`, ErrClaim},
		{"one is empty", `,"sub":"a","iat":1,"client_id":""}`, ErrClaim},
		{"a registered one is empty", `,"sub":"","iat":1,"client_id":"c"}`, ErrClaim},
		{"a registered one is missing", `,"sub":"a","client_id":"c"}`, ErrClaim},
		{"only deep inside", `,"sub":"a","iat":1,"x":{"client_id":"c"}}`, ErrClaim},
	} {
		if _, err := v.Verify(claimsToken(t, k, "", base+row.members)); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.story, err, row.want)
		}
	}
}

func TestSteps(t *testing.T) {
	k := testKeys()[HS256]
	v := testVerifier(t, k, nil)
	now := time.Now()
	good := mustSign(t, k, "", testClaims())
	expired := testClaims()
	expired.Expires = At(now.Add(-time.Second))
	early := testClaims()
	early.NotBefore = At(now.Add(time.Minute))
	for _, row := range []struct {
		story, token string
		last         Check
		want         error
	}{
		{"good", good, CheckStart, nil},
		{"no token", "x", CheckForm, ErrMalformed},
		{"no header", "e30.e30.", CheckHeader, ErrMalformed},
		{"none", join(`{"alg":"none"}`, nil, noSignature), CheckAlgorithm, ErrAlgorithm},
		{"a stranger's key", mustSign(t, newTestKey(t, HS256), "", testClaims()), CheckKey, ErrUnknownKey},
		{"another signature", good[:len(good)-43] + strings.Repeat("A", 43), CheckSignature, ErrSignature},
		{"another type", mustSign(t, k, "x", testClaims()), CheckType, ErrType},
		{"no claims", claimsToken(t, k, "", "{}"), CheckClaims, ErrClaim},
		{"expired", mustSign(t, k, "", expired), CheckExpiry, ErrExpired},
		{"early", mustSign(t, k, "", early), CheckStart, ErrNotYetValid},
	} {
		token, steps := v.Steps(row.token, now)
		last := steps[len(steps)-1]
		if last.Check != row.last || !errors.Is(last.Err, row.want) || (token == nil) != (row.want != nil) {
			t.Errorf("%s: got %v and %v, %v, want %v, %v", row.story, token, last.Check, last.Err, row.last, row.want)
		}
		for i, s := range steps {
			if s.Check != checks[i] || i < len(steps)-1 && s.Err != nil {
				t.Errorf("%s: step %d is %v", row.story, i, s)
			}
		}
	}
}

// A token never comes with an error, and its parts cannot be changed from outside.
func TestTokenIsImmutable(t *testing.T) {
	k := testKeys()[HS256]
	got, err := testVerifier(t, k, nil).Verify(mustSign(t, k, "", testClaims()))
	if err != nil {
		t.Fatal(err)
	}
	c := got.Claims()
	c.Audience[0] = "changed"
	got.Payload()[0] = 'x'
	if got.Claims().Audience[0] != testAudience || got.Payload()[0] != '{' {
		t.Error("the token was changed from outside")
	}
}
