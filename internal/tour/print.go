package tour

import (
	"fmt"
	"io"
	"strings"
)

// boring are the header fields that every message here has and that nothing here depends on. The JSON has them.
var boring = map[string]bool{
	"user-agent": true, "content-length": true, "content-type": true, "date": true, "x-content-type-options": true, "x-request-id": true,
	"referrer-policy": true, "content-security-policy": true, "cross-origin-opener-policy": true, "x-frame-options": true, "strict-transport-security": true,
	"transfer-encoding": true, "accept-encoding": true, "server-timing": true, "access-control-allow-origin": true,
}

// PrintSteps writes every step: what was sent, what came back, what that shows.
func (r *Report) PrintSteps(out io.Writer, p Paint) {
	intro := "What was done, [the step of the Web, of cookies, sessions or tokens that it shows], > what was sent, < what came back, = what that tells. Secrets are shortened; header fields that say nothing here are only in --json."
	fmt.Fprintf(out, "%s\n\n", wrapText(intro, Width, "", ""))
	way := ""
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.way != way {
			way = s.way
			fmt.Fprintf(out, "%s\n\n", p.as(bold, "== "+way+" "+strings.Repeat("=", Width-4-columns(way))))
		}
		number := fmt.Sprintf("%3d. ", s.N)
		fmt.Fprintln(out, p.as(bold, wrapText(s.What, Width, number, "     ")))
		fmt.Fprintln(out, p.as(dim, wrapText("["+s.Seed+"]", Width, "     ", "     ")))
		printMessage(out, p, "> ", s.Request)
		printMessage(out, p, "< ", s.Response)
		fmt.Fprintf(out, "%s\n\n", p.as(green, wrapText(s.Observed, Width, "     = ", "       ")))
	}
}

func printMessage(out io.Writer, p Paint, mark, message string) {
	if message == "" {
		return
	}
	show := func(line string) {
		for i, part := range broken(line, Width-9) {
			fmt.Fprintf(out, "     %s%s%s\n", p.as(dim, mark), either(i > 0, "  ", ""), part)
		}
	}
	head, body, _ := strings.Cut(strings.TrimRight(message, "\n"), "\n\n")
	for line := range strings.SplitSeq(head, "\n") {
		name, _, _ := strings.Cut(line, ":")
		if !boring[strings.ToLower(name)] {
			show(line)
		}
	}
	if body = strings.TrimSpace(body); body != "" {
		show(body)
	}
}

// broken is a line in parts of at most width columns, broken after a space or comma where there is one.
func broken(line string, width int) (parts []string) {
	for columns(line) > width {
		n := cutAt(line, width)
		if i := strings.LastIndexAny(line[:n], " ,"); i > n/2 {
			n = i + 1
		}
		parts = append(parts, strings.TrimRight(line[:n], " "))
		line = line[n:]
	}
	return append(parts, line)
}
