package server

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/grant"
)

// invalidClient is the refusal of a client (RFC 6749 section 5.2).
func invalidClient(detail string) error {
	return &oauthError{"invalid_client", detail, guard.InvalidClient, http.StatusUnauthorized}
}

// secretClient is the registered client that a request proves to come from, by HTTP Basic (RFC 6749 section 2.3.1). It reads the header alone: an
// endpoint that takes a form asks [Server.formClient] or [Server.anyClient].
func (s *Server) secretClient(r *http.Request) (grant.Client, error) {
	id, secret, err := basicCredentials(r.Header["Authorization"])
	if err != nil {
		return grant.Client{}, err
	}
	c, err := s.app.AuthenticateClient(r.Context(), id, secret, s.program(r))
	if isReason(err, guard.InvalidClient) {
		err = invalidClient("The client is not known, or the secret is not its own.")
	}
	return c, err
}

// apiClient is whom the tokens of POST /api/token are for. A bearer token there is of an earlier sign-in, and is not looked at.
func (s *Server) apiClient(r *http.Request) (grant.Client, error) {
	fields := r.Header["Authorization"]
	if len(fields) == 0 || len(fields) == 1 && isScheme(fields[0], "Bearer") {
		return grant.Client{ID: grant.BuiltinClient}, nil
	}
	return s.secretClient(r)
}

// formClient is [Server.secretClient] for an endpoint that takes a form.
func (s *Server) formClient(r *http.Request, form url.Values) (grant.Client, error) {
	if err := checkClientForm(r, form); err != nil {
		return grant.Client{}, err
	}
	c, err := s.secretClient(r)
	if err == nil && form.Has("client_id") && form.Get("client_id") != c.ID {
		return grant.Client{}, badRequest("The parameter client_id names another client than the Authorization header.")
	}
	return c, err
}

// anyClient is the id of the client that a form comes from: a registered one that has proved who it is, or [grant.BuiltinClient], which has no secret and
// may leave its name out, which gives "".
func (s *Server) anyClient(r *http.Request, form url.Values) (string, error) {
	if len(r.Header["Authorization"]) > 0 {
		c, err := s.formClient(r, form)
		return c.ID, err
	}
	if err := checkClientForm(r, form); err != nil {
		return "", err
	}
	switch id := form.Get("client_id"); id {
	case "", grant.BuiltinClient:
		return id, nil
	default:
		// Whether there is one of that name is not said.
		return "", invalidClient("This client has to prove who it is, by HTTP Basic.")
	}
}

// checkClientForm refuses what a form may hold besides client_id to say who asks. No client may use two ways at once (RFC 6749 section 2.3), and we offer one.
func checkClientForm(r *http.Request, form url.Values) error {
	for _, name := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		switch {
		case !form.Has(name):
		case len(r.Header["Authorization"]) > 0:
			return badRequest("The client proves in two ways who it is: leave " + name + " out.")
		case name == "client_secret":
			return invalidClient("A client_secret in the body (client_secret_post) is not taken: send id and secret by HTTP Basic (client_secret_basic).")
		default:
			return invalidClient("The parameter " + name + " is not taken: send id and secret by HTTP Basic (client_secret_basic).")
		}
	}
	return nil
}

// maxBasic bounds the credentials of a client before they are decoded: each byte of id and secret may be written in three.
const maxBasic = (3*(grant.MaxClientID+1+grant.ClientSecretLength) + 2) / 3 * 4

// basicCredentials reads id and secret from the field Authorization: base64 (RFC 7617) of two form-urlencoded parts (RFC 6749 section 2.3.1).
func basicCredentials(fields []string) (id, secret string, err error) {
	switch len(fields) {
	case 0:
		return "", "", invalidClient("The client has to prove who it is, by HTTP Basic.")
	case 1:
	default:
		return "", "", badRequest("The Authorization header comes twice.")
	}
	if !isScheme(fields[0], "Basic") {
		return "", "", invalidClient("Clients prove who they are by HTTP Basic only.")
	}
	encoded := strings.TrimLeft(fields[0][len("Basic"):], " ") // RFC 9110 section 11.4: one space or more
	malformed := invalidClient("The Authorization header is not well formed: Basic, then the base64 of id:secret, each form-urlencoded.")
	if len(encoded) > maxBasic {
		return "", "", malformed
	}
	text, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", "", malformed
	}
	id, secret, ok := strings.Cut(string(text), ":")
	if !ok {
		return "", "", malformed
	}
	if id, err = url.QueryUnescape(id); err != nil {
		return "", "", malformed
	}
	if secret, err = url.QueryUnescape(secret); err != nil {
		return "", "", malformed
	}
	if id == grant.BuiltinClient {
		return "", "", invalidClient("The client " + grant.BuiltinClient + " has no secret: leave the Authorization header out.")
	}
	return id, secret, nil
}

// isScheme compares the scheme of a field Authorization, whose case does not matter (RFC 9110 section 11.1).
func isScheme(field, scheme string) bool {
	got, _, _ := strings.Cut(field, " ")
	return strings.EqualFold(got, scheme)
}

func isReason(err error, reason guard.Reason) bool {
	var known *app.Error
	return errors.As(err, &known) && known.Reason == reason
}
