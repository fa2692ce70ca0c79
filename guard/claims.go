package guard

import (
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// verified is a token that passed the verifier, with the claims that a principal is made of.
type verified struct {
	expires  time.Time
	subject  string
	session  string // "sid"
	clientID string
	scopes   []string
	amr      []string
	authTime time.Time
}

// accessClaims are the claims of RFC 9068, section 2.2 that are not registered in RFC 7519, and sid.
type accessClaims struct {
	ClientID string          `json:"client_id"`
	Scope    string          `json:"scope"` // separated by spaces: RFC 8693, section 4.2
	AuthTime jwt.NumericDate `json:"auth_time"`
	AMR      []string        `json:"amr"`
	Session  string          `json:"sid"`
}

// readClaims checks what RFC 9068 asks beyond the verifier. A token of another type needs a subject only: who uses such
// tokens told their verifier so.
func readClaims(t *jwt.Token) (*verified, error) {
	var a accessClaims
	if err := t.Decode(&a); err != nil {
		return nil, err
	}
	c := t.Claims()
	missing := ""
	switch at := isAccessToken(t.Header().Type); {
	case c.Subject == "":
		missing = "sub"
	case at && a.ClientID == "":
		missing = "client_id"
	case at && c.IssuedAt.IsZero():
		missing = "iat"
	case at && c.ID == "":
		missing = "jti"
	}
	if missing != "" {
		return nil, &jwt.Error{Rule: jwt.ErrClaim, Where: missing, Detail: "missing (RFC 9068 section 2.2)"}
	}
	return &verified{
		expires:  c.Expires.Time,
		subject:  c.Subject,
		session:  a.Session,
		clientID: a.ClientID,
		scopes:   strings.Fields(a.Scope),
		amr:      a.AMR,
		authTime: a.AuthTime.Time,
	}, nil
}

// isAccessToken: RFC 9068, section 2.1. Media types are compared without case (RFC 2045, section 5.1).
func isAccessToken(typ string) bool {
	return strings.EqualFold(typ, "at+jwt") || strings.EqualFold(typ, "application/at+jwt")
}
