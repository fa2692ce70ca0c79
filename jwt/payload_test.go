package jwt

import (
	"errors"
	"testing"
)

func TestVerifyPayload_TK14(t *testing.T) {
	k, other := testKeys()[ES256], testKeys()[EdDSA]
	type event struct {
		ID  string `json:"jti"`
		Seq int    `json:"seq"`
	}
	const typ = "secevent+jwt"
	for _, row := range []struct {
		story, typ, payload string
		key                 *Key
		want                error
	}{
		{"an event without exp, as RFC 8417 has it", typ, `{"jti":"r1","seq":1}`, k, nil},
		{"its type in full", "application/secevent+jwt", `{"jti":"r1","seq":1,"x":{}}`, k, nil},
		{"an access token", "at+jwt", `{"jti":"r1","seq":1}`, k, ErrType},
		{"a token without a type", "", `{"jti":"r1","seq":1}`, k, ErrType},
		{"a key of another algorithm", typ, `{"jti":"r1","seq":1}`, other, ErrAlgorithm},
		{"no JSON", typ, `jti`, k, ErrMalformed},
		{"something after it", typ, `{"jti":"r1","seq":1}{}`, k, ErrMalformed},
		{"a member twice", typ, `{"jti":"r1","seq":1,"seq":2}`, k, ErrMalformed},
		{"a member twice, in another case", typ, `{"jti":"r1","seq":1,"SEQ":2}`, k, ErrMalformed},
		{"a member twice, deep inside", typ, `{"jti":"r1","seq":1,"x":[{"a":1,"A":2}]}`, k, ErrMalformed},
		{"not UTF-8", typ, "{\"jti\":\"\xff\"}", k, ErrMalformed},
		{"a member of another kind", typ, `{"jti":"r1","seq":"1"}`, k, ErrClaim},
		{"an array", typ, `[]`, k, ErrClaim},
	} {
		got, err := VerifyPayload[event](claimsToken(t, row.key, row.typ, row.payload), typ, mustSet(t, published(k), published(other)), []Algorithm{ES256})
		if !errors.Is(err, row.want) || (got == nil) != (err != nil) {
			t.Errorf("%s: got %v, %v, want %v", row.story, got, err, row.want)
		}
		if err == nil && *got != (event{"r1", 1}) {
			t.Errorf("%s: got %+v", row.story, *got)
		}
	}
}

func TestVerifyPayloadNeedsItsArguments(t *testing.T) {
	k := testKeys()[ES256]
	token, keys := claimsToken(t, k, "", `{}`), mustSet(t, published(k))
	for story, verify := range map[string]func() (*struct{}, error){
		"no type":       func() (*struct{}, error) { return VerifyPayload[struct{}](token, "", keys, []Algorithm{ES256}) },
		"no keys":       func() (*struct{}, error) { return VerifyPayload[struct{}](token, "x", nil, []Algorithm{ES256}) },
		"no algorithms": func() (*struct{}, error) { return VerifyPayload[struct{}](token, "x", keys, nil) },
	} {
		if got, err := verify(); got != nil || !errors.Is(err, ErrOption) {
			t.Errorf("%s: got %v, %v", story, got, err)
		}
	}
	if _, err := VerifyPayload[struct{}](token[:len(token)-4]+"AAAA", "x", keys, []Algorithm{ES256}); !errors.Is(err, ErrSignature) {
		t.Errorf("another signature: got %v", err)
	}
}
