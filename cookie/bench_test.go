package cookie

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The limits of DESIGN section 7 stand beside what is measured:
//
//	go test -run '^$' -bench . -count 10 ./cookie/ | benchstat -col /of -

const benchName = "__Host-session"

// benchHeader has n cookies, the wanted one in the middle.
func benchHeader(n int) http.Header {
	pairs := make([]string, n)
	for i := range pairs {
		pairs[i] = fmt.Sprintf("name-of-%02d=value-of-%02d", i, i)
	}
	pairs[n/2] = benchName + "=" + strings.Repeat("A", 43)
	return http.Header{"Cookie": {strings.Join(pairs, "; ")}}
}

// plainScan is the limit: it goes through the whole line once and checks nothing.
func plainScan(h http.Header, name string) (value string, found int) {
	for _, line := range h["Cookie"] {
		for line != "" {
			pair, rest, _ := strings.Cut(line, "; ")
			if len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name {
				value, found = pair[len(name)+1:], found+1
			}
			line = rest
		}
	}
	return value, found
}

func BenchmarkGet(b *testing.B) {
	for _, n := range []int{5, 20} {
		h := benchHeader(n)
		b.Run(fmt.Sprintf("cookies=%d/of=limit", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, n := plainScan(h, benchName); n != 1 {
					b.Fatal(n)
				}
			}
		})
		b.Run(fmt.Sprintf("cookies=%d/of=cookie", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Get(h, benchName); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("cookies=%d/of=nethttp", n), func(b *testing.B) {
			r := &http.Request{Header: h}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Cookie(benchName); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSet(b *testing.B) {
	c := New(benchName, strings.Repeat("A", 43))
	b.Run("of=cookie", func(b *testing.B) {
		w := httptest.NewRecorder()
		b.ReportAllocs()
		for b.Loop() {
			if err := Set(w, c); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("of=nethttp", func(b *testing.B) {
		w := httptest.NewRecorder()
		b.ReportAllocs()
		for b.Loop() {
			clear(w.Header())
			http.SetCookie(w, c)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	h := benchHeader(20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(h); err != nil {
			b.Fatal(err)
		}
	}
}

// The limit of Seal and Open: AES-GCM and base64 and nothing else.
func BenchmarkSeal(b *testing.B) {
	value := []byte(strings.Repeat("v", 100))
	b.Run("of=limit", func(b *testing.B) {
		aead := benchAEAD(b)
		b.ReportAllocs()
		for b.Loop() {
			base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, value, nil))
		}
	})
	b.Run("of=cookie", func(b *testing.B) {
		s := benchSealer(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Seal(benchName, value, time.Hour); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	value := []byte(strings.Repeat("v", 100))
	b.Run("of=limit", func(b *testing.B) {
		aead := benchAEAD(b)
		sealed := base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, value, nil))
		b.ReportAllocs()
		for b.Loop() {
			box, err := base64.RawURLEncoding.DecodeString(sealed)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := aead.Open(box[:0], nil, box, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("of=cookie", func(b *testing.B) {
		s := benchSealer(b)
		sealed, err := s.Seal(benchName, value, time.Hour)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Open(benchName, sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchAEAD(b *testing.B) cipher.AEAD {
	b.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	return aead
}

func benchSealer(b *testing.B) *Sealer {
	b.Helper()
	s, err := NewSealer([]byte(strings.Repeat("s", 32)), []byte(strings.Repeat("t", 32)))
	if err != nil {
		b.Fatal(err)
	}
	return s
}
