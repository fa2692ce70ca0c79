package main

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/internal/journal"
	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

// seed is CLOAKROOM_TEST_SEED, or a new one. It draws what the crowd does and when the server dies; how the requests fall
// together in between is the machine's affair.
func seed(t *testing.T) uint64 {
	n := uint64(time.Now().UnixNano())
	if s := os.Getenv("CLOAKROOM_TEST_SEED"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CLOAKROOM_TEST_SEED=%d", n)
	return n
}

// TestKill kills the server at 20 random points under load, by SIGKILL. After each restart on the same directory whatever was
// acknowledged holds: sign-ins, endings with their reasons, refresh tokens, data. The database is whole, the journal's
// chain unbroken, and the start takes less than a second (T17, QT-07).
//
// It is not parallel: beside other tests the load would be small, and the starts slow.
func TestKill(t *testing.T) {
	const kills = 20
	from := seed(t)
	random := rand.New(rand.NewPCG(from, 0))
	var people crowd
	for i := range 6 {
		people = append(people, &person{t: t, name: fmt.Sprintf("p%d", i), random: rand.New(rand.NewPCG(from, uint64(i+1)))})
	}
	dir, addr := t.TempDir(), freeAddr(t)
	checked := 0
	var starts []time.Duration
	for i := range kills + 1 {
		p := fast(t, dir, addr)
		if i > 0 {
			starts = append(starts, p.took)
			checked += people.check(p)
		}
		if t.Failed() {
			t.Fatalf("after kill %d; the last lines of the server:\n%s", i, lastLines(p.log.String(), 20))
		}
		if i == kills {
			break
		}
		people.load(p, func() {
			time.Sleep(time.Duration(20+random.IntN(300_000)) * time.Microsecond) // the point is random: there is nothing to wait for
			p.kill()
		})
		holdsTogether(t, filepath.Join(dir, "cloakroom-data"))
	}
	slices.Sort(starts)
	median, most, worst := starts[kills/2], starts[kills*9/10], starts[kills-1]
	t.Logf("%v; %d kills, %d checks of sessions and tokens; starts: median %v, worst %v", people, kills, checked, median.Round(time.Millisecond), worst.Round(time.Millisecond))
	if limit := time.Second; median > limit || most > testenv.Soon { // what is slower may be the machine's fault
		t.Errorf("half of the starts took up to %v, nine of ten up to %v, more than %v and %v", median, most, limit, testenv.Soon)
	}
}

func lastLines(s string, n int) string {
	end := len(s)
	for ; end > 0 && n >= 0; end-- {
		if s[end-1] == '\n' {
			n--
		}
	}
	return s[end:]
}

// halves are what a change that was half done would leave behind; each must count nothing.
var halves = []struct{ what, query string }{
	{"sessions of nobody", `select count(*) from sessions left join accounts on accounts.id = subject where subject <> '' and accounts.id is null`},
	{"sessions that live and have ended", `select count(*) from sessions join endings using (key)`},
	{"living refresh families without their session", `select count(*) from refresh_families f left join sessions s on s.handle = f.session_handle where f.ended = 0 and s.id is null`},
	{"program sessions without a family", `select count(*) from sessions s left join refresh_families f on s.handle = f.session_handle where s.kind = 1 and f.id is null`},
	{"refresh families without their newest token", `select count(*) from refresh_families f left join refresh_tokens t on t.family = f.id and t.generation = f.newest where t.hash is null`},
	{"accounts that never entered the journal", `select count(*) from accounts a left join journal j on j.subject = a.id and j.action = 'signup' where j.seq is null`},
	{"endings that never entered the journal", `select (select count(*) from endings) - (select count(*) from journal where action in ('signout', 'session.end'))`},
}

// holdsTogether looks at what the dead server left behind, in a copy: the next start must meet it as it is.
func holdsTogether(t *testing.T, data string) {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(filepath.Join(copied, "d"), os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(copied, "d", "cloakroom.db")
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	var verdict string
	if err := raw.QueryRow(`pragma integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("pragma integrity_check: %s %v", verdict, err)
	}
	for _, half := range halves {
		var n int
		if err := raw.QueryRow(half.query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", half.what, n, err)
		}
	}
	d, err := db.Open(t.Context(), path, sqlstore.Migrations, journal.Migrations, account.Migrations, grant.Migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := journal.New("auditor").Verify(t.Context(), d.View()); err != nil {
		t.Errorf("the journal: %v", err)
	}
}

// TestHalvesAreFound: each question about halves finds the half that it asks for, or the kills prove nothing.
func TestHalvesAreFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := fast(t, dir, freeAddr(t))
	who := credentials{Email: "anna@example.org", Password: goodPassword}
	g := p.guest()
	a, err := g.json("/api/signup", who)
	must(t, 201, a, err)
	a, err = p.guest().json("/api/token", who)
	must(t, 200, a, err)
	a, err = g.ask("POST", "/api/signout", "")
	must(t, 204, a, err)
	p.kill()
	whole := filepath.Join(dir, "cloakroom-data")
	breaks := []string{
		`update sessions set subject = 'nobody'`,
		`insert into sessions (key, handle, subject, version, idle, remember, kind, amr, device) select key, 'h', subject, 1, 0, 0, 1, '', '' from endings`,
		`update sessions set handle = 'another'`,
		`delete from refresh_families`,
		`update refresh_families set newest = newest + 1`,
		`delete from journal where action = 'signup'`,
		`delete from journal where action = 'signout'`,
	}
	if len(breaks) != len(halves) {
		t.Fatalf("%d breaks for %d halves", len(breaks), len(halves))
	}
	for i, statement := range breaks {
		copied := filepath.Join(t.TempDir(), "d")
		if err := os.CopyFS(copied, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		raw, err := sql.Open("sqlite", filepath.Join(copied, "cloakroom.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		var before, after int
		if err := raw.QueryRow(halves[i].query).Scan(&before); err != nil || before != 0 {
			t.Errorf("%s: %d before the break, %v", halves[i].what, before, err)
		}
		if _, err := raw.Exec(statement); err != nil {
			t.Fatal(err)
		}
		if err := raw.QueryRow(halves[i].query).Scan(&after); err != nil || after == 0 {
			t.Errorf("%s are not found: %v", halves[i].what, err)
		}
	}
}
