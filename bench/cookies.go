package main

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/gorilla/securecookie"
)

const name = "__Host-session"

// header has n cookies, the wanted one in the middle.
func header(n int) http.Header {
	pairs := make([]string, n)
	for i := range pairs {
		pairs[i] = fmt.Sprintf("name-of-%02d=value-of-%02d", i, i)
	}
	pairs[n/2] = name + "=" + strings.Repeat("A", 43)
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

func cookieRow(n int) row {
	h := header(n)
	r := &http.Request{Header: h}
	return row{
		budget: 1.5,
		limit: subject{"a plain scan", func(n int) {
			for range n {
				if _, found := plainScan(h, name); found != 1 {
					panic(found)
				}
			}
		}},
		ours: subject{"cookie.Get", func(n int) {
			for range n {
				_, err := cookie.Get(h, name)
				must(err)
			}
		}},
		peers: []subject{{"net/http", func(n int) {
			for range n {
				_, err := r.Cookie(name)
				must(err)
			}
		}}},
	}
}

var hundred = []byte(strings.Repeat("0123456789", 10))

// gcm is the primitive alone, with a nonce that is counted and not drawn.
func gcm() cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 32))
	must(err)
	a, err := cipher.NewGCM(block)
	must(err)
	return a
}

func sealRow() row {
	a := gcm()
	var nonce [12]byte
	sealer, err := cookie.NewSealer(make([]byte, 32))
	must(err)
	peer := securecookie.New(make([]byte, 32), make([]byte, 32))
	return row{
		budget: 3,
		limit: subject{"AES-GCM + base64", func(n int) {
			for i := range n {
				nonce[0] = byte(i)
				_ = base64.RawURLEncoding.EncodeToString(a.Seal(nil, nonce[:], hundred, nil))
			}
		}},
		ours: subject{"Sealer.Seal", func(n int) {
			for range n {
				_, err := sealer.Seal(name, hundred, time.Hour)
				must(err)
			}
		}},
		peers: []subject{{"gorilla/securecookie", func(n int) {
			for range n {
				_, err := peer.Encode(name, hundred)
				must(err)
			}
		}}},
	}
}

func openRow() row {
	a := gcm()
	nonce := make([]byte, 12)
	boxed := base64.RawURLEncoding.EncodeToString(a.Seal(nil, nonce, hundred, nil))
	sealer, err := cookie.NewSealer(make([]byte, 32))
	must(err)
	sealed, err := sealer.Seal(name, hundred, time.Hour)
	must(err)
	peer := securecookie.New(make([]byte, 32), make([]byte, 32))
	theirs, err := peer.Encode(name, hundred)
	must(err)
	return row{
		budget: 3,
		limit: subject{"AES-GCM + base64", func(n int) {
			for range n {
				raw, err := base64.RawURLEncoding.DecodeString(boxed)
				must(err)
				_, err = a.Open(nil, nonce, raw, nil)
				must(err)
			}
		}},
		ours: subject{"Sealer.Open", func(n int) {
			for range n {
				_, err := sealer.Open(name, sealed)
				must(err)
			}
		}},
		peers: []subject{{"gorilla/securecookie", func(n int) {
			for range n {
				var out []byte
				must(peer.Decode(name, theirs, &out))
			}
		}}},
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
