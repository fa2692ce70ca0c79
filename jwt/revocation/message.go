package revocation

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// The events of the feed, as docs/revocations.md has them. Those of CAEP 1.0 have its names.
const (
	eventBase       = "https://github.com/cloakroom/cloakroom/event/"
	eventHeartbeat  = eventBase + "heartbeat"
	eventSnapshot   = eventBase + "snapshot"
	eventKeyRetired = eventBase + "key-retired"
	eventRevoked    = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
)

const (
	messageType = "secevent+jwt" // RFC 8417 section 2.3
	mostID      = 256            // bytes of the ID of a session, an account or a key
)

// A message says one thing, and where the feed stands after it.
type message struct {
	kind    kind
	seq     int64
	issued  time.Time
	entries []entry // of a snapshot any number, of what happened one, or none if it is unknown
	part    int     // of a snapshot, from 1
	last    bool
	unknown string // the type of an event that is not known
}

type kind uint8

const (
	happened kind = iota
	heartbeat
	snapshot
)

// set is a security event token (RFC 8417 section 2.2).
type set struct {
	Issuer   string                     `json:"iss"`
	Audience jwt.Audience               `json:"aud"`
	IssuedAt jwt.NumericDate            `json:"iat"`
	ID       string                     `json:"jti"`
	Seq      *int64                     `json:"seq"`
	Subject  subject                    `json:"sub_id"`
	Events   map[string]json.RawMessage `json:"events"`
}

// subject is whom an event is about (RFC 9493 section 3): opaque, iss_sub, or complex, which is made of others.
type subject struct {
	Format  string   `json:"format"`
	ID      string   `json:"id"`
	Issuer  string   `json:"iss"`
	Account string   `json:"sub"`
	Session *subject `json:"session"`
	User    *subject `json:"user"`
}

// parseMessage verifies one message of an issuer. Nothing that it says is looked at before its signature is known to be good.
func parseMessage(token, issuer string, keys jwt.KeySource) (*message, error) {
	s, err := jwt.VerifyPayload[set](token, messageType, keys, []jwt.Algorithm{jwt.ES256})
	if err != nil {
		return nil, &Error{Rule: ErrMessage, Err: err}
	}
	switch audience := issuer + "/revocations"; {
	case s.Issuer != issuer:
		return nil, refuse(ErrMessage, "iss: got "+quote(s.Issuer)+", want "+quote(issuer))
	case !s.Audience.Contains(audience):
		return nil, refuse(ErrMessage, "aud: it is not for "+quote(audience))
	case s.IssuedAt.IsZero():
		return nil, refuse(ErrMessage, "iat: missing")
	case s.ID == "":
		return nil, refuse(ErrMessage, "jti: missing")
	case s.Seq == nil || *s.Seq < 0:
		return nil, refuse(ErrMessage, "seq: missing or negative")
	case len(s.Events) != 1:
		return nil, refuse(ErrMessage, "events: got "+strconv.Itoa(len(s.Events))+", want one")
	}
	m := &message{seq: *s.Seq, issued: s.IssuedAt.Time}
	for name, event := range s.Events {
		err = m.read(name, event, &s.Subject, issuer)
	}
	if err != nil {
		return nil, err
	}
	for i := range m.entries {
		if err := m.entries[i].check(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *message) read(name string, event json.RawMessage, about *subject, issuer string) error {
	switch name {
	case eventHeartbeat:
		m.kind = heartbeat
		return nil
	case eventSnapshot:
		m.kind = snapshot
		var s struct {
			Part    int     `json:"part"`
			Last    bool    `json:"last"`
			Entries []entry `json:"entries"`
		}
		if err := json.Unmarshal(event, &s); err != nil {
			return &Error{Rule: ErrMessage, Detail: "snapshot", Err: err}
		}
		if s.Part < 1 || !s.Last && len(s.Entries) == 0 {
			return refuse(ErrMessage, "snapshot: got part "+strconv.Itoa(s.Part)+" with "+strconv.Itoa(len(s.Entries))+" entries")
		}
		m.part, m.last, m.entries = s.Part, s.Last, s.Entries
		return nil
	case eventRevoked, eventKeyRetired:
	default:
		m.unknown = name
		return nil
	}
	var e entry
	if err := json.Unmarshal(event, &e); err != nil {
		return &Error{Rule: ErrMessage, Detail: "event", Err: err}
	}
	if name == eventRevoked {
		e.KeyID, e.Session, e.Account = "", "", ""
		switch user := about.User; {
		case about.Format == "iss_sub" && about.Issuer == issuer:
			e.Account = about.Account
		case about.Format == "complex" && about.Session != nil && about.Session.Format == "opaque" &&
			(user == nil || user.Format == "iss_sub" && user.Issuer == issuer):
			e.Session, e.NotBefore = about.Session.ID, 0
		default:
			return refuse(ErrMessage, "sub_id: it is about neither a session nor an account of the issuer")
		}
	}
	m.entries = []entry{e}
	return nil
}

// check refuses an entry that says nothing, more than one thing, or what no token could be found by.
func (e *entry) check() error {
	if e.KeyID != "" {
		e.Reason = "key-retired"
	}
	about := e.KeyID != "" && e.Session == "" && e.Account == "" ||
		e.KeyID == "" && e.Session != "" && e.NotBefore == 0 ||
		e.KeyID == "" && e.Session == "" && e.Account != "" && e.NotBefore > 0
	switch {
	case !about:
		return refuse(ErrMessage, "entry: it is about none or several of a session, a time of an account, a key")
	case len(e.Session) > mostID || len(e.Account) > mostID || len(e.KeyID) > mostID || len(e.Reason) > mostID:
		return refuse(ErrMessage, "entry: a name is too long, limit "+strconv.Itoa(mostID)+" bytes")
	case e.Until <= 0:
		return refuse(ErrMessage, "entry: until is missing")
	}
	return nil
}
