package grant

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// vectors are the known answers of docs/formats.md, made by another implementation.
type vectors struct {
	SecretFile string `json:"secret_file"`
	SigningKey struct {
		WrappingKey, Kid, JWK, Wrapped string
	} `json:"signing_key"`
	Derived struct{ Purpose, Key string }
	Refresh struct {
		Token, Hash, Successor, Sealed, Family string
		SealingKey                             string `json:"sealing_key"`
		Generation                             int64
	}
}

func readVectors(t testing.TB) (v vectors, secret []byte) {
	t.Helper()
	text, err := os.ReadFile("testdata/formats.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	secret, err = base64.StdEncoding.DecodeString(v.SecretFile)
	if err != nil {
		t.Fatal(err)
	}
	return v, secret
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 {
		t.Fatalf("vector %q: %v", s, err)
	}
	return b
}

func TestFormatsKnownAnswers(t *testing.T) {
	v, secret := readVectors(t)

	jwk, err := unwrapKey(secret, v.SigningKey.Kid, unhex(t, v.SigningKey.Wrapped))
	if err != nil || string(jwk) != v.SigningKey.JWK {
		t.Errorf("unwrap: %v, %q", err, jwk)
	}
	if got := Derive(secret, v.Derived.Purpose); !bytes.Equal(got, unhex(t, v.Derived.Key)) {
		t.Errorf("Derive(%q) = %x, want %s", v.Derived.Purpose, got, v.Derived.Key)
	}
	tok, ok := parseToken(v.Refresh.Token)
	if !ok {
		t.Fatalf("token %q refused", v.Refresh.Token)
	}
	if !bytes.Equal(tok.hash(), unhex(t, v.Refresh.Hash)) {
		t.Errorf("hash = %x, want %s", tok.hash(), v.Refresh.Hash)
	}
	if !bytes.Equal(tok.successorKey(), unhex(t, v.Refresh.SealingKey)) {
		t.Errorf("sealing key = %x, want %s", tok.successorKey(), v.Refresh.SealingKey)
	}
	next, err := tok.openSuccessor(v.Refresh.Family, v.Refresh.Generation, unhex(t, v.Refresh.Sealed))
	if err != nil || next.String() != v.Refresh.Successor {
		t.Errorf("successor: %v, %q, want %q", err, next, v.Refresh.Successor)
	}
}

func TestBoxOpensOnlyWhereItWasSealed(t *testing.T) {
	v, secret := readVectors(t)
	box := wrapKey(secret, "kid-1", []byte(v.SigningKey.JWK))
	other := bytes.Clone(secret)
	other[31] ^= 1
	for _, c := range []struct {
		what   string
		secret []byte
		kid    string
		box    []byte
		want   error
	}{
		{"as it was sealed", secret, "kid-1", box, nil},
		{"under another secret", other, "kid-1", box, ErrAltered},
		{"moved to another row", secret, "kid-2", box, ErrAltered},
		{"cut by one byte", secret, "kid-1", box[:len(box)-1], ErrAltered},
		{"longer by one byte", secret, "kid-1", append(bytes.Clone(box), 0), ErrAltered},
		{"of a later version", secret, "kid-1", append([]byte{2}, box[1:]...), ErrFormat},
		{"too short to be one", secret, "kid-1", box[:boxOverhead-1], ErrFormat},
		{"empty", secret, "kid-1", nil, ErrFormat},
		{"far too long", secret, "kid-1", make([]byte, maxWrapped+1), ErrFormat},
	} {
		plain, err := unwrapKey(c.secret, c.kid, c.box)
		if !errors.Is(err, c.want) || (c.want == nil) != (string(plain) == v.SigningKey.JWK) {
			t.Errorf("%s: %v, %d bytes", c.what, err, len(plain))
		}
	}
	for i := range box {
		for bit := range 8 {
			bad := bytes.Clone(box)
			bad[i] ^= 1 << bit
			if plain, err := unwrapKey(secret, "kid-1", bad); err == nil || plain != nil {
				t.Fatalf("byte %d bit %d flipped: opened", i, bit)
			}
		}
	}
	if bytes.Equal(box, wrapKey(secret, "kid-1", []byte(v.SigningKey.JWK))) {
		t.Error("two wraps of one key are equal: the nonce is not random")
	}
}

// Property: what opens was sealed here; arbitrary bytes never do, and never panic.
func FuzzUnwrap(f *testing.F) {
	v, secret := readVectors(f)
	good := unhex(f, v.SigningKey.Wrapped)
	f.Add(v.SigningKey.Kid, good)
	f.Add("", []byte{})
	f.Add(v.SigningKey.Kid, good[:29])
	f.Add(v.SigningKey.Kid, append([]byte{0}, good[1:]...))
	f.Fuzz(func(t *testing.T, kid string, box []byte) {
		plain, err := unwrapKey(secret, kid, box)
		if err == nil && (kid != v.SigningKey.Kid || !bytes.Equal(box, good)) {
			t.Fatalf("opened a box that nobody sealed: %x", box)
		}
		if err != nil && plain != nil {
			t.Fatal("bytes beside an error")
		}
		if err != nil && !errors.Is(err, ErrAltered) && !errors.Is(err, ErrFormat) {
			t.Fatal(err)
		}
		sealed := wrapKey(secret, kid, box)
		if len(sealed) <= maxWrapped {
			if again, err := unwrapKey(secret, kid, sealed); err != nil || !bytes.Equal(again, box) {
				t.Fatalf("sealed and opened: %v", err)
			}
		}
	})
}

// Property: what is accepted is exactly what String writes (TK-08).
func FuzzParseToken(f *testing.F) {
	for _, s := range []string{
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "", "AAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"++++++++++++++++++++++++++++++++++++++++++A", "__________________________________________8", newToken().String(),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tok, ok := parseToken(s)
		if ok && (tok.String() != s || len(s) != tokenLength) {
			t.Fatalf("%q accepted, written as %q", s, tok)
		}
		if !ok && tok != (token{}) {
			t.Fatal("a token beside a refusal")
		}
	})
}

func TestParseTokenRefusesEveryOtherSpelling_TK_08_CV_61(t *testing.T) {
	for range 100 {
		s := newToken().String()
		if _, ok := parseToken(s); !ok {
			t.Fatalf("%q refused", s)
		}
		for n := range len(s) {
			if _, ok := parseToken(s[:n]); ok {
				t.Fatalf("%q cut to %d characters accepted", s, n)
			}
		}
		for _, bad := range []string{s + "=", s + "A", " " + s, s + "\n", s[:20] + "\n" + s[21:], s[:42] + "\r", s + s} {
			if _, ok := parseToken(bad); ok {
				t.Fatalf("%q accepted", bad)
			}
		}
		// The last character carries four bits: of the four spellings of the same bits one is right.
		accepted := 0
		for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
			if _, ok := parseToken(s[:42] + string(c)); ok {
				accepted++
			}
		}
		if accepted != 16 {
			t.Fatalf("%d of 64 last characters accepted, want 16", accepted)
		}
	}
}
