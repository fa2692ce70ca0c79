package server

import (
	"net/http"
	"strings"

	"github.com/cloakroom/cloakroom/internal/server/page"
)

// handler answers a request or returns why not; the zone that it stands in writes the error down.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one address of the public side, in the zone whose rules it lives under (zone.go).
type route struct {
	zone    *zone
	pattern string // of http.ServeMux: "GET /signin"
	serve   handler
}

type routes []route

func (all *routes) add(z *zone, pattern string, h handler) { *all = append(*all, route{z, pattern, h}) }

// table is every route. Tests walk it: what must hold for all addresses is asked of each of them.
func (s *Server) table() []route {
	var all routes
	in := all.add

	pages := s.pageZone()
	in(pages, "GET /{$}", s.home)
	in(pages, "GET /setup", s.showSetup)
	in(pages, "POST /setup", s.setup)
	in(pages, "GET /signin", s.showSignIn)
	in(pages, "POST /signin", s.signIn)
	in(pages, "GET /signup", s.showSignUp)
	in(pages, "POST /signup", s.signUp)
	in(pages, "GET /signout", s.showSignOut)
	in(pages, "POST /signout", s.signOut)
	in(pages, "GET /reset", s.showReset)
	in(pages, "POST /reset", s.reset)
	in(pages, "POST /theme", s.theme)
	in(pages, "GET /account", s.member(s.showAccount))
	in(pages, "POST /account", s.member(s.changeAccount))
	in(pages, "GET /account/sessions", s.member(s.showDevices))
	in(pages, "POST /account/sessions", s.member(s.endDevices))
	in(pages, "GET /account/security", s.member(s.showSecurity))
	in(pages, "POST /account/security", s.member(s.changePassword))
	in(pages, "GET /confirm", s.member(s.showConfirm))
	in(pages, "POST /confirm", s.member(s.confirm))
	in(pages, "GET "+pathHandover, s.handover)
	in(pages, "GET "+pathDiagnosis, s.showDiagnosis)
	in(pages, "GET /admin/invite", s.admin(s.showInvite))
	in(pages, "POST /admin/invite", s.admin(s.invite))
	in(pages.unchecked(), "/", s.elsewhere)

	api := s.apiZone()
	in(api, "POST /api/signup", s.apiSignUp)
	in(api, "POST /api/signin", s.apiSignIn)
	in(api, "POST /api/signout", s.apiSignOut)
	in(api, "GET /api/me", s.apiMe)
	in(api, "GET /api/sessions", s.apiSessions)
	in(api, "DELETE /api/sessions", s.apiEndOthers)
	in(api, "DELETE /api/sessions/{id}", s.apiEndSession)
	in(api, "POST /api/token", s.apiToken)
	in(api.looking(), "GET /api/session/remaining", s.apiRemaining)
	in(api.unchecked(), "/api/", s.elsewhere)

	oauth := s.oauthZone()
	in(oauth, "POST /oauth/introspect", s.oauthIntrospect)
	in(oauth.unchecked(), "/oauth/", s.elsewhere)

	shared := s.sharedZone()
	in(shared, "POST /oauth/token", s.oauthToken)
	in(shared, "OPTIONS /oauth/token", preflight(http.MethodPost))
	in(shared, "POST /oauth/revoke", s.oauthRevoke)
	in(shared, "OPTIONS /oauth/revoke", preflight(http.MethodPost))

	feed := s.feedZone()
	in(feed, "GET /revocations", s.revocations)
	in(feed, "POST /revocations", s.pollRevocations)
	in(feed.unchecked(), "/revocations", s.elsewhere)

	open := s.openZone()
	in(open, "GET /.well-known/jwks.json", s.keySet)
	in(open, "OPTIONS /.well-known/jwks.json", preflight(http.MethodGet))
	in(open, "GET /.well-known/oauth-authorization-server", s.metadata)
	in(open, "OPTIONS /.well-known/oauth-authorization-server", preflight(http.MethodGet))
	in(open.unchecked(), "/.well-known/", s.elsewhere)

	site := s.siteZone()
	in(site, "GET "+pathAppStart, s.appStart)
	in(site, "GET "+pathAppEnter, s.appEnter)
	in(site, "GET "+pathAppSignOut, s.appSignOut)
	in(site, "POST "+pathAppSignOut, s.appSignOut)
	in(site, "GET "+pathAppRemaining, s.appRemaining)
	in(site, pathAppPrefix, s.elsewhere)

	forward := s.forwardZone()
	in(forward, "GET /forward-auth/nginx", s.forward(nginx{s}))
	in(forward, "GET /forward-auth/nginx/refused", s.nginxRefused)
	in(forward, "GET /forward-auth/haproxy", s.forward(haproxy{full{s}}))
	in(forward, "GET /forward-auth/caddy", s.forward(caddy{full{s}}))
	in(forward, "GET /forward-auth/traefik", s.forward(traefik{full{s}}))
	in(forward, envoyPrefix, s.forward(envoy{full{s}}))
	in(forward, envoyPrefix+"/", s.forward(envoy{full{s}}))
	in(forward, "/forward-auth/", s.elsewhere)
	return all
}

// routes is the public side.
func (s *Server) routes() http.Handler {
	checks := map[string]http.Handler{}
	var anyPath http.Handler
	for _, r := range s.table() {
		h := r.zone.wrap(r.serve)
		s.mux.Handle(r.pattern, h)
		if path, ok := strings.CutPrefix(r.pattern, "GET "); ok && isCheck(path) {
			checks[path] = h
		}
		if r.pattern == envoyPrefix+"/" {
			anyPath = h
		}
	}
	s.mux.Handle("GET "+page.AssetPrefix, page.Assets())
	return s.observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The hot path needs no patterns: an eighth of what a check costs here.
		if check := checks[r.URL.Path]; check != nil && r.Method == http.MethodGet {
			check.ServeHTTP(w, r)
			return
		}
		// What Envoy asks about stands in the path, also one that the mux would mend.
		if strings.HasPrefix(r.RequestURI, envoyPrefix) {
			anyPath.ServeHTTP(w, r)
			return
		}
		s.mux.ServeHTTP(w, r)
	}))
}

// isCheck tells a reverse proxy's question by its path.
func isCheck(path string) bool { return strings.HasPrefix(path, "/forward-auth/") }

// elsewhere answers for addresses that nothing else stands at: 404, or 405 where only the method is wrong.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request) error {
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodOptions} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := s.mux.Handler(probe); strings.HasPrefix(pattern, method+" ") {
			allow = append(allow, method)
			if method == http.MethodGet {
				allow = append(allow, http.MethodHead)
			}
		}
	}
	if len(allow) == 0 {
		return errNotFound
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	return errMethod
}
