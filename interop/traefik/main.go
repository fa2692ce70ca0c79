// Command traefik is the part of Traefik that a request to an app goes through, put together from Traefik's own packages as its entry point,
// router and service do: what `cloakroom proxy-config traefik` prints is tried out with it. All of Traefik would take longer to compile than all
// tests take to run, and needs modules that the module proxy does not have.
//
//	traefik STATIC.yml DYNAMIC.yml
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/middlewares/auth"
	"github.com/traefik/traefik/v3/pkg/middlewares/contenttype"
	"github.com/traefik/traefik/v3/pkg/middlewares/forwardedheaders"
	"github.com/traefik/traefik/v3/pkg/middlewares/headers"
	"github.com/traefik/traefik/v3/pkg/middlewares/requestdecorator"
	httpmuxer "github.com/traefik/traefik/v3/pkg/muxer/http"
	"github.com/traefik/traefik/v3/pkg/proxy/httputil"
	"gopkg.in/yaml.v3"
)

// static is the part of a static configuration that proxy-config prints.
type static struct {
	EntryPoints map[string]struct {
		Address string
		HTTP    struct {
			AliasHeadersStrategy string `yaml:"aliasHeadersStrategy"`
			SanitizePath         bool   `yaml:"sanitizePath"`
		}
	} `yaml:"entryPoints"`
	Providers map[string]any
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(staticFile, dynamicFile string) error {
	var entry static
	var conf dynamic.Configuration
	for file, into := range map[string]any{staticFile: &entry, dynamicFile: &conf} {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		d := yaml.NewDecoder(f)
		d.KnownFields(true)
		if err := d.Decode(into); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if len(entry.EntryPoints) != 1 {
		return errors.New("want one entry point")
	}
	for name, e := range entry.EntryPoints {
		muxer, err := route(name, conf.HTTP)
		if err != nil {
			return err
		}
		// As newHTTPServer in pkg/server does.
		decorator := requestdecorator.New(nil)
		handler, err := forwardedheaders.NewXForwarded(false, nil, nil, false, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { decorator.ServeHTTP(w, r, muxer.ServeHTTP) }))
		if err != nil {
			return err
		}
		chain := http.AllowQuerySemicolons(contenttype.DisableAutoDetection(handler))
		if e.HTTP.SanitizePath {
			chain = sanitizePath(chain)
		}
		chain = denyFragment(normalizePath(chain))
		switch e.HTTP.AliasHeadersStrategy {
		case "delete":
			chain = removeAliasingHeaders(chain)
		case "", "keep":
		default:
			return fmt.Errorf("aliasHeadersStrategy: %s", e.HTTP.AliasHeadersStrategy)
		}
		server := &http.Server{Addr: e.Address, Handler: denyOpaque(chain), ReadTimeout: time.Minute}
		if conf.TLS != nil && len(conf.TLS.Certificates) == 1 {
			c := conf.TLS.Certificates[0]
			return server.ListenAndServeTLS(c.CertFile.String(), c.KeyFile.String())
		}
		return server.ListenAndServe()
	}
	return nil
}

// route builds the routers of an entry point.
func route(entryPoint string, conf *dynamic.HTTPConfiguration) (*httpmuxer.Muxer, error) {
	parser, err := httpmuxer.NewSyntaxParser()
	if err != nil {
		return nil, err
	}
	muxer := httpmuxer.NewMuxer(parser, nil)
	for name, r := range conf.Routers {
		if len(r.EntryPoints) != 1 || r.EntryPoints[0] != entryPoint {
			return nil, fmt.Errorf("%s: another entry point", name)
		}
		next, err := service(conf.Services[r.Service])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for i := len(r.Middlewares) - 1; i >= 0; i-- {
			if next, err = middleware(r.Middlewares[i], conf.Middlewares[r.Middlewares[i]], next); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := muxer.AddRoute(r.Rule, "v3", r.Priority, "file", next); err != nil {
			return nil, err
		}
	}
	return muxer, nil
}

func middleware(name string, m *dynamic.Middleware, next http.Handler) (http.Handler, error) {
	switch {
	case m == nil:
		return nil, fmt.Errorf("no middleware %s", name)
	case m.Headers != nil:
		return headers.New(context.Background(), next, *m.Headers, name)
	case m.ForwardAuth != nil:
		return auth.NewForward(context.Background(), next, *m.ForwardAuth, name)
	}
	return nil, fmt.Errorf("%s is of no kind that is known here", name)
}

func service(s *dynamic.Service) (http.Handler, error) {
	if s == nil || s.LoadBalancer == nil || len(s.LoadBalancer.Servers) != 1 {
		return nil, errors.New("want one server")
	}
	u, err := url.Parse(s.LoadBalancer.Servers[0].URL)
	if err != nil {
		return nil, err
	}
	return httputil.NewProxyBuilder(transports{}, nil).Build("default", u, true, false, 0)
}

// transports has the one transport, as Traefik's default: it asks for no compression that the client did not ask for.
type transports struct{}

func (transports) Get(string) (*dynamic.ServersTransport, error) {
	return &dynamic.ServersTransport{}, nil
}
func (transports) GetTLSConfig(string) (*tls.Config, error) { return nil, nil }
func (transports) GetRoundTripper(string) (http.RoundTripper, error) {
	return &http.Transport{DisableCompression: true}, nil
}
