package tour

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// oldID uses the id from before the sign-in, which somebody else may have known or even planted.
func (x *trial) oldID(id string) {
	if x.err != nil {
		return
	}
	c := x.with(id)
	defer c.close()
	e := x.ask(c, "")
	x.note(sessionID, "Use the id from before the sign-in, which somebody may have planted.", e,
		either(e.status == http.StatusOK, e.says()+": it still works.", e.says()+": whoever knew it has nothing."))
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
	// With the dot after it: three letters come together by chance in one of five thousand seals.
	x.seen.Readable = strings.Contains(text, p.name+".") || strings.Contains(text, p.id)
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
		forger, rest := x.with(altered(credential, i)), "/who"
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
	thief := x.with(x.way.credential(x.owner))
	defer thief.close()
	e := x.ask(thief, "")
	x.seen.StolenCopy = verdict(x.isOwner(e))
	x.note(versusSniffed, "Copy it to a second client, and ask there.", e,
		either(x.isOwner(e), e.says()+": the server cannot tell a copy from the original.", e.says()+"."))
}

// signOut signs the owner out, and uses a copy that was made before.
func (x *trial) signOut() {
	x.progress("signing out, and using a copy")
	if x.err != nil {
		return
	}
	thief := x.with(x.way.credential(x.owner))
	defer thief.close()
	out := x.do(x.owner, http.MethodPost, x.house.url+x.way.signOut, nil)
	signedOut := time.Now()
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
		x.atFollower(thief, signedOut)
	}
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
