package jwt_test

import (
	"fmt"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// The ten-line use: a key, a token, a verifier.
func Example() {
	key, _ := jwt.GenerateKey(jwt.ES256)
	token, _ := jwt.Sign(key, "at+jwt", jwt.Claims{
		Issuer:   "https://login.example",
		Subject:  "alice",
		Audience: jwt.Audience{"https://api.example"},
		Expires:  jwt.At(time.Now().Add(10 * time.Minute)),
	})

	keys, _ := jwt.NewKeySet(key)
	verifier, _ := jwt.NewVerifier("https://login.example", "https://api.example",
		keys, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Type: "at+jwt"})
	t, err := verifier.Verify(token)
	if err != nil {
		fmt.Println("refused:", jwt.Reason(err))
		return
	}
	fmt.Println(t.Claims().Subject)
	// Output: alice
}
