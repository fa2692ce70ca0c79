package server

import (
	"net/http"
	"strconv"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/jwt"
)

// introspection is the answer about a good access token (RFC 7662 section 2.2).
type introspection struct {
	Active    bool            `json:"active"`
	Scope     string          `json:"scope"`
	ClientID  string          `json:"client_id"`
	Username  string          `json:"username"`
	TokenType string          `json:"token_type"`
	Expires   jwt.NumericDate `json:"exp"`
	IssuedAt  jwt.NumericDate `json:"iat"`
	Subject   string          `json:"sub"`
	Audience  jwt.Audience    `json:"aud"`
	Issuer    string          `json:"iss"`
	ID        string          `json:"jti"`
	Session   string          `json:"sid"`
	AuthTime  int64           `json:"auth_time"`
	AMR       []string        `json:"amr"`
}

// inactive is the answer about every other token. Why is not said (section 2.2).
const inactive = `{"active":false}`

// oauthIntrospect tells a client whether an access token is good at this moment (RFC 7662). A refresh token is not: whoever asks was given what it asks
// about as an access token.
func (s *Server) oauthIntrospect(w http.ResponseWriter, r *http.Request) error {
	form, err := oauthForm(r)
	if err != nil {
		return err
	}
	if _, err := s.formClient(r, form); err != nil {
		return err
	}
	if !accepts(r.Header["Accept"], "application/json") {
		return &oauthError{"invalid_request", "The answer is sent as application/json.", guard.NotAcceptable, http.StatusNotAcceptable}
	}
	if form.Get("token") == "" {
		return badRequest("The parameter token is missing.")
	}
	t, err := s.app.Introspect(r.Context(), form.Get("token"))
	if err != nil {
		return err
	}
	if t == nil {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(inactive)))
		_, _ = w.Write([]byte(inactive))
		return nil
	}
	return s.answer(w, http.StatusOK, introspection{
		Active: true, Scope: t.Scope, ClientID: t.ClientID, Username: t.Email, TokenType: "Bearer", Expires: t.Expires, IssuedAt: t.IssuedAt,
		Subject: t.Subject, Audience: t.Audience, Issuer: t.Issuer, ID: t.ID, Session: t.Session, AuthTime: t.AuthTime, AMR: t.AMR,
	})
}
