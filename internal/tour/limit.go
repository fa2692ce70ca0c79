package tour

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

const (
	manyPath    = "/tour/many"
	manyCookies = 21   // one more than a domain could have by the old rule
	tooLong     = 4097 // octets of name and value: one more than any browser keeps
)

// setMany is a site that knows no measure.
func setMany(w http.ResponseWriter, _ *http.Request) {
	for i := range manyCookies {
		w.Header().Add("Set-Cookie", fmt.Sprintf("c%d=%d; Path=/", i+1, i+1))
	}
	w.Header().Add("Set-Cookie", "long="+strings.Repeat("x", tooLong-len("long"))+"; Path=/")
	w.WriteHeader(http.StatusNoContent)
}

// limits lets a site set more and larger cookies than a client keeps.
func (x *trial) limits() {
	if x.way.name != "plain-cookie" {
		return
	}
	x.progress("setting more than a client keeps")
	nobody := x.tour.net.client(nil)
	defer nobody.close()
	e := x.do(nobody, http.MethodGet, x.house.url+manyPath, nil)
	if x.err != nil {
		return
	}
	lines := e.header.Values("Set-Cookie")
	old, refused := x.keep(lines, "classic")
	today, _ := x.keep(lines, "rfc")
	// The message is shown without what makes it long.
	e.response = strings.ReplaceAll(e.response, strings.Repeat("x", tooLong-len("long")), "xxx…")
	x.note(cookieLimits, fmt.Sprintf("Ask a site that sets %d cookies, the last of them of %d octets.", len(lines), tooLong), e, fmt.Sprintf(
		"By the rule of the first browsers the client keeps %d of them, by today's %d. Refused: %s.", old, today, refused))
}

// keep is how many of the cookies a client with that profile has afterwards, and what it says of one that it refused.
func (x *trial) keep(lines []string, profile string) (kept int, refused string) {
	p, _ := jar.FindProfile(profile)
	j := jar.New(&jar.Options{Profile: p})
	u, err := url.Parse(x.house.url + manyPath)
	if err != nil {
		x.err = err
		return 0, ""
	}
	for _, v := range j.Set(jar.Request{URL: u}, lines...) {
		if v.Outcome == jar.Rejected {
			refused = v.Name + ", " + v.Detail
		}
	}
	return len(j.All()), refused
}
