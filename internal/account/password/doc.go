// Package password judges, hashes and checks passwords, and bounds what that may cost.
//
// A new password is judged by [Check], then hashed; a typed one is brought to its stored form by [Normalize], then compared.
// Both happen inside a slot of the [Gate], so that a flood of sign-ins never takes more than a fixed number of cores and 19 MiB for each:
//
//	slot, err := gate.Enter(ctx)          // *BusyError when too many wait already
//	if err != nil { … }
//	defer slot.Leave()
//	ok, weak, err := slot.Verify(stored, typed) // stored "" = nobody: the same work, then no
//
// The first hash raises the heap of the process that hashes by 19 MiB for good: Go's collector keeps what it may need again. Nothing is
// allocated before that. For a server that is another process: see [Worker].
package password
