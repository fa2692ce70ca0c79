package jwt

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512"
	"crypto/x509"
	"hash"
	"slices"
	"strconv"
	"sync"
)

// secretKey is a secret for HMAC.
type secretKey struct {
	bytes []byte
	macs  sync.Pool // of hash.Hash: keying HMAC costs more than a short token
}

// newSecret: a secret has the hash's size or is longer (RFC 7518 section 3.2).
func newSecret(h crypto.Hash, b []byte) (material, error) {
	if len(b) < h.Size() {
		return nil, refuse(ErrKey, "k", "too short: got "+plural(len(b), "byte")+", want "+strconv.Itoa(h.Size())+" or more")
	}
	// A published key is no secret. This is the classic confusion of
	// algorithms, stopped a second time should a caller load the wrong file.
	if isPublicKey(b) {
		return nil, refuse(ErrKey, "k", "a PEM, DER, SSH or JWK file is no secret")
	}
	return wrapSecret(h, slices.Clone(b)), nil
}

func wrapSecret(h crypto.Hash, b []byte) *secretKey {
	s := &secretKey{bytes: b}
	s.macs.New = func() any { return hmac.New(h.New, s.bytes) }
	return s
}

func generateSecret(h crypto.Hash) material {
	b := make([]byte, h.Size())
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return wrapSecret(h, b)
}

func isPublicKey(b []byte) bool {
	t := bytes.TrimSpace(b)
	for _, prefix := range []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if bytes.HasPrefix(t, []byte(prefix)) {
			return true
		}
	}
	if bytes.Contains(t, []byte("-----BEGIN ")) || bytes.HasPrefix(t, []byte("{")) && bytes.Contains(t, []byte(`"kty"`)) {
		return true
	}
	if _, err := x509.ParsePKIXPublicKey(b); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PublicKey(b); err == nil {
		return true
	}
	_, err := x509.ParseCertificate(b)
	return err == nil
}

func (s *secretKey) sign(r *room) error {
	r.signature = append(r.signature[:0], s.mac(r)...)
	return nil
}

// verify: all octets of the MAC are wanted, and compared in constant time (RFC 7518 section 3.2).
func (s *secretKey) verify(r *room) bool {
	return hmac.Equal(s.mac(r), r.signature)
}

func (s *secretKey) mac(r *room) []byte {
	m := s.macs.Get().(hash.Hash)
	m.Reset()
	m.Write(r.signed)
	sum := m.Sum(r.digest[:0])
	s.macs.Put(m)
	return sum
}

func (s *secretKey) private() bool    { return true }
func (s *secretKey) public() material { return nil }

func (s *secretKey) required() []member {
	return []member{{"k", encodeBase64(s.bytes)}, {"kty", "oct"}}
}

func (s *secretKey) secret() ([]member, error) { return nil, nil } // k is already required
