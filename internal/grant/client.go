package grant

import "strings"

// BuiltinClient is the public client that tokens of POST /api/token are issued to. It has no secret, so its refresh
// tokens are protected by rotation and reuse detection (ASVS 10.4.5).
const BuiltinClient = "cloakroom"

// clientMatches reports whether a request that names the client sent may use a token issued to owner. A public client
// may leave its name out; a name that is sent must be the right one, character for character (CV-67). Clients with a
// secret come with their own issue; for those an empty name must not match.
func clientMatches(owner, sent string) bool {
	if sent == "" {
		return owner == BuiltinClient
	}
	return sent == owner
}

// OwnedBy reports whether a request that named this client, or none (""), may use or revoke the family.
func (f Family) OwnedBy(clientID string) bool { return clientMatches(f.ClientID, clientID) }

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
