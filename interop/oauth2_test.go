package interop

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

func (p program) config(h *servertest.House, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{ClientID: p.id, ClientSecret: p.secret, Endpoint: oauth2.Endpoint{TokenURL: h.URL + "/oauth/token", AuthStyle: style}}
}

// TestOAuth2RefreshesByItself: a program asks the API each minute for a day, with tokens that live for ten minutes, and is never refused. Time is that of a
// bubble; the requests are those of golang.org/x/oauth2.
func TestOAuth2RefreshesByItself(t *testing.T) {
	for name, id := range map[string]string{"public": "", "secret": "billing"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := servertest.StartStill(t, func(c *app.Config) { c.TokenLifetime = 10 * time.Minute })
				h.Client().SignUp(anna)
				p := signIn(t, h, id)
				ctx := context.WithValue(t.Context(), oauth2.HTTPClient, h.Client().HTTP)
				source := p.config(h, oauth2.AuthStyleAutoDetect).TokenSource(ctx, &oauth2.Token{
					AccessToken: p.access, RefreshToken: p.refresh, Expiry: time.Now().Add(10 * time.Minute),
				})
				api := oauth2.NewClient(ctx, source)
				seen := map[string]bool{}
				for range 24 * 60 {
					res, err := api.Get(h.URL + "/api/me")
					if err != nil {
						t.Fatal(err)
					}
					res.Body.Close()
					if res.StatusCode != http.StatusOK {
						t.Fatalf("%s after %d tokens", res.Status, len(seen))
					}
					tok, err := source.Token()
					if err != nil {
						t.Fatal(err)
					}
					seen[tok.AccessToken] = true
					time.Sleep(time.Minute)
				}
				if n := len(seen); n < 140 || n > 160 {
					t.Errorf("%d tokens in a day", n)
				}
			})
		})
	}
}

// TestOAuth2WaysToProve: each way that the package has of saying who the client is.
func TestOAuth2WaysToProve(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	public, secret := signIn(t, h, ""), signIn(t, h, "billing.2-x_y")
	tests := []struct {
		what  string
		who   program
		style oauth2.AuthStyle
		code  string
	}{
		{"public, found out by itself", public, oauth2.AuthStyleAutoDetect, ""},
		{"public, in the body", public, oauth2.AuthStyleInParams, ""},
		{"public, by a field without a secret", public, oauth2.AuthStyleInHeader, "invalid_client"},
		{"secret, found out by itself", secret, oauth2.AuthStyleAutoDetect, ""},
		{"secret, by HTTP Basic", secret, oauth2.AuthStyleInHeader, ""},
		{"secret, in the body", secret, oauth2.AuthStyleInParams, "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			// The token is the same each time: it is the predecessor of one that nobody uses.
			tok, err := tt.who.config(h, tt.style).TokenSource(t.Context(), &oauth2.Token{RefreshToken: tt.who.refresh}).Token()
			var refused *oauth2.RetrieveError
			switch {
			case tt.code == "" && (err != nil || tok.RefreshToken == "" || tok.Type() != "Bearer" || !tok.Valid() || tok.Extra("scope") != "account"):
				t.Errorf("got %+v, %v", tok, err)
			case tt.code != "" && (!errors.As(err, &refused) || refused.ErrorCode != tt.code):
				t.Errorf("got %v, want %s", err, tt.code)
			}
		})
	}
	// Whose token it is, is no matter of the way.
	_, err := secret.config(h, oauth2.AuthStyleInHeader).TokenSource(t.Context(), &oauth2.Token{RefreshToken: public.refresh}).Token()
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" || refused.ErrorDescription == "" {
		t.Errorf("another client's token: %v", err)
	}
}
