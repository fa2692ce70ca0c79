package tour

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// closeClient ends the client and starts it again: it has what it wrote to its disk.
func (x *trial) closeClient() {
	x.progress("closing the client and opening it again")
	if x.err != nil {
		return
	}
	held := x.way.credential(x.owner)
	x.owner.close()
	if x.owner, x.err = x.reopen(x.owner, filepath.Join(x.tour.dir, x.way.name)); x.err != nil {
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
	by := x.with(held)
	defer by.close()
	e = x.ask(by, "")
	x.note(x.way.seeds.closed, "Send what the closed browser has forgotten.", e,
		either(x.isOwner(e), e.says()+": the server did not see the browser end. Only a time limit frees what it keeps.", e.says()+"."))
	e = x.signIn(x.owner)
	x.note(x.way.seeds.signIn, "Sign in again.", e, e.says()+".")
}

// survive signs in once more, for when the store stops.
func (x *trial) survive() {
	if x.err != nil {
		return
	}
	x.survivor = x.tour.net.client(nil)
	if !x.way.isToken() {
		x.survivor.jar = jar.New(nil)
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
	x.old = x.tour.net.client(nil)
	if !x.way.isToken() {
		x.old.jar = jar.New(nil)
	}
	e := x.signIn(x.old)
	x.noteLate(x.way.seeds.aging, fmt.Sprintf("Sign in at a second server, where everything lasts %d s.", int(briefLife.Seconds())), e, e.says()+".")
	e = x.ask(x.old, "")
	x.must(e, http.StatusOK, "at once")
	x.noteLate(x.way.seeds.aging, "Ask at once.", e, e.says()+".")
	if x.err == nil {
		x.aged = x.way.credential(x.old)
	}
}

// expired asks there again when the time is over; what a client forgets by itself is sent by hand.
func (x *trial) expired() {
	if x.err != nil {
		return
	}
	defer x.at(x.tour.brief)()
	held := x.with(x.aged)
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
