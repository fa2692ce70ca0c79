package guard

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Realm is the realm of the WWW-Authenticate header.
const Realm = "cloakroom"

// Problem is the body of a refusal (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Reason Reason `json:"reason"`
}

// Refuse answers a request that was refused: a problem document with the reason (RFC 9457), and for tokens the
// WWW-Authenticate header of RFC 6750, section 3. A decision that allows is answered as an internal error: nothing that
// calls Refuse may look like success.
func Refuse(w http.ResponseWriter, d Decision) {
	e := d.e
	if e == nil {
		e = &Error{Reason: InternalError}
	}
	status := e.status()
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if c := e.challenge(status); c != "" {
		h.Set("WWW-Authenticate", c)
	}
	if status == http.StatusMethodNotAllowed {
		h.Set("Allow", e.allow)
	}
	detail := Sentence(e.Reason)
	if detail == "" {
		detail = http.StatusText(status)
	}
	// Marshal cannot fail: strings and a number.
	body, _ := json.Marshal(Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Reason: e.Reason,
	})
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

// Challenge is the WWW-Authenticate header of a refusal (RFC 6750, section 3), for those who write the answer themselves.
// It is "" where the answer has none.
func (d Decision) Challenge() string {
	if d.e == nil {
		return ""
	}
	return d.e.challenge(d.e.status())
}

// status is that of RFC 6750, section 3.1, where it speaks of the case. A reason that is not in the list (a rule of one's
// own) is 403.
func (e *Error) status() int {
	switch e.oauth {
	case "invalid_request":
		return http.StatusBadRequest
	case "invalid_token", "insufficient_user_authentication":
		return http.StatusUnauthorized
	case "insufficient_scope":
		return http.StatusForbidden
	}
	if e.Ending != nil || endsSession(e.Reason) {
		return http.StatusUnauthorized
	}
	switch e.Reason {
	case NoCredentials, UnknownSession, UnknownAccount, InvalidToken, ExpiredToken, ReauthenticationRequired, WrongCredentials:
		return http.StatusUnauthorized
	case DuplicateCookie, DuplicateCredentials, MalformedRequest, AmbiguousPath:
		return http.StatusBadRequest
	case TooLarge:
		return http.StatusRequestHeaderFieldsTooLarge
	case MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case StoreUnavailable, Busy:
		return http.StatusServiceUnavailable
	case InternalError:
		return http.StatusInternalServerError
	}
	return http.StatusForbidden
}

// challenge is the WWW-Authenticate header: with every 401, and with what RFC 6750 has a code for.
// Without credentials there is no error code (section 3.1, last paragraph): the caller may not have known.
func (e *Error) challenge(status int) string {
	if e.oauth == "" {
		if status != http.StatusUnauthorized {
			return ""
		}
		return `Bearer realm="` + Realm + `"`
	}
	c := `Bearer realm="` + Realm + `", error="` + e.oauth + `"`
	if s := Sentence(e.Reason); s != "" {
		c += `, error_description="` + s + `"`
	}
	if e.scopes != "" {
		c += `, scope="` + e.scopes + `"`
	}
	if e.maxAge > 0 {
		c += `, max_age="` + strconv.FormatInt(int64(e.maxAge/time.Second), 10) + `"`
	}
	return c
}
