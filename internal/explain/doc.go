// Package explain says what a Set-Cookie line, a Cookie header, a token or a HAR file means and what is wrong with it,
// without asking the network.
//
// [Explain] recognises what it is given and returns a [Report]: what was read, what a browser or a verifier makes of it, and
// [Finding]s, each with a sentence of fact and a sentence of help. It judges anybody's input, so all of it is bounded, and
// nothing of it is believed: a token is never called valid unless the caller gave a key.
//
// Values of cookies and credentials are shortened in the report unless [Options.ShowSecrets] is set.
package explain
