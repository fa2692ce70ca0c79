package grant

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
)

// A box is how a small secret lies in the database:
//
//	byte 0       version, 1
//	bytes 1-12   nonce, random
//	the rest     AES-256-GCM ciphertext and its 16-byte tag
//
// Its key is derived for one purpose, and its associated data names the row, so that a box opens nowhere else.
const (
	boxVersion  = 1
	nonceSize   = 12
	tagSize     = 16
	boxOverhead = 1 + nonceSize + tagSize
)

// purposeKeys is the purpose that the wrapping key of the signing keys is derived for. The associated data is the kid.
const purposeKeys = "signing keys v1"

// maxWrapped bounds a wrapped key: the private JWK of an RSA key of 8,192 bits takes 6.4 KB.
const maxWrapped = 16 << 10

func wrapKey(secret []byte, kid string, jwk []byte) []byte {
	return sealBox(Derive(secret, purposeKeys), []byte(kid), jwk)
}

func unwrapKey(secret []byte, kid string, wrapped []byte) ([]byte, error) {
	if len(wrapped) > maxWrapped {
		return nil, fmt.Errorf("%w: a key of %d bytes, limit %d", ErrFormat, len(wrapped), maxWrapped)
	}
	return openBox(Derive(secret, purposeKeys), []byte(kid), wrapped)
}

func sealBox(key, data, plain []byte) []byte {
	box := make([]byte, 1+nonceSize, boxOverhead+len(plain))
	box[0] = boxVersion
	rand.Read(box[1:])
	return newGCM(key).Seal(box, box[1:], plain, data)
}

func openBox(key, data, box []byte) ([]byte, error) {
	if len(box) < boxOverhead {
		return nil, fmt.Errorf("%w: got %d bytes, at least %d", ErrFormat, len(box), boxOverhead)
	}
	if box[0] != boxVersion {
		return nil, fmt.Errorf("%w: got version %d, know %d", ErrFormat, box[0], boxVersion)
	}
	plain, err := newGCM(key).Open(nil, box[1:1+nonceSize], box[1+nonceSize:], data)
	if err != nil {
		return nil, ErrAltered
	}
	return plain, nil
}

// newGCM takes keys of 32 bytes only, which is what [Derive] makes.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("grant: " + err.Error())
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("grant: " + err.Error())
	}
	return gcm
}
