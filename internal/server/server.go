// Package server is everything that Cloakroom says over HTTP: pages, JSON API, OAuth endpoints,
// forward-auth and operations. It translates and decides nothing. Start at routes.go.
package server

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/front"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

// Server translates between HTTP and the use cases of the house.
type Server struct {
	app     *app.App
	log     *slog.Logger
	guard   *guard.Guard
	account *guard.Guard // guard, with the scope that a token needs for the account API
	pages   page.Pages
	sealer  *cookie.Sealer
	forms   formTokens
	peers   peers
	access  *access.Policy
	sites   sites
	front   *front.Front // nil if no app is served from here
	prober  prober
	cross   *http.CrossOriginProtection
	metrics *metrics
	base    http.Header // of every public answer

	feedStall time.Duration // feedStall, but in tests

	mux    *http.ServeMux
	public http.Handler
}

// New builds the handlers of an open house.
func New(a *app.App, log *slog.Logger) (*Server, error) {
	g, err := a.Guard()
	if err != nil {
		return nil, err
	}
	sealer, err := cookie.NewSealer(a.Derive("visit-cookie"))
	if err != nil {
		return nil, err
	}
	s := &Server{
		app: a, log: log, guard: g, account: g.With(guard.Scope(app.ScopeAccount)), sealer: sealer,
		forms: formTokens{key: a.Derive("form-token")},
		peers: peers{trusted: a.Config.TrustedProxies},
		cross: http.NewCrossOriginProtection(),
		base:  baseHeaders(a.Config.Origin().Scheme == "https"),
		mux:   http.NewServeMux(),
	}
	if s.access, err = a.Config.Access(); err != nil {
		return nil, err
	}
	if s.sites, err = newSites(a, g, s.access.Hosts()); err != nil {
		return nil, err
	}
	// A proxy may pass on another Host than the one in the address bar.
	if err := s.cross.AddTrustedOrigin(a.Config.Origin().String()); err != nil {
		return nil, err
	}
	s.metrics, s.feedStall = newMetrics(a), feedStall
	a.OnSessionError = s.sessionFailed
	s.front = s.newFront()
	s.public = s.protecting(s.routes())
	return s, nil
}

// Public is what the world may reach: --addr.
func (s *Server) Public() http.Handler { return s.public }

// Ops is for the operator's machines alone: --ops-addr.
func (s *Server) Ops() http.Handler { return s.opsRoutes() }
