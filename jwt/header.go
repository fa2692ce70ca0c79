package jwt

const maxHeader = 4 << 10 // bytes of JSON; ours have about 100

// Header is the protected header of a token (RFC 7515 section 4), as far as
// this package understands it. jku, jwk, x5u and x5c are not in it: they are the
// stranger's word on whom to trust.
type Header struct {
	Algorithm   Algorithm // "alg"; EdDSA if it is "Ed25519"
	KeyID       string    // "kid"; "" if absent
	Type        string    // "typ" as it stands there; "" if absent
	ContentType string    // "cty"; "" if absent

	hasKeyID bool
	hasType  bool
}

// parseHeader reads a header, RFC 7515 section 5.2, steps 3 to 5. All it
// returns is still unverified.
func parseHeader(json string) (*Header, error) {
	h := new(Header)
	hasAlg := false
	var critical error
	err := eachMember(json, func(name string, v value) error {
		switch name {
		case "alg":
			hasAlg = true
			err := headerText((*string)(&h.Algorithm), name, v)
			h.Algorithm = h.Algorithm.canonical()
			return err
		case "kid":
			h.hasKeyID = true
			return headerText(&h.KeyID, name, v)
		case "typ":
			h.hasType = true
			return headerText(&h.Type, name, v)
		case "cty":
			return headerText(&h.ContentType, name, v)
		case "crit":
			// Section 4.1.11: what is critical must be understood; we understand none.
			if critical == nil {
				critical = refuse(ErrCritical, name, "got "+quote(v.raw))
			}
		case "b64":
			// RFC 7797 section 6: b64 is no good without crit, so even true is critical.
			critical = refuse(ErrCritical, name, "got "+quote(v.raw))
			if v.raw == "false" {
				critical = refuse(ErrUnencodedPayload, name, "got false")
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, asError(ErrMalformed, "header", err)
	case critical != nil:
		return nil, critical
	case !hasAlg:
		return nil, refuse(ErrMalformed, "header", "alg is missing")
	case len(h.KeyID) > maxKeyID:
		return nil, refuse(ErrMalformed, "header", gotLimit("kid is too long", len(h.KeyID), maxKeyID))
	}
	return h, nil
}

func headerText(to *string, name string, v value) error {
	if v.kind != kindString {
		return refuse(ErrMalformed, "header", name+": got "+v.kind.String()+", want string")
	}
	*to = v.text()
	return nil
}
