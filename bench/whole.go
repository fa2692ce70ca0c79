package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/internal/journal"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

// whole measures the program as it is shipped, beside a bare net/http server in a process of its own. It returns how many
// budgets are broken.
func whole(binary string, rounds int) (broken int) {
	report := func(what string, got, budget float64, unit string, better bool) {
		verdict := ""
		if !better {
			verdict, broken = " BROKEN", broken+1
		}
		fmt.Printf("%-56s %9.2f %-4s budget %7.2f%s\n", what, got, unit, budget, verdict)
	}
	fmt.Println()

	info, err := os.Stat(binary)
	must(err)
	mb := float64(info.Size()) / 1e6
	report("stripped binary with SQLite", mb, 20, "MB", mb <= 20)

	ms := coldStart(binary, 7)
	report("cold start, first start in an empty directory", ms, 150, "ms", ms <= 150)

	mib := memory(binary, 10_000)
	report("memory with 10,000 live sessions, nothing hashed", mib, 25, "MiB", mib <= 25)

	dir := temp()
	defer os.RemoveAll(dir)
	house := startHouse(binary, dir)
	defer house.stop()
	bare := startBare()
	defer bare.stop()
	cookie, token := house.signUp()
	byCookie, byToken := check("Cookie: "+cookie), check("Authorization: Bearer "+token)
	var bareNS, cookieRatio, tokenRatio []float64
	for range rounds {
		limit := bare.cost(byCookie, 20_000)
		bareNS = append(bareNS, limit)
		cookieRatio = append(cookieRatio, house.cost(byCookie, 20_000)/limit)
		tokenRatio = append(tokenRatio, house.cost(byToken, 20_000)/bare.cost(byToken, 20_000))
	}
	fmt.Printf("%-56s %9.2f µs\n", "bare net/http handler, CPU of a request", median(bareNS)/1000)
	r := median(cookieRatio)
	report("forward-auth check, session in memory", r, 1.4, "x", r <= 1.4)
	r = median(tokenRatio)
	report("forward-auth check by a token seen before", r, 1.5, "x", r <= 1.5)

	quiet, flooded := house.flood(byCookie)
	fmt.Printf("%-56s %9.2f ms\n", "session checks, p99 while nobody signs in", quiet*1000)
	report("session checks, p99 while sign-ins flood in", flooded/quiet, 2, "x", flooded/quiet <= 2)
	return broken
}

func check(credential string) []byte {
	return []byte("GET /forward-auth/nginx HTTP/1.1\r\nHost: localhost\r\nX-Original-URL: http://localhost:9000/wiki/page?x=1\r\n" +
		"X-Original-Method: GET\r\nAccept: text/html\r\n" + credential + "\r\n\r\n")
}

// coldStart is the median time from exec to the first ready answer.
func coldStart(binary string, times int) float64 {
	var v []float64
	for range times {
		dir := temp()
		begin := time.Now()
		h := startHouse(binary, dir)
		v = append(v, float64(time.Since(begin).Microseconds())/1000)
		h.stop()
		os.RemoveAll(dir)
	}
	return median(v)
}

// memory is the resident size after each of n sessions was asked for once.
func memory(binary string, n int) float64 {
	dir := temp()
	defer os.RemoveAll(dir)
	startHouse(binary, dir).stop() // makes the database
	cookies := fill(filepath.Join(dir, "cloakroom.db"), n)
	h := startHouse(binary, dir)
	defer h.stop()
	conn := h.dial()
	defer conn.Close()
	for _, c := range cookies {
		conn.ask(check("Cookie: "+c), http.StatusOK)
	}
	return h.residentMiB()
}

// fill signs n people in without a password.
func fill(file string, n int) (cookies []string) {
	ctx := context.Background()
	d, err := db.Open(ctx, file, sqlstore.Migrations, journal.Migrations, account.Migrations, grant.Migrations)
	must(err)
	defer d.Close()
	accounts := account.New(nil)
	must(d.Update(ctx, func(tx *db.Conn) error {
		store, err := sqlstore.New(d.Writer(), nil)
		must(err)
		in := store.In(tx.SQLTx())
		m, err := session.New(in, nil)
		must(err)
		for i := range n {
			a, err := accounts.Create(ctx, tx, account.Draft{Email: "p" + strconv.Itoa(i) + "@example.org", Name: "Person"})
			must(err)
			p, err := m.PlanSignIn(ctx, in, session.SignIn{Subject: a.ID, AMR: []string{"pwd"}, Device: "Firefox on Linux"})
			must(err)
			must(in.Commit(ctx, p.Change))
			c := m.Cookie(p)
			cookies = append(cookies, c.Name+"="+c.Value)
		}
		return nil
	}))
	return cookies
}

func temp() string {
	dir, err := os.MkdirTemp("", "cloakroom-bench-")
	must(err)
	return dir
}
