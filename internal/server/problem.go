package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
	"github.com/cloakroom/cloakroom/session"
)

var (
	errNotFound = &app.Error{Reason: guard.NotFound}
	errMethod   = &app.Error{Reason: guard.MethodNotAllowed}
	errNotJSON  = &app.Error{Reason: guard.UnsupportedMediaType, Detail: "The body must be application/json."}
)

// statuses is the one place where a reason becomes a status. What is not in it is 401: not signed in, for
// one of the reasons for which a session ends.
var statuses = map[guard.Reason]int{
	guard.MalformedRequest:         http.StatusBadRequest,
	guard.InvalidInput:             http.StatusBadRequest,
	guard.InvalidEmail:             http.StatusBadRequest,
	session.DuplicateCookie:        http.StatusBadRequest,
	guard.DuplicateCredentials:     http.StatusBadRequest,
	guard.WeakPassword:             http.StatusBadRequest,
	guard.InvalidReturnTo:          http.StatusBadRequest,
	guard.UntrustedProxy:           http.StatusForbidden,
	guard.InsufficientScope:        http.StatusForbidden,
	guard.NotInGroup:               http.StatusForbidden,
	guard.AdminRequired:            http.StatusForbidden,
	guard.ReauthenticationRequired: http.StatusForbidden,
	guard.SignupClosed:             http.StatusForbidden,
	guard.CrossOrigin:              http.StatusForbidden,
	guard.FormToken:                http.StatusForbidden,
	guard.CookieRefused:            http.StatusForbidden,
	guard.UnknownHost:              http.StatusForbidden,
	guard.AmbiguousPath:            http.StatusForbidden,
	guard.ForeignCode:              http.StatusForbidden,
	guard.WrongClock:               http.StatusServiceUnavailable,
	guard.NotFound:                 http.StatusNotFound,
	guard.MethodNotAllowed:         http.StatusMethodNotAllowed,
	guard.Taken:                    http.StatusConflict,
	guard.InvalidLink:              http.StatusGone,
	guard.ExpiredLink:              http.StatusGone,
	guard.SetupDone:                http.StatusGone,
	guard.TooLarge:                 http.StatusRequestEntityTooLarge,
	guard.UnsupportedMediaType:     http.StatusUnsupportedMediaType,
	guard.NotAcceptable:            http.StatusNotAcceptable,
	guard.Throttled:                http.StatusTooManyRequests,
	guard.InternalError:            http.StatusInternalServerError,
	guard.AppUnreachable:           http.StatusBadGateway,
	guard.Busy:                     http.StatusServiceUnavailable,
	guard.StoreUnavailable:         http.StatusServiceUnavailable,
}

func status(reason guard.Reason) int {
	if code, ok := statuses[reason]; ok {
		return code
	}
	return http.StatusUnauthorized
}

// refusedError is the no of a guard on its way to whoever writes it down.
type refusedError struct{ decision guard.Decision }

func (e *refusedError) Error() string { return "server: " + string(e.decision.Reason()) }
func (e *refusedError) Unwrap() error { return e.decision.Err }

// problem is the body of a refused request (RFC 9457).
type problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Reason guard.Reason `json:"reason"`
	Field  string       `json:"field,omitempty"`
}

// describe finds what may be said of an error. What it does not know is ours to mend, not the caller's: they
// hear that something is out of order, and the log hears what.
func (s *Server) describe(r *http.Request, err error) problem {
	var (
		known    *app.Error
		refused  *refusedError
		oauth    *oauthError
		tooLarge *http.MaxBytesError
	)
	reason, detail, field := guard.StoreUnavailable, "", ""
	switch {
	case errors.As(err, &refused):
		reason = refused.decision.Reason()
	case errors.As(err, &known):
		reason, detail, field = known.Reason, known.Detail, known.Field
	case errors.As(err, &oauth): // of a client, at an address of the API
		reason, detail = oauth.reason, oauth.detail
	case errors.As(err, &tooLarge):
		reason = guard.TooLarge
	}
	code := status(reason)
	if errors.Is(err, cookie.ErrTooMany) || errors.Is(err, cookie.ErrHeaderTooLarge) {
		reason, code = guard.TooLarge, http.StatusRequestHeaderFieldsTooLarge
		detail = "The browser sent more cookies than can be read. Delete the cookies of this site and sign in again."
	}
	if code >= 500 && r.Context().Err() == nil {
		id := ""
		if t := timed(r.Context()); t != nil {
			id = t.id
		}
		s.log.Error("request.failed", "path", loggedPath(r), "reason", reason, "error", err, "request", id)
	}
	if detail == "" {
		detail = guard.Sentence(reason)
	}
	return problem{Type: "about:blank", Title: http.StatusText(code), Status: code, Detail: detail, Reason: reason, Field: field}
}

// failProblem writes an error as application/problem+json.
func (s *Server) failProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := s.describe(r, err)
	h := w.Header()
	plainHeaders(h)
	var refused *refusedError
	if errors.As(err, &refused) && p.Status < 500 {
		guard.Refuse(w, refused.decision) // knows what RFC 6750 asks for
		return
	}
	retryAfter(h, err)
	challenge(h, p.Status, p.Reason)
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	s.encode(w, p)
}

// challenge is what every 401 must have (RFC 9110 section 15.5.2). Browsers ask nothing of a person for Bearer; Basic is for clients.
func challenge(h http.Header, code int, reason guard.Reason) {
	scheme := "Bearer"
	if reason == guard.InvalidClient {
		scheme = "Basic"
	}
	if code == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", scheme+` realm="`+guard.Realm+`"`)
	}
}

// headings stand above what is said of a refusal where those of the status would be wrong.
var headings = map[guard.Reason]string{
	guard.FormToken:        "This page was open for too long",
	guard.CookieRefused:    "Your browser kept no cookie of ours",
	guard.CrossOrigin:      "This came from another site",
	guard.InvalidLink:      "This link does not work",
	guard.ExpiredLink:      "This link does not work",
	guard.Taken:            "This is taken",
	guard.MalformedRequest: "That did not reach us whole",
}

// failPage writes an error as a page. Who has to sign in, or to send a form again, gets the form to do so.
func (s *Server) failPage(w http.ResponseWriter, r *http.Request, err error) {
	p := s.describe(r, err)
	if p.Reason == guard.FormToken && s.formAgain(w, r) {
		return
	}
	retryAfter(w.Header(), err)
	v := page.Error{Status: p.Status, Heading: headings[p.Reason]}
	if p.Status == http.StatusRequestHeaderFieldsTooLarge {
		v.Frame.Now = time.Now() // and no cookie more: the browser has too many
	} else {
		v.Frame = s.frame(w, r)
	}
	if t := timed(r.Context()); t != nil {
		v.RequestID = t.id
	}
	var known *app.Error
	if errors.As(err, &known) {
		v.RetryAfter = known.RetryAfter
	}
	switch p.Reason {
	case guard.NotFound, guard.MethodNotAllowed, guard.TooLarge, guard.MalformedRequest, guard.UnsupportedMediaType, guard.InternalError, guard.StoreUnavailable:
		// The page's own words for the status say more to a person.
	default:
		v.Sentence = p.Detail
	}
	s.render(w, r, p.Status, v)
}

// render writes a page with a status.
func (s *Server) render(w http.ResponseWriter, r *http.Request, code int, view any) {
	challenge(w.Header(), code, "")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	rec := &statusOnWrite{ResponseWriter: w, code: code}
	if err := s.pages.Render(rec, view); err != nil && r.Context().Err() == nil {
		s.log.Error("page.render", "error", err)
		if !rec.wrote {
			http.Error(w, "internal error", http.StatusInternalServerError)
		}
	}
}

// statusOnWrite sends the status with the first byte, so that a page that cannot be made is no 200.
type statusOnWrite struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (w *statusOnWrite) Write(b []byte) (int, error) {
	if !w.wrote {
		w.wrote = true
		w.ResponseWriter.WriteHeader(w.code)
	}
	return w.ResponseWriter.Write(b)
}

// answer writes a JSON body.
func (s *Server) answer(w http.ResponseWriter, code int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(code)
	_, _ = w.Write(append(text, '\n')) // a client that has hung up is nobody's error
	return nil
}

func (s *Server) encode(w http.ResponseWriter, body any) {
	// The client has hung up, or not: the status is out either way.
	_ = json.NewEncoder(w).Encode(body)
}
