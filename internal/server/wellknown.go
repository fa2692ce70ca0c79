package server

import (
	"net/http"

	"github.com/cloakroom/cloakroom/internal/app"
)

// keySet publishes the keys by which anybody can verify our tokens (RFC 7517): public members only.
func (s *Server) keySet(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=300")
	return s.answer(w, http.StatusOK, s.app.PublicKeys())
}

// The ways in which a client can prove who it is: none, for the client without a secret, and HTTP Basic.
var (
	anyClientAuth    = []string{"none", "client_secret_basic"}
	secretClientAuth = []string{"client_secret_basic"}
)

// metadata is the document of RFC 8414 section 2.
type metadata struct {
	Issuer            string   `json:"issuer"`
	TokenEndpoint     string   `json:"token_endpoint"`
	Keys              string   `json:"jwks_uri"`
	Scopes            []string `json:"scopes_supported"`
	ResponseTypes     []string `json:"response_types_supported"` // required, and there are none: nothing is asked of a person's browser
	GrantTypes        []string `json:"grant_types_supported"`
	TokenAuth         []string `json:"token_endpoint_auth_methods_supported"`
	Revocation        string   `json:"revocation_endpoint"`
	RevocationAuth    []string `json:"revocation_endpoint_auth_methods_supported"`
	Introspection     string   `json:"introspection_endpoint"`
	IntrospectionAuth []string `json:"introspection_endpoint_auth_methods_supported"`
	Feed              string   `json:"cloakroom_revocations_endpoint"` // our own: the signed feed, docs/revocations.md
}

// metadata says where the OAuth endpoints are and what they take.
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=300")
	link := func(path string) string { return s.app.Config.Link(path, nil) }
	return s.answer(w, http.StatusOK, metadata{
		Issuer:            s.app.Issuer(),
		TokenEndpoint:     link("/oauth/token"),
		Keys:              link("/.well-known/jwks.json"),
		Scopes:            []string{app.ScopeAccount},
		ResponseTypes:     []string{},
		GrantTypes:        []string{"refresh_token"},
		TokenAuth:         anyClientAuth,
		Revocation:        link("/oauth/revoke"),
		RevocationAuth:    anyClientAuth,
		Introspection:     link("/oauth/introspect"),
		IntrospectionAuth: secretClientAuth,
		Feed:              link("/revocations"),
	})
}
