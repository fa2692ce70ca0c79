package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// A refresh is committed, and the process dies before a byte of the answer is out. Whoever asked comes again after the
// restart, and gets the one successor that was made (TK-37).
func TestKilledBetweenCommitAndAnswer_TK37(t *testing.T) {
	t.Parallel()
	h := &house{top: t, t: t, dir: t.TempDir()}
	addr := freeAddr(t)
	h.up = []*proc{fast(t, h.dir, addr)}
	a, err := h.next().guest().json("/api/signup", owner)
	must(t, http.StatusCreated, a, err)
	token := h.signIn().refresh
	for round := range 10 {
		if a, err := h.up[0].guest().ask("POST", "/oauth/token", refreshForm(token).Encode(), "Content-Type: application/x-www-form-urlencoded", "Die: now"); err == nil {
			t.Fatalf("an answer: %s", a.body)
		}
		<-h.up[0].ended
		if n := h.generations(); n != round+1 {
			t.Fatalf("round %d: %d successors were made before the end", round, n)
		}
		h.up[0] = fast(t, h.dir, addr)
		got := h.refresh(token)
		if n := h.generations(); n != round+1 {
			t.Fatalf("round %d: %d successors after the restart", round, n)
		}
		h.works(got.access, "")
		token = got.refresh
	}
}

// A client hangs up at any moment of its request: before the server has read it, while the database works, with the answer half
// read. Whatever of it was done, the token that it has goes on, and there is one chain.
func TestWhoHangsUpLosesNothing_TK37(t *testing.T) {
	t.Parallel()
	h := openHouse(t, 1)
	token := h.signIn().refresh
	for i := range 60 {
		h.hangUp(token, i)
		got := h.refresh(token)
		if again := h.refresh(token); again.refresh != got.refresh {
			t.Fatalf("%d: two successors", i)
		}
		token = got.refresh
	}
	if n := h.generations(); n != 60 {
		t.Errorf("%d successors of 60 tokens", n)
	}
}

// hangUp asks for a refresh and closes the connection: at once, after a part of the answer, or when a deadline of so many
// tenths of a millisecond has passed.
func (h *house) hangUp(token string, n int) {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.up[0].addr)
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	body := refreshForm(token).Encode()
	_, err = fmt.Fprintf(conn, "POST /oauth/token HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		h.up[0].addr, len(body), body)
	if err != nil {
		h.t.Fatal(err)
	}
	switch n % 3 {
	case 0: // at once
	case 1:
		_, err = io.ReadFull(conn, make([]byte, 20))
	default: // no answer is waited for longer than this, and what came of it is not looked at
		if err = conn.SetReadDeadline(time.Now().Add(time.Duration(n) * 100 * time.Microsecond)); err == nil {
			_, _ = io.ReadFull(conn, make([]byte, 20))
		}
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// generations is how many successors were made in the one family that there is.
func (h *house) generations() (n int) {
	h.t.Helper()
	file := h.file()
	defer file.Close()
	if err := file.QueryRow(`select newest from refresh_families`).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}
