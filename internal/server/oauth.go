package server

import (
	"errors"
	"mime"
	"net/http"
	"net/url"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// tokens is the answer of RFC 6749 section 5.1.
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
}

func tokenBody(t app.Tokens) tokens {
	return tokens{AccessToken: t.Access, TokenType: "Bearer", ExpiresIn: int64(t.ExpiresIn.Seconds()), RefreshToken: t.Refresh, Scope: t.Scope}
}

// oauthError is a refusal in the words of RFC 6749 section 5.2.
type oauthError struct {
	code   string // invalid_request, invalid_client, invalid_grant, unsupported_grant_type, …
	detail string
	reason guard.Reason
	status int
}

func (e *oauthError) Error() string { return "server: " + e.code + ": " + e.detail }

func badRequest(detail string) error {
	return &oauthError{"invalid_request", detail, guard.MalformedRequest, http.StatusBadRequest}
}

// oauthForm reads the form of an OAuth endpoint. A parameter that comes twice is refused (RFC 6749 section 3.2), and
// nothing is read from the query, which ends in logs.
func oauthForm(r *http.Request) (url.Values, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, badRequest("The body must be application/x-www-form-urlencoded.")
	}
	if r.URL.RawQuery != "" {
		return nil, badRequest("Parameters belong in the body.")
	}
	if err := r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, badRequest("The body is not a form.")
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, badRequest("A parameter comes twice.") // its name may hold what RFC 6749 section 5.2 allows nobody to say
		}
	}
	return r.PostForm, nil
}

// failOAuth writes an error as RFC 6749 section 5.2 has it, with our reason beside.
func (s *Server) failOAuth(w http.ResponseWriter, r *http.Request, err error) {
	var (
		e       *oauthError
		refused *grant.RefreshError
		ending  session.Reason
	)
	switch {
	case errors.As(err, &e):
	case errors.As(err, &refused):
		e, ending = refusedGrant(refused)
	case errors.Is(err, grant.ErrScope):
		e = &oauthError{"invalid_scope", "The scope is wider than the one granted.", guard.InsufficientScope, http.StatusBadRequest}
	case isReason(err, guard.ClientMismatch):
		e = &oauthError{"invalid_grant", guard.Sentence(guard.ClientMismatch), guard.ClientMismatch, http.StatusBadRequest}
	default:
		p := s.describe(r, err)
		e = &oauthError{detail: p.Detail, reason: p.Reason, status: p.Status}
		switch {
		case p.Status == http.StatusServiceUnavailable:
			e.code = "temporarily_unavailable"
		case p.Status >= 500:
			e.code = "server_error"
		default:
			e.code = "invalid_request"
		}
	}
	retryAfter(w.Header(), err)
	challenge(w.Header(), e.status, guard.InvalidClient)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	s.encode(w, struct {
		Code        string         `json:"error"`
		Description string         `json:"error_description"`
		Reason      guard.Reason   `json:"reason"`
		Ending      session.Reason `json:"session_reason,omitempty"` // how the session ended that the token belongs to
	}{e.code, e.detail, e.reason, ending})
}
