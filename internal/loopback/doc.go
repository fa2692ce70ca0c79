// Package loopback is a small Internet on this machine: a name server with a zone of its own, and an authority that issues
// certificates for its names. With both, a way from a URL to a page has every step and leaves the machine at none.
//
// Nothing outside this program trusts either: they are for showing and for tests.
package loopback
