package grant

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
)

// A refresh token is 256 random bits as 43 characters of base64url. It says nothing and is never stored: the database
// knows it by its hash.
const (
	tokenSize   = 32
	tokenLength = 43
)

type token struct{ bits [tokenSize]byte }

func newToken() token {
	var t token
	rand.Read(t.bits[:]) // never fails: the program ends instead
	return t
}

// parseToken accepts exactly the 43 characters that String writes: no padding, no white space, no cut or longer text, and
// the two unused bits at the end must be zero, so that one token is one string (TK-08, CVE-2026-27840).
func parseToken(s string) (t token, ok bool) {
	if len(s) != tokenLength {
		return token{}, false
	}
	var buf [tokenSize + 1]byte
	n, err := base64.RawURLEncoding.Decode(buf[:], []byte(s))
	if err != nil || n != tokenSize {
		return token{}, false
	}
	copy(t.bits[:], buf[:])
	if t.String() != s { // the decoder passes over the unused bits
		return token{}, false
	}
	return t, true
}

func (t token) String() string { return base64.RawURLEncoding.EncodeToString(t.bits[:]) }

// hash is the name of the token in the database: SHA-256 of its 43 characters. 256 random bits need no salt (SE-21).
func (t token) hash() []byte {
	h := sha256.Sum256([]byte(t.String()))
	return h[:]
}

// The successor of a token lies beside the token's own hash, sealed under a key derived from the token itself: whoever
// presents the token can be given the same successor again, and whoever reads the database learns nothing.

const purposeSuccessor = "cloakroom refresh successor v1"

func (t token) sealSuccessor(family string, generation int64, successor token) []byte {
	return sealBox(t.successorKey(), successorData(family, generation), successor.bits[:])
}

func (t token) openSuccessor(family string, generation int64, box []byte) (token, error) {
	plain, err := openBox(t.successorKey(), successorData(family, generation), box)
	if err != nil {
		return token{}, err
	}
	if len(plain) != tokenSize {
		return token{}, ErrFormat
	}
	return token{[tokenSize]byte(plain)}, nil
}

func (t token) successorKey() []byte {
	key, err := hkdf.Key(sha256.New, t.bits[:], nil, purposeSuccessor, 32)
	if err != nil {
		panic("grant: " + err.Error())
	}
	return key
}

// successorData names the place of a box: the family and the generation of the token that opens it.
func successorData(family string, generation int64) []byte {
	return []byte(family + "/" + strconv.FormatInt(generation, 10))
}
