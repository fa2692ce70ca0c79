package explain

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) // 1795694400

const (
	fine   = `{"iss":"https://login.example","sub":"7c1f","aud":"https://api.example","client_id":"app","jti":"n1","iat":1795694100,"exp":1795695000}`
	strong = "LZ7nT3mQ0yXw4vR8sK2bH6dJ9fG1aC5e"
)

// explained explains one token, as of noon.
func explained(t testing.TB, token string, keys *jwt.KeySet) (*Token, []string) {
	t.Helper()
	r, err := Explain(strings.NewReader(token), &Options{Kind: KindToken, Now: noon, Keys: keys})
	if err != nil {
		t.Fatalf("%.60q: %v", token, err)
	}
	var codes []string
	for _, f := range r.Findings {
		if f.Detail == "" || strings.Contains(f.Detail, "%!") || f.Level == "" {
			t.Errorf("%+v", f)
		}
		if f.Level != Note {
			codes = append(codes, f.Code)
		}
	}
	return r.Tokens[0], codes
}

// TestTokenClaims: each row changes a good token by one thing.
func TestTokenClaims(t *testing.T) {
	for _, row := range []struct {
		story      string
		old, other string // of the claims
		want       []string
	}{
		{"nothing is wrong", "", "", nil},
		{"it never ends", `,"exp":1795695000`, ``, []string{"exp-missing", "profile"}},
		{"it has ended", `"exp":1795695000`, `"exp":1795694399`, []string{"expired"}},
		{"it ends in this second", `"exp":1795695000`, `"exp":1795694400`, []string{"expired"}},
		{"its end is in milliseconds", `"exp":1795695000`, `"exp":1795695000000`, []string{"milliseconds"}},
		{"its end is a text", `"exp":1795695000`, `"exp":"1795695000"`, []string{"time-form"}},
		{"its end is null", `"exp":1795695000`, `"exp":null`, []string{"time-form"}},
		{"its end is negative", `"exp":1795695000`, `"exp":-1`, []string{"time-form"}},
		{"its end is beyond all years", `"exp":1795695000`, `"exp":1e400`, []string{"time-form"}},
		{"it lives for a week", `"exp":1795695000`, `"exp":1796299200`, []string{"long-life"}},
		{"it lives for two years", `"exp":1795695000`, `"exp":1858766400`, []string{"exp-far"}},
		{"it lives for fifty years", `"exp":1795695000`, `"exp":3373531200`, []string{"exp-far"}},
		{"it was made tomorrow", `"iat":1795694100`, `"iat":1795780800`, []string{"iat-future", "never-valid"}},
		{"a clock that is 59 seconds ahead", `"iat":1795694100`, `"iat":1795694459`, nil},
		{"it is not valid yet", `"iat":`, `"nbf":1795694700,"iat":`, []string{"not-yet-valid"}},
		{"it begins after its end", `"iat":`, `"nbf":1795695000,"iat":`, []string{"not-yet-valid", "never-valid"}},
		{"for nobody", `"aud":"https://api.example",`, ``, []string{"aud-missing", "profile"}},
		{"for an empty list", `"aud":"https://api.example"`, `"aud":[]`, []string{"aud"}},
		{"for a number", `"aud":"https://api.example"`, `"aud":7`, []string{"aud"}},
		{"for a list with a number", `"aud":"https://api.example"`, `"aud":["a",7]`, []string{"aud"}},
		{"for everybody", `"aud":"https://api.example"`, `"aud":"*"`, []string{"aud"}},
		{"for two", `"aud":"https://api.example"`, `"aud":["a","b"]`, nil},
		{"by nobody", `"iss":"https://login.example",`, ``, []string{"iss-missing", "profile"}},
		{"by a number", `"iss":"https://login.example"`, `"iss":1`, []string{"iss"}},
		{"by somebody over http", `"iss":"https://login.example"`, `"iss":"http://login.example"`, []string{"iss"}},
		{"by localhost over http", `"iss":"https://login.example"`, `"iss":"http://localhost:8080"`, nil},
		{"about nobody", `"sub":"7c1f"`, `"sub":" "`, []string{"sub"}},
		{"about a number", `"sub":"7c1f"`, `"sub":7`, []string{"sub"}},
		{"with a password in it", `"jti":"n1"`, `"jti":"n1","db_password":"hunter2"`, []string{"secret-in-claims"}},
		{"with an empty id", `"jti":"n1"`, `"jti":""`, []string{"jti"}},
		{"a name twice", `"jti":"n1"`, `"jti":"n1","sub":"root"`, []string{"doubled-member", "not-strict"}},
		{"a name in two spellings", `"jti":"n1"`, `"jti":"n1","SUB":"root"`, []string{"doubled-member", "claim-case"}},
		{"cut in the middle", `,"exp":1795695000}`, ``, []string{"payload-json", "exp-missing", "profile"}},
		{"no object", fine, `["a"]`, []string{"no-claims"}},
		{"no JSON", fine, `hello`, []string{"no-claims"}},
	} {
		claims := strings.Replace(fine, row.old, row.other, 1)
		_, codes := explained(t, signedWith(t, `{"alg":"HS256","typ":"at+jwt"}`, "HS256", strong, claims), nil)
		if !sameCodes(codes, row.want) {
			t.Errorf("%s: %v, want %v", row.story, codes, row.want)
		}
	}
}

// TestTokenHeader: each row is the header of a token whose claims are fine.
func TestTokenHeader(t *testing.T) {
	for _, row := range []struct {
		story, header string
		want          []string
	}{
		{"nothing is wrong", `{"alg":"HS256","typ":"at+jwt"}`, nil},
		{"none", `{"alg":"none"}`, []string{"alg-none", "signature-length"}},
		{"none in another spelling", `{"alg":"nOnE"}`, []string{"alg-none", "signature-length"}},
		{"none with a space", `{"alg":" none "}`, []string{"alg-none", "signature-length"}},
		{"an empty name", `{"alg":""}`, []string{"alg-none", "signature-length"}},
		{"no algorithm", `{"typ":"JWT"}`, []string{"alg-missing"}},
		{"a number for an algorithm", `{"alg":7}`, []string{"alg-unknown", "not-strict"}},
		{"an algorithm in lower case", `{"alg":"hs256"}`, []string{"alg-case"}},
		{"an algorithm that nobody has", `{"alg":"XX1"}`, []string{"alg-unknown"}},
		{"a signature that is too short for it", `{"alg":"HS512"}`, []string{"signature-length"}},
		{"a signature that is too short for a key of this age", `{"alg":"RS256"}`, []string{"weak-key"}},
		{"keys from elsewhere", `{"alg":"HS256","jku":"https://evil.example/keys"}`, []string{"jku"}},
		{"keys over http", `{"alg":"HS256","x5u":"http://login.example/x"}`, []string{"x5u"}},
		{"a key brought along", `{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}`, []string{"jwk"}},
		{"a certificate brought along", `{"alg":"HS256","x5c":["MII"]}`, []string{"x5c"}},
		{"a path for a key", `{"alg":"HS256","kid":"../../dev/null"}`, []string{"kid"}},
		{"an absolute path for a key", `{"alg":"HS256","kid":"/dev/null"}`, []string{"kid"}},
		{"SQL for a key", `{"alg":"HS256","kid":"x' UNION SELECT 'k'--"}`, []string{"kid"}},
		{"a command for a key", `{"alg":"HS256","kid":"k|sleep 9"}`, []string{"kid"}},
		{"a URL for a key", `{"alg":"HS256","kid":"https://evil.example/k"}`, []string{"kid"}},
		{"a number for a key", `{"alg":"HS256","kid":7}`, []string{"kid", "not-strict"}},
		{"a usual name of a key", `{"alg":"HS256","kid":"2026-11_Key.1:a=/b"}`, nil},
		{"a thumbprint that has two hyphens", `{"alg":"HS256","kid":"NzbLsXh8uDCcd--6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"}`, nil},
		{"a thumbprint that begins with a slash", `{"alg":"HS256","kid":"/zbLsXh8uDCcd+6MNwXF4W/7noWXFZAfHkxZsRGC9Xs="}`, nil},
		{"a name of a key that is no name", `{"alg":"HS256","kid":"` + strings.Repeat("k", 257) + `"}`, []string{"kid", "not-strict"}},
		{"something critical", `{"alg":"HS256","crit":["exp"]}`, []string{"crit"}},
		{"nothing critical", `{"alg":"HS256","crit":[]}`, []string{"crit"}},
		{"b64 alone", `{"alg":"HS256","b64":false}`, []string{"b64"}},
		{"b64 as it should be", `{"alg":"HS256","b64":false,"crit":["b64"]}`, []string{"b64", "crit"}},
		{"compressed", `{"alg":"HS256","zip":"DEF"}`, []string{"zip"}},
		{"an algorithm twice", `{"alg":"HS256","alg":"none"}`, []string{"alg-none", "signature-length", "doubled-member", "not-strict"}},
		{"a type that is a number", `{"alg":"HS256","typ":1}`, []string{"typ", "not-strict"}},
		{"cut in the middle", `{"alg":"HS256","typ"`, []string{"header-json"}},
	} {
		_, codes := explained(t, signedWith(t, row.header, "HS256", strong, fine), nil)
		if !sameCodes(codes, row.want) {
			t.Errorf("%s: %v, want %v", row.story, codes, row.want)
		}
	}
}

// TestTokenForm is about how a token is written.
func TestTokenForm(t *testing.T) {
	good := signedWith(t, `{"alg":"HS256","typ":"at+jwt"}`, "HS256", strong, fine)
	parts := strings.Split(good, ".")
	for _, row := range []struct {
		story, token, form string
		want               []string
	}{
		{"as it should be", good, "jws", nil},
		{"padded", parts[0] + "." + parts[1] + "." + parts[2] + "=", "jws", []string{"padding"}},
		{"broken into lines", good[:40] + "\n  " + good[40:], "jws", []string{"white-space"}},
		{"bits that stand for nothing", good[:len(good)-1] + string(good[len(good)-1]+1), "jws", []string{"stray-bits"}},
		{"a character of no alphabet", parts[0] + "." + parts[1] + "." + parts[2][:10] + "%" + parts[2][11:], "jws", []string{"not-base64", "signature-length"}},
		{"without its signature", parts[0] + "." + parts[1], "jws", []string{"parts", "signature-missing"}},
		{"with an empty signature", parts[0] + "." + parts[1] + ".", "jws", []string{"signature-missing"}},
		{"with a signature of zeros", parts[0] + "." + parts[1] + "." + encode(make([]byte, 32)), "jws", []string{"signature-zero"}},
		{"encrypted", encode([]byte(`{"alg":"RSA-OAEP-256","enc":"A256GCM"}`)) + ".a2V5.aXY.Y2lwaGVy.dGFn", "jwe", nil},
		{"encrypted the old way", encode([]byte(`{"alg":"RSA1_5","enc":"A256GCM","zip":"DEF"}`)) + ".a2V5.aXY.Y2lwaGVy.dGFn", "jwe", []string{"weak-alg", "zip"}},
		{"encrypted with a password and a lot of work", encode([]byte(`{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":2000000000}`)) + ".a2V5.aXY.Y2lwaGVy.dGFn", "jwe", []string{"p2c"}},
		{"encrypted, but how?", encode([]byte(`{"alg":"dir"}`)) + "...Y2lwaGVy.", "jwe", []string{"enc-missing"}},
		{"in JSON, flattened", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "jws-json", []string{"json-form"}},
		{"in JSON, with a header that nobody signed", `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","header":{"kid":"1"},"signature":"` + parts[2] + `"}]}`, "jws-json", []string{"json-form", "unprotected-header"}},
		{"encrypted, in JSON", `{"protected":"` + encode([]byte(`{"alg":"dir","enc":"A256GCM"}`)) + `","ciphertext":"YQ","iv":"aXY","tag":"dGFn"}`, "jwe-json", []string{"json-form"}},
		{"what a server answered", `{"access_token":"` + good + `","token_type":"Bearer"}`, "jws", nil},
		{"no token at all", "2YotnFZFEjr1zCsicMWpAA", "opaque", nil},
		{"a token in a token", signedWith(t, `{"alg":"HS256","typ":"JWT","cty":"JWT"}`, "HS256", strong, signed(t, "HS256", strong, `{"sub":""}`)), "jws", []string{"sub", "exp-missing", "iss-missing", "aud-missing"}},
	} {
		got, codes := explained(t, row.token, nil)
		if got.Form != row.form || !sameCodes(codes, row.want) {
			t.Errorf("%s: %s %v, want %s %v", row.story, got.Form, codes, row.form, row.want)
		}
		if got.Valid || got.Signature == Good {
			t.Errorf("%s: called valid without a key", row.story)
		}
	}
}

func TestTokenSecrets(t *testing.T) {
	list := strings.Split(strings.TrimSuffix(secretList, "\n"), "\n")
	if len(list) < 500 || slices.Contains(list, "") {
		t.Errorf("%d secrets", len(list))
	}
	for i := 0; i < len(list); i += 17 {
		secret, alg := list[i], []string{"HS256", "HS384", "HS512"}[i%3]
		r, err := Explain(strings.NewReader(signed(t, alg, secret, fine)), &Options{Now: noon})
		if err != nil || !slices.Contains(serious(r.Findings), "default-secret") {
			t.Errorf("%s with %q: %v", alg, secret, err)
		}
	}
	for _, row := range []struct {
		story, secret string
		found         bool
	}{
		{"nothing", "", true},
		{"the issuer's host", "login.example", true},
		{"the audience", "https://api.example", true},
		{"the key of RFC 7515 appendix A.1, in base64", "\x03#5K+\x0f\xa5\xbc\x83~\x06ew{\xa6\x8fZ\xb3(\xe6\xf0T\xc9(\xa9\x0f\x84\xb2\xd2P.\xbf\xd3\xfbZ\x92\xd2\x06G\xef\x96\x8a\xb4\xc3wb=\"=.!r\x05.O\b\xc0\xcd\x9a\xf5g\xd0\x80\xa3", true},
		{"a random one", strong, false},
	} {
		_, codes := explained(t, signedWith(t, `{"alg":"HS256","typ":"at+jwt"}`, "HS256", row.secret, fine), nil)
		if slices.Contains(codes, "default-secret") != row.found {
			t.Errorf("%s: %v", row.story, codes)
		}
	}
}

// TestTokenSecretsAreBounded: the work to try secrets has an end for one input, however many tokens are in it.
func TestTokenSecretsAreBounded(t *testing.T) {
	big := signed(t, "HS256", strong, `{"x":"`+strings.Repeat("x", 100_000)+`"}`)
	e := explainer{Options: Options{Now: noon}, report: &Report{}}
	for range 3 {
		e.explainToken("token", big, 0)
	}
	if e.hashed > maxHashed+2*len(big)+1000 {
		t.Errorf("%d octets were hashed, limit %d", e.hashed, maxHashed)
	}
	found := findings{list: e.report.Findings}
	if !found.has("secrets-not-tried") {
		t.Error("nobody says that not all secrets were tried")
	}
}

func TestTokenWithKeys(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := jwt.NewKey(jwt.ES256, private, &jwt.KeyOptions{ID: "k1"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := jwt.GenerateKey(jwt.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	set := func(k *jwt.Key) *jwt.KeySet {
		public, _ := k.Public()
		s, err := jwt.NewKeySet(public)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	token, err := jwt.SignPayload(key, "at+jwt", []byte(fine))
	if err != nil {
		t.Fatal(err)
	}
	expired, err := jwt.SignPayload(key, "at+jwt", []byte(strings.Replace(fine, "1795695000", "1795694300", 1)))
	if err != nil {
		t.Fatal(err)
	}
	altered := strings.Split(token, ".")
	altered[1] = encode([]byte(strings.Replace(fine, "7c1f", "root", 1)))
	der, err := ecdsa.SignASN1(rand.Reader, private, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		story, token string
		keys         *jwt.KeySet
		signature    Signature
		valid        bool
		want         []string
	}{
		{"no key", token, nil, NotChecked, false, nil},
		{"its key", token, set(key), Good, true, nil},
		{"another key", token, set(other), NoKey, false, []string{"key-unknown"}},
		{"expired", expired, set(key), Good, false, []string{"expired"}},
		{"altered", strings.Join(altered, "."), set(key), Wrong, false, []string{"signature-wrong"}},
		{"no signature", encode([]byte(`{"alg":"none","kid":"k1"}`)) + "." + altered[1] + ".", set(key), None, false, []string{"alg-none"}},
		{"padded", token + "==", set(key), NotChecked, false, []string{"padding"}},
		{"a signature in DER", altered[0] + "." + altered[1] + "." + encode(der), set(key), Wrong, false, []string{"signature-der", "signature-wrong"}},
	} {
		got, codes := explained(t, row.token, row.keys)
		if got.Signature != row.signature || got.Valid != row.valid || !sameCodes(codes, row.want) {
			t.Errorf("%s: %s, valid %v, %v; want %s, %v, %v", row.story, got.Signature, got.Valid, codes, row.signature, row.valid, row.want)
		}
	}
}
