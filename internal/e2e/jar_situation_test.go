package e2e_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// The site of the matrix: its cookies come from www; shop is of the same site, and other.test is not.
const (
	target = "https://www.example.test/in"
	lower  = "http://www.example.test/in"
	origin = "https://www.example.test/"
	shop   = "https://shop.example.test/"
	other  = "https://other.test/"
)

// situation is a way in which a request is made: by the browser, and as a jar is told of it.
type situation struct {
	name     string
	from     string // the page that the browser shows before; "" if the address is typed
	link     string
	do       string // what a script of that page does with LINK
	method   string
	embedded bool
}

const (
	follow    = `const a = document.createElement("a"); a.href = LINK; document.body.append(a); a.click()`
	post      = `const f = document.createElement("form"); f.method = "post"; f.action = LINK; document.body.append(f); f.submit()`
	frame     = `const f = document.createElement("iframe"); f.src = LINK; document.body.append(f)`
	image     = `new Image().src = LINK`
	get       = `fetch(LINK, {mode: "no-cors", credentials: "include"})`
	fetchPost = `fetch(LINK, {mode: "no-cors", credentials: "include", method: "POST"})`
)

var situations = []situation{
	{name: "typed", link: target},
	{name: "typed, http", link: lower},
	{name: "link on the same site", from: shop, link: target, do: follow},
	{name: "form POST on the same site", from: shop, link: target, do: post, method: "POST"},
	{name: "iframe on the same site", from: shop, link: target, do: frame, embedded: true},
	{name: "fetch on the same site", from: shop, link: target, do: get, embedded: true},
	{name: "link on another site", from: other, link: target, do: follow},
	{name: "form POST on another site", from: other, link: target, do: post, method: "POST"},
	{name: "iframe on another site", from: other, link: target, do: frame, embedded: true},
	{name: "image on another site", from: other, link: target, do: image, embedded: true},
	{name: "fetch on another site", from: other, link: target, do: get, embedded: true},
	{name: "fetch POST on another site", from: other, link: target, do: fetchPost, method: "POST", embedded: true},
	{name: "link from https to http", from: origin, link: lower, do: follow},
	{name: "link from http to https", from: "http://www.example.test/", link: target, do: follow},
	{name: "form POST from http to https", from: "http://www.example.test/", link: target, do: post, method: "POST"},
	{name: "fetch from http to https", from: "http://www.example.test/", link: target, do: get, embedded: true},
}

// request is what a jar is told.
func (s situation) request(t *testing.T) jar.Request {
	t.Helper()
	return jar.Request{URL: address(t, s.link), Method: s.method, Site: s.site(t), Embedded: s.embedded}
}

func (s situation) site(t *testing.T) *url.URL {
	if s.from == "" {
		return nil
	}
	return address(t, s.from)
}

// reach makes the browser ask in a situation, and returns what it says about that.
func (b *witness) reach(s situation, a answer) exchange {
	b.t.Helper()
	b.web.serve(s.link, a)
	if s.from == "" {
		return b.exchange(s.link, func() { b.goTo(s.link) })
	}
	b.page(s.from)
	script := strings.ReplaceAll(s.do, "LINK", quoted(b.t, s.link))
	return b.exchange(s.link, func() { eval[bool](b.browser, "{"+script+"}; true") })
}

// kinds are cookies of each kind. They outlive the browser, so that it can be opened again when they are old.
var kinds = []string{
	"strict=1; SameSite=Strict; Max-Age=3600",
	"lax=1; SameSite=Lax; Max-Age=3600",
	"unset=1; Max-Age=3600",
	"none=1; SameSite=None; Secure; Max-Age=3600",
	"secure=1; Secure; Max-Age=3600",
	"http=1; HttpOnly; Max-Age=3600",
	"chips=1; SameSite=None; Secure; Partitioned; Max-Age=3600",
	"chipslax=1; Secure; Partitioned; Max-Age=3600",
	"domain=1; Domain=example.test; Max-Age=3600",
	"domainnone=1; Domain=example.test; SameSite=None; Secure; Max-Age=3600",
}

// abroad is set by an iframe on the other site.
var abroad = []string{"chipsthere=1; SameSite=None; Secure; Partitioned; Max-Age=3600"}

var (
	home       = situation{name: "home", link: "https://www.example.test/set"}
	onTheOther = situation{name: "on the other site", from: other, link: "https://www.example.test/set", do: frame, embedded: true}
)

// scripts are pages whose scripts read document.cookie.
var scripts = []situation{
	{name: "script of the page", link: "https://www.example.test/page"},
	{name: "script of the page, http", link: "http://www.example.test/page"},
	{name: "script of an iframe on the same site", from: shop, link: "https://www.example.test/page", embedded: true},
	{name: "script of an iframe on another site", from: other, link: "https://www.example.test/page", embedded: true},
}
