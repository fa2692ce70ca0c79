package tour

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files anew")

// asPromised is a report in which everything is as the design says.
func asPromised() *Report {
	r := &Report{Schema: 1, Took: 3400 * time.Millisecond}
	carried := []string{"Ada.3", "AZ4Y6q…M3g(58)", "ha9lIR…U44(43)", "eyJhbG…_iA(562)"}
	for i, w := range ways {
		p := promises[w.name]
		seen := Way{
			Name: w.name, label: w.label, carries: w.carries, carried: carried[i], RequestBytes: 110 + 20*i, MicrosPerRequest: 1.5 + 4*float64(i*i),
			DataKept: p.dataKept, Altered: p.altered, StolenCopy: p.stolenCopy, AfterSignOut: p.afterSignOut, Expired: p.expired,
			StoreStopped: p.storeStopped, BrowserClosed: p.browserClosed, Forgotten: true, Remembered: true, Readable: p.readable, AtIssuer: p.atIssuer, Followed: p.followed,
		}
		if w.name == "session" {
			seen.costs = costs{coldMicros: 48, newMicros: 1045, bytesInMemory: 432}
		}
		r.Ways = append(r.Ways, seen)
	}
	return r
}

func TestAPromiseCanBeBroken(t *testing.T) {
	if b := asPromised().Broken(); len(b) > 0 {
		t.Fatalf("as promised, and yet broken: %v", b)
	}
	flip := func(s *string) {
		*s = map[string]string{Accepted: Refused, Refused: Accepted, Client: Server, Server: Client, Kept: Gone, Gone: Kept}[*s]
	}
	tests := []struct {
		what   string // that was observed otherwise
		change func(w *Way)
	}{
		{"asked_twice_forgotten", func(w *Way) { w.Forgotten = false }},
		{"asked_twice_remembered", func(w *Way) { w.Remembered = false }},
		{"data_kept", func(w *Way) { flip(&w.DataKept) }},
		{"readable", func(w *Way) { w.Readable = !w.Readable }},
		{"altered", func(w *Way) { flip(&w.Altered) }},
		{"stolen_copy", func(w *Way) { flip(&w.StolenCopy) }},
		{"after_sign_out", func(w *Way) { flip(&w.AfterSignOut) }},
		{"after_sign_out_at_issuer", func(w *Way) { w.AtIssuer = either(w.AtIssuer == Refused, Accepted, Refused) }},
		{"after_sign_out_followed", func(w *Way) { w.Followed = either(w.Followed == Refused, Accepted, Refused) }},
		{"browser_closed", func(w *Way) { flip(&w.BrowserClosed) }},
		{"store_stopped", func(w *Way) { flip(&w.StoreStopped) }},
		{"expired", func(w *Way) { flip(&w.Expired) }},
		{"expired", func(w *Way) { w.Expired = "" }}, // never looked at
	}
	for i := range ways {
		for _, tt := range tests {
			r := asPromised()
			tt.change(&r.Ways[i])
			b := r.Broken()
			if len(b) != 1 || b[0].What != tt.what || b[0].Way != ways[i].name {
				t.Errorf("%s: %s observed otherwise: broken %v", ways[i].name, tt.what, b)
			}
		}
	}
}

// TestPrintedReport holds the whole page that a person sees. -update writes it anew.
func TestPrintedReport(t *testing.T) {
	var out bytes.Buffer
	asPromised().Print(&out, false)
	golden(t, "testdata/report.txt", out.String())
}

// TestRealReportLooksTheSame: what a real tour prints differs from the page above in nothing but numbers and secrets.
func TestRealReportLooksTheSame(t *testing.T) {
	t.Parallel()
	var out, model bytes.Buffer
	wholeTour(t).Print(&out, false)
	asPromised().Print(&model, false)
	if got, want := masked(out.String()), masked(model.String()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

var (
	secrets = regexp.MustCompile(`\S{6}…\S{3}\(\d+\)`)
	numbers = regexp.MustCompile(`\d[\d.,]*`)
	spaces  = regexp.MustCompile(`\s+`)
	soon    = regexp.MustCompile(`within a second|after N ms`)
)

// masked leaves out what differs from tour to tour, and where lines are broken because of it.
func masked(s string) string {
	s = secrets.ReplaceAllString(s, "SECRET")
	s = numbers.ReplaceAllString(s, "N")
	return soon.ReplaceAllString(spaces.ReplaceAllString(s, " "), "SOON")
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

func TestEightyColumns(t *testing.T) {
	t.Parallel()
	r := wholeTour(t)
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, p := range []Paint{false, true} {
		var out bytes.Buffer
		r.Print(&out, p)
		r.PrintSteps(&out, p)
		if has := bytes.Contains(out.Bytes(), []byte("\x1b")); has != bool(p) {
			t.Errorf("paint %v: colours %v", p, has)
		}
		for line := range strings.SplitSeq(out.String(), "\n") {
			if n := utf8.RuneCountInString(escape.ReplaceAllString(line, "")); n > Width {
				t.Errorf("%d columns: %q", n, line)
			}
		}
	}
}

// TestLessonsFollowFromWhatWasSeen: no sentence is printed that the observations do not bear out.
func TestLessonsFollowFromWhatWasSeen(t *testing.T) {
	tests := []struct {
		what            string
		change          func(r *Report)
		want, notWanted string
	}{
		{"as promised", func(*Report) {}, "So: a session for people", ""},
		{"a client was known without sending anything", func(r *Report) { r.Ways[1].Forgotten = false }, "", "HTTP forgets"},
		{"an altered seal was believed", func(r *Report) { r.Ways[1].Altered = Accepted }, "holds the plain cookie and the sealed cookie can rewrite", "So: "},
		{"nothing altered was believed", func(r *Report) { r.Ways[0].Altered = Refused }, "Of the plain cookie, the sealed cookie, the session and the token not one", "rewrite it"},
		{"a stolen copy was told apart", func(r *Report) { r.Ways[2].StolenCopy = Refused }, "", "No server could tell"},
		{"the feed took its time", func(r *Report) { r.Ways[3].followedAfter = 1234 * time.Millisecond }, "refused the copy of the token after 1234 ms", "within a second"},
		{"signing out ended every copy", func(r *Report) {
			for i := range r.Ways {
				r.Ways[i].AfterSignOut = Refused
			}
		}, "ended the stolen copy of the plain cookie", "went on working"},
		{"signing out ended no copy", func(r *Report) { r.Ways[2].AfterSignOut = Accepted }, "A copy of the plain cookie, the sealed cookie, the session and the token went on", "Signing out ended"},
		{"everything worked without the store", func(r *Report) { r.Ways[2].StoreStopped = Accepted }, "", "The price"},
		{"one way alone", func(r *Report) { r.Ways = r.Ways[:1] }, "Whoever holds the plain cookie", "So: "},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			r := asPromised()
			tt.change(r)
			got := strings.Join(r.Lessons(), "\n")
			if !strings.Contains(got, tt.want) || tt.notWanted != "" && strings.Contains(got, tt.notWanted) {
				t.Errorf("got\n%s\nwant %q, not %q", got, tt.want, tt.notWanted)
			}
			for _, s := range r.Lessons() {
				if !regexp.MustCompile(`^[A-Z].*\.$`).MatchString(s) {
					t.Errorf("no sentence: %q", s)
				}
			}
		})
	}
}

func TestAlteredLooksLikeACredential(t *testing.T) {
	const credential = "aZ9-_.zA0"
	for i := range credential {
		got := altered(credential, i)
		if got == credential || len(got) != len(credential) || got[:i] != credential[:i] || got[i+1:] != credential[i+1:] {
			t.Errorf("byte %d: %q", i, got)
		}
		if !regexp.MustCompile(`^[\w.-]+$`).MatchString(got) {
			t.Errorf("byte %d: %q cannot stand in a cookie", i, got)
		}
	}
}

func TestShorten(t *testing.T) {
	tests := []struct{ what, in, want string }{
		{"a session id", "Cookie: __Host-session=" + strings.Repeat("k", 43) + "; x=1", "Cookie: __Host-session=kkkkkk…kkk(43); x=1"},
		{"a token, with its dots", "Bearer " + strings.Repeat("h", 40) + "." + strings.Repeat("p", 50) + ".sss", "Bearer hhhhhh…sss(95)"},
		{"a public handle", `"id":"oN1O1wUkHdl2OFddE2jU8A"`, `"id":"oN1O1wUkHdl2OFddE2jU8A"`},
		{"a plain cookie", "Cookie: tour=Ada.3", "Cookie: tour=Ada.3"},
	}
	for _, tt := range tests {
		if got := shorten(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
}
