package grant

import "time"

// Grace is how long a token may still be presented after its successor was first used: an answer may be lost, and two
// tabs may refresh at the same moment. The limit itself is inside.
const Grace = 30 * time.Second

// rotation is everything of a family that decides about a presented token. The tokens of a family are numbered from 0;
// each is made by the first use of the one before it, so there is never a second branch:
//
//	newest      nobody has used it yet. Its first use makes the next one.
//	newest - 1  its successor, the newest, was not used yet: the same successor again, as often as needed.
//	newest - 2  its successor was first used when the newest was made: the same successor again, for [Grace].
//	older       its successor's successor was used too: theft at once, whatever the clock says.
//
// Grand-parent in the sense of TK-37 and django-oauth-toolkit #1617 therefore counts from the last token that was used.
type rotation struct {
	Newest  int64     // the number of the newest token
	Rotated time.Time // when the newest token was made; not looked at while Newest is 0
	Expires time.Time // the absolute limit; never moves
	Ended   bool
}

// verdict is what is to be done about a presented token.
type verdict int

const (
	refuseEnded   verdict = iota // the family was ended before
	refuseExpired                // the family is past its limit
	endReused                    // theft: end the family
	repeat                       // answer with the successor that was made before
	rotate                       // first use: make the successor
)

// present judges the token with number n, presented at now, and returns the state after it. It is all of the policy;
// storage only finds n and makes the change stick.
func (r rotation) present(n int64, now time.Time) (rotation, verdict) {
	switch {
	case r.Ended:
		return r, refuseEnded
	case now.After(r.Expires): // valid at the limit
		return r, refuseExpired
	case n == r.Newest:
		r.Newest, r.Rotated = n+1, now
		return r, rotate
	case n == r.Newest-1:
		return r, repeat
	case n == r.Newest-2 && !now.After(r.Rotated.Add(Grace)):
		return r, repeat
	default:
		r.Ended = true
		return r, endReused
	}
}
