package jwt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// members reads a JWK as a map, for tests that change one member.
func members(t testing.TB, k *Key, private bool) map[string]any {
	t.Helper()
	b, err := k.MarshalJSON()
	if private {
		b, err = k.PrivateJWK()
	}
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func toJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeysComeBack(t *testing.T) {
	for alg, k := range testKeys() {
		for _, opts := range []*KeyOptions{nil, {ID: "an \"id\" é"}, {Use: "sig"}, {Ops: []string{"sign", "verify"}}, {Ops: []string{"sign"}}} {
			k, err := newKey(alg, k.material, opts)
			if err != nil {
				t.Fatal(err)
			}
			b, err := k.PrivateJWK()
			if err != nil {
				t.Fatal(err)
			}
			back, err := ParseKey(b)
			if err != nil {
				t.Fatalf("%s: %v", alg, err)
			}
			again, err := back.PrivateJWK()
			if err != nil || !bytes.Equal(again, b) || !back.Equal(k) || back.CanSign() != k.CanSign() {
				t.Errorf("%s: got %s, %v, want %s", alg, again, err, b)
			}
			p, ok := k.Public()
			if ok == alg.symmetric() {
				t.Errorf("%s: Public says %v", alg, ok)
			}
			if !ok {
				continue
			}
			b, err = k.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			back, err = ParseKey(b)
			if err != nil || !back.Equal(p) || back.CanSign() || back.Thumbprint() != k.Thumbprint() || back.ID() != k.ID() {
				t.Errorf("%s: got %v, %v, want %v", alg, back, err, p)
			}
			if _, err := back.PrivateJWK(); !errors.Is(err, ErrKey) {
				t.Errorf("%s: a public key has a private JWK: %v", alg, err)
			}
		}
	}
}

// What is published has no private member, and no private number under any name.
func TestPublishedKeysHoldNoSecret_TK20(t *testing.T) {
	for alg, k := range testKeys() {
		set := mustSet(t, k)
		if alg.symmetric() {
			if b, err := k.MarshalJSON(); !errors.Is(err, ErrKey) || b != nil {
				t.Errorf("a secret was published: %s, %v", b, err)
			}
			if b, err := set.MarshalJSON(); !errors.Is(err, ErrKey) || b != nil {
				t.Errorf("a set of secrets was published: %s, %v", b, err)
			}
			if _, err := set.Public(); !errors.Is(err, ErrKey) {
				t.Errorf("a set of secrets has a public half: %v", err)
			}
			continue
		}
		var secrets []string
		for name, v := range members(t, k, true) {
			switch name {
			case "d", "p", "q", "dp", "dq", "qi", "k":
				secrets = append(secrets, v.(string))
			}
		}
		if len(secrets) == 0 {
			t.Fatalf("%s: no secrets to look for", alg)
		}
		public, err := set.Public()
		if err != nil {
			t.Fatal(err)
		}
		for story, v := range map[string]any{"key": k, "set": set, "public set": public} {
			b := toJSON(t, v)
			for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth"} {
				if bytes.Contains(b, []byte(`"`+name+`":`)) {
					t.Errorf("%s %s: has %q: %s", alg, story, name, b)
				}
			}
			for _, s := range secrets {
				if bytes.Contains(b, []byte(s)) {
					t.Errorf("%s %s: has a private number", alg, story)
				}
			}
			for _, want := range []string{`"use":"sig"`, `"alg":"` + string(alg) + `"`, `"kid":"` + k.ID() + `"`} { // TK-21
				if !bytes.Contains(b, []byte(want)) {
					t.Errorf("%s %s: has no %s: %s", alg, story, want, b)
				}
			}
		}
	}
}

func TestKeysPrintNoSecret(t *testing.T) {
	for alg, k := range testKeys() {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", k)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", k)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T"} {
			fmt.Fprintf(&log, verb+"\n", k)
		}
		fmt.Fprintln(&log, []*Key{k}, map[string]*Key{"k": k})
		b, err := k.PrivateJWK()
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"d", "p", "k"} {
			if s, ok := m[name].(string); ok && strings.Contains(log.String(), s) {
				t.Errorf("%s: %q was printed", alg, name)
			}
		}
		if s, ok := k.material.(*secretKey); ok && strings.Contains(log.String(), fmt.Sprintf("%x", s.bytes)) {
			t.Error("the secret was printed")
		}
		if strings.Contains(log.String(), "material") || !strings.Contains(log.String(), "jwt.Key(") {
			t.Errorf("%s: printed %s", alg, log.String())
		}
	}
}

// Rows change one member of a good key; nil takes it away.
func TestKeysRefused_TK10_TK21_TK25(t *testing.T) {
	b64 := encodeBase64
	ones := func(n int) string { return b64(bytes.Repeat([]byte{0xff}, n)) }
	other := members(t, newTestKey(t, ES256), true)
	otherEd := members(t, newTestKey(t, EdDSA), true)
	rsaN, err := encoding.DecodeString(members(t, testKeys()[RS256], false)["n"].(string))
	if err != nil {
		t.Fatal(err)
	}
	point, err := testKeys()[ES256].material.(*ecKey).pub.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	xy := point[1:]
	even := bytes.Clone(rsaN)
	even[len(even)-1] &^= 1
	for _, row := range []struct {
		alg    Algorithm
		story  string
		change map[string]any
	}{
		{ES256, "no kty", map[string]any{"kty": nil}},
		{ES256, "kty in another case", map[string]any{"kty": "ec"}},
		{ES256, "kty of another type", map[string]any{"kty": "RSA"}},
		{ES256, "kty unknown", map[string]any{"kty": "AKP"}},
		{ES256, "kty is a number", map[string]any{"kty": 1}},
		{ES256, "alg of another type", map[string]any{"alg": "RS256"}},
		{ES256, "alg HS256", map[string]any{"alg": "HS256"}},
		{ES256, "alg of another curve", map[string]any{"alg": "ES384"}},
		{ES256, "alg none", map[string]any{"alg": "none"}},
		{ES256, "alg empty", map[string]any{"alg": ""}},
		{ES256, "alg in another case", map[string]any{"alg": "es256"}},
		{ES256, "alg is null", map[string]any{"alg": json.RawMessage("null")}},
		{ES256, "use enc", map[string]any{"use": "enc"}},
		{ES256, "use empty", map[string]any{"use": ""}},
		{ES256, "use Sig", map[string]any{"use": "Sig"}},
		{ES256, "key_ops for encryption", map[string]any{"key_ops": []string{"encrypt"}}},
		{ES256, "key_ops empty", map[string]any{"key_ops": []string{}}},
		{ES256, "key_ops twice the same", map[string]any{"key_ops": []string{"verify", "verify"}}},
		{ES256, "key_ops mixed", map[string]any{"key_ops": []string{"verify", "encrypt"}}},
		{ES256, "key_ops is text", map[string]any{"key_ops": "verify"}},
		{ES256, "key_ops of numbers", map[string]any{"key_ops": []int{1}}},
		{ES256, "kid empty", map[string]any{"kid": ""}},
		{ES256, "kid too long", map[string]any{"kid": strings.Repeat("k", 257)}},
		{ES256, "kid is a number", map[string]any{"kid": 1}},
		{ES256, "no crv", map[string]any{"crv": nil}},
		{ES256, "no crv, no alg", map[string]any{"crv": nil, "alg": nil}},
		{ES256, "crv P-384", map[string]any{"crv": "P-384"}},
		{ES256, "crv secp256k1", map[string]any{"crv": "secp256k1", "alg": nil}},
		{ES256, "no x", map[string]any{"x": nil}},
		{ES256, "no y", map[string]any{"y": nil}},
		{ES256, "x empty", map[string]any{"x": ""}},
		{ES256, "x of another key", map[string]any{"x": other["x"]}},
		{ES256, "x of 31 bytes", map[string]any{"x": ones(31)}},
		{ES256, "x of 33 bytes", map[string]any{"x": ones(33)}},
		{ES256, "x over the field", map[string]any{"x": ones(32)}},
		{ES256, "the point 0, 0", map[string]any{"x": b64(make([]byte, 32)), "y": b64(make([]byte, 32))}},
		{ES256, "x with padding", map[string]any{"x": other["x"].(string) + "=", "y": other["y"], "d": nil}},
		{ES256, "x in standard base64", map[string]any{"x": "++++" + b64(make([]byte, 29))}},
		{ES256, "d of another key", map[string]any{"d": other["d"]}},
		{ES256, "d zero", map[string]any{"d": b64(make([]byte, 32))}},
		{ES256, "d over the order", map[string]any{"d": ones(32)}},
		{ES256, "d of 31 bytes", map[string]any{"d": ones(31)}},
		{ES256, "d empty", map[string]any{"d": ""}},
		{ES256, "members of two types: k", map[string]any{"k": ones(32)}},
		{ES256, "members of two types: n", map[string]any{"n": ones(32)}},

		{ES256, "d is no base64url", map[string]any{"d": "*"}},
		{ES256, "x and y split at another octet", map[string]any{"x": b64(xy[:31]), "y": b64(xy[31:])}},
		{EdDSA, "d is no base64url", map[string]any{"d": "*"}},
		{EdDSA, "x is no base64url", map[string]any{"x": "*"}},
		{HS256, "k is no base64url", map[string]any{"k": ones(32) + "*"}},
		{RS256, "d is no base64url", map[string]any{"d": "*"}},
		{RS256, "dp is no base64url", map[string]any{"dp": "*"}},
		{RS256, "n is no base64url", map[string]any{"n": "*"}},

		{EdDSA, "crv Ed448", map[string]any{"crv": "Ed448"}},
		{EdDSA, "crv X25519", map[string]any{"crv": "X25519", "alg": nil}},
		{EdDSA, "x of 31 bytes", map[string]any{"x": ones(31)}},
		{EdDSA, "x not canonical", map[string]any{"x": ones(32), "d": nil}},
		{EdDSA, "x of another key", map[string]any{"x": otherEd["x"]}},
		{EdDSA, "d of 64 bytes", map[string]any{"d": ones(64)}},
		{EdDSA, "d empty", map[string]any{"d": ""}},
		{EdDSA, "a y", map[string]any{"y": otherEd["x"]}},

		{HS256, "k of 31 bytes", map[string]any{"k": ones(31)}},
		{HS256, "k empty", map[string]any{"k": ""}},
		{HS256, "no k", map[string]any{"k": nil}},
		{HS256, "k with padding", map[string]any{"k": ones(32) + "="}},
		{HS256, "k not canonical", map[string]any{"k": ones(32)[:42] + "9"}},
		{HS256, "k is an array", map[string]any{"k": []int{1}}},
		{HS256, "alg HS512, which wants 64 bytes", map[string]any{"alg": "HS512"}},
		{HS256, "alg of encryption", map[string]any{"alg": "A256GCM"}},
		{HS256, "a d", map[string]any{"d": ones(32)}},

		{RS256, "e of 1", map[string]any{"e": b64([]byte{1})}},
		{RS256, "e of 2", map[string]any{"e": b64([]byte{2})}},
		{RS256, "e even", map[string]any{"e": b64([]byte{1, 0, 0}), "d": nil}},
		{RS256, "e of 0", map[string]any{"e": b64([]byte{0})}},
		{RS256, "e empty", map[string]any{"e": ""}},
		{RS256, "e with a zero in front", map[string]any{"e": b64([]byte{0, 1, 0, 1})}},
		{RS256, "e of 2^31+1", map[string]any{"e": b64([]byte{0x80, 0, 0, 1})}},
		{RS256, "e of 2^64+1", map[string]any{"e": b64([]byte{1, 0, 0, 0, 0, 0, 0, 0, 1})}},
		{RS256, "e of 2^64+65537, which cut to 64 bits is the usual", map[string]any{"e": b64([]byte{1, 0, 0, 0, 0, 0, 1, 0, 1})}},
		{RS256, "n even", map[string]any{"n": b64(even)}},
		{RS256, "n of 1024 bits", map[string]any{"n": b64(rsaN[:128])}},
		{RS256, "n of 2047 bits", map[string]any{"n": b64(append([]byte{0x7f}, rsaN[:255]...))}},
		{RS256, "n of 16385 bits", map[string]any{"n": b64(append([]byte{1}, bytes.Repeat([]byte{0xff}, 2048)...))}},
		{RS256, "n of 60 KB", map[string]any{"n": ones(40 << 10)}},
		{RS256, "n with a zero in front", map[string]any{"n": b64(append([]byte{0}, rsaN...))}},
		{RS256, "n with a small factor", map[string]any{"n": b64(multiple(rsaN, 167))}},
		{RS256, "no n", map[string]any{"n": nil}},
		{RS256, "p alone", map[string]any{"d": nil}},
		{RS256, "no p", map[string]any{"p": nil}},
		{RS256, "p and q exchanged but not dp and dq", map[string]any{"p": members(t, testKeys()[RS256], true)["q"], "q": members(t, testKeys()[RS256], true)["p"]}},
		{RS256, "another d", map[string]any{"d": ones(32)}},
		{RS256, "another dp", map[string]any{"dp": ones(32)}},
		{RS256, "another qi", map[string]any{"qi": ones(32)}},
		{RS256, "more than two primes", map[string]any{"oth": []any{}}},
		{RS256, "alg of encryption", map[string]any{"alg": "RSA-OAEP"}},
		{RS256, "a crv", map[string]any{"crv": "P-256"}},
	} {
		m := members(t, testKeys()[row.alg], true)
		if len(row.change) == 1 && (row.change["n"] != nil || row.change["e"] != nil) { // as a public key: nothing but n and e is judged
			m = members(t, testKeys()[row.alg], false)
		}
		if _, err := ParseKey(toJSON(t, m)); err != nil {
			t.Fatalf("%s: the key before the change: %v", row.alg, err)
		}
		for name, v := range row.change {
			if v == nil {
				delete(m, name)
			} else {
				m[name] = v
			}
		}
		if row.story == "e even" {
			for _, name := range []string{"p", "q", "dp", "dq", "qi"} {
				delete(m, name)
			}
		}
		if k, err := ParseKey(toJSON(t, m)); !errors.Is(err, ErrKey) || k != nil {
			t.Errorf("%s, %s: got %v, %v, want %v", row.alg, row.story, k, err, ErrKey)
		}
	}
	good := string(toJSON(t, members(t, testKeys()[ES256], false)))
	for _, text := range []string{
		"", "null", "[]", "1", `"x"`, "{}", "[" + good + "]", good + good, good[:len(good)-1], good + "x", "\ufeff" + good,
		good[:len(good)-1] + `,"kty":"EC"}`, good[:len(good)-1] + `,"\u006bty":"EC"}`, good[:len(good)-1] + `,"z":{"a":1,"a":2}}`,
		good[:len(good)-1] + `,"z":"` + strings.Repeat("z", 64<<10) + `"}`, strings.Replace(good, `"EC"`, "\"EC\xff\"", 1),
	} {
		if k, err := ParseKey([]byte(text)); !errors.Is(err, ErrKey) || k != nil {
			t.Errorf("%.40q: got %v, %v, want %v", text, k, err, ErrKey)
		}
	}
}

func multiple(n []byte, p int64) []byte {
	b := new(big.Int).SetBytes(n)
	rest := new(big.Int).Mod(b, big.NewInt(p))
	b.Sub(b, rest)
	if b.Bit(0) == 0 {
		b.Sub(b, big.NewInt(p))
	}
	return b.Bytes()
}

// RFC 8032: the eight points of small order, and encodings of no point at all.
func TestEd25519PointsRefused_TK25(t *testing.T) {
	for _, row := range []struct{ story, x string }{
		{"the neutral point", "0100000000000000000000000000000000000000000000000000000000000000"},
		{"of order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
		{"of order 4", "0000000000000000000000000000000000000000000000000000000000000000"},
		{"of order 4", "0000000000000000000000000000000000000000000000000000000000000080"},
		{"of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
		{"of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"},
		{"of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
		{"of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"},
		{"the neutral point with a sign", "0100000000000000000000000000000000000000000000000000000000000080"},
		{"y = p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
		{"y = p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
		{"not on the curve", "0200000000000000000000000000000000000000000000000000000000000000"},
	} {
		x, err := hex.DecodeString(row.x)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewKey(EdDSA, ed25519.PublicKey(x), nil); !errors.Is(err, ErrKey) {
			t.Errorf("%s: got %v, want %v", row.story, err, ErrKey)
		}
	}
	for range 50 { // and what GenerateKey makes, which does not go that way, is good
		k := newTestKey(t, EdDSA)
		if err := checkEdPoint(k.material.(*edKey).pub); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeySetRefused_TK22(t *testing.T) {
	es, es2, ed, hs, hs2 := newTestKey(t, ES256), newTestKey(t, ES256), testKeys()[EdDSA], testKeys()[HS256], newTestKey(t, HS256)
	renamed, err := newKey(ES256, es.material, &KeyOptions{ID: "other"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		story string
		keys  []*Key
		want  error
	}{
		{"empty", nil, nil},
		{"private", []*Key{es, es2, ed}, nil},
		{"public", []*Key{published(es), published(ed)}, nil},
		{"symmetric", []*Key{hs, hs2}, nil},
		{"nil", []*Key{es, nil}, ErrKey},
		{"symmetric and private", []*Key{hs, es}, ErrKey},
		{"symmetric and public", []*Key{published(es), hs}, ErrKey},
		{"private and public", []*Key{es, published(ed)}, ErrKey},
		{"the same twice", []*Key{es, es}, ErrKey},
		{"one kid for two keys", []*Key{es, newTestKeyLike(t, es)}, ErrKey},
		{"one key under two kids", []*Key{es, renamed}, ErrKey},
	} {
		s, err := NewKeySet(row.keys...)
		if !errors.Is(err, row.want) || (s == nil) != (err != nil) {
			t.Errorf("%s: got %v, %v, want %v", row.story, s, err, row.want)
		}
		if slices.Contains(row.keys, nil) {
			continue
		}
		// The same as text.
		var list []json.RawMessage
		for _, k := range row.keys {
			b, err := k.PrivateJWK()
			if err != nil {
				b, err = k.MarshalJSON()
			}
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, b)
		}
		text := toJSON(t, map[string]any{"keys": append([]json.RawMessage{}, list...)})
		if s, err := ParseKeySet(text); !errors.Is(err, row.want) || (s == nil) != (err != nil) {
			t.Errorf("%s, parsed: got %v, %v, want %v", row.story, s, err, row.want)
		}
	}
}

func TestNegativeModulus_TK25(t *testing.T) {
	n := testKeys()[RS256].material.(*rsaKey).pub.N
	if k, err := NewKey(RS256, &rsa.PublicKey{N: new(big.Int).Neg(n), E: 65537}, nil); !errors.Is(err, ErrKey) || k != nil {
		t.Errorf("got %v, %v, want %v", k, err, ErrKey)
	}
}

func TestKeySetIsBounded_TK22(t *testing.T) {
	var keys []*Key
	for len(keys) < 256 {
		keys = append(keys, newTestKey(t, HS256))
	}
	mustSet(t, keys...)
	if s, err := NewKeySet(append(keys, newTestKey(t, HS256))...); !errors.Is(err, ErrKey) || s != nil {
		t.Errorf("257 keys: got %v, %v, want %v", s, err, ErrKey)
	}
}

func TestParseKeySet_TK22(t *testing.T) {
	public := func(k *Key) string { return string(toJSON(t, members(t, k, false))) }
	es, ed := newTestKey(t, ES256), newTestKey(t, EdDSA)
	a, b := public(es), public(ed)
	foreign := `{"kty":"EC","crv":"secp256k1","kid":"f","x":"` + encodeBase64(make([]byte, 32)) + `","y":"` + encodeBase64(make([]byte, 32)) + `"}`
	enc := strings.Replace(b, `"use":"sig"`, `"use":"enc"`, 1)
	weak := `{"kty":"RSA","alg":"RS256","n":"` + encodeBase64(bytes.Repeat([]byte{0xff}, 128)) + `","e":"AQAB"}`
	for _, row := range []struct {
		story, text string
		keys        int // -1: refused
		ignored     int
	}{
		{"two keys", `{"keys":[` + a + `,` + b + `]}`, 2, 0},
		{"a key alone", a, 1, 0},
		{"no keys", `{"keys":[]}`, 0, 0},
		{"members that nobody knows", `{"x":1,"keys":[` + a + `],"next":null}`, 1, 0},
		{"a key on another curve is left out", `{"keys":[` + foreign + `,` + a + `]}`, 1, 1},
		{"a key for encryption is left out", `{"keys":[` + a + `,` + enc + `]}`, 1, 1},
		{"a key of a type of the future is left out", `{"keys":[{"kty":"AKP","pub":"x"},` + a + `]}`, 1, 1},
		{"whatever its alg says", `{"keys":[{"kty":"AKP","alg":"ES256"},` + a + `]}`, 1, 1},
		{"a key whose key_ops are for encryption is left out", `{"keys":[{"kty":"oct","k":"AA","key_ops":["encrypt","decrypt"]},` + a + `]}`, 1, 1},
		{"nothing but keys that are left out", `{"keys":[` + foreign + `,` + enc + `]}`, -1, 0},
		{"a key on another curve alone", foreign, -1, 0},
		{"a weak key", `{"keys":[` + a + `,` + weak + `]}`, -1, 0},
		{"a key without kty", `{"keys":[` + a + `,{}]}`, -1, 0},
		{"a kid twice, once in a key that is left out", `{"keys":[` + a + `,` + strings.Replace(foreign, `"f"`, `"`+es.ID()+`"`, 1) + `]}`, -1, 0},
		{"the same key twice", `{"keys":[` + a + `,` + a + `]}`, -1, 0},
		{"a key and a set", `{"kty":"EC","keys":[` + a + `]}`, -1, 0},
		{"a whole key and a set", a[:len(a)-1] + `,"keys":[]}`, -1, 0},
		{"neither", `{}`, -1, 0},
		{"keys twice", `{"keys":[` + a + `],"keys":[` + b + `]}`, -1, 0},
		{"keys is an object", `{"keys":{}}`, -1, 0},
		{"keys is null", `{"keys":null}`, -1, 0},
		{"a key is text", `{"keys":["x"]}`, -1, 0},
		{"a key is null", `{"keys":[null]}`, -1, 0},
		{"an array", `[` + a + `]`, -1, 0},
		{"data after", `{"keys":[` + a + `]}x`, -1, 0},
		{"257 keys", `{"keys":[` + strings.Repeat(`{"kty":"x"},`, 256) + a + `]}`, -1, 0},
		{"over 1 MiB", `{"keys":[],"x":"` + strings.Repeat("x", 1<<20) + `"}`, -1, 0},
		{"empty", ``, -1, 0},
	} {
		s, err := ParseKeySet([]byte(row.text))
		if row.keys < 0 {
			if !errors.Is(err, ErrKey) || s != nil {
				t.Errorf("%s: got %v, %v, want %v", row.story, s, err, ErrKey)
			}
			continue
		}
		if err != nil || len(s.Keys()) != row.keys || len(s.Ignored()) != row.ignored {
			t.Errorf("%s: got %v, %v", row.story, s, err)
			continue
		}
		back, err := ParseKeySet(toJSON(t, s))
		if err != nil || len(back.Keys()) != row.keys {
			t.Errorf("%s: published and read again: %v, %v", row.story, back, err)
		}
	}
}

func TestKeyOps_TK21(t *testing.T) {
	for alg, k := range testKeys() {
		token := mustSign(t, k, "", testClaims())
		for _, row := range []struct {
			ops          []string
			sign, verify bool
		}{{nil, true, true}, {[]string{"sign"}, true, false}, {[]string{"verify"}, false, true}, {[]string{"verify", "sign"}, true, true}} {
			k, err := newKey(alg, k.material, &KeyOptions{Ops: row.ops})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Sign(k, "", testClaims()); (err == nil) != row.sign || err != nil && !errors.Is(err, ErrKey) {
				t.Errorf("%s %q: sign: %v", alg, row.ops, err)
			}
			if _, err := testVerifier(t, k, nil).Verify(token); (err == nil) != row.verify || err != nil && !errors.Is(err, ErrKey) {
				t.Errorf("%s %q: verify: %v", alg, row.ops, err)
			}
			if p, ok := k.Public(); ok {
				if _, err := testVerifier(t, p, nil).Verify(token); err != nil {
					t.Errorf("%s %q: the public half: %v", alg, row.ops, err)
				}
			}
		}
	}
	for _, ops := range [][]string{{}, {"sign"}} {
		if _, err := newKey(ES256, testKeys()[ES256].material.public(), &KeyOptions{Ops: ops}); !errors.Is(err, ErrKey) {
			t.Errorf("a public key with key_ops %q: %v", ops, err)
		}
	}
	for _, o := range []*KeyOptions{{Use: "enc"}, {Ops: []string{"wrapKey"}}, {ID: strings.Repeat("k", 257)}, {ID: "\xff"}} {
		if _, err := NewKey(HS256, bytes.Repeat([]byte("0123456789"), 4), o); !errors.Is(err, ErrKey) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Keys do not change with the material that they were made of.
func TestKeysAreCopies(t *testing.T) {
	secret := []byte("0123456789012345678901234567890123456789")
	k, err := NewKey(HS256, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	token := mustSign(t, k, "", testClaims())
	clear(secret)
	if _, err := testVerifier(t, k, nil).Verify(token); err != nil {
		t.Error(err)
	}
	priv, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	k, err = NewKey(RS256, priv, nil)
	if err != nil {
		t.Fatal(err)
	}
	token = mustSign(t, k, "", testClaims())
	priv.N.SetInt64(35)
	priv.D.SetInt64(5)
	if _, err := testVerifier(t, published(k), nil).Verify(token); err != nil {
		t.Error(err)
	}
	if again := mustSign(t, k, "", testClaims()); len(again) != len(token) {
		t.Error("the key changed")
	}
}
