package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestARefreshTokenHasALastMoment_TK35: no refresh moves the end of a sign-in, and behind it the one reason is that it is over, whoever notices first.
func TestARefreshTokenHasALastMoment_TK35(t *testing.T) {
	for after, reason := range map[time.Duration]string{-1: "", 0: "", 1: "expired", time.Hour: "expired", 31 * 24 * time.Hour: "expired"} {
		synctest.Test(t, func(t *testing.T) {
			h := servertest.StartStill(t, func(c *app.Config) { c.RefreshLifetime = 48 * time.Hour })
			h.Client().SignUp(anna)
			billing := register(t, h, "billing")
			end := time.Now().Add(48 * time.Hour)
			tok := billing.program(t, h, anna)
			time.Sleep(24 * time.Hour)
			post(h.Client(), "/oauth/token", refreshForm(tok.Refresh), billing.basic()).Decode(t, &tok)
			time.Sleep(time.Until(end) + after)
			for range 2 { // the first may end the session
				a := post(h.Client(), "/oauth/token", refreshForm(tok.Refresh), billing.basic())
				if reason == "" {
					want(t, a, 200, "")
					continue
				}
				wantRefused(t, a, reason, "lifetime")
			}
		})
	}
}
