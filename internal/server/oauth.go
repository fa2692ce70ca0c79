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
		return nil, badRequest("the body must be application/x-www-form-urlencoded")
	}
	if r.URL.RawQuery != "" {
		return nil, badRequest("parameters belong in the body")
	}
	if err := r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, badRequest("the body is not a form")
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, badRequest("a parameter comes twice") // its name may hold what RFC 6749 section 5.2 allows nobody to say
		}
	}
	return r.PostForm, nil
}

// oauthClient checks that a client which names itself is one that we know. The built-in client is public: it has no secret.
func oauthClient(r *http.Request, form url.Values) (string, error) {
	id := form.Get("client_id")
	if r.Header.Get("Authorization") != "" || form.Has("client_secret") {
		return "", &oauthError{"invalid_client", "this client has no secret: leave the credentials out", guard.InvalidClient, http.StatusUnauthorized}
	}
	if id != "" && id != grant.BuiltinClient {
		return "", &oauthError{"invalid_client", "there is no such client", guard.InvalidClient, http.StatusUnauthorized}
	}
	return id, nil
}

func (s *Server) oauthToken(w http.ResponseWriter, r *http.Request) error {
	form, err := oauthForm(r)
	if err != nil {
		return err
	}
	switch grant := form.Get("grant_type"); grant {
	case "refresh_token":
	case "":
		return badRequest("grant_type is missing")
	default:
		return &oauthError{"unsupported_grant_type", "only refresh_token is supported", guard.UnsupportedGrantType, http.StatusBadRequest}
	}
	client, err := oauthClient(r, form)
	if err != nil {
		return err
	}
	if form.Get("refresh_token") == "" {
		return badRequest("refresh_token is missing")
	}
	t, err := s.app.Refresh(r.Context(), form.Get("refresh_token"), client, form.Get("scope"), s.program(r))
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, tokenBody(t))
}

// oauthRevoke ends the session of a token (RFC 7009). It is 200 also for a token that we do not know.
func (s *Server) oauthRevoke(w http.ResponseWriter, r *http.Request) error {
	form, err := oauthForm(r)
	if err != nil {
		return err
	}
	client, err := oauthClient(r, form)
	if err != nil {
		return err
	}
	if form.Get("token") == "" {
		return badRequest("token is missing")
	}
	if err := s.app.Revoke(r.Context(), form.Get("token"), client, s.program(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// refusedGrant is the one answer to every refresh token that is not good, with the reason beside.
func refusedGrant(refused *grant.RefreshError) *oauthError {
	reason := guard.InvalidToken
	switch refused.Reason {
	case grant.Expired:
		reason = guard.ExpiredToken
	case grant.Ended:
		reason = guard.Reason(refused.Family.EndReason)
	case grant.Reused:
		reason = session.TokenReuse
	case grant.WrongClient:
		reason = guard.ClientMismatch
	}
	return &oauthError{"invalid_grant", guard.Sentence(reason), reason, http.StatusBadRequest}
}

// failOAuth writes an error as RFC 6749 section 5.2 has it, with our reason beside.
func (s *Server) failOAuth(w http.ResponseWriter, r *http.Request, err error) {
	var (
		e       *oauthError
		refused *grant.RefreshError
	)
	switch {
	case errors.As(err, &e):
	case errors.As(err, &refused):
		e = refusedGrant(refused)
	case errors.Is(err, grant.ErrScope):
		e = &oauthError{"invalid_scope", "The scope is wider than the one granted.", guard.InsufficientScope, http.StatusBadRequest}
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
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="cloakroom"`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	s.encode(w, map[string]string{"error": e.code, "error_description": e.detail, "reason": string(e.reason)})
}
