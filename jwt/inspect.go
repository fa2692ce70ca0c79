package jwt

// Inspection is what a token says about itself, with nothing verified. It is for
// showing to a person. No function of this package takes it where a [*Token] is wanted.
type Inspection struct {
	Header    Header
	RawHeader []byte // the JSON of the header
	Payload   []byte // as it stands in the token: any bytes
	Signature []byte
	Claims    *Claims // nil if the payload is no object with well-formed registered claims

	// Problems are what a [Verifier] would refuse without looking at keys, times or options.
	Problems []error
}

// Inspect takes a token of at most 1 MiB apart without verifying it, to show
// what it says. Anybody can write a token that says anything: never decide by it. It
// fails with [ErrMalformed] only if the token has not three parts of strict base64url.
func Inspect(token string) (*Inspection, error) {
	p, err := splitToken(token, mostMaxBytes)
	var d room
	if err == nil {
		err = p.decode(&d, false)
	}
	if err != nil {
		return nil, otherForm(token, mostMaxBytes, err)
	}
	i := &Inspection{RawHeader: d.header, Payload: d.payload, Signature: d.signature}
	if h, err := parseHeader(string(d.header)); err != nil {
		i.Problems = append(i.Problems, err)
	} else if i.Header = *h; !h.Algorithm.supported() {
		i.Problems = append(i.Problems, refuse(ErrAlgorithm, "alg", "got "+quote(string(h.Algorithm))))
	}
	var c Claims
	has, err := parseClaims(string(d.payload), &c, nil)
	if err != nil {
		i.Problems = append(i.Problems, err)
		return i, nil
	}
	i.Claims = &c
	if err := requireClaims(has, hasExpires|hasAudience); err != nil {
		i.Problems = append(i.Problems, err)
	}
	return i, nil
}
