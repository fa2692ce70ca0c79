package tour

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

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
func (x *trial) isOwner(e exchange) bool {
	return e.status == http.StatusOK && e.said.You == x.way.who(x.house.person)
}

// forgotten asks twice with nothing in hand.
func (x *trial) forgotten() {
	x.progress("asking twice with nothing in hand")
	nobody := newClient(nil)
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
	c := newClient(newJar())
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

// oldID uses the id from before the sign-in, which somebody else may have known or even planted.
func (x *trial) oldID(id string) {
	if x.err != nil {
		return
	}
	c := x.way.with(id)
	defer c.close()
	e := x.ask(c, "")
	x.note(sessionID, "Use the id from before the sign-in, which somebody may have planted.", e,
		either(e.status == http.StatusOK, e.says()+": it still works.", e.says()+": whoever knew it has nothing."))
}

// getToken signs in, and asks twice with the token.
func (x *trial) getToken() {
	x.progress("signing in")
	c := newClient(nil)
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
	copied := x.way.with(before)
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

// look reads the credential as anybody can who gets to see it.
func (x *trial) look() {
	if x.err != nil {
		return
	}
	credential, p := x.way.credential(x.owner), x.house.person
	x.seen.carried = shorten(credential)
	text := credential
	if seen, err := jwt.Inspect(credential); err == nil {
		text = string(seen.Payload)
	}
	x.seen.Readable = strings.Contains(text, p.name) || strings.Contains(text, p.id)
	observed := shorten(credential) + " says nothing about anybody."
	if x.seen.Readable {
		observed = "It says who this is: " + shorten(text)
	}
	x.note(versusSniffed, "Look at what the client carries, without any key.", exchange{}, observed)
}

// alter changes each byte of the credential in turn.
func (x *trial) alter() {
	x.progress("altering each byte")
	if x.err != nil {
		return
	}
	credential := x.way.credential(x.owner)
	shown := x.way.demo(credential)
	var show exchange
	for i := range credential {
		forger, rest := x.way.with(altered(credential, i)), "/who"
		if i == shown {
			rest = ""
		}
		e := x.ask(forger, rest)
		forger.close()
		if x.err != nil {
			return
		}
		if i == shown {
			show = e
		}
		x.seen.alteredTried++
		if e.status == http.StatusOK {
			x.seen.alteredAccepted++
		}
	}
	x.seen.Altered = verdict(x.seen.alteredAccepted > 0)
	was, is := credential[shown], other(credential[shown])
	observed := show.says() + "."
	if n := len(show.said.Checks); n > 0 {
		observed += " It checked " + strings.Join(show.said.Checks, ", ") + "."
	}
	seed := versusAltered
	if x.way.isToken() {
		seed = tokenVerify
	}
	x.note(seed, fmt.Sprintf("Change byte %d of %d, from %q to %q.", shown+1, len(credential), was, is), show,
		fmt.Sprintf("%s Of the %d bytes, each changed once, %s.", observed, x.seen.alteredTried, ofThem(x.seen.alteredAccepted, "was believed", "were believed")))
}

// steal copies the credential to somebody else's client.
func (x *trial) steal() {
	x.progress("stealing a copy")
	if x.err != nil {
		return
	}
	thief := x.way.with(x.way.credential(x.owner))
	defer thief.close()
	e := x.ask(thief, "")
	x.seen.StolenCopy = verdict(x.isOwner(e))
	x.note(versusSniffed, "Copy it to a second client, and ask there.", e,
		either(x.isOwner(e), e.says()+": the server cannot tell a copy from the original.", e.says()+"."))
}

// closeClient ends the client and starts it again: it has what it wrote to its disk.
func (x *trial) closeClient() {
	x.progress("closing the client and opening it again")
	if x.err != nil {
		return
	}
	held := x.way.credential(x.owner)
	x.owner.close()
	if x.owner, x.err = x.way.reopen(x.owner, filepath.Join(x.tour.dir, x.way.name)); x.err != nil {
		return
	}
	e := x.ask(x.owner, "")
	x.seen.BrowserClosed = Gone
	what := "Close the browser, open it again, and ask."
	if x.isOwner(e) {
		x.seen.BrowserClosed = Kept
	}
	if x.way.isToken() {
		what = "Close the program, which has written its token to a file, start it again, and ask."
	}
	x.note(x.way.seeds.closed, what, e, e.says()+either(x.isOwner(e), ": kept.", ": gone."))
	if x.err != nil || x.isOwner(e) {
		return
	}
	by := x.way.with(held)
	defer by.close()
	e = x.ask(by, "")
	x.note(x.way.seeds.closed, "Send what the closed browser has forgotten.", e,
		either(x.isOwner(e), e.says()+": the server did not see the browser end. Only a time limit frees what it keeps.", e.says()+"."))
	e = x.signIn(x.owner)
	x.note(x.way.seeds.signIn, "Sign in again.", e, e.says()+".")
}

// signOut signs the owner out, and uses a copy that was made before.
func (x *trial) signOut() {
	x.progress("signing out, and using a copy")
	if x.err != nil {
		return
	}
	thief := x.way.with(x.way.credential(x.owner))
	defer thief.close()
	out := x.do(x.owner, http.MethodPost, x.house.url+x.way.signOut, nil)
	x.must(out, http.StatusNoContent, "sign-out")
	x.note(x.way.seeds.signOut, "Sign out.", out,
		out.says()+either(x.way.credential(x.owner) == "", ": the client was told to forget it, and did.", ": the client still has it."))
	e := x.ask(thief, "")
	x.seen.AfterSignOut = verdict(x.isOwner(e))
	x.note(versusSniffed, "Use a copy that was made before.", e,
		either(x.isOwner(e), e.says()+": signing out did not reach the copy.", e.says()+": signing out ended the copy too."))
	if x.way.isToken() {
		e = x.do(thief, http.MethodGet, x.house.url+"/api/me", nil)
		x.seen.AtIssuer = verdict(e.status == http.StatusOK)
		x.note(tokenVerify, "Use it at the server that issued it, which keeps a list of what has ended.", e, e.says()+".")
	}
}

// survive signs in once more, for when the store stops.
func (x *trial) survive() {
	if x.err != nil {
		return
	}
	x.survivor = newClient(nil)
	if !x.way.isToken() {
		x.survivor.jar = newJar()
	}
	e := x.signIn(x.survivor)
	x.note(x.way.seeds.signIn, "Sign in once more, for what follows.", e, e.says()+".")
}

// storeStopped asks a server that has lost its databases.
func (x *trial) storeStopped() {
	x.progress("asking without the store")
	what := "The server's databases are closed. Ask."
	if x.way.name == "session" {
		e := x.ask(x.survivor, "/who")
		x.note(x.way.seeds.stopped, "The server's databases are closed. Ask who I am.", e,
			either(x.isOwner(e), e.says()+": the session was still in the server's memory.", e.says()+"."))
		x.house.app.Sessions().SetStale(true) // as after a restart
		what = "The server's memory is emptied, as by a restart. Ask."
	}
	e := x.ask(x.survivor, either(x.way.name == "session", "/who", ""))
	x.seen.StoreStopped = verdict(x.isOwner(e))
	x.note(x.way.seeds.stopped, what, e, e.says()+".")
}

// beginAging signs in at the server where everything lasts two seconds.
func (x *trial) beginAging() {
	defer x.at(x.tour.brief)()
	x.old = newClient(nil)
	if !x.way.isToken() {
		x.old.jar = newJar()
	}
	e := x.signIn(x.old)
	x.noteLate(x.way.seeds.aging, fmt.Sprintf("Sign in at a second server, where everything lasts %d s.", int(briefLife.Seconds())), e, e.says()+".")
	e = x.ask(x.old, "")
	x.must(e, http.StatusOK, "at once")
	x.noteLate(x.way.seeds.aging, "Ask at once.", e, e.says()+".")
}

// expired asks there again when the time is over; what a client forgets by itself is sent by hand.
func (x *trial) expired() {
	if x.err != nil {
		return
	}
	defer x.at(x.tour.brief)()
	held := x.way.with(x.way.credential(x.old))
	defer held.close()
	if !x.way.isToken() {
		e := x.ask(x.old, "")
		sent := strings.Contains(e.request, x.way.cookie+"=")
		x.noteLate(x.way.seeds.expired, "Wait until its time is over, and ask.", e,
			e.says()+either(sent, "; the client still sent the cookie.", "; the client had forgotten the cookie by itself."))
		if sent {
			x.seen.Expired = verdict(x.isOwner(e))
			return
		}
	}
	e := x.ask(held, "")
	x.seen.Expired = verdict(x.isOwner(e))
	x.noteLate(x.way.seeds.expired, either(x.way.isToken(), "Wait until its time is over, and ask.", "Send it all the same, from a copy."), e,
		either(x.isOwner(e), e.says()+": the server does not know that its time is over.", e.says()+"."))
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

func ofThem(n int, one, more string) string {
	switch n {
	case 0:
		return "none " + one
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
