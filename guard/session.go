package guard

import (
	"context"
	"errors"
	"net/http"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/session"
)

// Session is the scheme "session": the session cookie says who it is. Where [session.Manager.Handler] stands before the
// guard, its session is used, else the cookie is read here.
//
// Who returns the person with this account id; ID, Email, EmailVerified, Name, Groups and Admin are taken from it, the rest from the
// session. The zero Principal is nobody: [UnknownAccount]. An account that must not sign in any more is an *[Error] with its reason.
//
// No cookie, or an anonymous session, is absent: the next scheme is asked. A session that ended, is unknown, or came twice
// is refused with the reason.
func Session(m *session.Manager, who func(ctx context.Context, subject string) (Principal, error)) Scheme {
	if m == nil {
		return &sessionScheme{nil, who}
	}
	return SessionBy(func(r *http.Request) (*session.Session, error) {
		if sess := session.FromContext(r.Context()); sess != nil {
			return sess, nil
		}
		if len(r.Header["Cookie"]) == 0 {
			return nil, ErrNoCredentials // as Load would find out, at the price of a session
		}
		return m.Load(r)
	}, who)
}

// SessionBy is [Session] for a program that finds the session of a request in a way of its own: by a cookie that stands for it at
// another host. An error of load is a refusal, or [ErrNoCredentials].
func SessionBy(load func(r *http.Request) (*session.Session, error), who func(ctx context.Context, subject string) (Principal, error)) Scheme {
	return &sessionScheme{load, who}
}

type sessionScheme struct {
	load func(r *http.Request) (*session.Session, error)
	who  func(ctx context.Context, subject string) (Principal, error)
}

func (s *sessionScheme) Name() string { return "session" }

func (s *sessionScheme) complete() error {
	if s.load == nil || s.who == nil {
		return errors.New("guard: Session needs a manager and a function that knows the people")
	}
	return nil
}

func (s *sessionScheme) Authenticate(r *http.Request) (*Principal, error) {
	sess, err := s.load(r)
	if errors.Is(err, ErrNoCredentials) {
		return nil, err
	}
	if err != nil {
		return nil, loadError(err)
	}
	rec := sess.Record() // one copy: a sign-in that runs at the same time must not mix two sessions
	if rec.Subject == "" {
		return nil, noPerson(sess)
	}
	if rec.Kind != session.Browser {
		return nil, &Error{Reason: UnknownSession, Detail: "a token's session came as a cookie"}
	}
	person, err := s.who(r.Context(), rec.Subject)
	if err != nil {
		return nil, refusal(err)
	}
	if person.ID == "" {
		return nil, &Error{Reason: UnknownAccount}
	}
	return &Principal{
		ID: person.ID, Email: person.Email, EmailVerified: person.EmailVerified, Name: person.Name, Groups: person.Groups, Admin: person.Admin,
		Via: ViaSession, Session: rec.Handle, AuthTime: rec.AuthTime, AMR: rec.AMR,
	}, nil
}

// noPerson says why a session names nobody: no cookie came, the session is anonymous, or the cookie's session is gone.
func noPerson(sess *session.Session) error {
	if !sess.New() {
		return ErrNoCredentials // anonymous: a form token, a language; it claims to be nobody
	}
	switch why, end := sess.WhyNew(); {
	case why == NoCredentials:
		return ErrNoCredentials
	case end != nil && end.Subject == "":
		return ErrNoCredentials // was anonymous when it ended: nobody was signed in
	case end != nil:
		return ending(end, nil)
	case why == "":
		return &Error{Reason: UnknownSession}
	default:
		return &Error{Reason: why}
	}
}

func loadError(err error) error {
	switch {
	case errors.Is(err, cookie.ErrDuplicate), errors.Is(err, cookie.ErrCaseVariant):
		return &Error{Reason: DuplicateCookie, Err: err}
	case errors.Is(err, cookie.ErrTooMany), errors.Is(err, cookie.ErrHeaderTooLarge):
		return &Error{Reason: TooLarge, Err: err}
	}
	return refusal(err)
}
