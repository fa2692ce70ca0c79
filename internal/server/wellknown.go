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

// metadata says where the OAuth endpoints are and what they take (RFC 8414).
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=300")
	link := func(path string) string { return s.app.Config.Link(path, nil) }
	return s.answer(w, http.StatusOK, map[string]any{
		"issuer":                                     s.app.Issuer(),
		"jwks_uri":                                   link("/.well-known/jwks.json"),
		"token_endpoint":                             link("/oauth/token"),
		"revocation_endpoint":                        link("/oauth/revoke"),
		"grant_types_supported":                      []string{"refresh_token"},
		"response_types_supported":                   []string{},
		"scopes_supported":                           []string{app.ScopeAccount},
		"token_endpoint_auth_methods_supported":      []string{"none"},
		"revocation_endpoint_auth_methods_supported": []string{"none"},
	})
}
