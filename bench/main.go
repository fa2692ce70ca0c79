// Command bench measures Cloakroom beside the least that anybody must do and beside peers, in one run: CPU time per
// operation, interleaved, medians. It exits with 4 if a budget is broken. README.md says what each row means.
//
//	./run                     # builds what it needs and prints the table
//	./run -only forward-auth  # the rows with this in their name
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 9, "rounds of each comparison")
	slice := flag.Duration("slice", 40*time.Millisecond, "CPU time of one sample")
	binary := flag.String("cloakroom", "", "a stripped cloakroom binary, for the rows that measure the whole program")
	only := flag.String("only", "", "only rows with this in their name")
	tries := flag.Int("timing", 0, "also whether the time of a refused sign-in tells why, by so many attempts of each kind (1000: about two minutes)")
	limit := flag.String("bare", "", "be the bare server that the rest is measured against, at this address")
	flag.Parse()
	if *limit != "" {
		bare(*limit)
	}
	t := &table{only: *only}
	tokens(t, *rounds) // first, since what they throw away is reckoned by the size of the heap, and that of the rows below stays behind
	micro(t, *rounds, *slice)
	revocations(t, *rounds, *slice)
	jars(t, *rounds, *slice)
	if *binary != "" {
		whole(t, *binary, *rounds)
	}
	if *tries > 0 {
		timing(t, *binary, *tries)
	}
	if t.broken > 0 {
		fmt.Fprintf(os.Stderr, "\nerror: %d budgets broken\nhint:  on a busy machine run again: ratios settle, times do not\n", t.broken)
		os.Exit(4)
	}
}

// micro are the rows that need no process of their own.
func micro(t *table, rounds int, slice time.Duration) {
	t.heading("\n%-40s %10s %10s %7s %7s %7s  %s\n", "CPU time per operation", "limit", "ours", "ratio", "budget", "allocs", "peers")
	rows := []struct {
		what string
		make func() row
	}{
		{"one cookie out of 5", func() row { return cookieRow(5) }},
		{"one cookie out of 20", func() row { return cookieRow(20) }},
		{"seal 100 bytes", sealRow},
		{"open 100 bytes", openRow},
		{"session read through the middleware", readRow},
		{"session change and save, in memory", saveRow},
	}
	for _, m := range rows {
		if !t.wants(m.what) {
			continue
		}
		res := compare(m.make(), rounds, slice)
		t.printf("%-40s %10s %10s %6.2fx %6.1fx %7.1f  %s%s\n", m.what, ns(res.limitNS), ns(res.oursNS), res.ratio, res.budget, res.allocs,
			peers(res), t.verdict(res.ratio <= res.budget))
	}
}

// table is what is printed.
type table struct {
	only   string
	head   string // not printed yet
	broken int
}

func (t *table) wants(what string) bool { return strings.Contains(what, t.only) }

// heading stands above the rows that follow, if any does.
func (t *table) heading(format string, args ...any) { t.head = fmt.Sprintf(format, args...) }

func (t *table) printf(format string, args ...any) {
	fmt.Print(t.head)
	t.head = ""
	fmt.Printf(format, args...)
}

// budget prints a value that has a limit.
func (t *table) budget(what string, got, limit float64, unit string) {
	t.printf("%-58s %9.2f %-4s budget %7.2f%s\n", what, got, unit, limit, t.verdict(got <= limit))
}

// info prints a value that has none.
func (t *table) info(what string, got float64, unit string) {
	t.printf("%-58s %9.2f %s\n", what, got, unit)
}

func (t *table) verdict(holds bool) string {
	if holds {
		return ""
	}
	t.broken++
	return " BROKEN"
}

func ns(v float64) string {
	if v >= 10_000 {
		return fmt.Sprintf("%.1f µs", v/1000)
	}
	return fmt.Sprintf("%.0f ns", v)
}

func peers(r result) string {
	s := ""
	for i, p := range r.peers {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%s %.1fx", p.name, r.peerRatios[i])
	}
	return s
}
