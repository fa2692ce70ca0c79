package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// whole measures the program as it is shipped, beside a bare net/http server in a process of its own.
func whole(t *table, binary string, rounds int) {
	t.heading("\n")
	rows := []struct {
		name    string
		measure func(t *table, name, binary string, rounds int)
	}{
		{"stripped binary with SQLite", binarySize},
		{"cold start, first start in an empty directory", coldStart},
		{"memory with 10,000 live sessions, nothing hashed", memory},
		{"forward-auth check, session in memory", checkByCookie},
		{"forward-auth check by a token seen before", checkByToken},
		{"forward-auth check among 1,000 rules for the app", checkAmongRules},
		{"session checks, p99 while sign-ins flood in", flood},
	}
	for _, r := range rows {
		if t.wants(r.name) {
			r.measure(t, r.name, binary, rounds)
		}
	}
}

func binarySize(t *table, name, binary string, _ int) {
	info, err := os.Stat(binary)
	must(err)
	t.budget(name, float64(info.Size())/1e6, 20, "MB")
}

// coldStart is the time from exec to the first ready answer.
func coldStart(t *table, name, binary string, rounds int) {
	var wall, cpu []float64
	for range rounds {
		dir := temp()
		begin := time.Now()
		h := startHouse(binary, dir)
		wall = append(wall, float64(time.Since(begin).Microseconds())/1000)
		cpu = append(cpu, float64(h.cpu().Microseconds())/1000)
		h.stop()
		os.RemoveAll(dir)
	}
	t.budget(name, median(wall), 150, "ms")
	t.info("    CPU time of it", median(cpu), "ms")
}

// memory is the resident size after each of 10,000 people has been asked for twice, and what one of them costs.
func memory(t *table, name, binary string, rounds int) {
	const n = 10_000
	dir := temp()
	defer os.RemoveAll(dir)
	startHouse(binary, dir).stop() // makes the database
	cookies := fill(filepath.Join(dir, "cloakroom.db"), n)
	h := startHouse(binary, dir)
	defer h.stop()
	atStart := h.resident()
	conn := h.dial()
	defer conn.Close()
	first := h.perRequest(cookies, conn)
	again := h.perRequest(cookies, conn)
	full := h.resident()
	t.budget(name, full.all, 25, "MiB")
	t.info("    program and libraries, mapped from their file", full.file, "MiB")
	t.info("    memory of its own", full.own, "MiB")
	t.info("    of that at the start", atStart.own, "MiB")
	t.info("a session and its account, in memory", (full.own-atStart.own)*1024*1024/n, "bytes")
	t.info("a session's first request, read from the file, CPU", first, "µs")
	t.info("a session's later requests, CPU", again, "µs")

	bare := startBare()
	defer bare.stop()
	one := check("Cookie: " + cookies[0])
	t.info("forward-auth check while 10,000 sessions are in memory", median(ratios(rounds, func() float64 { return h.cost(one, slice) }, func() float64 { return bare.cost(one, slice) })), "x")
	t.info("memory after these checks, over several connections", h.resident().all, "MiB")
}

// perRequest asks once with each cookie, and returns the CPU time of one, in microseconds.
func (p *process) perRequest(cookies []string, conn *client) float64 {
	before := p.cpu()
	for _, c := range cookies {
		conn.ask(check("Cookie: "+c), http.StatusOK)
	}
	return float64(p.cpu()-before) / float64(len(cookies)) / 1000
}

// slice is how many requests are one sample. They are short, and many: what else happens on the machine comes and goes within seconds.
const (
	slice   = 2_000
	samples = 10 // in a round
)

// ratios measures two things in turn, so that whatever the machine does meets them alike.
func ratios(rounds int, ours, limit func() float64) (v []float64) {
	for range rounds * samples {
		l := limit()
		v = append(v, ours()/l)
	}
	return v
}

func checkByCookie(t *table, name, binary string, rounds int) {
	against(t, name, binary, rounds, 1.4, func(cookie, _ string) []byte { return check("Cookie: " + cookie) })
}

func checkByToken(t *table, name, binary string, rounds int) {
	against(t, name, binary, rounds, 1.5, func(_, token string) []byte { return check("Authorization: Bearer " + token) })
}

// checkAmongRules is checkByCookie at an app with 1,000 rules, of which one decides.
func checkAmongRules(t *table, name, binary string, rounds int) {
	dir := temp()
	defer os.RemoveAll(dir)
	var rules strings.Builder
	fmt.Fprintln(&rules, "[[rule]]\nhost = \"127.0.0.1\"\npath = \"/wiki\"")
	for i := range 999 {
		fmt.Fprintf(&rules, "[[rule]]\nhost = \"127.0.0.1\"\npath = \"/wiki/part%d/admin\"\ngroups = [\"keepers\"]\n", i)
	}
	file := filepath.Join(dir, "rules.toml")
	must(os.WriteFile(file, []byte(rules.String()), 0o600))
	against(t, name, binary, rounds, 1.4, func(cookie, _ string) []byte { return check("Cookie: " + cookie) }, "--config", file)
}

// against compares a check with the bare server's answer to the same bytes.
func against(t *table, name, binary string, rounds int, budget float64, request func(cookie, token string) []byte, more ...string) {
	dir := temp()
	defer os.RemoveAll(dir)
	house := startHouse(binary, dir, more...)
	defer house.stop()
	bare := startBare()
	defer bare.stop()
	r := request(house.signUp())
	var limits []float64
	v := ratios(rounds, func() float64 { return house.cost(r, slice) }, func() float64 {
		l := bare.cost(r, slice)
		limits = append(limits, l)
		return l
	})
	t.budget(name, median(v), budget, "x")
	t.info("    the bare handler for the same request, CPU", median(limits)/1000, "µs")
}

func flood(t *table, name, binary string, rounds int) {
	dir := temp()
	defer os.RemoveAll(dir)
	house := startHouse(binary, dir)
	defer house.stop()
	cookie, _ := house.signUp()
	quiet, flooded := house.flood(check("Cookie: "+cookie), rounds)
	v := make([]float64, rounds)
	for i := range v {
		v[i] = flooded[i] / quiet[i]
	}
	t.budget(name, median(v), 2, "x")
	t.info("    p99 while nobody signs in", median(quiet)*1000, "ms")
	t.info("    p99 while they do, in the best round", slices.Min(flooded)*1000, "ms")
}

func check(credential string) []byte {
	return []byte("GET /forward-auth/nginx HTTP/1.1\r\nHost: localhost\r\nX-Original-URL: http://127.0.0.1:9000/wiki/page?x=1\r\n" +
		"X-Original-Method: GET\r\nAccept: text/html\r\n" + credential + "\r\n\r\n")
}

func temp() string {
	dir, err := os.MkdirTemp("", "cloakroom-bench-")
	must(err)
	return dir
}
