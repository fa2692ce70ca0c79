package jwks_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/jwt/jwks"
)

// The ten-line use: an issuer's key set, and a verifier that follows it.
func Example() {
	issuer, token := startIssuer()
	defer issuer.Close()

	keys, _ := jwks.New(issuer.URL+"/.well-known/jwks.json", nil)
	verifier, _ := jwt.NewVerifier(issuer.URL, "https://api.example",
		keys, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Type: "at+jwt"})
	t, err := verifier.Verify(token)
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	fmt.Println(t.Claims().Subject)
	// Output: alice
}

// A service that takes Cloakroom's access tokens. A bad token is 401; 503 says that no token can be judged now.
func ExampleSource_service() {
	issuer, token := startIssuer()
	defer issuer.Close()

	keys, err := jwks.New(issuer.URL+"/.well-known/jwks.json", nil)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwt.NewVerifier(issuer.URL, "https://api.example",
		keys, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Type: "at+jwt", KeepBytes: 16 << 20})
	if err != nil {
		log.Fatal(err)
	}
	service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		t, err := verifier.Verify(token)
		switch {
		case errors.Is(err, jwks.ErrUnavailable):
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		case err != nil:
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, jwt.Reason(err), http.StatusUnauthorized)
		default:
			fmt.Fprintln(w, "Hello,", t.Claims().Subject)
		}
	})

	for _, credentials := range []string{"Bearer " + token, "Bearer " + token + "AAAA"} {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("Authorization", credentials)
		service.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 Hello, alice
	// 401 signature
}

// startIssuer plays Cloakroom: it publishes a key and has signed a token with it.
func startIssuer() (issuer *httptest.Server, token string) {
	key, err := jwt.GenerateKey(jwt.ES256)
	if err != nil {
		log.Fatal(err)
	}
	published, err := jwt.NewKeySet(key)
	if err != nil {
		log.Fatal(err)
	}
	issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		data, err := published.MarshalJSON()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=300")
		w.Write(data)
	}))
	token, err = jwt.Sign(key, "at+jwt", jwt.Claims{
		Issuer: issuer.URL, Subject: "alice", Audience: jwt.Audience{"https://api.example"},
		Expires: jwt.At(time.Now().Add(10 * time.Minute)),
	})
	if err != nil {
		log.Fatal(err)
	}
	return issuer, token
}
