package jwt

import "slices"

// VerifySignature checks nothing but the signature of a token, at most 1 MiB
// long, and returns its payload, which may be any bytes. It is for tools and
// for protocols whose payload is no claims object. Who logs people in needs a [Verifier]: a
// token whose signature is good may have expired years ago, or be meant for another site.
func VerifySignature(token string, keys KeySource, algorithms []Algorithm) (payload []byte, err error) {
	if err := checkArguments(keys, algorithms); err != nil {
		return nil, err
	}
	var reached Check
	signed, err := verifySignature(token, mostMaxBytes, keys, canonical(algorithms), new(knownHeaders), &reached)
	if err != nil {
		return nil, err
	}
	return []byte(signed.payload), nil
}

// A verified is what stands under a good signature.
type verified struct {
	header  *Header
	key     *Key
	payload string
}

// verifySignature is RFC 7515 section 5.2.
func verifySignature(token string, maxBytes int, keys KeySource, algorithms []Algorithm, known *knownHeaders, reached *Check) (verified, error) {
	// Steps 1, 2, 6 and 7: the parts, and their base64url.
	*reached = CheckForm
	p, err := splitToken(token, maxBytes)
	if err != nil {
		return verified{}, otherForm(token, maxBytes, err)
	}
	h := known.find(p.header)
	r := rooms.Get().(*room)
	defer r.leave()
	if err := p.decode(r, h != nil); err != nil {
		return verified{}, otherForm(token, maxBytes, err)
	}
	// Steps 3, 4 and 5: the header, and that everything critical in it is understood.
	*reached = CheckHeader
	isNew := h == nil
	if isNew {
		if h, err = parseHeader(string(r.header)); err != nil {
			return verified{}, err
		}
	}
	// RFC 8725 section 3.1: the caller's algorithms, and of those the key's own.
	*reached = CheckAlgorithm
	if !slices.Contains(algorithms, h.Algorithm) {
		return verified{}, refuse(ErrAlgorithm, "alg", "got "+quote(string(h.Algorithm))+", want one of "+list(algorithms))
	}
	*reached = CheckKey
	k, err := findKey(keys, h)
	if err != nil {
		return verified{}, err
	}
	if k.alg != h.Algorithm {
		return verified{}, refuse(ErrAlgorithm, "alg", "got "+quote(string(h.Algorithm))+", but the key is for "+string(k.alg))
	}
	if !k.canVerify() {
		return verified{}, refuse(ErrKey, "key_ops", "the key is not for verifying")
	}
	// Step 8: the signature.
	*reached = CheckSignature
	r.signed = append(r.signed[:0], p.signed...)
	if !k.material.verify(r) {
		if p.payload == "" {
			return verified{}, refuse(ErrDetached, "payload", "it is empty, and that is not what was signed")
		}
		return verified{}, refuse(ErrSignature, "", "")
	}
	if isNew {
		known.add(p.header, h)
	}
	return verified{header: h, key: k, payload: string(r.payload)}, nil
}

// findKey looks the key up by its ID, and by nothing else that the token says.
func findKey(keys KeySource, h *Header) (*Key, error) {
	if !h.hasKeyID {
		source, ok := keys.(interface {
			OnlyKey(alg Algorithm) (*Key, error)
		})
		if !ok {
			return nil, refuse(ErrUnknownKey, "kid", "missing")
		}
		return foundKey(source.OnlyKey(h.Algorithm))
	}
	return foundKey(keys.Key(h.KeyID))
}

func foundKey(k *Key, err error) (*Key, error) {
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, refuse(ErrUnknownKey, "kid", "the key source returned nothing")
	}
	return k, nil
}

func checkArguments(keys KeySource, algorithms []Algorithm) error {
	if set, ok := keys.(*KeySet); keys == nil || ok && set == nil {
		return refuse(ErrOption, "keys", "missing")
	}
	if len(algorithms) == 0 {
		return refuse(ErrOption, "algorithms", "the list is empty")
	}
	for _, a := range algorithms {
		if !a.supported() {
			return unknownAlgorithm(ErrOption, "algorithms", a)
		}
	}
	return nil
}
