package app

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

const (
	// SetType is the `typ` of the feed's messages (RFC 8417 section 2.3).
	SetType = "secevent+jwt"

	eventSession   = "https://schemas.openid.net/secevent/caep/event-type/session-revoked" // CAEP 1.0 section 3.1
	eventBase      = "https://github.com/cloakroom/cloakroom/event/"
	eventKey       = eventBase + "key-retired"
	eventHeartbeat = eventBase + "heartbeat"
	eventSnapshot  = eventBase + "snapshot"
)

// FeedMessage is one message of the feed: a security event token.
type FeedMessage struct {
	Seq    int64  // where the feed stands after it
	ID     string // its jti
	Set    string // the token, in compact form
	Resume bool   // whoever has it may go on behind Seq; not behind a part of a snapshot that is not the last
}

// set is the payload of a security event token (RFC 8417 section 2.2).
type set struct {
	Issuer   string         `json:"iss"`
	Audience string         `json:"aud"`
	IssuedAt int64          `json:"iat"`
	ID       string         `json:"jti"`
	Seq      int64          `json:"seq"`
	Subject  *subjectID     `json:"sub_id,omitempty"`
	Events   map[string]any `json:"events"` // exactly one
}

// subjectID is whom it is about (RFC 9493).
type subjectID struct {
	Format  string     `json:"format"` // complex, opaque, iss_sub
	ID      string     `json:"id,omitempty"`
	Issuer  string     `json:"iss,omitempty"`
	Account string     `json:"sub,omitempty"`
	Session *subjectID `json:"session,omitempty"`
	User    *subjectID `json:"user,omitempty"`
}

// happened is the event of an entry.
type happened struct {
	At        int64          `json:"event_timestamp"`
	Initiator string         `json:"initiating_entity,omitempty"`
	Reason    session.Reason `json:"reason,omitempty"`
	NotBefore int64          `json:"not_before,omitempty"`
	Key       string         `json:"kid,omitempty"`
	Until     int64          `json:"until"`
}

type snapshot struct {
	Part    int             `json:"part"`
	Last    bool            `json:"last"`
	Entries []snapshotEntry `json:"entries"`
}

type snapshotEntry struct {
	Session   string         `json:"sid,omitempty"`
	Subject   string         `json:"sub,omitempty"`
	Key       string         `json:"kid,omitempty"`
	NotBefore int64          `json:"not_before,omitempty"`
	Reason    session.Reason `json:"reason,omitempty"`
	Until     int64          `json:"until"`
}

// scribe writes messages in the name of the house.
type scribe struct{ issuer string }

func (s scribe) entry(key *jwt.Key, e grant.Entry, now time.Time) (FeedMessage, error) {
	user := &subjectID{Format: "iss_sub", Issuer: s.issuer, Account: e.Subject}
	event := happened{At: e.At.Unix(), Initiator: initiator(e.Reason), Reason: e.Reason, Key: e.Key, Until: seconds(e.Until)}
	kind, subject := eventSession, user
	switch e.Kind {
	case grant.SessionEntry:
		subject = &subjectID{Format: "complex", Session: &subjectID{Format: "opaque", ID: e.Session}, User: user}
	case grant.AccountEntry:
		event.NotBefore = e.NotBefore.Unix()
	case grant.KeyEntry:
		kind, subject, event.Initiator = eventKey, &subjectID{Format: "opaque", ID: e.Key}, ""
	}
	return s.sign(key, setID(e.Seq), e.Seq, now, subject, kind, event)
}

func (s scribe) heartbeat(key *jwt.Key, seq int64, now time.Time) (FeedMessage, error) {
	id := "h" + strconv.FormatInt(seq, 10) + "-" + strconv.FormatInt(now.UnixNano(), 36)
	return s.sign(key, id, seq, now, nil, eventHeartbeat, struct{}{})
}

func (s scribe) snapshot(key *jwt.Key, seq int64, part int, last bool, es []grant.Entry, now time.Time) (FeedMessage, error) {
	body := snapshot{Part: part, Last: last, Entries: make([]snapshotEntry, len(es))}
	for i, e := range es {
		body.Entries[i] = snapshotEntry{Session: e.Session, Subject: e.Subject, Key: e.Key, Reason: e.Reason, Until: seconds(e.Until)}
		if e.Kind == grant.AccountEntry {
			body.Entries[i].NotBefore = e.NotBefore.Unix()
		}
	}
	id := "s" + strconv.FormatInt(seq, 10) + "-" + strconv.Itoa(part) + "-" + strconv.FormatInt(now.UnixNano(), 36)
	m, err := s.sign(key, id, seq, now, nil, eventSnapshot, body)
	m.Resume = last
	return m, err
}

func (s scribe) sign(key *jwt.Key, id string, seq int64, at time.Time, subject *subjectID, kind string, event any) (FeedMessage, error) {
	payload, err := json.Marshal(set{
		Issuer: s.issuer, Audience: s.issuer + "/revocations", IssuedAt: at.Unix(), ID: id, Seq: seq,
		Subject: subject, Events: map[string]any{kind: event},
	})
	if err != nil {
		return FeedMessage{}, err
	}
	text, err := jwt.SignPayload(key, SetType, payload)
	return FeedMessage{Seq: seq, ID: id, Set: text, Resume: true}, err
}

// setID is the jti of what happened.
func setID(seq int64) string { return "r" + strconv.FormatInt(seq, 10) }

// ParseSetID reads the number in the jti of what happened. Only the spelling of setID is one.
func ParseSetID(jti string) (seq int64, ok bool) {
	if len(jti) < 2 || jti[0] != 'r' {
		return 0, false
	}
	seq, ok = ParseFeedPosition(jti[1:])
	return seq, ok && seq > 0
}

// ParseFeedPosition reads a number of the feed in the one way of writing it: decimal digits without a sign or leading zeros.
func ParseFeedPosition(text string) (seq int64, ok bool) {
	seq, err := strconv.ParseInt(text, 10, 64)
	return seq, err == nil && seq >= 0 && strconv.FormatInt(seq, 10) == text
}

// seconds rounds up: an entry forgotten too early would let a token live.
func seconds(t time.Time) int64 { return t.Add(time.Second - 1).Unix() }

// initiator is who made a session end (CAEP 1.0 section 2).
func initiator(why session.Reason) string {
	switch why {
	case session.SignedOut, session.SignedOutElsewhere, session.PasswordChanged, session.Renewed:
		return "user"
	case session.AccountDisabled, session.EndedByAdmin:
		return "admin"
	case session.Evicted, session.Idle, session.Lifetime:
		return "policy"
	}
	return "system"
}
