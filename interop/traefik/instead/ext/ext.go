// Package ext is empty, as Traefik's own is: the module proxy does not have it.
package ext

type (
	HTTP   struct{}
	Router struct{}
)
