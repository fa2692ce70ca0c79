package main

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"golang.org/x/net/publicsuffix"
)

var cart = &url.URL{Scheme: "https", Host: "www.shop.example", Path: "/shop/cart/"}

// fillJar puts 20 cookies for the cart into a jar, and others until there are total: as many of the same domain as the
// limits allow, and the rest of other domains.
func fillJar(j http.CookieJar, total int) http.CookieJar {
	set := func(u *url.URL, c *http.Cookie) { j.SetCookies(u, []*http.Cookie{c}) }
	for i := range 20 {
		set(cart, &http.Cookie{Name: fmt.Sprintf("name-of-%02d", i), Value: "value", Path: [...]string{"/", "/shop", "/shop/cart"}[i%3]})
	}
	for i := 20; i < total; i++ {
		host := fmt.Sprintf("www.site-%d.example", i%300)
		if i < 180 {
			host = fmt.Sprintf("host-%d.shop.example", i)
		}
		set(&url.URL{Scheme: "https", Host: host, Path: "/"}, &http.Cookie{Name: fmt.Sprintf("name-of-%d", i), Value: "value"})
	}
	return j
}

func peerJar() http.CookieJar {
	j, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	must(err)
	return j
}

func cookiesFor(name string, j http.CookieJar) subject {
	return subject{name, func(n int) {
		for range n {
			if len(j.Cookies(cart)) != 20 {
				panic("not 20 cookies")
			}
		}
	}}
}

// jars are the rows of the browser's jar: its budget is a time, and how little the time depends on what else is in the jar.
func jars(t *table, rounds int, slice time.Duration) {
	const few, many = "cookies for a URL, 20 match", "cookies for a URL, 20 match of 3,000"
	if !t.wants(few) && !t.wants(many) {
		return
	}
	full := fillJar(jar.New(nil), 3000).(*jar.Jar)
	res := compare(row{
		limit: cookiesFor(few, fillJar(jar.New(nil), 20)),
		ours:  cookiesFor(many, full),
		peers: []subject{
			cookiesFor("net/http/cookiejar", fillJar(peerJar(), 20)),
			cookiesFor("net/http/cookiejar of 3,000", fillJar(peerJar(), 3000)),
			{"the header alone", func(n int) {
				for range n {
					full.Header(jar.Request{URL: cart})
				}
			}},
			{"with verdicts on 180", func(n int) {
				for range n {
					full.Match(jar.Request{URL: cart})
				}
			}},
		},
	}, rounds, slice)
	t.heading("\n%s\n", "The browser's jar, CPU time")
	t.budget(few, res.limitNS/1000, 8, "µs")
	t.budget(many, res.ratio, 1.3, "x")
	for i, p := range res.peers {
		t.info("  "+p.name, res.peerNS[i]/1000, "µs")
	}
}
