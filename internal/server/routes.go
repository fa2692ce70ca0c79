package server

import (
	"net/http"
	"strings"

	"github.com/cloakroom/cloakroom/internal/server/page"
)

// handler answers a request or returns why not; the zone that it stands in writes the error down.
type handler func(w http.ResponseWriter, r *http.Request) error

// routes is every address of the public side, by the zone whose rules it lives under (zone.go).
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	in := func(z zone, table map[string]handler) {
		for pattern, h := range table {
			mux.Handle(pattern, z.wrap(pattern, h))
		}
	}
	in(s.pageZone(), map[string]handler{
		"GET /{$}":               s.home,
		"GET /setup":             s.showSetup,
		"POST /setup":            s.setup,
		"GET /signin":            s.showSignIn,
		"POST /signin":           s.signIn,
		"GET /signup":            s.showSignUp,
		"POST /signup":           s.signUp,
		"GET /signout":           s.showSignOut,
		"POST /signout":          s.signOut,
		"GET /reset":             s.showReset,
		"POST /reset":            s.reset,
		"POST /theme":            s.theme,
		"GET /account":           s.member(s.showAccount),
		"POST /account":          s.member(s.changeAccount),
		"GET /account/sessions":  s.member(s.showDevices),
		"POST /account/sessions": s.member(s.endDevices),
		"GET /account/security":  s.member(s.showSecurity),
		"POST /account/security": s.member(s.changePassword),
		"GET /confirm":           s.member(s.showConfirm),
		"POST /confirm":          s.member(s.confirm),
		"GET /admin/invite":      s.admin(s.showInvite),
		"POST /admin/invite":     s.admin(s.invite),
		"/":                      s.elsewhere(mux),
	})
	in(s.apiZone(), map[string]handler{
		"POST /api/signup":          s.apiSignUp,
		"POST /api/signin":          s.apiSignIn,
		"POST /api/signout":         s.apiSignOut,
		"GET /api/me":               s.apiMe,
		"GET /api/sessions":         s.apiSessions,
		"DELETE /api/sessions":      s.apiEndOthers,
		"DELETE /api/sessions/{id}": s.apiEndSession,
		"POST /api/token":           s.apiToken,
		"/api/":                     s.elsewhere(mux),
	})
	in(s.oauthZone(), map[string]handler{
		"POST /oauth/token":  s.oauthToken,
		"POST /oauth/revoke": s.oauthRevoke,
		"/oauth/":            s.elsewhere(mux),
	})
	in(s.openZone(), map[string]handler{
		"GET /.well-known/jwks.json":                  s.keySet,
		"GET /.well-known/oauth-authorization-server": s.metadata,
	})
	in(s.forwardZone(), map[string]handler{
		"GET /forward-auth/nginx": s.forward(nginx{}),
		"/forward-auth/":          s.elsewhere(mux),
	})
	mux.Handle("GET "+page.AssetPrefix, page.Assets())
	return s.observe(mux)
}

// elsewhere answers for addresses that nothing else stands at: 404, or 405 where only the method is wrong.
func (s *Server) elsewhere(mux *http.ServeMux) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var allow []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			probe := r.Clone(r.Context())
			probe.Method = method
			if _, pattern := mux.Handler(probe); strings.HasPrefix(pattern, method+" ") {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			return errNotFound
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		return errMethod
	}
}
