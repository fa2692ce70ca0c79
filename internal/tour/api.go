package tour

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/jwt"
)

const keysPath = "/.well-known/jwks.json"

// visits is the API's own data: how often the user with an id was here. A token does not change by being used, so a count
// cannot live in it.
type visits struct{ db *db.DB }

func openVisits(ctx context.Context, file string) (*visits, error) {
	d, err := db.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	err = d.Update(ctx, func(tx *db.Conn) error {
		_, err := tx.Exec(ctx, `CREATE TABLE visits (user_id TEXT PRIMARY KEY, visits INTEGER NOT NULL)`)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &visits{d}, nil
}

// count adds a visit and returns how many there were.
func (v *visits) count(ctx context.Context, user string) (n int, err error) {
	err = v.db.Update(ctx, func(tx *db.Conn) error {
		return tx.QueryRow(ctx, `INSERT INTO visits VALUES ($1, 1) ON CONFLICT DO UPDATE SET visits = visits + 1 RETURNING visits`, user).Scan(&n)
	})
	return n, err
}

func (v *visits) close() error { return v.db.Close() }

// openAPI starts the program that takes tokens. It fetches the published keys once, and from then on asks the house nothing.
func (h *house) openAPI(ctx context.Context, dir string) (err error) {
	if h.data, err = openVisits(ctx, filepath.Join(dir, "api", "visits.db")); err != nil {
		return err
	}
	c := h.net.client(nil)
	defer c.close()
	if h.keys, err = c.do(ctx, http.MethodGet, h.url+keysPath, nil); err != nil {
		return err
	}
	set, err := jwt.ParseKeySet(h.keys.body)
	if err != nil {
		return fmt.Errorf("tour: the published keys: %w", err)
	}
	verifier, err := jwt.NewVerifier(h.app.Issuer(), h.app.Issuer(), set, set.Algorithms(), &jwt.VerifierOptions{Type: app.TokenType, Require: []string{"sub"}})
	if err != nil {
		return err
	}
	l, url, err := h.net.listen(apiName)
	if err != nil {
		return err
	}
	h.api = url
	mux := http.NewServeMux()
	mux.HandleFunc("GET /tour/token", h.countToken(verifier))
	mux.HandleFunc("GET /tour/token/who", whoToken(verifier))
	h.serve(l, mux)
	return h.openFollower(ctx, set)
}

func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// countToken verifies step by step, to tell what was looked at, and then finds the data of the user id.
func (h *house) countToken(v *jwt.Verifier) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := bearer(r)
		if token == "" {
			refuse(w, "no-credentials")
			return
		}
		t, steps := v.Steps(token, time.Now())
		var checks []string
		for _, s := range steps {
			if s.Err != nil {
				refuse(w, jwt.Reason(s.Err), append(checks, string(s.Check)+": refused")...)
				return
			}
			checks = append(checks, string(s.Check)+": passed")
		}
		who := t.Claims().Subject
		n, err := h.data.count(r.Context(), who)
		if err != nil {
			// The token is sound and says who it is; what is not in it cannot be said.
			reply(w, answer{You: who, Why: "how often: the store does not answer"})
			return
		}
		reply(w, answer{You: who, Visit: n})
	}
}

func whoToken(v *jwt.Verifier) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t, err := v.Verify(bearer(r))
		if err != nil {
			refuse(w, jwt.Reason(err))
			return
		}
		reply(w, answer{You: t.Claims().Subject})
	}
}
