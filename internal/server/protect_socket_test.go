package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/session"
)

// socketApp speaks a protocol after a handshake of WebSockets: it sends back what it gets.
func socketApp(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" {
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-User: %s\r\n\r\n", r.Header.Get("Remote-Name"))
	_, _ = io.Copy(conn, rw)
}

// socket opens a WebSocket at the app's host with the cookies of the browser there.
func (b *tab) socket() (net.Conn, *bufio.Reader, *http.Response) {
	b.t.Helper()
	at, err := url.Parse(b.at("/socket"))
	if err != nil {
		b.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+at.Port())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade, Remote-Name\r\nRemote_Name: root\r\n", at.Host)
	for _, c := range b.http.Jar.Cookies(at) {
		fmt.Fprintf(conn, "Cookie: %s=%s\r\n", c.Name, c.Value)
	}
	fmt.Fprint(conn, "\r\n")
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return conn, r, res
}

// TestProtectASocketEndsWithItsSession: within a second, wherever the session is ended: by its owner, by its owner from another device, by a command beside the
// server. Afterwards there is no other one.
func TestProtectASocketEndsWithItsSession(t *testing.T) {
	for what, end := range map[string]func(b, other *tab, command *app.App, me session.Record) error{
		"signed out": func(b, _ *tab, _ *app.App, _ session.Record) error {
			b.do("POST", b.h.URL+"/api/signout", "")
			return nil
		},
		"signed out elsewhere": func(_, other *tab, _ *app.App, me session.Record) error {
			other.do("DELETE", other.h.URL+"/api/sessions/"+me.Handle, "")
			return nil
		},
		"ended by a command": func(b, _ *tab, command *app.App, me session.Record) error {
			return command.EndSession(b.t.Context(), me.Subject, me.Handle, session.EndedByAdmin, app.ActorCommand, app.Client{})
		},
		"account disabled by a command": func(b, _ *tab, command *app.App, _ session.Record) error {
			_, err := command.DisableUser(b.t.Context(), anna, app.ActorCommand)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			h := protected(t, socketApp)
			command, err := app.Open(t.Context(), app.Config{Data: h.Dir}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer command.Close(context.Background())
			b, other := newTab(t, h), newTab(t, h)
			b.signUp(anna)
			b.open(b.at("/"))
			other.signIn(anna)
			conn, r, res := b.socket()
			if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("X-User") != "Anna" {
				t.Fatal(res.Status, res.Header)
			}
			fmt.Fprint(conn, "hello")
			if got, err := io.ReadAll(io.LimitReader(r, 5)); err != nil || string(got) != "hello" {
				t.Fatalf("%q %v", got, err)
			}
			acct, err := command.User(t.Context(), anna)
			if err != nil {
				t.Fatal(err)
			}
			all, err := h.App.SessionsOf(t.Context(), acct.ID)
			if err != nil || len(all) != 2 {
				t.Fatal(all, err)
			}
			start := time.Now()
			if err := end(b, other, command, all[0]); err != nil {
				t.Fatal(err)
			}
			_ = conn.SetReadDeadline(start.Add(2 * testenv.Soon))
			if n, _ := io.Copy(io.Discard, r); n > 0 {
				t.Errorf("%d bytes more", n)
			}
			if took := time.Since(start); took > testenv.Soon {
				t.Errorf("it ends after %v", took)
			}
			if _, _, res := b.socket(); res.StatusCode != http.StatusUnauthorized {
				t.Errorf("afterwards: %s", res.Status)
			}
		})
	}
}
