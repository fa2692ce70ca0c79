package tour

import (
	"bytes"
	"net/http"
	"os"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// way is one way of being remembered.
type way struct {
	name, label     string
	cookie          string // the one that carries the credential; "" = a token in the Authorization header
	signIn, signOut string
	seeds           seeds
	carries         string // what the credential is, in a few words
	who             func(person) string
	demo            func(credential string) int // the byte whose change is shown
}

var cookieNames = map[string]string{"plain-cookie": "tour", "sealed-cookie": "__Host-tour", "session": "__Host-session"}

func byName(p person) string  { return p.name }
func byID(p person) string    { return p.id }
func firstByte(string) int    { return 0 }
func middleByte(s string) int { return len(s) / 2 }

var ways = []*way{
	{
		name: "plain-cookie", label: "plain cookie", cookie: cookieNames["plain-cookie"], carries: "name and count, as they are",
		signIn: "/tour/plain-cookie/signin", signOut: "/tour/plain-cookie/signout",
		seeds: cookieSeeds, who: byName, demo: firstByte,
	},
	{
		name: "sealed-cookie", label: "sealed cookie", cookie: cookieNames["sealed-cookie"], carries: "the same, locked by the server",
		signIn: "/tour/sealed-cookie/signin", signOut: "/tour/sealed-cookie/signout",
		seeds: cookieSeeds, who: byName, demo: middleByte,
	},
	{
		name: "session", label: "session", cookie: cookieNames["session"], carries: "a random number; the server has the rest",
		signIn: "/api/signin", signOut: "/api/signout",
		seeds: sessionSeeds, who: byName, demo: middleByte,
	},
	{
		name: "token", label: "token", carries: "a signed statement of who this is",
		signIn: "/api/token", signOut: "/api/signout",
		seeds: tokenSeeds, who: byID, demo: middleByte,
	},
}

func (w *way) isToken() bool { return w.cookie == "" }

// url is where the question is asked: at the house, or for a token at the API, which is another server.
func (w *way) url(h *house, rest string) string {
	if w.isToken() {
		return h.api + w.path(rest)
	}
	return h.url + w.path(rest)
}

func (w *way) path(rest string) string { return "/tour/" + w.name + rest }

// credential is what the client of this way holds.
func (w *way) credential(c *client) string {
	if w.isToken() {
		return c.bearer
	}
	return c.cookie(w.cookie)
}

// with is another client that has nothing but this credential: a copy, a forgery, an old one.
func (x *trial) with(credential string) *client {
	if x.way.isToken() {
		c := x.tour.net.client(nil)
		c.bearer = credential
		return c
	}
	c := x.tour.net.client(jar.New(nil))
	r, err := http.NewRequest(http.MethodGet, x.way.url(x.house, ""), nil)
	if err == nil {
		err = c.receive(r, []string{x.way.cookie + "=" + credential + "; Path=/; Secure"})
	}
	if x.err == nil {
		x.err = err
	}
	return c
}

// reopen is the client as it is when it was closed and started again, with what it wrote to a file. A browser has forgotten
// the cookies without an expiry; a program keeps its token as it likes, and this one writes it down.
func (x *trial) reopen(c *client, file string) (*client, error) {
	if x.way.isToken() {
		if err := os.WriteFile(file, []byte(c.bearer), 0o600); err != nil {
			return nil, err
		}
		token, err := os.ReadFile(file)
		return x.with(string(token)), err
	}
	var text bytes.Buffer
	if err := jar.Write(&text, c.jar.All()); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return nil, err
	}
	f, err := jar.Open(file, nil)
	if err != nil {
		return nil, err
	}
	return x.tour.net.client(f.Jar), nil
}

// other is a different character of the same kind, so that a changed credential still looks like one.
func other(b byte) byte {
	switch {
	case b == '9':
		return '0'
	case b == 'z':
		return 'a'
	case b == 'Z':
		return 'A'
	case '0' <= b && b <= '9', 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z':
		return b + 1
	}
	return 'x'
}

// altered is the credential with one byte changed.
func altered(credential string, at int) string {
	b := []byte(credential)
	b[at] = other(b[at])
	return string(b)
}
