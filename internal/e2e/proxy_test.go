package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// gateway is a reverse proxy with exactly what proxy-config prints, before an app that says what it heard. The app has a host of its own, which
// resolves nowhere: tests connect to the address.
type gateway struct {
	street // its files and processes

	name   string
	scheme string
	house  *servertest.House
	wrong  atomic.Pointer[http.HandlerFunc] // answers the proxy instead of the house; nil = the house
	down   func()                           // ends what the proxy asks
	app    *echoApp
	addr   string // where the proxy listens for the app's host
	host   string // of the app, with its port
	args   []string
}

// gateways are all proxies. start writes the files that are asked for and runs the proxy until the test ends.
var gateways = []struct {
	name  string
	start func(*gateway)
}{
	{"nginx", (*gateway).startNginx},
	{"caddy", (*gateway).startCaddy},
	{"haproxy", (*gateway).startHAProxy},
	{"traefik", (*gateway).startTraefik},
	{"apache", (*gateway).startApache}, // asks nothing: it hands on to serve --protect
}

// eachGateway runs a test behind every proxy.
func eachGateway(t *testing.T, test func(*testing.T, *gateway), args ...string) {
	t.Helper()
	eachMade(t, newGateway, test, args...)
}

// eachSecureGateway is eachGateway with https: the app and the sign-in at hosts that have nothing in common, and the proxy before both.
func eachSecureGateway(t *testing.T, test func(*testing.T, *gateway)) {
	t.Helper()
	eachMade(t, newSecureGateway, test)
}

func eachMade(t *testing.T, make func(*testing.T, string) *gateway, test func(*testing.T, *gateway), args ...string) {
	t.Helper()
	for _, p := range gateways {
		t.Run(p.name, func(t *testing.T) {
			g := make(t, p.name)
			g.name, g.args = p.name, append(g.args, args...)
			p.start(g)
			test(t, g)
		})
	}
}

const (
	secretPath = "/secret"           // is for a group that nobody of the tests is in
	sharedPath = "/shared"           // is also for the pages of another origin,
	sharedWith = "https://home.test" // of this one
	keptPath   = "/kept"             // is for keepers to DELETE, and for everyone to do anything else with
)

func newGateway(t *testing.T, proxy string) *gateway {
	t.Helper()
	return makeGateway(t, proxy, "http", "app.localhost")
}

func newSecureGateway(t *testing.T, proxy string) *gateway {
	t.Helper()
	g := makeGateway(t, proxy, "https", manyHost)
	g.certify()
	cert := g.cert
	if proxy == "haproxy" {
		both := ""
		for _, file := range []string{g.cert, g.key} {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			both += string(text)
		}
		cert = g.write("both.pem", both)
	}
	g.args = append(g.args, "--cert", cert, "--key", g.key)
	return g
}

func makeGateway(t *testing.T, proxy, scheme, name string) *gateway {
	t.Helper()
	port := testenv.FreePort(t)
	g := &gateway{
		street: street{t: t, dir: t.TempDir()}, app: newEchoApp(t), scheme: scheme,
		addr: fmt.Sprintf("127.0.0.1:%d", port), host: fmt.Sprintf("%s:%d", name, port),
	}
	g.house = servertest.Start(t, func(c *app.Config) {
		c.Apps = []string{scheme + "://" + g.host}
		if scheme == "https" {
			c.URL = fmt.Sprintf("https://%s:%d", doorHost, port)
		}
		c.Rules = []access.Rule{
			{Host: name, Path: "/"}, {Host: name, Path: secretPath, Groups: []string{"keepers"}}, {Host: name, Path: sharedPath, Origins: []string{sharedWith}},
			{Host: name, Path: keptPath, Methods: []string{"DELETE"}, Groups: []string{"keepers"}},
		}
		if proxy == "apache" {
			c.Protect = []string{name + "=http://" + g.app.addr}
		}
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	cloakroom := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wrong := g.wrong.Load(); wrong != nil {
			(*wrong)(w, r)
			return
		}
		g.house.Server.Public().ServeHTTP(w, r)
	}))
	g.down = sync.OnceFunc(cloakroom.Close)
	t.Cleanup(g.down)
	g.args = []string{"--app-url", scheme + "://" + g.host, "--upstream", "http://" + g.app.addr, "--addr", strings.TrimPrefix(cloakroom.URL, "http://"), "--url", g.house.URL}
	return g
}

// answer has every question answered so.
func (g *gateway) answer(code int, header ...string) {
	said := saying(code, header...)
	g.wrong.Store(&said)
}

func saying(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}
