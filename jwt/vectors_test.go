package jwt

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// vectorFile reads a file of the published vectors. They are no part of the
// repository: CLOAKROOM_VECTORS names their folder, else it is ../shared/vectors seen from
// the root. Without them the test is skipped, or fails where everything must run.
func vectorFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testenv.Vectors(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type wycheproof struct {
	TestGroups []struct {
		Comment string
		Public  json.RawMessage
		Private json.RawMessage
		Tests   []struct {
			TcID    int
			Comment string
			JWS     json.RawMessage
			Result  string
		}
	}
}

// doubtful are the vectors whose expectation contradicts the RFCs or another vector; they are run, not scored.
var doubtful = map[int]string{
	346: "the JWK says PS256, the token PS384",
	350: "the JWK says PS256, the token PS384",
	347: `the JWK says "ES521", which is no algorithm`,
	351: `the JWK says "ES521", which is no algorithm`,
	372: `"?" inside base64url is marked valid`,
	373: `"?" inside base64url is marked valid`,
}

// impossible are two more: whoever accepts 357 fails them, and whoever refuses them fails 357.
var impossible = map[int]string{
	367: "octet for octet the token of 357, which is marked valid, under the same key",
	370: "octet for octet the token of 357, which is marked valid, under the same key",
}

func TestWycheproof_TK03_TK06_TK08_TK10_TK22_TK25(t *testing.T) {
	for _, file := range []struct {
		name           string
		scored, valids int
		left           map[int]string // not scored, and why
	}{
		{"json_web_signature_test.json", 393, 40, doubtful},
		{"json_web_key_test.json", 26, 5, nil},
	} {
		t.Run(file.name, func(t *testing.T) {
			var w wycheproof
			if err := json.Unmarshal(vectorFile(t, "wycheproof-jose/"+file.name), &w); err != nil {
				t.Fatal(err)
			}
			scored, valids, left := 0, 0, 0
			var twin string // the token of 357
			for _, g := range w.TestGroups {
				keys := g.Public
				if keys == nil {
					keys = g.Private
				}
				for _, one := range g.Tests {
					payload, err := verifyVector(keys, one.JWS)
					if one.TcID == 357 {
						twin = string(one.JWS)
					}
					if why := file.left[one.TcID]; why != "" {
						t.Logf("not scored: tcId %d: %s: got %v", one.TcID, why, err)
						left++
						continue
					}
					if why := impossible[one.TcID]; file.left != nil && why != "" {
						if string(one.JWS) != twin {
							t.Errorf("tcId %d is no longer %s", one.TcID, why)
						}
						t.Logf("not to be had: tcId %d: %s", one.TcID, why)
						left++
						continue
					}
					scored++
					if one.Result == "valid" {
						valids++
						if err != nil {
							t.Errorf("tcId %d %s: refused: %v", one.TcID, one.Comment, err)
						}
					} else if err == nil {
						t.Errorf("tcId %d %s: accepted, payload %q", one.TcID, one.Comment, payload)
					}
				}
			}
			if want := len(file.left); scored != file.scored || valids != file.valids || want > 0 && left != want+len(impossible) {
				t.Errorf("scored %d (%d valid) and left out %d, want %d (%d)", scored, valids, left, file.scored, file.valids)
			}
		})
	}
}

func verifyVector(keys, jws json.RawMessage) ([]byte, error) {
	set, err := ParseKeySet(keys)
	if err != nil {
		return nil, err
	}
	var token string
	if err := json.Unmarshal(jws, &token); err != nil {
		token = string(jws) // JSON serialization as an object
	}
	return VerifySignature(token, set, set.Algorithms())
}

// The RFC 7520 cookbook and RFC 8037 appendix A.4: compact signatures verify, and come out again where they can be
// reproduced; other forms are refused by name. Its RSA key names no algorithm, so the test does.
func TestCookbook(t *testing.T) {
	for _, row := range []struct {
		file   string
		alg    Algorithm
		reason string // "": accepted
	}{
		{"jws/4_1.rsa_v15_signature.json", RS256, ""},
		{"jws/4_2.rsa-pss_signature.json", PS384, ""},
		{"jws/4_3.ecdsa_signature.json", ES512, ""},
		{"jws/4_4.hmac-sha2_integrity_protection.json", HS256, ""},
		{"jws/4_5.signature_with_detached_content.json", HS256, "detached"},
		{"jws/4_6.protecting_specific_header_fields.json", HS256, "json-serialization"},
		{"jws/4_7.protecting_content_only.json", HS256, "json-serialization"},
		{"jws/4_8.multiple_signatures.json", RS256, "json-serialization"},
		{"curve25519/jws.json", EdDSA, ""},
		{"rfc7797/4.2.hmac-sha2_b64_false.json", HS256, "unencoded-payload"},
		{"rfc7797/hmac-sha2_b64_false.json", HS256, "unencoded-payload"},
	} {
		t.Run(row.file, func(t *testing.T) {
			var v struct {
				Reproducible bool
				Input        struct {
					Payload string
					Key     json.RawMessage
				}
				Output struct {
					Compact string
					JSON    json.RawMessage
				}
			}
			if err := json.Unmarshal(vectorFile(t, "jose-cookbook/"+row.file), &v); err != nil {
				t.Fatal(err)
			}
			if v.Input.Key[0] == '[' { // a key for each signature: the first
				var all []json.RawMessage
				if err := json.Unmarshal(v.Input.Key, &all); err != nil {
					t.Fatal(err)
				}
				v.Input.Key = all[0]
			}
			k, err := ParseKeyFor(v.Input.Key, []Algorithm{row.alg})
			if err != nil {
				t.Fatal(err)
			}
			set := mustSet(t, k)
			if row.reason != "" {
				for _, token := range []string{v.Output.Compact, string(v.Output.JSON)} {
					if token == "" {
						continue
					}
					want := row.reason
					if token[0] == '{' {
						want = "json-serialization"
					}
					payload, err := VerifySignature(token, set, set.Algorithms())
					if Reason(err) != want || payload != nil {
						t.Errorf("%s: got %q, %v, want reason %q", token, payload, err, want)
					}
				}
				return
			}
			token := v.Output.Compact
			payload, err := VerifySignature(token, set, set.Algorithms())
			if err != nil || string(payload) != v.Input.Payload {
				t.Fatalf("got %q, %v", payload, err)
			}
			if !v.Reproducible {
				return
			}
			// Our header says kid, so only the signing input differs.
			p, err := splitToken(token, mostMaxBytes)
			if err != nil {
				t.Fatal(err)
			}
			r := room{signed: []byte(p.signed)}
			if err := k.material.sign(&r); err != nil || encodeBase64(r.signature) != p.signature {
				t.Errorf("signed %s, %v, want %s", encodeBase64(r.signature), err, p.signature)
			}
		})
	}
}

func TestCookbookKeys(t *testing.T) {
	for _, row := range []struct{ file, want string }{
		{"3_1.ec_public_key.json", ""},
		{"3_2.ec_private_key.json", ""},
		{"3_3.rsa_public_key.json", ""},
		{"3_4.rsa_private_key.json", ""},
		{"3_5.symmetric_key_mac_computation.json", ""},
		{"3_6.symmetric_key_encryption.json", "key"}, // A256GCM, use enc
	} {
		k, err := ParseKey(vectorFile(t, "jose-cookbook/jwk/"+row.file))
		if Reason(err) != row.want {
			t.Errorf("%s: got %v, want reason %q", row.file, err, row.want)
		}
		if err == nil && k.ID() == "" {
			t.Errorf("%s: no ID", row.file)
		}
	}
}

// RFC 7638 section 3.1, RFC 8037 appendix A.3, and RFC 7515 appendix A.1.
func TestThumbprints_TK21(t *testing.T) {
	for _, row := range []struct{ name, jwk, want string }{
		{"RFC 7638 section 3.1", `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`,
			"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{"RFC 8037 appendix A.3", `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
		{"RFC 8037 appendix A.1, private", `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
	} {
		k, err := ParseKey([]byte(row.jwk))
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if k.Thumbprint() != row.want {
			t.Errorf("%s: got %s, want %s", row.name, k.Thumbprint(), row.want)
		}
	}
}

// RFC 7515 appendix A.1: the token everybody knows, with line ends in its payload.
func TestRFC7515A1(t *testing.T) {
	const token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
		".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
		".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	k, err := ParseKey([]byte(`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := VerifySignature(token, mustSet(t, k), []Algorithm{HS256})
	if err != nil {
		t.Fatal(err)
	}
	if want := "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"; string(payload) != want {
		t.Errorf("got %q", payload)
	}
}

func mustSet(t testing.TB, keys ...*Key) *KeySet {
	t.Helper()
	s, err := NewKeySet(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
