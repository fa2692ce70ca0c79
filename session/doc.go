// Package session keeps people signed in: a random id in a cookie, and everything else
// on the server.
//
// Most programs need three things of it: a [Manager] made by [New], its
// [Manager.Handler] around their own, and [Get] and [Set] with [FromContext] inside.
// [Session.SignIn] and [Session.End] are the sign-in and the sign-out.
//
// What it holds to:
//
//   - An id has 256 random bits, comes only from the cookie, and is known to the store
//     only as a SHA-256. An id that was not issued here is never adopted.
//   - The id changes whenever what it may do changes: at sign-in and re-authentication.
//   - A session is over after its idle limit and after its lifetime, to the nanosecond,
//     whether or not anybody sweeps.
//   - A session that ended keeps its reason for 30 days: see [Session.WhyNew].
//   - What the cache answers is what the store would answer: an ending that was
//     made or observed in this process holds from then on.
//   - A response is sent only after the session is saved. If that fails, the client gets
//     an error and not a 200.
//
// Idle limits are judged on this server only; the cookie's Max-Age is a courtesy to the
// browser. By the numbers of NIST SP 800-63B-4 the default limits (1 hour idle, 24 hours in all)
// suit AAL2, and remembered sessions (30 days) AAL1; OWASP suggests 2 to 5 minutes
// idle for high value, 15 to 30 for low risk, and 4 to 8 hours in all for an office day.
// [AAL1], [AAL2] and [AAL3] are ready-made.
package session
