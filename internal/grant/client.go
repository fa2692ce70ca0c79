package grant

import "strings"

// BuiltinClient is the public client that tokens of POST /api/token are issued to. It has no secret, so its refresh
// tokens are protected by rotation and reuse detection (ASVS 10.4.5).
const BuiltinClient = "cloakroom"

// ClientMatches reports whether a request that has proved to come from the client sent may use a token issued to owner. The public client may leave
// its name out; whoever is named must be the right one, letter by letter (CV-67).
func ClientMatches(owner, sent string) bool {
	if sent == "" {
		return owner == BuiltinClient
	}
	return sent == owner
}

// OwnedBy is [ClientMatches] for the client that the family was issued to.
func (f Family) OwnedBy(clientID string) bool { return ClientMatches(f.ClientID, clientID) }

// scopeTokens splits a scope as RFC 6749 section 3.3 has it: printable tokens without quote and backslash, one space
// between them. The second result is false if it is malformed.
func scopeTokens(scope string) ([]string, bool) {
	if scope == "" {
		return nil, true
	}
	tokens := strings.Split(scope, " ")
	for _, t := range tokens {
		if t == "" {
			return nil, false
		}
		for i := range len(t) {
			if c := t[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
				return nil, false
			}
		}
	}
	return tokens, true
}
