package password

import (
	"encoding/base64"
	"errors"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
)

func enter(t testing.TB, g *Gate) *Slot {
	t.Helper()
	slot, err := g.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(slot.Leave)
	return slot
}

func TestHashVerify_AU_03_07_08(t *testing.T) {
	slot := enter(t, NewGate(&GateOptions{Params: FastParams}))
	normal := func(s string) string {
		n, ok := Normalize(s)
		if !ok {
			t.Fatalf("%q is not a password", s)
		}
		return n
	}
	long := strings.Repeat("0123456789", 7) // 70 bytes: bcrypt would stop at 72
	tests := []struct {
		what          string
		stored, typed string
		want          bool
	}{
		{"the same", "correct horse battery", "correct horse battery", true},
		{"another case", "correct horse battery", "Correct horse battery", false},
		{"a space more", "correct horse battery", "correct horse battery ", false},
		{"é composed, typed decomposed", "caf\u00e9 caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301 cafe\u0301", true},
		{"é decomposed, typed composed", "cafe\u0301 cafe\u0301 cafe\u0301", "caf\u00e9 caf\u00e9 caf\u00e9", true},
		{"not NFKC: ﬁ is not fi", "\ufb01fteen letters", "fifteen letters", false},
		{"73-byte twins", long + "abc", long + "abd", false},
		{"1024-byte twins", strings.Repeat("x", 1023) + "a", strings.Repeat("x", 1023) + "b", false},
		{"a zero byte does not end it", "correct\x00horse", "correct\x00hound", false},
		{"empty", "correct horse battery", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			got, weak, err := slot.Verify(slot.Hash(normal(tt.stored)), normal(tt.typed))
			if got != tt.want || weak || err != nil {
				t.Errorf("got %v, weak %v, %v; want %v", got, weak, err, tt.want)
			}
		})
	}
	if a, b := slot.Hash("x"), slot.Hash("x"); a == b {
		t.Error("two hashes have the same salt")
	}
}

func TestNormalizeBounds_AU_01_03(t *testing.T) {
	composed, decomposed := strings.Repeat("각", 341), strings.Repeat("\u1100\u1161\u11a8", 341)
	for _, tt := range []struct {
		what, typed string
		ok          bool
	}{
		{"1024 bytes", strings.Repeat("a", 1024), true},
		{"1025 bytes", strings.Repeat("a", 1025), false},
		{"1023 bytes of Hangul", composed, true},
		{"the same decomposed, 3069 bytes", decomposed, true},
		{"text that NFC makes longer than the limit", strings.Repeat("\u0958", 300), false},
		{"not UTF-8", "\xc3\x28", false},
	} {
		if got, ok := Normalize(tt.typed); ok != tt.ok || !ok && got != "" {
			t.Errorf("%s: got %v", tt.what, ok)
		}
	}
	if a, _ := Normalize(composed); a != composed {
		t.Error("NFC text was changed")
	}
	if a, _ := Normalize(decomposed); a != composed {
		t.Error("decomposed text was not composed")
	}
}

// AU-10: nobody costs what somebody costs. The dummy is a constant, with the parameters of real hashes.
func TestDummyHash_AU_10(t *testing.T) {
	const want = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCAxNg$bm8gcGFzc3dvcmQgb2YgdGhpcyB3b3JsZCBmaXRzISE"
	if got := NewGate(nil).dummy; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	g := NewGate(&GateOptions{Params: FastParams})
	var asked []Params
	g.derive = func(password, salt []byte, p Params, size uint32) []byte {
		asked = append(asked, p)
		return []byte("no password of this world fits!!") // even who finds the sum does not get in
	}
	slot := enter(t, g)
	for what, stored := range map[string]string{"nobody": "", "damaged": "$argon2id$v=19$m=4194304,t=2,p=1$AAAA$AAAA"} {
		asked = nil
		ok, weak, err := slot.Verify(stored, "x")
		if ok || weak || errors.Is(err, ErrHash) != (what == "damaged") {
			t.Errorf("%s: got %v, %v, %v", what, ok, weak, err)
		}
		if len(asked) != 1 || asked[0] != FastParams {
			t.Errorf("%s: hashed with %v, want once with %v", what, asked, FastParams)
		}
	}
}

func TestWeakHash_AU_07(t *testing.T) {
	phc := func(p Params, salt, sum int) string {
		s := []byte(strings.Repeat("s", salt))
		return hashed{p, s, argon2.IDKey([]byte("x"), s, p.Time, p.Memory, p.Threads, uint32(sum))}.String()
	}
	slot := enter(t, NewGate(&GateOptions{Params: Params{64, 2, 1}}))
	for _, tt := range []struct {
		what   string
		stored string
		weak   bool
	}{
		{"as new ones", phc(Params{64, 2, 1}, 16, 32), false},
		{"fewer passes", phc(Params{64, 1, 1}, 16, 32), true},
		{"less memory", phc(Params{32, 2, 1}, 16, 32), true},
		{"fewer passes, more memory", phc(Params{128, 1, 1}, 16, 32), false},
		{"more of both", phc(Params{128, 3, 1}, 16, 32), false},
		{"a short salt", phc(Params{64, 2, 1}, 8, 32), true},
		{"a short sum", phc(Params{64, 2, 1}, 16, 16), true},
	} {
		ok, weak, err := slot.Verify(tt.stored, "x")
		if !ok || weak != tt.weak || err != nil {
			t.Errorf("%s: got %v, weak %v, %v", tt.what, ok, weak, err)
		}
		if _, weak, _ := slot.Verify(tt.stored, "y"); weak {
			t.Errorf("%s: a wrong password learns that the hash is weak", tt.what)
		}
	}
}

func TestParseHashRefuses(t *testing.T) {
	good := dummyHash(DefaultParams)
	if p, err := ParseHash(good); err != nil || p != DefaultParams {
		t.Fatalf("got %v, %v", p, err)
	}
	salt, sum := "bm9ib2R5J3Mgc2FsdCAxNg", "bm8gcGFzc3dvcmQgb2YgdGhpcyB3b3JsZCBmaXRzISE"
	for what, s := range map[string]string{
		"empty":                        "",
		"another algorithm":            strings.Replace(good, "argon2id", "argon2i", 1),
		"another version":              strings.Replace(good, "v=19", "v=16", 1),
		"no version":                   strings.Replace(good, "$v=19", "", 1),
		"a leading zero":               strings.Replace(good, "t=2", "t=02", 1),
		"a sign":                       strings.Replace(good, "t=2", "t=+2", 1),
		"costs in another order":       strings.Replace(good, "m=19456,t=2", "t=2,m=19456", 1),
		"no passes":                    strings.Replace(good, "t=2", "t=0", 1),
		"4 GiB":                        strings.Replace(good, "m=19456", "m=4194304", 1),
		"too many passes":              strings.Replace(good, "t=2", "t=17", 1),
		"too many lanes":               strings.Replace(good, "p=1", "p=17", 1),
		"less than 8 KiB a lane":       "$argon2id$v=19$m=8,t=2,p=2$" + salt + "$" + sum,
		"a line break in the base64":   strings.Replace(good, "$bm8", "$b\nm8", 1),
		"padding":                      good + "=",
		"bits behind the end":          strings.Replace(good, "xNg$", "xNh$", 1),
		"URL base64":                   "$argon2id$v=19$m=64,t=1,p=1$____________$" + sum,
		"a short salt":                 "$argon2id$v=19$m=64,t=1,p=1$AAAA$" + sum,
		"a short sum":                  "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$AAAA",
		"a field more":                 good + "$x",
		"a key id, which we never set": strings.Replace(good, "p=1", "p=1,keyid=x", 1),
		"long":                         good + strings.Repeat("A", 300),
	} {
		if _, err := ParseHash(s); !errors.Is(err, ErrHash) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add(dummyHash(DefaultParams))
	f.Add(dummyHash(FastParams))
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHash(s)
		if err != nil {
			if h.Params != (Params{}) || h.salt != nil || h.sum != nil {
				t.Fatalf("%v came with an error", h)
			}
			return
		}
		if h.String() != s {
			t.Fatalf("%q is written as %q", s, h.String())
		}
		if h.Memory > maxMemory || h.Time > maxTime || h.Threads > maxThreads || len(h.sum) > maxSum {
			t.Fatalf("accepted costs %+v", h.Params)
		}
		if n := base64.RawStdEncoding.EncodedLen(len(h.salt)); !strings.Contains(s, "$") || n == 0 {
			t.Fatal("no salt")
		}
	})
}

// Making a gate and checking nothing must not cost what a hash costs: memory is measured before the first one.
func TestGateAllocatesNothingAtTheStart(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	g := NewGate(nil)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 16<<10 {
		t.Errorf("NewGate allocated %d bytes", n)
	}
	runtime.KeepAlive(g)
}

func BenchmarkHash(b *testing.B) {
	slot := enter(b, NewGate(nil))
	for b.Loop() {
		slot.Hash("correct horse battery staple")
	}
}
