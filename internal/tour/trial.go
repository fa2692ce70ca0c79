package tour

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/jwt"
)

// trial is one way, being tried. The first error ends it: what comes after does nothing.
type trial struct {
	tour  *tour
	ctx   context.Context
	way   *way
	house *house

	owner    *client // the person's own
	survivor *client // signed in when the store stops
	old      *client // signed in where nothing lasts
	aged     string  // what it held there

	seen        Way
	steps, late []Step
	err         error
}

// story is what happens to a way, in this order.
func (x *trial) story() {
	x.forgotten()
	if x.way.isToken() {
		x.getToken()
	} else {
		x.getCookie()
	}
	x.limits()
	x.olderCopy()
	x.look()
	x.alter()
	x.steal()
	x.closeClient()
	x.measure()
	x.signOut()
	x.survive()
}

func (x *trial) progress(doing string) { x.tour.progress(x.way.label + ": " + doing) }

// do sends a request, unless something went wrong before.
func (x *trial) do(c *client, method, url string, body any) (e exchange) {
	if x.err == nil {
		e, x.err = c.do(x.ctx, method, url, body)
	}
	return e
}

// ask asks the question.
func (x *trial) ask(c *client, rest string) exchange {
	return x.do(c, http.MethodGet, x.way.url(x.house, rest), nil)
}

// must ends the trial if the house does not do its plain duty: then there is nothing to observe.
func (x *trial) must(e exchange, status int, what string) {
	if x.err == nil && e.status != status {
		x.err = fmt.Errorf("tour: %s: %s: %s", x.way.name, what, e.says())
	}
}

func (x *trial) signInAt(h *house, c *client, password string) exchange {
	e := x.do(c, http.MethodPost, h.url+x.way.signIn, map[string]string{"email": h.person.email, "password": password})
	if x.err == nil && x.way.isToken() && e.status == http.StatusOK {
		var t struct {
			Access string `json:"access_token"`
		}
		x.err = json.Unmarshal(e.body, &t)
		c.bearer = t.Access
	}
	return e
}

func (x *trial) signIn(c *client) exchange {
	e := x.signInAt(x.house, c, x.house.person.password)
	x.must(e, http.StatusOK, "sign-in")
	return e
}

// isOwner tells whether an answer takes the client for the person.
//
//go:noinline
func (x *trial) isOwner(e exchange) bool {
	return e.status == http.StatusOK && e.said.You == x.way.who(x.house.person)
}

// forgotten asks twice with nothing in hand.
func (x *trial) forgotten() {
	x.progress("asking twice with nothing in hand")
	nobody := x.tour.net.client(nil)
	defer nobody.close()
	first, second := x.ask(nobody, ""), x.ask(nobody, "")
	x.seen.Forgotten = first.says() == second.says() && !x.isOwner(second)
	x.note(x.way.seeds.first, "Ask \"who am I, and how often was I here?\" with nothing in hand.", first, first.says()+".")
	x.note(x.way.seeds.again, "Ask again, in the same way, on the same connection.", second,
		either(x.seen.Forgotten, second.says()+", as before: HTTP forgets.", second.says()+": not the same answer as before."))
}

// getCookie asks twice with a jar, and signs in.
func (x *trial) getCookie() {
	x.progress("asking twice with a cookie jar")
	c := x.tour.net.client(jar.New(nil))
	x.owner = c
	first := x.ask(c, "")
	handed := x.way.credential(c)
	second := x.ask(c, "")
	x.seen.Remembered = second.said.Visit == first.said.Visit+1
	x.note(x.way.seeds.handed, "Ask with a client that has a cookie jar, still empty.", first,
		fmt.Sprintf("%s; the response hands out %s=%s.", first.says(), x.way.cookie, shorten(handed)))
	held := x.way.credential(c)
	x.note(x.way.seeds.sent, "Ask again. The client sends the cookie by itself.", second,
		second.says()+either(held == handed, ". The cookie is the same as before.", ". The server has changed the cookie and set it again."))
	e := x.signIn(c)
	x.note(x.way.seeds.signIn, "Sign in with e-mail and password.", e,
		e.says()+either(x.way.credential(c) == held, ". The cookie is the same as before.", ". The cookie is another one now."))
	if x.way.name == "session" {
		x.oldID(held)
	}
}

// getToken signs in, and asks twice with the token.
func (x *trial) getToken() {
	x.progress("signing in")
	c := x.tour.net.client(nil)
	x.owner = c
	wrong := x.signInAt(x.house, c, "not the password")
	x.must(wrong, http.StatusUnauthorized, "sign-in with a wrong password")
	x.note(tokenAccount, "Sign in with a wrong password.", wrong, wrong.says()+".")
	e := x.signIn(c)
	if x.err != nil {
		return
	}
	seen, err := jwt.Inspect(c.bearer)
	if err != nil {
		x.err = err
		return
	}
	x.note(tokenPayload, "Sign in with the right one.", e,
		fmt.Sprintf("%d: a token of %d bytes. Its payload: %s. It is signed with %s.", e.status, len(c.bearer), claimNames(seen.Payload), seen.Header.Algorithm))
	x.note(tokenKey, "Before all this, the API fetched the published keys: it will ask for nothing more.", x.house.keys,
		fmt.Sprintf("%d: a public key, with which it can verify and not sign.", x.house.keys.status))
	first, second := x.ask(c, ""), x.ask(c, "")
	x.seen.Remembered = x.isOwner(first) && second.said.Visit == first.said.Visit+1
	x.note(tokenSent, "Ask the API, which is another server, with the token in a header.", first, first.says()+".")
	x.note(tokenData, "Ask again. Nothing in a token changes by use: the API keeps the count, by the user id in it.", second, second.says()+".")
}

// claimNames lists what a payload has to say, with the values that say most.
func claimNames(payload []byte) string {
	var claims struct {
		Subject string `json:"sub"`
		Expires int64  `json:"exp"`
		Issued  int64  `json:"iat"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return "not readable"
	}
	return fmt.Sprintf("user id %s, expires %d s after it was issued", claims.Subject, claims.Expires-claims.Issued)
}

// olderCopy finds out where the data is: whoever holds it can turn it back.
func (x *trial) olderCopy() {
	x.progress("turning back the count")
	if x.err != nil {
		return
	}
	before := x.way.credential(x.owner)
	next := x.ask(x.owner, "")
	copied := x.with(before)
	defer copied.close()
	again := x.ask(copied, "")
	x.note(x.way.seeds.after, "Ask once more.", next, next.says()+".")
	x.seen.DataKept = Server
	observed := again.says() + ": the count goes on. The data is with the server."
	if again.said.Visit <= next.said.Visit {
		x.seen.DataKept = Client
		observed = again.says() + ", again: the count was turned back. The data is with the client."
	}
	x.note(x.way.seeds.where, "Ask with what the client held before that visit.", again, observed)
}

// at lets the trial go on at another house, until the returned function is called.
func (x *trial) at(h *house) (back func()) {
	was := x.house
	x.house = h
	return func() { x.house = was }
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
