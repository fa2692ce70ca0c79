package e2e_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// wire is a connection to the proxy that is kept open, and opened again where the proxy closes it.
type wire struct {
	g    *gateway
	name string // of the host that it leads to, for TLS
	conn net.Conn
	r    *bufio.Reader
}

// reply is what came back.
type reply struct {
	*http.Response
	body string
}

func (g *gateway) wire() *wire {
	return g.wireTo(g.host)
}

func (g *gateway) wireTo(host string) *wire {
	name, _, _ := strings.Cut(host, ":")
	w := &wire{g: g, name: name}
	g.t.Cleanup(w.close)
	return w
}

func (w *wire) close() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}

// ask sends lines as they are: no library has a say in how they are spelt. Host comes by itself.
func (w *wire) ask(request string, lines ...string) reply {
	w.g.t.Helper()
	return w.askAt(w.g.host, request, lines...)
}

func (w *wire) askAt(host, request string, lines ...string) reply {
	w.g.t.Helper()
	text := request + " HTTP/1.1\r\nHost: " + host + "\r\n"
	for _, l := range lines {
		text += l + "\r\n"
	}
	return w.send(text + "\r\n")
}

// send sends a whole request, once more on a new connection if the old one was closed meanwhile.
func (w *wire) send(text string) reply {
	w.g.t.Helper()
	for kept := w.conn != nil; ; kept = false {
		a, err := w.try(text)
		if err == nil {
			return a
		}
		w.close()
		if !kept {
			w.g.t.Fatalf("%q: %v", text, err)
		}
	}
}

func (w *wire) try(text string) (reply, error) {
	if w.conn == nil {
		conn, err := net.Dial("tcp", w.g.addr)
		if err != nil {
			return reply{}, err
		}
		if w.g.scheme == "https" {
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(w.g.roots)
			conn = tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: w.name})
		}
		w.conn, w.r = conn, bufio.NewReader(conn)
	}
	_ = w.conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(w.conn, text); err != nil {
		return reply{}, err
	}
	method, _, _ := strings.Cut(text, " ")
	res, err := http.ReadResponse(w.r, &http.Request{Method: method})
	if err != nil {
		return reply{}, err
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return reply{res, ""}, nil
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	if res.Close {
		w.close()
	}
	return reply{res, string(body)}, nil
}

// heard is what the app heard, if it was the app that answered.
func (a reply) heard() (h echoed, ok bool) {
	if a.StatusCode != http.StatusOK || a.Header.Get("X-Echo") != "yes" {
		return h, false
	}
	return h, json.Unmarshal([]byte(a.body), &h) == nil
}

// member signs somebody up at the sign-in's host, and goes the way of a browser to the app's host. It returns the Cookie line that the browser
// has there, and the account's id.
func (g *gateway) member(email string) (cookies, id string) {
	g.t.Helper()
	c := g.house.Client()
	c.SignUp(email)
	var me struct {
		Account struct{ ID string }
	}
	c.Get("/api/me").Decode(g.t, &me)
	w, jar := g.wire(), map[string]string{}
	line := func() string {
		all := ""
		for name, v := range jar {
			all += "; " + name + "=" + v
		}
		return "Cookie: " + strings.TrimPrefix(all, "; ")
	}
	target := g.scheme + "://" + g.host + "/page?a=b"
	for range 6 {
		u, err := url.Parse(target)
		if err != nil {
			g.t.Fatal(err)
		}
		var h http.Header
		code := 0
		if u.Host == g.host {
			a := w.ask("GET "+u.RequestURI(), byBrowser, line())
			if _, ok := a.heard(); ok {
				if u.RequestURI() != "/page?a=b" {
					g.t.Fatalf("the way ended at %s", target)
				}
				return line(), me.Account.ID
			}
			for _, k := range a.Cookies() {
				jar[k.Name] = k.Value
			}
			h, code = a.Header, a.StatusCode
		} else if g.scheme == "https" {
			a := g.wireTo(u.Host).askAt(u.Host, "GET "+u.RequestURI(), byBrowser, "Cookie: __Host-session="+c.Cookie("__Host-session"))
			h, code = a.Header, a.StatusCode
		} else {
			a := c.Get(u.RequestURI())
			h, code = a.Header, a.StatusCode
		}
		if target = h.Get("Location"); target == "" {
			g.t.Fatalf("%s: %d leads nowhere", u, code)
		}
	}
	g.t.Fatalf("the way does not end: %s", target)
	return "", ""
}

const (
	byBrowser = "Sec-Fetch-Mode: navigate"
	byScript  = "Sec-Fetch-Mode: cors"
)
