package jwt

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

const base64urlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// hundredTokens are tokens of all sizes of header, payload and signature.
func hundredTokens(t testing.TB) map[string]*Verifier {
	t.Helper()
	tokens := make(map[string]*Verifier)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 100 {
		alg := HS256
		if i%25 < 3 { // the others are slow and say the same
			alg = [][]Algorithm{{ES256, ES384, ES512, ES256}, {EdDSA, HS384, HS512, EdDSA}, {RS256, PS256, PS384, RS512}}[i%25][i/25]
		}
		k := testKeys()[alg]
		c := testClaims()
		c.Subject = strings.Repeat("s", r.IntN(30))
		c.ID = fmt.Sprint(i)
		tokens[mustSign(t, k, "", c)] = testVerifier(t, published(k), nil)
	}
	return tokens
}

// One token is one string: a change of any bit, of any length, gives none.
func TestEveryBitAndEveryLength_TK08_CV61(t *testing.T) {
	tokens := hundredTokens(t)
	if len(tokens) != 100 {
		t.Fatalf("got %d tokens", len(tokens))
	}
	tried := 0
	for token, v := range tokens {
		if _, err := v.Verify(token); err != nil {
			t.Fatal(err)
		}
		b := []byte(token)
		for i := range b {
			for bit := range 8 {
				b[i] ^= 1 << bit
				refused(t, v, fmt.Sprintf("bit %d of byte %d", bit, i), string(b), nil)
				b[i] ^= 1 << bit
				tried++
			}
			refused(t, v, fmt.Sprintf("cut at %d", i), token[:i], nil)
			refused(t, v, fmt.Sprintf("from %d", i+1), token[i+1:], nil)
		}
	}
	t.Logf("%d changed bits", tried)
}

// The last character of each part has bits to spare: all of its values but
// one are refused, although a lax decoder reads the same bytes.
func TestLastCharacters_TK08(t *testing.T) {
	for _, k := range testKeys() {
		v := testVerifier(t, published(k), nil)
		token := mustSign(t, k, "x", testClaims())
		v.opts.Type = "x"
		if _, err := v.Verify(token); err != nil {
			t.Fatal(err)
		}
		for i := range token {
			if i+1 < len(token) && token[i+1] != '.' {
				continue
			}
			for _, c := range base64urlAlphabet {
				changed := token[:i] + string(c) + token[i+1:]
				if changed != token {
					refused(t, v, changed, changed, nil)
				}
			}
		}
	}
}

func TestBase64IsStrict_TK08(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", ""}, {"AA", "\x00"}, {"AAA", "\x00\x00"}, {"AAAA", "\x00\x00\x00"}, {"-_-_", "\xfb\xff\xbf"},
	} {
		got, err := appendBase64(nil, row.text)
		if err != nil || string(got) != row.want || encodeBase64(got) != row.text {
			t.Errorf("%q: got %q, %v", row.text, got, err)
		}
	}
	for _, text := range []string{
		"A", "AAAAA", "AB", "AAB", "AA==", "AA=", "AAA=", "AAAA=", "A A", "AA ", " AA", "AA\n", "\nAA", "A\nA", "AA\r", "A\r\nA", "AA\t",
		"+/+/", "AA.", "AA,", "ＡＡ", "AA\x00", "AAé", "?AAA", "=", "====",
	} {
		if got, err := appendBase64(nil, text); err == nil {
			t.Errorf("%q: got %q, want a refusal", text, got)
		}
	}
}

func TestMalformedTokens_TK07_TK08_TK11(t *testing.T) {
	k := testKeys()[ES256]
	v := testVerifier(t, published(k), nil)
	token := mustSign(t, k, "", testClaims())
	p, err := splitToken(token, mostMaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ story, token string }{
		{"empty", ""},
		{"one dot", "."},
		{"two dots", ".."},
		{"three dots", "..."},
		{"no dot", p.header},
		{"no signature part", p.signed},
		{"a fourth part", token + "."},
		{"a fourth part with content", token + ".AA"},
		{"encrypted: five parts", p.header + ".AA.AA.AA.AA"},
		{"a space before", " " + token},
		{"a space after", token + " "},
		{"a line end after", token + "\n"},
		{"CRLF after", token + "\r\n"},
		{"a line end in the signature", p.signed + "." + p.signature[:9] + "\n" + p.signature[9:]},
		{"a line end in the header", p.header[:4] + "\n" + p.header[4:] + "." + p.payload + "." + p.signature},
		{"padding after the header", p.header + "=." + p.payload + "." + p.signature},
		{"padding after the payload", p.header + "." + p.payload + "=." + p.signature},
		{"padding after the signature", token + "=="},
		{"standard base64", strings.NewReplacer("-", "+", "_", "/").Replace(token) + "+"},
		{"Bearer before", "Bearer " + token},
		{"quoted", `"` + token + `"`},
		{"a NUL", token + "\x00"},
		{"JSON serialization", `{"payload":"` + p.payload + `","protected":"` + p.header + `","signature":"` + p.signature + `"}`},
		{"JSON, dotted", `{"a":"x.y.z"}`},
		{"twice", token + token},
		{"two, by a comma", token + "," + token},
	} {
		refused(t, v, row.story, row.token, ErrMalformed)
		if _, err := Inspect(row.token); row.story != "two dots" && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: Inspect says %v", row.story, err)
		}
	}
}

func TestTokenLength_TK07(t *testing.T) {
	k := testKeys()[HS256]
	v := testVerifier(t, k, nil)
	c := testClaims()
	c.Subject = strings.Repeat("a", 5800)
	token := mustSign(t, k, "", c)
	for len(token) < defaultMaxBytes-2 {
		c.Subject += "a"
		token = mustSign(t, k, "", c)
	}
	if _, err := v.Verify(token); err != nil {
		t.Errorf("%d bytes: %v", len(token), err)
	}
	c.Subject += "aaaa"
	token = mustSign(t, k, "", c)
	refused(t, v, fmt.Sprintf("%d bytes", len(token)), token, ErrMalformed)
	_, err := v.Verify(token)
	if want := fmt.Sprintf("got %d, limit 8192", len(token)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
	small, err := NewVerifier(testIssuer, testAudience, mustSet(t, k), Algorithms(), &VerifierOptions{MaxBytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, small, "over 100 bytes", mustSign(t, k, "", testClaims()), ErrMalformed)
}

// A megabyte of dots, or of anything, costs nothing but the error.
func TestMegabytesAreCheap_TK07_CV03_CV09(t *testing.T) {
	k := testKeys()[HS256]
	wide, err := NewVerifier(testIssuer, testAudience, mustSet(t, k), Algorithms(), &VerifierOptions{MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for story, token := range map[string]string{
		"dots":           strings.Repeat(".", 1<<20),
		"one long part":  strings.Repeat("A", 1<<20),
		"a long header":  strings.Repeat("A", 1<<20-10) + ".AA.AA",
		"pairs and dots": strings.Repeat("A.", 1<<19),
		"more than 1 MB": strings.Repeat(".", 1<<21),
	} {
		for name, v := range map[string]*Verifier{"8 KiB": testVerifier(t, k, nil), "1 MiB": wide} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			refused(t, v, story+", "+name, token, ErrMalformed)
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 16<<10 {
				t.Errorf("%s, %s: %d bytes allocated in %v", story, name, got, time.Since(start))
			}
		}
	}
}

func TestHeaders_TK05_TK06_CV12(t *testing.T) {
	for _, k := range testKeys() {
		testHeaders(t, k)
	}
}

func testHeaders(t *testing.T, k *Key) {
	v := testVerifier(t, published(k), nil)
	payload, kid := payloadOf(t), k.ID()
	for _, row := range []struct {
		story, header string
		want          error // nil: accepted
	}{
		{"the usual", `{"alg":"EdDSA","kid":"` + kid + `"}`, nil},
		{"white space", " {\t\"alg\" : \"EdDSA\",\r\n\"kid\":\"" + kid + "\" } ", nil},
		{"an escaped name and value", `{"\u0061lg":"Ed\u0044SA","kid":"` + kid + `"}`, nil},
		{"no kid, one key", `{"alg":"EdDSA"}`, nil},
		{"members that nobody knows", `{"alg":"EdDSA","x":[1,{"y":null}],"zip":"DEF"}`, nil},
		{"names in another case are other names", `{"alg":"EdDSA","ALG":"none","Kid":"x"}`, nil},
		{"no alg", `{"kid":"` + kid + `"}`, ErrMalformed},
		{"alg is no string", `{"alg":["EdDSA"]}`, ErrMalformed},
		{"alg is null", `{"alg":null}`, ErrMalformed},
		{"kid is a number", `{"alg":"EdDSA","kid":1}`, ErrMalformed},
		{"kid is null", `{"alg":"EdDSA","kid":null}`, ErrMalformed},
		{"kid is an array", `{"alg":"EdDSA","kid":["` + kid + `"]}`, ErrMalformed},
		{"typ is a number", `{"alg":"EdDSA","typ":1}`, ErrMalformed},
		{"kid is empty", `{"alg":"EdDSA","kid":""}`, ErrUnknownKey},
		{"kid of another", `{"alg":"EdDSA","kid":"other"}`, ErrUnknownKey},
		{"kid cut", `{"alg":"EdDSA","kid":"` + kid[:42] + `"}`, ErrUnknownKey},
		{"kid in another case", `{"alg":"EdDSA","kid":"` + strings.ToLower(kid) + `"}`, ErrUnknownKey},
		{"kid with NUL", `{"alg":"EdDSA","kid":"` + kid + `\u0000"}`, ErrUnknownKey},
		{"kid is a path", `{"alg":"EdDSA","kid":"../../../../dev/null"}`, ErrUnknownKey},
		{"kid is SQL", `{"alg":"EdDSA","kid":"' OR 1=1 --"}`, ErrUnknownKey},
		{"kid of 256 bytes", `{"alg":"EdDSA","kid":"` + strings.Repeat("k", 256) + `"}`, ErrUnknownKey},
		{"kid of 257 bytes", `{"alg":"EdDSA","kid":"` + strings.Repeat("k", 257) + `"}`, ErrMalformed},
		{"alg twice", `{"alg":"EdDSA","alg":"EdDSA"}`, ErrMalformed},
		{"alg twice, none last", `{"alg":"EdDSA","alg":"none"}`, ErrMalformed},
		{"alg twice, one escaped", `{"alg":"EdDSA","\u0061lg":"EdDSA"}`, ErrMalformed},
		{"kid twice", `{"alg":"EdDSA","kid":"` + kid + `","kid":"` + kid + `"}`, ErrMalformed},
		{"a member twice deep inside", `{"alg":"EdDSA","x":{"y":[{"z":1,"z":1}]}}`, ErrMalformed},
		{"crit unknown", `{"alg":"EdDSA","crit":["exp"],"exp":1}`, ErrCritical},
		{"crit b64", `{"alg":"EdDSA","b64":false,"crit":["b64"]}`, ErrUnencodedPayload},
		{"crit b64 true", `{"alg":"EdDSA","b64":true,"crit":["b64"]}`, ErrCritical},
		{"crit empty", `{"alg":"EdDSA","crit":[]}`, ErrCritical},
		{"crit null", `{"alg":"EdDSA","crit":null}`, ErrCritical},
		{"crit alg", `{"alg":"EdDSA","crit":["alg"]}`, ErrCritical},
		{"b64 without crit", `{"alg":"EdDSA","b64":false}`, ErrUnencodedPayload},
		{"an array", `["EdDSA"]`, ErrMalformed},
		{"a bracket for the brace", `["alg":"EdDSA"}`, ErrMalformed},
		{"a string", `"EdDSA"`, ErrMalformed},
		{"null", `null`, ErrMalformed},
		{"empty", ``, ErrMalformed},
		{"data after", `{"alg":"EdDSA"}{}`, ErrMalformed},
		{"a comma too many", `{"alg":"EdDSA",}`, ErrMalformed},
		{"a comment", `{"alg":"EdDSA"/**/}`, ErrMalformed},
		{"not UTF-8", "{\"alg\":\"EdDSA\",\"x\":\"\xff\"}", ErrMalformed},
		{"a byte order mark", "\ufeff{\"alg\":\"EdDSA\"}", ErrMalformed},
		{"UTF-16", "{\x00\"\x00a\x00", ErrMalformed},
		{"a lone surrogate", `{"alg":"EdDSA","x":"\ud800"}`, ErrMalformed},
		{"nested 33 deep", `{"alg":"EdDSA","x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, ErrMalformed},
		{"over 4 KiB", `{"alg":"EdDSA","x":"` + strings.Repeat("x", 4<<10) + `"}`, ErrMalformed},
	} {
		header := strings.NewReplacer("EdDSA", string(k.alg), `Ed\u0044SA`, fmt.Sprintf(`%s\u%04x%s`, k.alg[:2], k.alg[2], k.alg[3:])).Replace(row.header)
		token := join(header, payload, signWith(t, k))
		if row.want != nil {
			refused(t, v, string(k.alg)+" "+row.story, token, row.want)
		} else if _, err := v.Verify(token); err != nil {
			t.Errorf("%s %s: %v", k.alg, row.story, err)
		}
	}
}

// Without kid there must be exactly one key that can be meant.
func TestTokenWithoutKeyID_TK22(t *testing.T) {
	a, b, other := newTestKey(t, ES256), newTestKey(t, ES256), newTestKey(t, EdDSA)
	token := join(`{"alg":"ES256"}`, payloadOf(t), signWith(t, a))
	for _, row := range []struct {
		story string
		keys  []*Key
		want  error
	}{
		{"the only key", []*Key{a}, nil},
		{"the only key for this algorithm", []*Key{other, a}, nil},
		{"one of two", []*Key{a, b}, ErrUnknownKey},
		{"none for this algorithm", []*Key{other}, ErrUnknownKey},
		{"an empty set", nil, ErrUnknownKey},
		{"the only key is another", []*Key{b}, ErrSignature},
	} {
		v, err := NewVerifier(testIssuer, testAudience, mustSet(t, row.keys...), Algorithms(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(token); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.story, err, row.want)
		}
	}
	v, err := NewVerifier(testIssuer, testAudience, sourceFunc(func(string) (*Key, error) { return a, nil }), Algorithms(), nil)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, v, "a source that knows no only key", token, ErrUnknownKey)
}

type sourceFunc func(kid string) (*Key, error)

func (f sourceFunc) Key(kid string) (*Key, error) { return f(kid) }

// What a key source says wrong stays an error, and is no verdict on the token.
func TestKeySourceFails(t *testing.T) {
	down := errors.New("store is down")
	k := testKeys()[ES256]
	token := mustSign(t, k, "", testClaims())
	for _, row := range []struct {
		story  string
		source sourceFunc
		want   error
	}{
		{"it is down", func(string) (*Key, error) { return nil, down }, down},
		{"it is down, with a key beside", func(string) (*Key, error) { return k, down }, down},
		{"neither key nor error", func(string) (*Key, error) { return nil, nil }, ErrUnknownKey},
		{"a key of another algorithm", func(string) (*Key, error) { return testKeys()[EdDSA], nil }, ErrAlgorithm},
	} {
		v, err := NewVerifier(testIssuer, testAudience, row.source, Algorithms(), nil)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, v, row.story, token, row.want)
		if _, err := v.Verify(token); row.want == down && Reason(err) != "" {
			t.Errorf("%s: reason %q, want none", row.story, Reason(err))
		}
	}
}
