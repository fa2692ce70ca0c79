// Package trace plays the browser: it goes the whole way from a URL to a page and keeps what it saw at each step: the URL's
// parts, DNS, the race of TCP connections, TLS, the HTTP request and response as they stood on the wire, the verdict on every
// cookie, each redirect, and the page as text.
//
// [Run] is all that most programs need. What a server sends wrong is part of the result, never a reason to lose the rest: a
// [Hop] that could not be finished says in which phase and why.
package trace
