package jwt

import (
	"errors"
	"slices"
)

const (
	maxSetBytes = 1 << 20
	maxSetKeys  = 256
)

// KeySource finds the key that a token names. A [*KeySet] is one.
//
// Key returns the key whose ID is exactly kid. kid is data from a stranger,
// at most 256 bytes of any kind: look it up, never build a path or a query from it. If there
// is no such key the error wraps [ErrUnknownKey]; any other error means that the source
// could not be asked, and the token is refused with it. Key is called by many goroutines.
//
// A source may also have the method OnlyKey(alg Algorithm) (*Key, error),
// which finds the key for a token that names none; see [KeySet.OnlyKey]. Without it such
// tokens are refused.
type KeySource interface {
	Key(kid string) (*Key, error)
}

// KeySet is a JWK set (RFC 7517 section 5). It never changes.
type KeySet struct {
	keys    []*Key
	byID    map[string]*Key
	ignored []error
}

// NewKeySet makes a set. The keys must be of one kind, all symmetric, all
// private or all public, and no two may have the same ID: a set in which it is doubtful what
// is secret, or which key is meant, is refused with [ErrKey].
// The set may be empty; it then verifies nothing.
func NewKeySet(keys ...*Key) (*KeySet, error) {
	s := &KeySet{keys: slices.Clone(keys), byID: make(map[string]*Key, len(keys))}
	if len(keys) > maxSetKeys {
		return nil, refuse(ErrKey, "keys", gotLimit("too many", len(keys), maxSetKeys))
	}
	for i, k := range keys {
		if k == nil {
			return nil, refuse(ErrKey, "keys", "a key is nil")
		}
		if k.alg.symmetric() != keys[0].alg.symmetric() || k.material.private() != keys[0].material.private() {
			return nil, refuse(ErrKey, "keys", "mixes "+keys[0].String()+" with "+k.String())
		}
		if s.byID[k.id] != nil {
			return nil, refuse(ErrKey, "keys", "kid "+quote(k.id)+" occurs twice")
		}
		if slices.ContainsFunc(keys[:i], func(o *Key) bool { return o.thumbprint == k.thumbprint }) {
			return nil, refuse(ErrKey, "keys", "the same material occurs twice, again as kid "+quote(k.id))
		}
		s.byID[k.id] = k
	}
	return s, nil
}

// ParseKeySet reads a JWK set, or a single JWK as a set of one, of at most
// 1 MiB and 256 keys.
//
// Keys that are not for us (another kty, alg, curve or use) are left out, as
// RFC 7517 section 5 asks; [KeySet.Ignored] tells them. A set that has keys but none for
// us, and a key that is for us but weak, malformed or doubtful, refuse the whole set with
// [ErrKey]; so do the mixtures that [NewKeySet] refuses.
func ParseKeySet(data []byte) (*KeySet, error) { return ParseKeySetFor(data, Algorithms()) }

// ParseKeySetFor is [ParseKeySet] for sets with keys that lack "alg": each is
// for the first of algorithms that its type and curve fit, as [ParseKeyFor] has it, or left out.
func ParseKeySetFor(data []byte, algorithms []Algorithm) (*KeySet, error) {
	if len(data) > maxSetBytes {
		return nil, refuse(ErrKey, "keys", gotLimit("too many bytes", len(data), maxSetBytes))
	}
	var list *value
	single := false
	err := eachMember(string(data), func(name string, v value) error {
		switch name {
		case "kty":
			single = true
		case "keys":
			if v.kind != kindArray {
				return refuse(ErrKey, name, "got "+v.kind.String()+", want array")
			}
			list = &v
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, asError(ErrKey, "", err)
	case list != nil && single:
		return nil, refuse(ErrKey, "", "both a key (kty) and a set (keys)")
	case single:
		k, err := ParseKeyFor(data, algorithms)
		if err != nil {
			return nil, err
		}
		return NewKeySet(k)
	case list == nil:
		return nil, refuse(ErrKey, "", "neither a key (kty) nor a set (keys)")
	}
	return parseKeys(*list, algorithms)
}

func parseKeys(list value, algorithms []Algorithm) (*KeySet, error) {
	var keys []*Key
	var ignored []error
	kids := make(map[string]bool)
	err := eachElement(list, func(v value) error {
		if v.kind != kindObject {
			return refuse(ErrKey, "keys", "got "+v.kind.String()+" in the array, want object")
		}
		if len(keys)+len(ignored) == maxSetKeys {
			return refuse(ErrKey, "keys", gotLimit("too many", maxSetKeys+1, maxSetKeys))
		}
		k, foreign, err := parseKey(v.raw, algorithms)
		if err != nil && !foreign {
			return err
		}
		// An ID must be unambiguous among the keys that are left out, too.
		if o, err := readJWK(v.raw); err == nil {
			if kid, found := o.strings["kid"]; found {
				if kids[kid] {
					return refuse(ErrKey, "keys", "kid "+quote(kid)+" occurs twice")
				}
				kids[kid] = true
			}
		}
		if foreign {
			ignored = append(ignored, err)
		} else {
			keys = append(keys, k)
		}
		return nil
	})
	if err != nil {
		return nil, asError(ErrKey, "keys", err)
	}
	if len(keys) == 0 && len(ignored) > 0 {
		return nil, &Error{Rule: ErrKey, Where: "keys", Detail: "no key in the set is for us", Err: errors.Join(ignored[0])}
	}
	s, err := NewKeySet(keys...)
	if err != nil {
		return nil, err
	}
	s.ignored = ignored
	return s, nil
}

// Key returns the key with exactly this ID, or an error that wraps [ErrUnknownKey].
func (s *KeySet) Key(kid string) (*Key, error) {
	if len(s.keys) <= 4 { // a few are walked through before a hash is made
		for _, k := range s.keys {
			if k.id == kid {
				return k, nil
			}
		}
	} else if k := s.byID[kid]; k != nil {
		return k, nil
	}
	return nil, refuse(ErrUnknownKey, "kid", quote(kid)+" is not in the set of "+plural(len(s.keys), "key"))
}

// OnlyKey returns the key of the set for alg if there is exactly one that
// verifies; else an error that wraps [ErrUnknownKey].
func (s *KeySet) OnlyKey(alg Algorithm) (*Key, error) {
	var only *Key
	n := 0
	for _, k := range s.keys {
		if k.alg == alg.canonical() && k.canVerify() {
			only, n = k, n+1
		}
	}
	if n != 1 {
		return nil, refuse(ErrUnknownKey, "kid", "missing, and the set has "+plural(n, "key")+" for "+string(alg)+", not exactly one")
	}
	return only, nil
}

// Keys returns the keys in their order.
func (s *KeySet) Keys() []*Key { return slices.Clone(s.keys) }

// Algorithms returns the algorithms of the keys, each once: an allow-list for
// [NewVerifier] that says "each key its own".
func (s *KeySet) Algorithms() []Algorithm {
	var algs []Algorithm
	for _, k := range s.keys {
		if !slices.Contains(algs, k.alg) {
			algs = append(algs, k.alg)
		}
	}
	return algs
}

// Ignored says for each key that [ParseKeySet] left out why it did.
func (s *KeySet) Ignored() []error { return slices.Clone(s.ignored) }

// Public returns the set of the public halves. It is refused with [ErrKey] if the keys are symmetric.
func (s *KeySet) Public() (*KeySet, error) {
	var public []*Key
	for _, k := range s.keys {
		p, ok := k.Public()
		if !ok {
			return nil, refuse(ErrKey, "keys", k.String()+" has no public half")
		}
		public = append(public, p)
	}
	return NewKeySet(public...)
}

// MarshalJSON returns the set with public members only, for publishing. It is
// refused with [ErrKey] if the keys are symmetric.
func (s *KeySet) MarshalJSON() ([]byte, error) {
	b := []byte(`{"keys":[`)
	for i, k := range s.keys {
		j, err := k.MarshalJSON()
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, j...)
	}
	return append(b, "]}"...), nil
}
