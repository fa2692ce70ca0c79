package guard

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// MaxToken is the longest bearer token that is looked at, in bytes.
const MaxToken = 8 << 10

// BearerScheme is what [Bearer] makes.
type BearerScheme struct {
	verifier *jwt.Verifier
	live     func(ctx context.Context, p *Principal) error
	who      func(ctx context.Context, subject string) (Principal, error)
	cache    tokenCache
}

// Bearer is the scheme "bearer": an access token in the Authorization header (RFC 6750, section 2.1; RFC 9068). Tokens in
// the query or in a form are not read, and a token in the query beside one in the header is refused.
//
// The verifier decides which tokens are sound; it should insist on the type "at+jwt", so that no token that was made for
// something else opens a door. A token with that type must have all claims of RFC 9068, section 2.2.
//
// Live is asked at every request whether the token still holds, whose claims stand in the principal (ID, Session, ClientID,
// Scopes, AuthTime, AMR): nil, or an *[Error] or *[session.EndedError] with the reason. Any other error means that it cannot
// be found out. Who returns the person with this account id; ID, Email, EmailVerified, Name, Groups and Admin are taken from it, the
// rest from the token; the zero Principal is nobody. Both must be safe for concurrent use.
//
// Tokens that were verified are remembered until they expire, in at most 8 MiB: call [BearerScheme.Flush] when a key is
// retired.
func Bearer(v *jwt.Verifier, live func(ctx context.Context, p *Principal) error, who func(ctx context.Context, subject string) (Principal, error)) *BearerScheme {
	return &BearerScheme{verifier: v, live: live, who: who}
}

// Name returns "bearer".
func (b *BearerScheme) Name() string { return "bearer" }

// Flush forgets every token that was verified: the next request with it asks the verifier, and with it the key set, again.
// A verification that is under way is not remembered either.
func (b *BearerScheme) Flush() { b.cache.flush() }

func (b *BearerScheme) complete() error {
	if b == nil || b.verifier == nil || b.live == nil || b.who == nil {
		return errors.New("guard: Bearer needs a verifier, a function that knows what was revoked, and one that knows the people")
	}
	return nil
}

// Authenticate implements [Scheme].
func (b *BearerScheme) Authenticate(r *http.Request) (*Principal, error) {
	if err := b.complete(); err != nil {
		return nil, &Error{Reason: InternalError, Err: err}
	}
	token, err := bearerToken(r)
	if err != nil {
		return nil, err
	}
	t, err := b.verify(token, time.Now())
	if err != nil {
		return nil, tokenError(err)
	}
	p := &Principal{
		ID: t.subject, Via: ViaToken, Session: t.session, AuthTime: t.authTime, AMR: t.amr, Scopes: t.scopes, ClientID: t.clientID,
	}
	ctx := r.Context()
	if err := b.live(ctx, p); err != nil {
		return nil, refuseToken(err)
	}
	person, err := b.who(ctx, p.ID)
	if err != nil {
		return nil, refuseToken(err)
	}
	if person.ID == "" {
		return nil, &Error{Reason: UnknownAccount, oauth: "invalid_token"}
	}
	p.ID, p.Email, p.Name, p.Groups, p.Admin = person.ID, person.Email, person.Name, person.Groups, person.Admin
	p.EmailVerified = person.EmailVerified
	return p, nil
}

// verify asks the verifier, unless this very token passed before and has not expired. Leeway is the verifier's business:
// past its expiry a token is verified each time.
func (b *BearerScheme) verify(token string, now time.Time) (*verified, error) {
	key, epoch := b.cache.key(token)
	if t := b.cache.get(key); t != nil && now.Before(t.expires) {
		return t, nil
	}
	jt, err := b.verifier.Verify(token)
	if err != nil {
		return nil, err
	}
	t, err := readClaims(jt)
	if err != nil {
		return nil, err
	}
	if now.Before(t.expires) {
		b.cache.put(key, t, entrySize(token), epoch)
	}
	return t, nil
}

// tokenError is for what the verifier says.
func tokenError(err error) error {
	reason := InvalidToken
	switch {
	case errors.Is(err, jwt.ErrExpired):
		reason = ExpiredToken
	case jwt.Reason(err) == "": // no verdict: the keys could not be read
		return refusal(err)
	}
	return &Error{Reason: reason, Detail: jwt.Reason(err), Err: err, oauth: "invalid_token"}
}

// refuseToken is for what the functions of the caller say: whatever ends a session makes its tokens invalid too.
func refuseToken(err error) error {
	e := *refusal(err)
	if e.oauth == "" && e.status() == http.StatusUnauthorized {
		e.oauth = "invalid_token"
	}
	return &e
}

// bearerToken reads the Authorization header as RFC 9110, section 11.6.2 and RFC 6750, section 2.1 write it:
// one field, the scheme in any case, spaces, and one token.
func bearerToken(r *http.Request) (string, error) {
	fields := r.Header["Authorization"]
	if len(fields) == 0 {
		return "", ErrNoCredentials
	}
	if len(fields) > 1 {
		return "", &Error{Reason: DuplicateCredentials, Detail: "more than one Authorization header", oauth: "invalid_request"}
	}
	scheme, token := cutScheme(fields[0])
	if !strings.EqualFold(scheme, "bearer") {
		return "", ErrNoCredentials // Basic, or what another scheme understands
	}
	rest := strings.TrimLeft(token, " ")
	switch {
	case rest == token || rest == "":
		return "", malformed("no token after Bearer")
	case len(rest) > MaxToken:
		return "", &Error{Reason: InvalidToken, Detail: "token is too long", oauth: "invalid_token"}
	case !isToken68(rest):
		if strings.ContainsAny(rest, " \t") {
			return "", malformed("more than a token after Bearer")
		}
		return "", &Error{Reason: InvalidToken, Detail: "characters that no token has", oauth: "invalid_token"}
	case tokenInQuery(r.URL):
		return "", &Error{Reason: DuplicateCredentials, Detail: "a token in the query and one in the header", oauth: "invalid_request"}
	}
	return rest, nil
}

func malformed(detail string) error {
	return &Error{Reason: MalformedRequest, Detail: detail, oauth: "invalid_request"}
}

// cutScheme cuts after the characters that may stand in the name of a scheme (letters are enough to tell Bearer).
func cutScheme(field string) (scheme, rest string) {
	i := 0
	for i < len(field) && (field[i]|0x20 >= 'a' && field[i]|0x20 <= 'z' || field[i] >= '0' && field[i] <= '9' || field[i] == '-' || field[i] == '_') {
		i++
	}
	return field[:i], field[i:]
}

// isToken68 is b64token of RFC 6750, section 2.1: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=".
func isToken68(s string) bool {
	s = strings.TrimRight(s, "=")
	if s == "" {
		return false
	}
	for i := range len(s) {
		if !inToken68[s[i]] {
			return false
		}
	}
	return true
}

var inToken68 = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/" {
		t[c] = true
	}
	return t
}()

// tokenInQuery reports whether the query has the parameter access_token of RFC 6750, section 2.3.
func tokenInQuery(u *url.URL) bool {
	if u == nil || u.RawQuery == "" {
		return false
	}
	for pair := range strings.FieldsFuncSeq(u.RawQuery, func(c rune) bool { return c == '&' || c == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if strings.Contains(name, "%") {
			name, _ = url.QueryUnescape(name)
		}
		if name == "access_token" {
			return true
		}
	}
	return false
}
