package tour

import (
	"fmt"
	"strings"

	"github.com/cloakroom/cloakroom/internal/pattern"
)

// Step is one thing that was done and seen. Request and Response are the messages as they travelled, with what is secret in
// them shortened; both are empty where something was only looked at.
type Step struct {
	N        int    `json:"n"`
	Seed     string `json:"seed"` // the step of the systems in DESIGN section 1 that this one shows
	What     string `json:"what"`
	Request  string `json:"request"`
	Response string `json:"response"`
	Observed string `json:"observed"`

	way string
}

// The steps of the systems, in the words of DESIGN section 1. A whole tour shows every one of them.
const (
	webURL      = "how the Web works: a URL is typed"
	webDNS      = "how the Web works: DNS finds the address"
	webRequest  = "how the Web works: an HTTP request message is made"
	webOut      = "how the Web works: it travels over TCP/IP"
	webResponse = "how the Web works: the server makes a response message"
	webBack     = "how the Web works: it travels back"
	webPage     = "how the Web works: it becomes a page that a person reads"

	cookieStateless = "cookie: HTTP is stateless and connectionless"
	cookieSet       = "cookie: a key and a value, made by Set-Cookie"
	cookieSent      = "cookie: sent by itself"
	cookieChanged   = "cookie: read, changed and set again by the server"
	cookieKept      = "cookie: kept when the browser ends"
	cookieLimits    = "cookie: limited in number (300 in all, 20 a domain, in the old rule) and size (4 KB)"
	cookieExpires   = "cookie: until it expires"

	sessionID      = "session: an id handed out at first contact"
	sessionSent    = "session: kept by the client in a cookie and sent with each request"
	sessionData    = "session: the data stays on the server, found by the id"
	sessionBrowser = "session: it lasts until the browser ends"
	sessionLimit   = "session: or until a time limit"
	sessionCost    = "session: it costs server memory and time"

	versusWhere   = "cookie against session: where the data is"
	versusSpeed   = "cookie against session: speed"
	versusSniffed = "cookie against session: safety, sniffed"
	versusAltered = "cookie against session: safety, altered"

	tokenAccount = "token login: the account is read and checked"
	tokenPayload = "token login: the user's id goes into a payload, an expiry is set, signed: an access token"
	tokenSent    = "token login: the client keeps it and sends it in a header"
	tokenKey     = "token login: the server has the key"
	tokenVerify  = "token login: the server verifies signature, tampering and expiry"
	tokenData    = "token login: the payload is decoded, the data of that user id found"
)

// seeds are which of them a trial shows when it is made of a way.
type seeds struct {
	first, again, handed, sent, signIn, after, where, closed, cost, signOut, stopped, aging, expired string
}

var cookieSeeds = seeds{
	first: webRequest, again: cookieStateless, handed: cookieSet, sent: cookieSent, signIn: cookieChanged, after: cookieChanged,
	where: versusWhere, closed: cookieKept, cost: versusSpeed, signOut: cookieChanged, stopped: versusWhere, aging: cookieExpires, expired: cookieExpires,
}

var sessionSeeds = seeds{
	first: webRequest, again: cookieStateless, handed: sessionID, sent: sessionData, signIn: sessionSent, after: sessionData,
	where: versusWhere, closed: sessionBrowser, cost: versusSpeed, signOut: sessionData, stopped: versusWhere, aging: sessionLimit, expired: sessionLimit,
}

var tokenSeeds = seeds{
	first: webRequest, again: cookieStateless, signIn: tokenPayload, sent: tokenVerify, after: tokenData,
	where: versusWhere, closed: tokenSent, cost: versusSpeed, signOut: tokenSent, stopped: versusWhere, aging: tokenPayload, expired: tokenVerify,
}

// secretLike is what is as long and as random as our ids, seals and tokens.
var secretLike = pattern.Lazy(`[A-Za-z0-9_-]{32,}(\.[A-Za-z0-9_-]+)*`)

// shorten keeps enough of a secret to recognise it, and not enough to use it.
func shorten(text string) string {
	return secretLike().ReplaceAllStringFunc(text, func(s string) string {
		return fmt.Sprintf("%s…%s(%d)", s[:6], s[len(s)-3:], len(s))
	})
}

func (t *tour) hide(message string) string {
	for _, h := range []*house{t.main, t.brief} {
		message = strings.ReplaceAll(message, h.person.password, "(password)")
	}
	return shorten(strings.ReplaceAll(message, "\r\n", "\n"))
}

// note writes a step down. What is expired comes late, whenever it was begun.
//
//go:noinline
func (x *trial) note(seed, what string, e exchange, observed string) {
	if x.err != nil {
		return
	}
	x.steps = append(x.steps, x.step(seed, what, e, observed))
}

func (x *trial) noteLate(seed, what string, e exchange, observed string) {
	if x.err != nil {
		return
	}
	x.late = append(x.late, x.step(seed, what, e, observed))
}

func (x *trial) step(seed, what string, e exchange, observed string) Step {
	return Step{Seed: seed, What: what, Request: x.tour.hide(e.request), Response: x.tour.hide(e.response), Observed: observed, way: x.way.label}
}
