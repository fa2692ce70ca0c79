package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/jwt/revocation"
)

const manyRevocations = 1_000_000

// revocations is what a verifier pays for knowing which tokens were revoked: beside a map of a million sessions that is asked without a lock. It asks about
// many tokens in turn, so that memory is met cold.
func revocations(t *table, rounds int, slice time.Duration) {
	const what = "revoked? among a million"
	if !t.wants(what) {
		return
	}
	s := newSigner(jwt.ES256)
	key, err := jwt.NewKey(jwt.ES256, s.private, nil)
	must(err)
	public, _ := key.Public()
	keys, err := jwt.NewKeySet(public)
	must(err)
	feed, err := revocation.Follow(tokenIssuer, revocation.Credentials{ID: "bench", Secret: "bench"},
		&revocation.Options{Keys: keys, Logger: slog.New(slog.DiscardHandler), Transport: snapshotOf{key}})
	must(err)
	defer feed.Close()
	must(feed.Wait(context.Background()))

	sessions := make(map[string]struct{}, manyRevocations)
	for n := range manyRevocations {
		sessions[sessionID(n)] = struct{}{}
	}
	v, err := jwt.NewVerifier(tokenIssuer, tokenAudience, keys, []jwt.Algorithm{jwt.ES256}, nil)
	must(err)
	var live [1024]*jwt.Token
	for n := range live {
		c := tokenClaims()
		c.Subject = fmt.Sprintf("account%015d", n)
		token, err := jwt.Sign(key, "", struct {
			jwt.Claims
			SessionID string `json:"sid"`
		}{c, sessionID(-1 - n)})
		must(err)
		live[n], err = v.Verify(token)
		must(err)
	}
	r := compare(row{
		limit: subject{"map", func(n int) {
			for k := range n {
				if _, found := sessions[live[k%len(live)].SessionID()]; found {
					panic("revoked")
				}
			}
		}},
		ours: subject{"revocation.Feed", func(n int) {
			for k := range n {
				must(feed.Revoked(live[k%len(live)]))
			}
		}},
	}, rounds, slice)
	const budget = 200
	t.heading("\n%-40s %10s %10s %7s %7s %7s\n", "revocations", "one map", "ours", "", "budget", "allocs")
	t.printf("%-40s %10s %10s %7s %7s %7.1f  %s\n", what, ns(r.limitNS), ns(r.oursNS), "", ns(budget), r.allocs, t.verdict(r.oursNS <= budget && r.allocs == 0))
}

func sessionID(n int) string { return fmt.Sprintf("%+022d", n) }

// snapshotOf plays a server whose feed is one snapshot of a million sessions.
type snapshotOf struct{ key *jwt.Key }

func (s snapshotOf) RoundTrip(r *http.Request) (*http.Response, error) {
	reads, writes := io.Pipe()
	context.AfterFunc(r.Context(), func() { reads.CloseWithError(r.Context().Err()) })
	go func() {
		const size = 1000
		until := time.Now().Add(time.Hour).Unix()
		for at := 0; at < manyRevocations; at += size {
			entries := make([]map[string]any, size)
			for k := range entries {
				entries[k] = map[string]any{"sid": sessionID(at + k), "reason": "signed-out", "until": until}
			}
			s.send(writes, "snapshot", map[string]any{"part": at/size + 1, "last": at+size == manyRevocations, "entries": entries})
		}
		for s.send(writes, "heartbeat", struct{}{}) == nil {
			time.Sleep(5 * time.Second)
		}
	}()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: reads, Request: r}, nil
}

func (s snapshotOf) send(w io.Writer, event string, body any) error {
	message, err := json.Marshal(map[string]any{
		"iss": tokenIssuer, "aud": tokenIssuer + "/revocations", "iat": time.Now().Unix(), "jti": "x", "seq": manyRevocations,
		"events": map[string]any{"https://github.com/cloakroom/cloakroom/event/" + event: body},
	})
	must(err)
	signed, err := jwt.SignPayload(s.key, "secevent+jwt", message)
	must(err)
	_, err = fmt.Fprintf(w, "event: set\ndata: %s\n\n", signed)
	return err
}
