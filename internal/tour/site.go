package tour

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/session"
)

// answer is what every site of the tour says to the question: who am I, and how often was I here?
type answer struct {
	You   string `json:"you"`
	Visit int    `json:"visit,omitempty"`
	Why   string `json:"why,omitempty"` // there is no number
}

// refusal is what it says to a credential that it does not take.
type refusal struct {
	Title  string   `json:"title"`
	Status int      `json:"status"`
	Reason string   `json:"reason"`
	Checks []string `json:"checks,omitempty"`
}

func reply(w http.ResponseWriter, a answer) { writeJSON(w, "application/json", http.StatusOK, a) }

func refuse(w http.ResponseWriter, reason string, checks ...string) {
	const status = http.StatusUnauthorized
	writeJSON(w, "application/problem+json", status, refusal{http.StatusText(status), status, reason, checks})
}

func writeJSON(w http.ResponseWriter, media string, status int, v any) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has hung up is nobody's error
}

// guest is who asks before signing in.
const guest = "guest"

// known is what a client-kept cookie says.
type known struct {
	name   string
	visits int
}

// The value of both cookies is name and count with a dot between them. Whoever reads it must take nothing for granted.
func (k known) String() string { return k.name + "." + strconv.Itoa(k.visits) }

var errMalformed = errors.New("malformed")

func parseKnown(s string) (known, error) {
	name, count, ok := strings.Cut(s, ".")
	n, err := strconv.Atoi(count)
	if !ok || err != nil || name == "" || n < 0 {
		return known{}, errMalformed
	}
	return known{name, n}, nil
}

// keeping is how a cookie holds what is known; its name is that of the way.
type keeping interface {
	write(name string, k known) (string, error)
	read(name, value string) (known, error)
	set(w http.ResponseWriter, c *http.Cookie) error
}

// plain writes it down for all to see and change.
type plain struct{}

func (plain) write(_ string, k known) (string, error) { return k.String(), nil }
func (plain) read(_, value string) (known, error)     { return parseKnown(value) }
func (plain) set(w http.ResponseWriter, c *http.Cookie) error {
	// A cookie as the first textbooks have it, which is what is to be shown.
	c.Secure, c.HttpOnly, c.SameSite = false, false, 0
	return cookie.UnsafeSet(w, c)
}

// sealed encrypts and authenticates it, and the seal holds when it ends.
type sealed struct {
	seal
	life time.Duration
}

func (s sealed) write(name string, k known) (string, error) {
	return s.Seal(name, []byte(k.String()), s.life)
}

func (s sealed) read(name, value string) (known, error) {
	text, err := s.Open(name, value)
	if err != nil {
		return known{}, err
	}
	return parseKnown(string(text))
}

func (sealed) set(w http.ResponseWriter, c *http.Cookie) error { return cookie.Set(w, c) }

// clientKept is a site that keeps nothing: all that it knows of a visitor comes with the request.
func clientKept(mux *http.ServeMux, h *house, way string, keep keeping, life time.Duration) {
	path, name := "/tour/"+way, cookieNames[way]
	load := func(r *http.Request) (known, error) {
		value, err := cookie.Get(r.Header, name)
		if errors.Is(err, http.ErrNoCookie) {
			return known{name: guest}, nil
		}
		if err != nil {
			return known{}, err
		}
		return keep.read(name, value)
	}
	save := func(w http.ResponseWriter, k known) error {
		value, err := keep.write(name, k)
		if err != nil {
			return err
		}
		c := cookie.New(name, value)
		c.MaxAge = int(life / time.Second)
		return keep.set(w, c)
	}
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		k, err := load(r)
		if err != nil {
			refuse(w, cookieReason(err))
			return
		}
		k.visits++
		if err := save(w, k); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		reply(w, answer{You: k.name, Visit: k.visits})
	})
	mux.HandleFunc("GET "+path+"/who", func(w http.ResponseWriter, r *http.Request) {
		k, err := load(r)
		if err != nil {
			refuse(w, cookieReason(err))
			return
		}
		reply(w, answer{You: k.name, Visit: k.visits})
	})
	mux.HandleFunc("POST "+path+"/signin", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Email, Password string }
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&in)
		if err != nil || in.Email != h.person.email || subtle.ConstantTimeCompare([]byte(in.Password), []byte(h.person.password)) != 1 {
			refuse(w, string(guard.WrongCredentials))
			return
		}
		k, err := load(r)
		if err != nil {
			k = known{} // whatever it was, the person has just proved who they are
		}
		k.name = h.person.name
		if err := save(w, k); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		reply(w, answer{You: k.name, Visit: k.visits})
	})
	mux.HandleFunc("POST "+path+"/signout", func(w http.ResponseWriter, r *http.Request) {
		// All that can be done: ask the client to forget. There is nothing here that could end.
		if err := cookie.Delete(w, cookie.New(name, "")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// cookieReason is the stable word for why a cookie is not taken.
func cookieReason(err error) string {
	for _, known := range []struct {
		err  error
		word string
	}{{cookie.ErrAltered, "altered"}, {cookie.ErrExpired, "expired"}, {cookie.ErrDuplicate, string(session.DuplicateCookie)}} {
		if errors.Is(err, known.err) {
			return known.word
		}
	}
	return "malformed"
}

// sessionSite is the site that keeps everything: signing in and out are the house's own. It stands there twice, once as the
// house runs it and once, under /cold, with a manager that asks the store each time.
func sessionSite(mux *http.ServeMux, h *house) error {
	cold, err := session.New(h.app.Sessions().Store(), &session.Options{CacheBytes: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	// The house answers people with a page; here programs ask.
	asPage := h.app.OnSessionError
	h.app.OnSessionError = func(w http.ResponseWriter, r *http.Request, err error) {
		if !strings.HasPrefix(r.URL.Path, "/tour/") {
			asPage(w, r, err)
			return
		}
		const status = http.StatusServiceUnavailable
		writeJSON(w, "application/problem+json", status, refusal{Title: http.StatusText(status), Status: status, Reason: string(guard.StoreUnavailable)})
	}
	const path = "/tour/session"
	mux.Handle("GET "+path, h.app.Sessions().Handler(http.HandlerFunc(h.countSession)))
	mux.Handle("GET "+path+"/who", h.app.Sessions().Handler(http.HandlerFunc(h.whoSession)))
	mux.Handle("GET "+path+"/cold/who", cold.Handler(http.HandlerFunc(h.whoSession)))
	return nil
}

// visitsKey is the name of the count in the session's data.
const visitsKey = "visits"

func (h *house) countSession(w http.ResponseWriter, r *http.Request) {
	s := session.FromContext(r.Context())
	if dead(w, s) {
		return
	}
	if err := session.Update(s, visitsKey, func(n int) int { return n + 1 }); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h.sayWho(w, r, s)
}

func (h *house) whoSession(w http.ResponseWriter, r *http.Request) {
	if s := session.FromContext(r.Context()); !dead(w, s) {
		h.sayWho(w, r, s)
	}
}

// dead refuses an id that names no session. A visitor without an id is no such case.
func dead(w http.ResponseWriter, s *session.Session) bool {
	if why, _ := s.WhyNew(); why != "" && why != session.NoCredentials {
		refuse(w, string(why))
		return true
	}
	return false
}

func (h *house) sayWho(w http.ResponseWriter, r *http.Request, s *session.Session) {
	a := answer{You: guest}
	a.Visit, _ = session.Get[int](s, visitsKey)
	if id := s.Subject(); id != "" {
		acct, err := h.app.Account(r.Context(), id)
		if err != nil {
			http.Error(w, fmt.Sprintf("account: %v", err), http.StatusServiceUnavailable)
			return
		}
		a.You = acct.Name
	}
	reply(w, a)
}
