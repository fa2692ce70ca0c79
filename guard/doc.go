// Package guard answers two questions about a request: who is it, and may they. And it can say why.
//
// A [Guard] is a list of schemes and a list of rules. The schemes are tried in the given order: the first one that finds
// its credential decides, whatever the others would have said. So the usual guard
//
//	guard.New([]guard.Scheme{guard.Session(manager, person), guard.Bearer(verifier, live, person)})
//
// looks at the Authorization header only where there is no session cookie. Then each [Rule] must agree.
// Every try is a [Step] of one [Decision], on success too.
//
// Most programs wrap their routes in [Guard.Handler] and read guard.FromContext(ctx).Principal. Programs that answer in a
// way of their own (pages, forward-auth) call [Guard.Check], which writes nothing, and look at the Decision.
//
// Nothing is allowed by accident: the zero Decision is denied, the zero Guard denies everybody, and an error, a panic or a
// store that does not answer is a refusal with a reason.
package guard
