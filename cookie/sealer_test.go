package cookie

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var (
	secret1 = []byte(strings.Repeat("1", 32))
	secret2 = []byte(strings.Repeat("2", 48))
	secret3 = []byte(strings.Repeat("3", 32))
)

func sealer(t testing.TB, secrets ...[]byte) *Sealer {
	t.Helper()
	s, err := NewSealer(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The values were sealed by another program in another language.
func TestKnownAnswers(t *testing.T) {
	text, err := os.ReadFile("testdata/sealed.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Opens []struct {
			Story, Secret, Name, Value, Hint, Sealed string
			Expiry                                   int64
		}
		Refused []struct{ Story, Name, Sealed, Want string }
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Opens) < 10 || len(vectors.Refused) < 20 {
		t.Fatalf("%d and %d vectors", len(vectors.Opens), len(vectors.Refused))
	}
	var secrets [][]byte
	for _, v := range vectors.Opens {
		secret := unhex(t, v.Secret)
		secrets = append(secrets, secret)
		s := sealer(t, secret)
		if hint := unhex(t, v.Hint); s.keys[0].hint != hint[0] {
			t.Errorf("%s: hint %x, want %x", v.Story, s.keys[0].hint, hint)
		}
		expiry := time.Unix(0, v.Expiry)
		value, err := s.open(v.Name, v.Sealed, expiry)
		if err != nil || !bytes.Equal(value, unhex(t, v.Value)) {
			t.Errorf("%s: got %x, %v", v.Story, value, err)
		}
		// Open until the last nanosecond, and not one more.
		value, err = s.open(v.Name, v.Sealed, expiry.Add(1))
		if v.Expiry < 1<<62 && (value != nil || !errors.Is(err, ErrExpired)) {
			t.Errorf("%s: a nanosecond late: %x, %v", v.Story, value, err)
		}
		// What we seal has the same shape.
		ours, err := s.seal(v.Name, unhex(t, v.Value), time.Second, time.Unix(0, 0))
		if err != nil || len(ours) != len(v.Sealed) {
			t.Errorf("%s: sealed to %d octets, want %d, %v", v.Story, len(ours), len(v.Sealed), err)
		}
		if n := (len(unhex(t, v.Value))*4+2)/3 + 51; len(ours) > n+1 {
			t.Errorf("%s: %d octets, documented are about %d", v.Story, len(ours), n)
		}
	}
	s := sealer(t, secrets...)
	for _, v := range vectors.Refused {
		value, err := s.open(v.Name, v.Sealed, time.Unix(0, 0))
		want := map[string]error{"malformed": ErrMalformed, "altered": ErrAltered}[v.Want]
		if value != nil || want == nil || !errors.Is(err, want) {
			t.Errorf("%s: %x, %v, want %s", v.Story, value, err, v.Want)
		}
	}
}

func TestSealThenOpen(t *testing.T) {
	s := sealer(t, secret1)
	for n := range 600 {
		value := bytes.Repeat([]byte{byte(n)}, n)
		sealed, err := s.Seal("__Host-a", value, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(New("__Host-a", sealed)); err != nil {
			t.Errorf("%d octets: not a cookie: %v", n, err)
		}
		got, err := s.Open("__Host-a", sealed)
		if err != nil || !bytes.Equal(got, value) {
			t.Errorf("%d octets: got %x, %v", n, got, err)
		}
		again, err := s.Seal("__Host-a", value, time.Hour)
		if err != nil || again == sealed {
			t.Errorf("%d octets: sealed twice to the same text: the nonce is not random", n)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	s := sealer(t, secret1)
	for _, test := range []struct {
		story, name string
		size        int
		lifetime    time.Duration
		want        error
	}{
		{"400 days", "a", 1, MaxAge, nil},
		{"a nanosecond", "a", 1, 1, nil},
		{"a nanosecond more than 400 days", "a", 1, MaxAge + 1, ErrLifetime},
		{"no lifetime", "a", 1, 0, ErrLifetime},
		{"a negative lifetime", "a", 1, -1, ErrLifetime},
		{"no name", "", 1, 1, ErrName},
		{"a name that is none", "a b", 1, 1, ErrName},
		{"the longest value", "a", 3033, 1, nil},
		{"an octet more", "a", 3034, 1, ErrTooLong},
		{"a longer name", strings.Repeat("a", 3000), 784, 1, nil},
		{"a longer name and an octet more", strings.Repeat("a", 3000), 785, 1, ErrTooLong},
		{"a megabyte", "a", 1 << 20, 1, ErrTooLong},
	} {
		sealed, err := s.Seal(test.name, make([]byte, test.size), test.lifetime)
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) || (sealed == "") != (err != nil) {
			t.Errorf("%s: %q, %v, want %v", test.story, sealed, err, test.want)
		}
		if err == nil && len(test.name)+len(sealed) > MaxPair {
			t.Errorf("%s: %d octets", test.story, len(test.name)+len(sealed))
		}
	}
}

// Every single bit that is changed, and every octet that is cut, is noticed.
func TestOpenNoticesEveryBit(t *testing.T) {
	s := sealer(t, secret1, secret2)
	sealed, err := s.Seal("__Host-a", []byte("lang=ko"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(sealed)
	for i := range len(raw) * 8 {
		raw[i/8] ^= 1 << (i % 8)
		value, err := s.Open("__Host-a", base64.RawURLEncoding.EncodeToString(raw))
		raw[i/8] ^= 1 << (i % 8)
		want := ErrAltered
		if i < 8 {
			want = ErrMalformed // the version
		}
		if value != nil || !errors.Is(err, want) {
			t.Errorf("bit %d: %q, %v, want %v", i, value, err, want)
		}
	}
	for i := range sealed {
		if value, err := s.Open("__Host-a", sealed[:i]); value != nil || err == nil {
			t.Errorf("cut to %d: %q, %v", i, value, err)
		}
	}
}

func TestSecretsRotate(t *testing.T) {
	old, both, young := sealer(t, secret1), sealer(t, secret2, secret1), sealer(t, secret2)
	byOld, _ := old.Seal("a", []byte("v"), time.Hour)
	byBoth, _ := both.Seal("a", []byte("v"), time.Hour)
	for _, test := range []struct {
		story  string
		s      *Sealer
		sealed string
		want   error
	}{
		{"the new secret in front opens the old values", both, byOld, nil},
		{"and its own", both, byBoth, nil},
		{"the first secret seals", young, byBoth, nil},
		{"not the second", old, byBoth, ErrAltered},
		{"the old secret is gone", young, byOld, ErrAltered},
		{"a foreign secret", sealer(t, secret3), byOld, ErrAltered},
	} {
		value, err := test.s.Open("a", test.sealed)
		if !errors.Is(err, test.want) || (err == nil) != (string(value) == "v") {
			t.Errorf("%s: %q, %v, want %v", test.story, value, err, test.want)
		}
	}
}

// Two secrets in 256 share a hint: then both are tried.
func TestSecretsMayShareAHint(t *testing.T) {
	first := sealer(t, secret1)
	var twin []byte
	for i := 0; ; i++ {
		twin = fmt.Appendf(nil, "%032d", i)
		if sealer(t, twin).keys[0].hint == first.keys[0].hint {
			break
		}
	}
	sealed, _ := sealer(t, twin).Seal("a", []byte("v"), time.Hour)
	if value, err := sealer(t, secret1, twin).Open("a", sealed); err != nil || string(value) != "v" {
		t.Errorf("%q, %v", value, err)
	}
	if _, err := first.Open("a", sealed); !errors.Is(err, ErrAltered) {
		t.Errorf("the same hint, another secret: %v", err)
	}
}

func TestNewSealerRefuses(t *testing.T) {
	for story, secrets := range map[string][][]byte{
		"no secret":          nil,
		"an empty secret":    {{}},
		"31 octets":          {make([]byte, 31)},
		"a short one behind": {secret1, make([]byte, 31)},
	} {
		s, err := NewSealer(secrets...)
		if s != nil || !errors.Is(err, ErrSecret) {
			t.Errorf("%s: %v, %v", story, s, err)
		}
	}
	_, err := NewSealer(secret1, make([]byte, 31))
	if want := "cookie: secret 2 too short, in octets: got 31, limit at least 32"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSealerExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sealer(t, secret1)
		sealed, _ := s.Seal("a", []byte("v"), time.Hour)
		time.Sleep(time.Hour)
		if _, err := s.Open("a", sealed); err != nil {
			t.Errorf("at the limit: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := s.Open("a", sealed); !errors.Is(err, ErrExpired) {
			t.Errorf("a nanosecond later: %v", err)
		}
		// An expiry is believed only with its tag.
		if _, err := sealer(t, secret2).Open("a", sealed); !errors.Is(err, ErrAltered) {
			t.Errorf("expired and foreign: %v", err)
		}
	})
}

func TestSealerDoesNotPrintItsKeys(t *testing.T) {
	s := sealer(t, secret1)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		if got := fmt.Sprintf(verb, s); got != "cookie.Sealer(1 secrets)" {
			t.Errorf("%s: %s", verb, got)
		}
	}
	// The cause of a refusal is not a value.
	_, err := s.Open("a", base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("secret", 10))))
	if err == nil || strings.Contains(err.Error(), "secretsecret") {
		t.Errorf("got %v", err)
	}
}

// No input makes Open allocate more than a few times its own size, and what is
// too long is refused before anything is allocated but the error.
func TestOpenAllocatesLittle_CV_23(t *testing.T) {
	s := sealer(t, secret1)
	huge := strings.Repeat("A", 1<<20)
	if n := testing.AllocsPerRun(100, func() { s.Open("a", huge) }); n > 3 {
		t.Errorf("%v allocations for a value that is too long", n)
	}
	sealed, _ := s.Seal("a", make([]byte, 100), time.Hour)
	if n := testing.AllocsPerRun(100, func() { s.Open("a", sealed) }); n > 2 {
		t.Errorf("Open: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { s.Seal("a", make([]byte, 100), time.Hour) }); n > 3 {
		t.Errorf("Seal: %v allocations", n)
	}
}
