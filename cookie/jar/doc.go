// Package jar is a browser's cookie store that says why: each Set-Cookie line and each cookie of a request gets a
// [Verdict] with the reasons, the step of the draft that decided, and the corrected line where there is one.
//
// Most programs need three calls: [New] makes a jar, [Jar.Set] takes what a response set, [Jar.Match] returns the Cookie
// header of the next request. A Jar is an [http.CookieJar] too, so that an [http.Client] can use it as it is.
//
// The rules are those of RFC 6265 as draft-ietf-httpbis-rfc6265bis-22 has them (below: draft-22), with the prefixes of
// draft-ietf-httpbis-layered-cookies-02. Where browsers differ from it a [Profile] says how.
//
// A verdict is data, never an error: a bad cookie hides nothing else.
package jar
