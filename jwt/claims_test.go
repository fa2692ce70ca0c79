package jwt

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestSignRefusesWhatVerifiersRefuse_TK12(t *testing.T) {
	k := testKeys()[HS256]
	future := time.Now().Add(time.Hour).Unix()
	for _, row := range []struct {
		story  string
		claims any
		want   error
	}{
		{"claims", testClaims(), nil},
		{"a map", map[string]any{"aud": "a", "exp": future}, nil},
		{"a fraction", map[string]any{"aud": []string{"a"}, "exp": float64(future) + 0.5}, nil},
		{"no exp", Claims{Audience: Audience{"a"}}, ErrClaim},
		{"no aud", Claims{Expires: At(time.Now())}, ErrClaim},
		{"an empty map", map[string]any{}, ErrClaim},
		{"a map without exp", map[string]any{"aud": "a"}, ErrClaim},
		{"exp as text", map[string]any{"aud": "a", "exp": "1800000000"}, ErrClaim},
		{"exp as a time", map[string]any{"aud": "a", "exp": time.Now()}, ErrClaim},
		{"exp null", map[string]any{"aud": "a", "exp": nil}, ErrClaim},
		{"sub as a number", map[string]any{"aud": "a", "exp": future, "sub": 1}, ErrClaim},
		{"aud as a number", map[string]any{"aud": 1, "exp": future}, ErrClaim},
		{"sub not UTF-8", Claims{Audience: Audience{"a"}, Expires: At(time.Now()), Subject: "\xff"}, ErrClaim},
		{"aud not UTF-8", Claims{Audience: Audience{"a", "\xff"}, Expires: At(time.Now())}, ErrClaim},
		{"exp before 1970", Claims{Audience: Audience{"a"}, Expires: At(time.Unix(-1, 0))}, ErrClaim},
		{"exp after 9999", Claims{Audience: Audience{"a"}, Expires: At(time.Unix(lastSecond+1, 0))}, ErrClaim},
		{"nil", nil, ErrMalformed},
		{"a nil *Claims", (*Claims)(nil), ErrMalformed},
		{"a string", "x", ErrMalformed},
		{"a slice", []int{1}, ErrMalformed},
		{"a channel", make(chan int), ErrClaim},
		{"a doubled member", json.RawMessage(`{"aud":"a","exp":1,"exp":2}`), ErrMalformed},
	} {
		if token, err := Sign(k, "", row.claims); !errors.Is(err, row.want) || (token == "") != (err != nil) {
			t.Errorf("%s: got %q, %v, want %v", row.story, token, err, row.want)
		}
	}
	if _, err := Sign(nil, "", testClaims()); !errors.Is(err, ErrKey) {
		t.Errorf("nil key: got %v", err)
	}
	if _, err := Sign(published(testKeys()[ES256]), "", testClaims()); !errors.Is(err, ErrKey) {
		t.Errorf("public key: got %v", err)
	}
	for _, typ := range []string{"\xff", strings.Repeat("t", 257)} {
		if _, err := Sign(k, typ, testClaims()); !errors.Is(err, ErrType) {
			t.Errorf("typ %q: got %v", typ, err)
		}
	}
}

// What Claims writes by hand and what encoding/json makes of it is the same.
func TestClaimsEncodeAsEncodingJSONDoes(t *testing.T) {
	full := testClaims()
	full.NotBefore = At(time.Now())
	full.Subject = "quo\"te \\ tab\t 😀 <&> \u2028"
	full.Audience = Audience{"a", "b\n"}
	fraction := testClaims()
	fraction.Expires = NumericDate{time.Unix(1800000000, 50_000_000)}
	for _, c := range []Claims{full, fraction, testClaims(), {Audience: Audience{"a"}, Expires: At(time.Unix(0, 0))}} {
		b, err := c.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		std, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var fromOurs, fromStd map[string]any
		if err := errors.Join(json.Unmarshal(b, &fromOurs), json.Unmarshal(std, &fromStd)); err != nil {
			t.Fatal(err)
		}
		x, _ := json.Marshal(fromOurs)
		y, _ := json.Marshal(fromStd)
		if string(x) != string(y) {
			t.Errorf("got %s, want %s", x, y)
		}
		var back Claims
		if has, err := parseClaims(string(b), &back, nil); err != nil || has&hasExpires == 0 || !back.Expires.Equal(c.Expires.Time) || back.Subject != c.Subject {
			t.Errorf("read back: %+v, %v", back, err)
		}
	}
}

func TestNumericDate(t *testing.T) {
	for _, row := range []struct{ in, out string }{
		{"0", "0"}, {"1", "1"}, {"1.5", "1.5"}, {"1.500", "1.5"}, {"1.000000001", "1.000000001"}, {"1.0000000019", "1.000000001"},
		{"1e3", "1000"}, {"1.2345e2", "123.45"}, {"12345e-2", "123.45"}, {"5e-1", "0.5"}, {"0.5e0", "0.5"}, {"1e-9", "0.000000001"}, {"1e-10", "0"},
		{"0.0000000015e9", "1.5"}, {"253402300799", "253402300799"}, {"253402300799.9", "253402300799.9"}, {"0e1000", "0"},
	} {
		var d NumericDate
		if err := json.Unmarshal([]byte(row.in), &d); err != nil {
			t.Errorf("%s: %v", row.in, err)
			continue
		}
		if out, err := json.Marshal(d); err != nil || string(out) != row.out {
			t.Errorf("%s: got %s, %v, want %s", row.in, out, err, row.out)
		}
	}
	for _, in := range []string{"-1", "-0", `"1"`, "true", "[]", "{}", "253402300800", "1e12", "1e400", "1e1001", "1e-1001"} {
		var d NumericDate
		if err := json.Unmarshal([]byte(in), &d); err == nil {
			t.Errorf("%s: got %v", in, d)
		}
	}
	for _, s := range []int64{-1, lastSecond + 1} {
		if out, err := json.Marshal(NumericDate{time.Unix(s, 0)}); err == nil {
			t.Errorf("%d: got %s", s, out)
		}
	}
	moment := time.Date(2026, 3, 4, 5, 6, 7, 999_999_999, time.FixedZone("x", 3600))
	if d := At(moment); d.Nanosecond() != 0 || !d.Equal(moment.Truncate(time.Second)) || d.Location() != time.UTC {
		t.Errorf("At: got %v", d)
	}
}

func TestInspectTakesNothingForGranted(t *testing.T) {
	k := testKeys()[ES256]
	good := mustSign(t, k, "at+jwt", testClaims())
	i, err := Inspect(good)
	if err != nil || len(i.Problems) != 0 || i.Claims.Subject != "alice" || i.Header.Type != "at+jwt" || len(i.Signature) != 64 {
		t.Errorf("got %+v, %v", i, err)
	}
	for _, row := range []struct {
		story, token string
		want         []error
	}{
		{"none", join(`{"alg":"none"}`, payloadOf(t), noSignature), []error{ErrAlgorithm}},
		{"crit", join(`{"alg":"ES256","crit":["x"]}`, payloadOf(t), noSignature), []error{ErrCritical}},
		{"bytes", join(`{"alg":"ES256"}`, []byte("\x00\xff"), noSignature), []error{ErrMalformed}},
		{"no claims", join(`{"alg":"ES256"}`, []byte("{}"), noSignature), []error{ErrClaim}},
		{"all", "..", []error{ErrMalformed, ErrMalformed}},
	} {
		i, err := Inspect(row.token)
		if err != nil || len(i.Problems) != len(row.want) {
			t.Errorf("%s: got %+v, %v", row.story, i, err)
			continue
		}
		for n, p := range i.Problems {
			if !errors.Is(p, row.want[n]) {
				t.Errorf("%s: got %v, want %v", row.story, p, row.want[n])
			}
		}
	}
}

func TestErrorsReadWell(t *testing.T) {
	err := error(&Error{Rule: ErrKey, Where: "x", Detail: "got 1 byte, want 32", Err: errors.New("cause")})
	if got, want := err.Error(), "jwt: key is refused: x: got 1 byte, want 32: cause"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, ErrKey) || errors.Is(err, ErrClaim) || Reason(err) != "key" || Reason(nil) != "" || Reason(errors.New("x")) != "" {
		t.Error("the rule is not found")
	}
	k := testKeys()[ES256]
	_, err = testVerifier(t, published(k), nil).Verify(join(`{"alg":"`+strings.Repeat("\\u0007", 200)+`"}`, nil, noSignature))
	if err == nil || strings.Count(err.Error(), "jwt:") != 1 || len(err.Error()) > 500 || strings.Contains(err.Error(), "\a") {
		t.Errorf("got %q", err)
	}
}
