package jwt

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"hash"
	"slices"
	"sync"
)

const minSecret = sha256.Size // RFC 7518 section 3.2: a key of the hash's size or larger

// secretKey is an HMAC-SHA-256 secret.
type secretKey struct {
	bytes []byte
	macs  sync.Pool // of *mac: keying HMAC costs more than a short token
}

type mac struct {
	hash.Hash
	input []byte
	sum   [sha256.Size]byte
}

func newSecret(b []byte) (material, error) {
	if len(b) < minSecret {
		return nil, refuse(ErrKey, "k", "too short: got "+plural(len(b), "byte")+", want 32 or more")
	}
	// A published key is no secret. This is the classic confusion of
	// algorithms, stopped a second time should a caller load the wrong file.
	if isPublicKey(b) {
		return nil, refuse(ErrKey, "k", "a PEM, DER, SSH or JWK file is no secret")
	}
	return wrapSecret(slices.Clone(b)), nil
}

func wrapSecret(b []byte) *secretKey {
	s := &secretKey{bytes: b}
	s.macs.New = func() any { return &mac{Hash: hmac.New(sha256.New, s.bytes)} }
	return s
}

func generateSecret() material {
	b := make([]byte, minSecret)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return wrapSecret(b)
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

// compute returns a mac whose sum is done; the caller puts it back.
func (s *secretKey) compute(signed string) *mac {
	m := s.macs.Get().(*mac)
	m.Reset()
	m.input = append(m.input[:0], signed...)
	m.Write(m.input)
	m.Sum(m.sum[:0])
	return m
}

func (s *secretKey) sign(signed string) ([]byte, error) {
	m := s.compute(signed)
	defer s.macs.Put(m)
	return bytes.Clone(m.sum[:]), nil
}

func (s *secretKey) verify(signed string, signature []byte) bool {
	m := s.compute(signed)
	defer s.macs.Put(m)
	return hmac.Equal(m.sum[:], signature)
}

func (s *secretKey) private() bool    { return true }
func (s *secretKey) public() material { return nil }

func (s *secretKey) required() []member {
	return []member{{"k", encodeBase64(s.bytes)}, {"kty", "oct"}}
}

func (s *secretKey) secret() ([]member, error) { return nil, nil } // k is already required
