package server_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

// line is a network in memory, on which time is that of the bubble.
type line struct {
	calls chan net.Conn
	done  chan struct{}
	end   sync.Once
}

func newLine() *line { return &line{calls: make(chan net.Conn), done: make(chan struct{})} }

func (l *line) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *line) Close() error { l.end.Do(func() { close(l.done) }); return nil }

func (l *line) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711} }

func (l *line) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.calls <- theirs:
		return ours, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wired is a house behind an http.Server with the limits of `cloakroom serve`, and how to reach it.
type wired struct {
	*servertest.House
	srv    *http.Server
	client *http.Client
	line   *line
	who    map[string]string // the secret of each client
}

// as is the header by which a client proves who it is; it is registered if it was not.
func (w *wired) as(t *testing.T, id string) string {
	t.Helper()
	if w.who[id] == "" {
		_, secret, err := w.App.AddClient(t.Context(), id, "", app.ActorCommand)
		if err != nil {
			t.Fatal(err)
		}
		if w.who == nil {
			w.who = map[string]string{}
		}
		w.who[id] = secret
	}
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+w.who[id]))
}

// wire puts a house on a line, in the bubble of synctest.
func wire(t *testing.T, change func(*app.Config)) *wired {
	t.Helper()
	h := servertest.StartStill(t, change)
	w := &wired{House: h, line: newLine(), srv: &http.Server{
		Handler: h.Server.Public(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(slog.NewTextHandler(h.Logs, nil), slog.LevelDebug),
	}}
	w.srv.RegisterOnShutdown(h.App.EndFeeds)
	transport := &http.Transport{DialContext: w.line.Dial}
	w.client = &http.Client{Transport: transport}
	go w.srv.Serve(w.line)
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		w.srv.Close()
		synctest.Wait()
	})
	return w
}

func (w *wired) request(t *testing.T, method, path, body string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(header, func(line string) bool { return strings.HasPrefix(line, "Authorization: ") }) {
		header = append(header, w.as(t, "orders"))
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	res, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// stream is an open GET /revocations.
type stream struct {
	*http.Response
	lines *bufio.Reader
	house *servertest.House
}

func (w *wired) follow(t *testing.T, path string, header ...string) *stream {
	t.Helper()
	res := w.request(t, "GET", path, "", header...)
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(res.Body)
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	return &stream{res, bufio.NewReader(res.Body), w.House}
}

// event is a message as it came, its signature verified.
type event struct {
	id   string // of the event; "-" if it has none
	kind string // of the token: its one event's name without prefix
	Seq  int64  `json:"seq"`
	ID   string `json:"jti"`
	Sub  struct {
		Session struct{ ID string } `json:"session"`
	} `json:"sub_id"`
	Events map[string]json.RawMessage `json:"events"`
}

func verify(t *testing.T, h *servertest.House, set string) (e event) {
	t.Helper()
	payload, err := jwt.VerifySignature(set, h.App.PublicKeys(), []jwt.Algorithm{jwt.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	for name := range e.Events {
		e.kind = name[strings.LastIndexByte(name, '/')+1:]
	}
	return e
}

// next reads one event, to the letter: id, event, data and an empty line.
func (s *stream) next(t *testing.T) event {
	t.Helper()
	e, err := s.read(t)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (s *stream) read(t *testing.T) (event, error) {
	t.Helper()
	id, data := "-", ""
	for {
		text, err := s.lines.ReadString('\n')
		if err != nil {
			return event{}, err
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ": "); {
		case name == "id" && data == "":
			id = value
		case name == "event" && value == "set":
		case name == "data" && data == "":
			data = value
		case text == "\n" && data != "":
			e := verify(t, s.house, data)
			if e.id = id; id != "-" && id != strconv.FormatInt(e.Seq, 10) {
				t.Errorf("the event %s has seq %d", id, e.Seq)
			}
			return e, nil
		default:
			t.Fatalf("the line %q", text)
		}
	}
}

// end ends the session of a token as an administrator would.
func end(t *testing.T, h *servertest.House, tok tokens) (sid string) {
	t.Helper()
	var c struct {
		Session string `json:"sid"`
	}
	info, err := jwt.Inspect(tok.Access)
	if err == nil {
		err = json.Unmarshal(info.Payload, &c)
	}
	if err == nil {
		err = h.App.EndSession(t.Context(), "", c.Session, session.EndedByAdmin, app.ActorCommand, app.Client{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.Session
}
