package server

import (
	"errors"
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/session"
)

// Why a browser is sent to and fro between an app and its sign-in. The diagnosis page has a sentence for each, and looks for more.
const (
	strayNoVisit   = guard.Reason("visit-cookie-lost")      // no cookie came back to the app's host
	strayUnseen    = guard.Reason("check-without-cookie")   // a good session cookie came here, and not with the check
	strayLost      = guard.Reason("session-cookie-lost")    // the visit cookie came back, and the session cookie did not
	strayForeign   = guard.Reason("session-cookie-foreign") // somebody else sets a cookie of our name there
	strayTooMany   = guard.Reason("too-many-cookies")
	strayDuplicate = session.DuplicateCookie
)

// maxBounces is how often a browser may begin anew in a minute before it is told what is wrong.
const maxBounces = 5

// stray counts how often this browser begins in its visit cookie, and says why it does not get any further once that is too often.
func (s *Server) stray(r *http.Request, at *site, v *visit) guard.Reason {
	now := time.Now().Unix()
	if since := now - v.Began; since < 0 || since >= 60 {
		v.Began, v.Bounces = now, 0
	}
	if v.Bounces++; v.Bounces <= maxBounces {
		return ""
	}
	_, err := cookie.Get(r.Header, sessionCookie)
	switch {
	case errors.Is(err, http.ErrNoCookie):
		return strayLost
	case errors.Is(err, cookie.ErrTooMany), errors.Is(err, cookie.ErrHeaderTooLarge):
		return strayTooMany
	case err != nil:
		return strayDuplicate
	}
	switch d := at.guard.Check(r); {
	case d.Allowed():
		return strayUnseen
	case d.Reason() == guard.UnknownSession:
		return strayForeign
	default:
		return d.Reason()
	}
}
