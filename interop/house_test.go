// Package interop proves the OAuth endpoints, and certificates by ACME, with clients and an authority that others wrote. It is a module of its own, so that importers
// of Cloakroom never see them.
package interop

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

const anna = "anna@example.org"

// program is a client with what it got when a person signed in.
type program struct {
	id, secret string // no secret: the public client
	access     string
	refresh    string
}

// signIn signs a person in at a program; an id registers it first.
func signIn(t testing.TB, h *servertest.House, id string) program {
	t.Helper()
	p := program{id: "cloakroom"}
	var header []string
	if id != "" {
		_, secret, err := h.App.AddClient(t.Context(), id, "", "test")
		if err != nil {
			t.Fatal(err)
		}
		p.id, p.secret = id, secret
		header = append(header, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
	}
	a := h.Client().JSON("/api/token", map[string]string{"email": anna, "password": servertest.Password}, header...)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.Body)
	}
	var got struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	a.Decode(t, &got)
	p.access, p.refresh = got.Access, got.Refresh
	return p
}
