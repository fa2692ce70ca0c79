package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"mime"
	"net/http"
	"strings"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
	"github.com/cloakroom/cloakroom/session"
)

// formTokens makes the token that each form carries (AU-31, SE-15): a random part and its HMAC together with what the
// form belongs to, which is the session, or, before sign-in, this browser's visit. So a form that another site sends,
// or that was made for another person, is not ours. The key is the server's, so handles being public does no harm.
type formTokens struct{ key []byte }

const nonceSize = 16

func (f formTokens) mint(owner string) string {
	nonce := make([]byte, nonceSize, nonceSize+sha256.Size)
	rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(append(nonce, f.mac(nonce, owner)...))
}

func (f formTokens) valid(token, owner string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != nonceSize+sha256.Size || owner == "" {
		return false
	}
	return hmac.Equal(raw[nonceSize:], f.mac(raw[:nonceSize], owner))
}

// mac needs no length prefix: the nonce has one length, and the owner is the rest.
func (f formTokens) mac(nonce []byte, owner string) []byte {
	h := hmac.New(sha256.New, f.key)
	h.Write(nonce)
	h.Write([]byte(owner))
	return h.Sum(nil)
}

// formOwner is what the forms of a request belong to.
func (s *Server) formOwner(r *http.Request) string {
	v, _ := s.visit(r)
	return formOwner(currentSession(r), v)
}

func formOwner(ses *session.Session, v visit) string {
	switch {
	case ses != nil && ses.Subject() != "":
		return "session:" + ses.Handle()
	case v.ID != "":
		return "visit:" + v.ID
	}
	return ""
}

// readForm reads the body of a page's form and checks its token. Nothing is read from the query, and a field that comes
// twice is no form of ours.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return &app.Error{Reason: guard.UnsupportedMediaType}
	}
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return &app.Error{Reason: guard.MalformedRequest}
		}
	}
	owner := s.formOwner(r)
	switch {
	case owner == "" && s.gone(r) == nil:
		return &app.Error{Reason: guard.CookieRefused}
	case !s.forms.valid(r.PostForm.Get(page.FieldFormToken), owner):
		return &app.Error{Reason: guard.FormToken}
	}
	return nil
}

// gone is how the session of this request's cookie ended; nil if it lives or there was none.
func (s *Server) gone(r *http.Request) *session.Ending {
	_, ending := currentSession(r).WhyNew()
	return ending
}

// formAgain answers a form whose token is not good by what brings a person on: why they are signed out, or the sign-in form
// as they had filled it in. Nothing was done.
func (s *Server) formAgain(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case r.URL.Path == page.PathSignIn:
		v := s.signInView(w, r, s.returnTo(r.PostForm.Get(page.FieldReturnTo)))
		v.Email, v.Remember = r.PostForm.Get(page.FieldEmail), r.PostForm.Get(page.FieldRemember) == "1"
		v.Errors = page.Errors{"": {Code: page.FormExpired}}
		s.render(w, r, http.StatusForbidden, v)
	case s.gone(r) != nil || currentSession(r).Subject() == "" && forMembers(r.URL.Path):
		s.render(w, r, http.StatusUnauthorized, s.signInView(w, r, ""))
	default:
		return false
	}
	return true
}

// forMembers tells the pages behind a sign-in from those that everybody may send.
func forMembers(path string) bool {
	return strings.HasPrefix(path, page.PathAccount) || strings.HasPrefix(path, "/admin/") || path == page.PathConfirm
}
