// Package cookie reads and writes HTTP cookies on a server, and returns an
// error where net/http repairs in silence.
//
// Most programs need four functions: [Get] reads one cookie of a request,
// [New] and [Set] send one, [Delete] takes it back. A small value that the
// client must carry but not read or alter goes through a [Sealer].
//
// It works on [http.Cookie] and [http.Header], so it can be used beside
// net/http and every router of it. What is different:
//
//   - A cookie that cannot be written as it is is refused, never changed.
//   - Names are compared octet by octet: "__Host-sid " is not "__Host-sid".
//   - Two cookies of the wanted name are an error. A browser never says which
//     of them is ours, and one may come from somebody else's subdomain.
//   - A request over the limits is an error ([ErrTooMany], [ErrHeaderTooLarge]:
//     answer 431), never a request without cookies.
//   - A cookie is safe or it is refused ([ErrUnsafe]). Functions whose names
//     begin with Unsafe skip these safety rules, but never the grammar.
//
// The rules are those of RFC 6265 with draft-ietf-httpbis-rfc6265bis-22 (below:
// draft-22) and, for the prefixes __Http- and __Host-Http-,
// draft-ietf-httpbis-layered-cookies-02. All functions are safe for concurrent
// use, as long as the header that they are given is.
package cookie
