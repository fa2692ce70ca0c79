package jwt

// VerifyPayload checks the signature and the type of a token whose payload is not the claims of somebody, and returns the payload as a T.
// It is the counterpart of [SignPayload] for security event tokens (RFC 8417), which have no exp, and for statements of one's own:
//
//	event, err := jwt.VerifyPayload[Event](token, "secevent+jwt", keys, []jwt.Algorithm{jwt.ES256})
//
// Issuer, audience and time are for the caller to check. Who logs people in needs a [Verifier].
//
// typ is compared as [VerifierOptions.Type] is, and must be given: without one, a token of any kind would do. The payload is read by the rules of
// [Token.Decode], and no T comes with an error. Tokens of up to 1 MiB are looked at.
func VerifyPayload[T any](token, typ string, keys KeySource, algorithms []Algorithm) (*T, error) {
	payload, err := verifyTyped(token, typ, keys, algorithms)
	if err != nil {
		return nil, err
	}
	into := new(T)
	if err := (&Token{payload: payload}).Decode(into); err != nil {
		return nil, err
	}
	return into, nil
}

func verifyTyped(token, typ string, keys KeySource, algorithms []Algorithm) (payload string, err error) {
	if err := checkArguments(keys, algorithms); err != nil {
		return "", err
	}
	if typ == "" {
		return "", refuse(ErrOption, "typ", "missing")
	}
	var reached Check
	signed, err := verifySignature(token, mostMaxBytes, keys, canonical(algorithms), new(knownHeaders), &reached)
	if err != nil {
		return "", err
	}
	v := Verifier{opts: VerifierOptions{Type: typ}}
	if err := v.checkType(signed.header); err != nil {
		return "", err
	}
	if _, err := checkJSON(signed.payload); err != nil {
		return "", asError(ErrMalformed, "payload", err)
	}
	return signed.payload, nil
}
