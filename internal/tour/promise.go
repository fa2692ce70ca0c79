package tour

import "fmt"

// promise is what the design says of a way (DESIGN section 1 and the guarantees of the packages). A tour that sees
// something else has found a fault, in the code or in the design.
type promise struct {
	dataKept                                                                string
	altered, stolenCopy, afterSignOut, expired, storeStopped, browserClosed string
	readable                                                                bool
	atIssuer, followed                                                      string
}

var promises = map[string]promise{
	// Nothing protects it: that is what it is shown for. Its expiry is a request to the client.
	"plain-cookie": {dataKept: Client, altered: Accepted, stolenCopy: Accepted, afterSignOut: Accepted, expired: Accepted, storeStopped: Accepted, browserClosed: Kept, readable: true},
	// The seal holds who wrote it, what and until when; it does not know that somebody signed out.
	"sealed-cookie": {dataKept: Client, altered: Refused, stolenCopy: Accepted, afterSignOut: Accepted, expired: Refused, storeStopped: Accepted, browserClosed: Kept},
	// Whoever has the id is the person, until the session ends; then nobody is. Without a store nobody is known.
	"session": {dataKept: Server, altered: Refused, stolenCopy: Accepted, afterSignOut: Refused, expired: Refused, storeStopped: Refused, browserClosed: Gone},
	// Signed, not encrypted, and verified without asking anybody: so nobody can call it back before its expiry, but at the
	// server that issued it, and at one that is told what has ended.
	"token": {dataKept: Server, altered: Refused, stolenCopy: Accepted, afterSignOut: Accepted, expired: Refused, storeStopped: Accepted, browserClosed: Kept, readable: true, atIssuer: Refused, followed: Refused},
}

// Broken is an observation that contradicts a promise.
type Broken struct{ Way, What, Promised, Observed string }

func (b Broken) String() string {
	return fmt.Sprintf("%s: %s: promised %s, observed %s", b.Way, b.What, b.Promised, b.Observed)
}

// Broken holds the report against the promises and returns what contradicts them; nothing is as it should be.
func (r *Report) Broken() []Broken {
	var out []Broken
	for i := range r.Ways {
		out = append(out, r.Ways[i].broken()...)
	}
	return out
}

func (w *Way) broken() (out []Broken) {
	p, ok := promises[w.Name]
	if !ok {
		return []Broken{{w.Name, "name", "one of the ways", "unknown"}}
	}
	yes := func(b bool) string { return either(b, "yes", "no") }
	for _, c := range []struct{ what, promised, observed string }{
		{"asked_twice_forgotten", "yes", yes(w.Forgotten)},
		{"asked_twice_remembered", "yes", yes(w.Remembered)},
		{"data_kept", p.dataKept, w.DataKept},
		{"readable", yes(p.readable), yes(w.Readable)},
		{"altered", p.altered, w.Altered},
		{"stolen_copy", p.stolenCopy, w.StolenCopy},
		{"after_sign_out", p.afterSignOut, w.AfterSignOut},
		{"after_sign_out_at_issuer", p.atIssuer, w.AtIssuer},
		{"after_sign_out_followed", p.followed, w.Followed},
		{"browser_closed", p.browserClosed, w.BrowserClosed},
		{"store_stopped", p.storeStopped, w.StoreStopped},
		{"expired", p.expired, w.Expired},
	} {
		if c.observed != c.promised {
			out = append(out, Broken{w.Name, c.what, c.promised, c.observed})
		}
	}
	return out
}
