package jwt_test

import (
	"encoding/json"
	"fmt"
	"log"
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

// Claims of your own: embed the registered ones, and decode the verified token into the struct.
func ExampleToken_Decode() {
	type accessClaims struct {
		jwt.Claims
		Scope string `json:"scope"`
	}
	key, err := jwt.GenerateKey(jwt.EdDSA)
	if err != nil {
		log.Fatal(err)
	}
	claims := accessClaims{Scope: "account"}
	claims.Issuer, claims.Audience = "https://login.example", jwt.Audience{"https://api.example"}
	claims.Expires = jwt.At(time.Now().Add(time.Minute))
	token, err := jwt.Sign(key, "at+jwt", claims)
	if err != nil {
		log.Fatal(err)
	}

	keys, err := jwt.NewKeySet(key)
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier("https://login.example", "https://api.example", keys, keys.Algorithms(),
		&jwt.VerifierOptions{Type: "at+jwt"})
	if err != nil {
		log.Fatal(err)
	}
	t, err := v.Verify(token)
	if err != nil {
		log.Fatal(err)
	}
	var got accessClaims
	if err := t.Decode(&got); err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Scope)
	// Output: account
}

// A token that is refused says why, and comes with no claims.
func ExampleReason() {
	key, err := jwt.GenerateKey(jwt.HS256)
	if err != nil {
		log.Fatal(err)
	}
	token, err := jwt.Sign(key, "", jwt.Claims{
		Issuer: "https://login.example", Audience: jwt.Audience{"https://api.example"},
		Expires: jwt.At(time.Now().Add(-time.Minute)),
	})
	if err != nil {
		log.Fatal(err)
	}
	keys, err := jwt.NewKeySet(key)
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier("https://login.example", "https://api.example", keys, []jwt.Algorithm{jwt.HS256}, nil)
	if err != nil {
		log.Fatal(err)
	}
	t, err := v.Verify(token)
	fmt.Println(t == nil, jwt.Reason(err))
	// Output: true expired
}

// What is published of a key is its public half.
func ExampleKey_MarshalJSON() {
	key, err := jwt.ParseKey([]byte(`{"kty":"OKP","crv":"Ed25519",
		"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
		"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`))
	if err != nil {
		log.Fatal(err)
	}
	published, err := json.Marshal(key)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(published))
	fmt.Println(key)
	// Output:
	// {"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"EdDSA","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","use":"sig"}
	// jwt.Key(private EdDSA "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
}

// The only way to look into a token without verifying it, for showing it to a person.
func ExampleInspect() {
	i, err := jwt.Inspect("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s says %s\n", i.RawHeader, i.Payload)
	for _, p := range i.Problems {
		fmt.Println(p)
	}
	// Output:
	// {"alg":"none"} says {"sub":"alice"}
	// jwt: algorithm is not allowed: alg: got "none"
	// jwt: claim is missing or invalid: aud: missing
}
