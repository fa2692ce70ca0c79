package tour

import "fmt"

// Costs are what a session costs the server, beyond the table.
type costs struct {
	coldMicros    float64 // who am I, when the store is asked each time
	newMicros     float64 // a newcomer's first request
	bytesInMemory int     // a session
}

// measure asks a few hundred times who I am, with nothing but the credential, and without counting: what each request of a
// signed-in person costs, whatever else it does. Measured is the work of the server's handler.
func (x *trial) measure() {
	x.progress("measuring")
	if x.err != nil {
		return
	}
	c := x.with(x.way.credential(x.owner))
	defer c.close()
	last, micros := x.median(c, "/who")
	x.seen.RequestBytes, x.seen.MicrosPerRequest = len(last.request), micros
	x.note(x.way.seeds.cost, fmt.Sprintf("Ask %d times who I am, and nothing else. This is the last of them.", samples), last,
		fmt.Sprintf("%d bytes a request; the server worked %s µs on it (the median).", len(last.request), number(micros)))
	if x.way.name == "session" {
		x.measureSession(c)
	}
}

// median asks samples times and returns the last exchange, and the median of the server's work.
func (x *trial) median(c *client, rest string) (last exchange, micros float64) {
	for range samples / 10 { // connections, caches and branches warm up
		x.ask(c, rest)
	}
	x.house.times.forget(x.way.path(rest))
	for range samples {
		last = x.ask(c, rest)
	}
	x.must(last, 200, "measuring")
	return last, x.house.times.median(x.way.path(rest))
}

// measureSession finds what only a session costs: the look-up, and the room that it takes.
func (x *trial) measureSession(c *client) {
	e, micros := x.median(c, "/cold/who")
	x.seen.costs.coldMicros = micros
	x.note(versusSpeed, fmt.Sprintf("The same %d times, of a server that keeps no session in memory.", samples), e,
		fmt.Sprintf("The server worked %s µs: it looked the session up in its database each time.", number(micros)))

	sessions := x.house.app.Sessions()
	before := sessions.Stats()
	x.house.times.forget(x.way.path(""))
	nobody := x.tour.net.client(nil)
	defer nobody.close()
	for range newcomers {
		e = x.ask(nobody, "")
	}
	after := sessions.Stats()
	x.seen.costs.newMicros = x.house.times.median(x.way.path(""))
	if n := after.Sessions - before.Sessions; n > 0 {
		x.seen.costs.bytesInMemory = (after.Bytes - before.Bytes) / n
	}
	x.note(sessionCost, fmt.Sprintf("Let %d newcomers ask. This is the last of them.", newcomers), e,
		fmt.Sprintf("Each got a session: %d bytes of memory, and %s µs to write it down.", x.seen.costs.bytesInMemory, number(x.seen.costs.newMicros)))
}
