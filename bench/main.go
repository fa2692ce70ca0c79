// Command bench measures Cloakroom beside the least that anybody must do and beside peers, in one run: CPU time per
// operation, interleaved, medians. It exits with 4 if a budget is broken.
//
//	./run            # builds what it needs and prints the table
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 9, "rounds of each comparison")
	slice := flag.Duration("slice", 40*time.Millisecond, "CPU time of one sample")
	binary := flag.String("cloakroom", "", "a stripped cloakroom binary, for the rows that measure the whole program")
	limit := flag.String("bare", "", "be the bare server that the rest is measured against, at this address")
	flag.Parse()
	if *limit != "" {
		bare(*limit)
	}

	broken := 0
	fmt.Printf("%-40s %10s %10s %7s %7s %7s  %s\n", "CPU time per operation", "limit", "ours", "ratio", "budget", "allocs", "peers")
	for _, r := range []row{cookieRow(5), cookieRow(20), sealRow(), openRow(), readRow(), saveRow(), tokenRow()} {
		res := compare(r, *rounds, *slice)
		verdict := ""
		if res.ratio > r.budget && r.what[len(r.what)-1] != ')' {
			verdict, broken = " BROKEN", broken+1
		}
		fmt.Printf("%-40s %10s %10s %6.2fx %6.1fx %7.1f  %s%s\n", r.what, ns(res.limitNS), ns(res.oursNS), res.ratio, r.budget, res.allocs, peers(res), verdict)
	}
	if *binary != "" {
		broken += whole(*binary, *rounds)
	}
	if broken > 0 {
		fmt.Fprintf(os.Stderr, "error: %d budgets broken\nhint:  on a busy machine run again: ratios settle, times do not\n", broken)
		os.Exit(4)
	}
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
