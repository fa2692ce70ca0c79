package revocation

import (
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// Revoked is for [jwt.VerifierOptions].Revoked: nil if the token still holds. If its session, its account or its key was revoked, the error is an
// [*Error] that wraps [jwt.ErrRevoked] and has the reason. If that is not known, since the feed is lost for longer than [Options.RefuseAfter] or
// nothing has come yet, it wraps [ErrStale]: answer 503 and not 401, the token may be good.
//
// It asks nobody, waits for nothing, and allocates only to say no.
func (f *Feed) Revoked(t *jwt.Token) error {
	if f.entries == nil {
		return refuse(ErrStale, "the feed was not made by Follow")
	}
	if kid := t.Header().KeyID; f.entries.key(kid) {
		return asRevoked(Error{KeyID: kid, Reason: "key-retired"})
	}
	if sid := t.SessionID(); sid != "" {
		if e, found := f.entries.sessions.find(sid); found {
			return asRevoked(Error{Session: sid, Reason: e.reason.Value()})
		}
	}
	if sub := t.StringClaim("sub"); sub != "" {
		// A token that does not say when it was issued was issued before.
		if e, found := f.entries.accounts.find(sub); found && t.IssuedAt().Before(time.Unix(e.notBefore, 0)) {
			return asRevoked(Error{Account: sub, Reason: e.reason.Value()})
		}
	}
	if f.opts.AcceptWhenLost || !f.view.isOver(f.opts.RefuseAfter) {
		return nil
	}
	return f.stale(time.Now())
}

func (f *Feed) stale(now time.Time) error {
	e := &Error{Rule: ErrStale, Err: f.Status().Err, Detail: "nothing has come yet"}
	if age, known := f.view.age(now); known {
		e.Detail = "got " + age.Round(time.Millisecond).String() + ", limit " + f.opts.RefuseAfter.String()
	}
	return e
}
