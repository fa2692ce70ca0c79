package e2e_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the browser's cookie store is such a file

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// cell is what a cell of the matrix says.
func (r ruling) cell() string {
	switch {
	case !r.no:
		return "sent"
	case len(r.reasons) == 0:
		return "–"
	}
	reason := strings.TrimPrefix(strings.TrimPrefix(r.reasons[0], "Schemeful"), "SameSite")
	if reason == "UnspecifiedTreatedAsLax" {
		return "as Lax"
	}
	return reason
}

// TestMatrixInChromium: cookies of each kind in each situation, in Chromium and in the jar; new ones and three minutes later;
// read by scripts and set from elsewhere, too.
func TestMatrixInChromium(t *testing.T) {
	b := newWitness(t, thirdPartiesAllowed)
	jars := map[string]*jar.Jar{}
	now := time.Now()
	for _, profile := range compared {
		jars[profile] = newJar(t, profile, nil)
		fill(t, jars[profile], now)
	}
	b.fill()
	rows := b.cross(t, jars, now, "")
	for _, s := range scripts {
		got := b.script(s)
		for profile, j := range jars {
			r := s.request(t)
			r.Script, r.Now = true, now
			header, _ := j.Match(r)
			judge(t, profile, s.name, account{header: got}.differences(account{header: header}))
		}
	}

	// Closed, three minutes pass, opened again.
	b.close()
	age(t, b.dir, 3*time.Minute)
	b = openWitness(t, b.web, b.dir)
	later := b.cross(t, jars, now.Add(3*time.Minute), ", 3 minutes later")
	b.setFromElsewhere(t, compared, false, ", setting")

	var want []string
	for i := range situations {
		want = append(want, rows[i])
		if cells(later[i]) != cells(rows[i]) {
			want = append(want, later[i])
		}
	}
	if got := tableIn(document(t), "Who sends what", "situation"); !slices.Equal(got, want) {
		t.Errorf("docs/browsers.md says\n%s\nand should say\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestMatrixWithoutThirdParties is the same in a browser whose owner blocks third parties, as some distributions do.
func TestMatrixWithoutThirdParties(t *testing.T) {
	b := newWitness(t, thirdPartiesBlocked)
	now := time.Now()
	j := newJar(t, "chrome", func(p *jar.Profile) { p.NoThirdParties = true })
	fill(t, j, now)
	b.fill()
	b.cross(t, map[string]*jar.Jar{"chrome": j}, now, ", third parties blocked")
	b.setFromElsewhere(t, []string{"chrome"}, true, ", setting, third parties blocked")
}

// setFromElsewhere: which lines count in each situation, when the response came to a page of another site, say.
func (b *witness) setFromElsewhere(t *testing.T, profiles []string, noThirdParties bool, suffix string) {
	t.Helper()
	for _, s := range situations {
		b.forget()
		now := time.Now()
		x := b.reach(s, answer{setCookie: kinds})
		chromium := account{lines: b.rulings(kinds, x.blocked), store: b.keeps(now)}
		for _, profile := range profiles {
			j := newJar(t, profile, func(p *jar.Profile) { p.NoThirdParties = noThirdParties })
			ours := account{lines: verdicts(j.Set(s.request(t), kinds...)), store: keeps(j, now)}
			judge(t, profile, s.name+suffix, chromium.differences(ours))
		}
	}
}

func fill(t *testing.T, j *jar.Jar, now time.Time) {
	t.Helper()
	first, second := home.request(t), onTheOther.request(t)
	first.Now, second.Now = now, now
	for _, v := range append(j.Set(first, kinds...), j.Set(second, abroad...)...) {
		if v.Outcome != jar.Stored {
			t.Fatalf("%s: %v", v.Line, v.Reasons)
		}
	}
}

func (b *witness) fill() {
	b.t.Helper()
	b.reach(home, answer{setCookie: kinds})
	b.reach(onTheOther, answer{setCookie: abroad})
	if n := len(b.stored()); n != len(kinds)+len(abroad) {
		b.t.Fatalf("the browser stores %d cookies of %d", n, len(kinds)+len(abroad))
	}
}

// cross goes through all situations and returns what the browser did in each, as rows of a table.
func (b *witness) cross(t *testing.T, jars map[string]*jar.Jar, now time.Time, suffix string) (rows []string) {
	t.Helper()
	for _, s := range situations {
		x := b.reach(s, answer{})
		header, _ := b.web.header(s.link)
		chromium := account{header: header, withheld: withheld(x.associated)}
		for profile, j := range jars {
			r := s.request(t)
			r.Now = now
			var verdicts []jar.Verdict
			var ours account
			ours.header, verdicts = j.Match(r)
			ours.withheld = heldBack(verdicts)
			judge(t, profile, s.name+suffix, chromium.differences(ours))
		}
		rows = append(rows, row(s.name+suffix, x, header))
	}
	return rows
}

// row is a line of the table in the document. What the browser does not mention is in another partition.
func row(name string, x exchange, header string) string {
	cells := []string{name}
	for _, line := range slices.Concat(kinds, abroad) {
		cookie, _, _ := strings.Cut(line, ";")
		r := ruling{no: !slices.Contains(strings.Split(header, "; "), cookie)}
		for _, c := range x.associated {
			if c.Cookie.Name+"="+c.Cookie.Value == cookie {
				r.reasons = names(c.BlockedReasons)
			}
		}
		cells = append(cells, r.cell())
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// cells are a row without its name.
func cells(row string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(row, "| "), " | ")
	return rest
}

// script is what a script reads.
func (b *witness) script(s situation) string {
	b.t.Helper()
	if s.from == "" {
		b.page(s.link)
		return eval[string](b.browser, "document.cookie")
	}
	b.web.serve(s.link, answer{body: `<script>parent.postMessage(document.cookie, "*")</script>`})
	b.page(s.from)
	return eval[string](b.browser, fmt.Sprintf(`new Promise(done => {
		addEventListener("message", e => done(e.data), {once: true})
		const f = document.createElement("iframe"); f.src = %s; document.body.append(f)
	})`, quoted(b.t, s.link)))
}

// age makes all cookies of a closed browser older.
func age(t *testing.T, dir string, by time.Duration) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "Default", "Cookies"))
	if more, _ := filepath.Glob(filepath.Join(dir, "Default", "Network", "Cookies")); err == nil {
		files = append(files, more...)
	}
	if len(files) != 1 {
		t.Fatalf("the browser keeps cookies in %d files: %v, %v", len(files), files, err)
	}
	db, err := sql.Open("sqlite", files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	res, err := db.Exec("UPDATE cookies SET creation_utc = creation_utc - ?", by.Microseconds())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || int(n) != len(kinds)+len(abroad) {
		t.Fatalf("%d cookies became older, %v", n, err)
	}
}
