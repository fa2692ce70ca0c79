package tour

import (
	"fmt"
	"strings"
	"time"
)

// Lessons are what one learns from the report, in a few sentences. Each follows from what was seen: had it been otherwise,
// it would say something else, or nothing.
func (r *Report) Lessons() []string {
	var out []string
	for _, lesson := range []func() string{r.forgetting, r.altering, r.stealing, r.signingOut, r.storing, r.conclusion} {
		if s := lesson(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// which names the ways that were seen to do something, and those that were not.
func (r *Report) which(did func(w *Way) bool) (yes, no []string) {
	for i := range r.Ways {
		w := &r.Ways[i]
		if did(w) {
			yes = append(yes, "the "+w.label)
		} else {
			no = append(no, "the "+w.label)
		}
	}
	return yes, no
}

func (r *Report) forgetting() string {
	if _, no := r.which(func(w *Way) bool { return w.Forgotten && w.Remembered }); len(no) > 0 {
		return ""
	}
	return "HTTP forgets: who sent nothing back was a stranger each time."
}

func (r *Report) altering() string {
	yes, no := r.which(func(w *Way) bool { return w.Altered == Accepted })
	var out []string
	if len(yes) > 0 {
		out = append(out, "whoever holds "+list(yes)+" can rewrite it and be anybody")
	}
	if len(no) > 0 {
		out = append(out, "of "+list(no)+" not one altered byte was believed")
	}
	return upper(strings.Join(out, "; ") + ".")
}

func (r *Report) stealing() string {
	if _, no := r.which(func(w *Way) bool { return w.StolenCopy == Accepted }); len(no) > 0 {
		return ""
	}
	return "No server could tell a stolen copy from the original: keep it out of reach (HttpOnly, Secure), and its life short."
}

func (r *Report) signingOut() string {
	yes, no := r.which(func(w *Way) bool { return w.AfterSignOut == Accepted })
	var out []string
	if len(no) > 0 {
		out = append(out, "signing out ended the stolen copy of "+list(no)+", since the server forgot it")
	}
	if len(yes) > 0 {
		out = append(out, "a copy of "+list(yes)+" went on working, since nobody is asked whether it has ended")
	}
	if told, _ := r.which(func(w *Way) bool { return w.Followed == Refused }); len(told) > 0 {
		soon := "within a second"
		for i := range r.Ways {
			if after := r.Ways[i].followedAfter; after > time.Second {
				soon = fmt.Sprintf("after %d ms", after.Milliseconds())
			}
		}
		out = append(out, "an API that follows the feed of revocations refused the copy of "+list(told)+" "+soon)
	}
	return upper(strings.Join(out, "; ") + ".")
}

// storing is the price of being able to forget.
func (r *Report) storing() string {
	_, no := r.which(func(w *Way) bool { return w.StoreStopped == Accepted })
	if len(no) == 0 {
		return ""
	}
	s := "the price: with the store stopped and nothing in memory, " + list(no) + " was refused"
	for i := range r.Ways {
		if w := &r.Ways[i]; w.costs != (costs{}) {
			s += fmt.Sprintf("; and each takes %d bytes of memory, or %s µs to look up in the database", w.costs.bytesInMemory, number(w.costs.coldMicros))
		}
	}
	return upper(s + ".")
}

// conclusion is what follows from all of it, if all of it was as promised.
func (r *Report) conclusion() string {
	if len(r.Ways) < len(ways) || len(r.Broken()) > 0 {
		return ""
	}
	return "So: a session for people who sign in, a short token for programs, a sealed cookie for small things without power."
}

func list(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
