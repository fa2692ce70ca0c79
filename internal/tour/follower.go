package tour

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/jwt/revocation"
)

// reachedWithin is how soon a sign-out has to hold at an API that follows the feed of revocations, on a machine that does much else at the same time.
const reachedWithin = 5 * time.Second

// openFollower starts a second API. It takes the same tokens with the same keys, and follows the feed of what has ended.
func (h *house) openFollower(ctx context.Context, keys *jwt.KeySet) error {
	client, secret, err := h.app.AddClient(ctx, "follower", "An API that follows the feed", app.ActorCommand)
	if err != nil {
		return err
	}
	h.feed, err = revocation.Follow(h.app.Issuer(), revocation.Credentials{ID: client.ID, Secret: secret}, &revocation.Options{
		Keys: keys, Transport: &http.Transport{DialTLSContext: h.net.dial}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	if err := h.feed.Wait(ctx); err != nil {
		return fmt.Errorf("tour: the feed of revocations: %w", err)
	}
	verifier, err := jwt.NewVerifier(h.app.Issuer(), h.app.Issuer(), keys, keys.Algorithms(), &jwt.VerifierOptions{
		Type: app.TokenType, Require: []string{"sub"}, Revoked: h.feed.Revoked,
	})
	if err != nil {
		return err
	}
	l, url, err := h.net.listen(followerName)
	if err != nil {
		return err
	}
	h.follower = url
	mux := http.NewServeMux()
	mux.HandleFunc("GET /tour/token/who", whoToken(verifier))
	h.serve(l, mux)
	return nil
}

// atFollower uses the copy of a token at the API that follows the feed, until the sign-out has reached it.
func (x *trial) atFollower(copied *client, signedOut time.Time) {
	var e exchange
	var took time.Duration
	for x.err == nil {
		e = x.do(copied, http.MethodGet, x.house.follower+x.way.path("/who"), nil)
		if took = time.Since(signedOut); e.status != http.StatusOK || took > reachedWithin {
			break
		}
	}
	x.seen.Followed, x.seen.followedAfter = verdict(e.status == http.StatusOK), took
	observed := fmt.Sprintf("%s, %d ms after the sign-out was answered: the feed had told it.", e.says(), took.Milliseconds())
	if e.status == http.StatusOK {
		observed = e.says() + fmt.Sprintf(", still %d ms after the sign-out.", took.Milliseconds())
	}
	x.note(tokenVerify, "Use it at an API that follows the feed of what has ended. It too verifies by itself.", e, observed)
}
