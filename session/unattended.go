package session

import "context"

// Unattended marks what no person caused: the polling of a page that was left open, a page that is fetched before anybody asks for it. With the
// context that it returns, or a request that has it, loading a session does not count as use. The session is found and judged as ever: past
// its idle limit it is over, also for who only looks.
//
// It is honoured by [Manager.Load], [Manager.LoadKey] and [Manager.LoadHandle], and so by [Manager.Handler] and whoever calls them, if
// they get the context before the session is loaded. What an unattended request changes is saved. A new session, of a sign-in or a renewal,
// begins its idle time when it is made.
//
// A program marks only what says of itself that no person is behind it. Whatever else a request looks like, it counts.
func Unattended(ctx context.Context) context.Context {
	return context.WithValue(ctx, unattendedKey{}, true)
}

type unattendedKey struct{}

// use notes that the session was used, unless nobody did.
func (m *Manager) use(ctx context.Context, a *activity, now int64) {
	if ctx.Value(unattendedKey{}) == nil {
		m.touches.touch(a, now)
	}
}
