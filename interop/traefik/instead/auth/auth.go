// Package auth stands in for a fork that the module proxy does not have. Traefik's basic and digest middlewares use it, ForwardAuth does not:
// whoever calls it here gets a panic.
package auth

import "net/http"

type SecretProvider func(user, realm string) string

type BasicAuth struct {
	Realm   string
	Secrets SecretProvider
}

func (*BasicAuth) RequireAuth(http.ResponseWriter, *http.Request) { panic("not here") }

func CheckSecret(string, string) bool { panic("not here") }

type DigestAuth struct{}

func NewDigestAuthenticator(string, SecretProvider) *DigestAuth { return &DigestAuth{} }

func (*DigestAuth) CheckAuth(*http.Request) (string, *string)           { panic("not here") }
func (*DigestAuth) RequireAuth(http.ResponseWriter, *http.Request)      { panic("not here") }
func (*DigestAuth) RequireAuthStale(http.ResponseWriter, *http.Request) { panic("not here") }

func DigestAuthParams(string) map[string]string { panic("not here") }
