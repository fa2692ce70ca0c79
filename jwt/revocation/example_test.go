package revocation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/jwt/jwks"
	"github.com/cloakroom/cloakroom/jwt/revocation"
)

// A service that takes Cloakroom's access tokens and knows which of them were revoked. A bad token is 401; 503 says that no token can be judged now.
func Example() {
	issuer, token := startIssuer()
	defer issuer.Close()

	keys, err := jwks.New(issuer.URL+"/.well-known/jwks.json", nil)
	if err != nil {
		log.Fatal(err)
	}
	feed, err := revocation.Follow(issuer.URL, revocation.Credentials{ID: "orders", Secret: "plum gravel 47 orbit"},
		&revocation.Options{Keys: keys, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer feed.Close()
	verifier, err := jwt.NewVerifier(issuer.URL, "https://orders.example", keys, []jwt.Algorithm{jwt.ES256},
		&jwt.VerifierOptions{Type: "at+jwt", Revoked: feed.Revoked})
	if err != nil {
		log.Fatal(err)
	}
	service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		t, err := verifier.Verify(token)
		switch {
		case errors.Is(err, revocation.ErrStale), errors.Is(err, jwks.ErrUnavailable):
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		case err != nil:
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, jwt.Reason(err), http.StatusUnauthorized)
		default:
			fmt.Fprintln(w, "Hello,", t.Claims().Subject)
		}
	})

	if err := feed.Wait(context.Background()); err != nil {
		log.Fatal(err)
	}
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer "+token)
	service.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body)
	// Output:
	// 401 revoked
}

// startIssuer plays Cloakroom: it has signed a token, ended the session of it, and says so in its feed.
func startIssuer() (issuer *httptest.Server, token string) {
	key, err := jwt.GenerateKey(jwt.ES256)
	if err != nil {
		log.Fatal(err)
	}
	published, err := jwt.NewKeySet(key)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	issuer = httptest.NewServer(mux)
	now, until := time.Now(), time.Now().Add(10*time.Minute)
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		data, err := published.MarshalJSON()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Write(data)
	})
	mux.HandleFunc("GET /revocations", func(w http.ResponseWriter, r *http.Request) {
		snapshot := map[string]any{"part": 1, "last": true, "entries": []any{
			map[string]any{"sid": "s1", "sub": "alice", "reason": "signed-out", "until": until.Unix()},
		}}
		message, err := json.Marshal(map[string]any{
			"iss": issuer.URL, "aud": issuer.URL + "/revocations", "iat": now.Unix(), "jti": "s1", "seq": 1,
			"events": map[string]any{"https://github.com/cloakroom/cloakroom/event/snapshot": snapshot},
		})
		if err != nil {
			log.Fatal(err)
		}
		signed, err := jwt.SignPayload(key, "secevent+jwt", message)
		if err != nil {
			log.Fatal(err)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "id: 1\nevent: set\ndata: %s\n\n", signed)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	token, err = jwt.Sign(key, "at+jwt", struct {
		jwt.Claims
		SessionID string `json:"sid"`
	}{jwt.Claims{
		Issuer: issuer.URL, Subject: "alice", Audience: jwt.Audience{"https://orders.example"}, Expires: jwt.At(until),
	}, "s1"})
	if err != nil {
		log.Fatal(err)
	}
	return issuer, token
}
