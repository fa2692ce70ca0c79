// Command verifier is a service that checks access tokens by itself, as somebody writes it with the packages jwt, jwks and revocation. It is told what to
// check by a file, checks each token again and again, prints `ready` when it has a view, and a line each time that a verdict is another one:
// the number of the token, the time in nanoseconds, the verdict. Its log is on standard error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/jwt/jwks"
	"github.com/cloakroom/cloakroom/jwt/revocation"
)

// patience is two heartbeats of the feed: on a busy machine one comes late.
const patience = 10 * time.Second

type job struct {
	Issuer string
	Client string
	Secret string
	Accept bool     // goes on when the feed is lost, and does not refuse
	Follow bool     // follows the feed
	Tokens []string // to check
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(3)
	}
}

func run(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	keys, err := jwks.New(j.Issuer+"/.well-known/jwks.json", nil)
	if err != nil {
		return err
	}
	opts := jwt.VerifierOptions{Type: "at+jwt", KeepBytes: 4 << 20}
	if j.Follow {
		policy := revocation.Options{Keys: keys, RefuseAfter: patience}
		if j.Accept {
			policy = revocation.Options{Keys: keys, AcceptWhenLost: true}
		}
		feed, err := revocation.Follow(j.Issuer, revocation.Credentials{ID: j.Client, Secret: j.Secret}, &policy)
		if err != nil {
			return err
		}
		defer feed.Close()
		if err := feed.Wait(context.Background()); err != nil {
			return err
		}
		opts.Revoked = feed.Revoked
	}
	v, err := jwt.NewVerifier(j.Issuer, j.Issuer, keys, []jwt.Algorithm{jwt.ES256}, &opts)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	said := make([]string, len(j.Tokens))
	for {
		for n, token := range j.Tokens {
			if is := verdict(v, token); is != said[n] {
				fmt.Println("token", n, time.Now().UnixNano(), is)
				said[n] = is
			}
		}
		time.Sleep(time.Millisecond)
	}
}

func verdict(v *jwt.Verifier, token string) string {
	_, err := v.Verify(token)
	switch e, _ := errors.AsType[*revocation.Error](err); {
	case err == nil:
		return "accepted"
	case errors.Is(err, revocation.ErrStale):
		return "stale"
	case errors.Is(err, jwt.ErrRevoked):
		return e.Reason
	}
	return err.Error()
}
