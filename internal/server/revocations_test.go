package server_test

import (
	"database/sql"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestAStreamGoesOn: longer than any limit of usual requests, with a heartbeat each five seconds, and told at once of what happens.
func TestAStreamGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		w.Client().SignUp(anna)
		s := w.follow(t, "/revocations", "Origin: https://elsewhere.example", "Cookie: __Host-session=x")
		for name, want := range map[string]string{
			"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Access-Control-Allow-Origin": "", "Set-Cookie": "", "Content-Length": "",
		} {
			if got := s.Header.Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if e := s.next(t); e.kind != "snapshot" || e.id != "0" {
			t.Errorf("%+v", e)
		}
		if e := s.next(t); e.kind != "heartbeat" || e.id != "0" {
			t.Errorf("%+v", e)
		}
		start := time.Now()
		for time.Since(start) < 3*time.Minute { // ReadTimeout and WriteTimeout are long past
			if e := s.next(t); e.kind != "heartbeat" {
				t.Errorf("%+v", e)
			}
		}
		tok := program(t, w.House, anna)
		before := time.Now()
		sid := end(t, w.House, tok)
		if e := s.next(t); e.kind != "session-revoked" || e.Sub.Session.ID != sid || e.id != "1" || e.ID != "r1" || time.Since(before) != 0 {
			t.Errorf("%+v after %v", e, time.Since(before))
		}
	})
}

// TestWhatAStreamRefuses: every request that is not what it should be, before anything is sent.
func TestWhatAStreamRefuses(t *testing.T) {
	h := servertest.Start(t, nil)
	who, bad := (&wired{House: h}).as(t, "orders"), "Authorization: Basic b3JkZXJzOndyb25n"
	for _, c := range []struct {
		what, method, path, body string
		header                   []string
		status                   int
		reason                   string
	}{
		{"nobody", "GET", "/revocations", "", nil, 401, "invalid-client"},
		{"a wrong secret", "GET", "/revocations", "", []string{bad}, 401, "invalid-client"},
		{"nobody polls", "POST", "/revocations", "{}", []string{"Content-Type: application/json"}, 401, "invalid-client"},
		{"only the head", "HEAD", "/revocations", "", []string{who}, 200, ""},
		{"nobody's head", "HEAD", "/revocations", "", nil, 401, ""},
		{"a page is wanted", "GET", "/revocations", "", []string{who, "Accept: text/html"}, 406, "not-acceptable"},
		{"anything but this", "GET", "/revocations", "", []string{who, "Accept: */*, text/event-stream;q=0"}, 406, "not-acceptable"},
		{"any text", "HEAD", "/revocations", "", []string{who, "Accept: text/html;q=0.5, text/*;q=0.1"}, 200, ""},
		{"a position that is no number", "GET", "/revocations", "", []string{who, "Last-Event-ID: r42"}, 400, "malformed-request"},
		{"a negative one", "GET", "/revocations", "", []string{who, "Last-Event-ID: -1"}, 400, "malformed-request"},
		{"a signed one", "GET", "/revocations", "", []string{who, "Last-Event-ID: +1"}, 400, "malformed-request"},
		{"zeros before it", "GET", "/revocations", "", []string{who, "Last-Event-ID: 042"}, 400, "malformed-request"},
		{"none", "GET", "/revocations", "", []string{who, "Last-Event-ID: "}, 400, "malformed-request"},
		{"too large a one", "GET", "/revocations", "", []string{who, "Last-Event-ID: 9223372036854775808"}, 400, "malformed-request"},
		{"two", "GET", "/revocations", "", []string{who, "Last-Event-ID: 1", "Last-Event-ID: 1"}, 400, "malformed-request"},
		{"two in the query", "GET", "/revocations?after=1&after=1", "", []string{who}, 400, "malformed-request"},
		{"no number in the query", "GET", "/revocations?after=", "", []string{who}, 400, "malformed-request"},
		{"a broken query", "GET", "/revocations?after=%zz", "", []string{who}, 400, "malformed-request"},
		{"another method", "PUT", "/revocations", "{}", []string{who}, 405, "method-not-allowed"},
		{"a form", "POST", "/revocations", "maxEvents=1", []string{who, "Content-Type: application/x-www-form-urlencoded"}, 415, "unsupported-media-type"},
		{"no object", "POST", "/revocations", "[]", []string{who, "Content-Type: application/json"}, 400, "malformed-request"},
		{"nothing", "POST", "/revocations", "", []string{who, "Content-Type: application/json"}, 400, "malformed-request"},
		{"a member that is unknown", "POST", "/revocations", `{"max":1}`, []string{who, "Content-Type: application/json"}, 400, "malformed-request"},
		{"a number in quotes", "POST", "/revocations", `{"maxEvents":"1"}`, []string{who, "Content-Type: application/json"}, 400, "malformed-request"},
		{"a negative number", "POST", "/revocations", `{"maxEvents":-1}`, []string{who, "Content-Type: application/json"}, 400, "malformed-request"},
		{"an ack that is no list", "POST", "/revocations", `{"ack":"r1"}`, []string{who, "Content-Type: application/json"}, 400, "malformed-request"},
		{"too much", "POST", "/revocations", `{"ack":["` + strings.Repeat("r", 64<<10) + `"]}`, []string{who, "Content-Type: application/json"}, 413, "too-large"},
		{"good", "POST", "/revocations", `{"returnImmediately":true}`, []string{who, "Content-Type: application/json; charset=utf-8"}, 200, ""},
	} {
		a := h.Client().Do(c.method, c.path, c.body, c.header...)
		if a.StatusCode != c.status || c.reason != "" && a.Reason() != c.reason {
			t.Errorf("%s: got %d %q, want %d %q: %s", c.what, a.StatusCode, a.Reason(), c.status, c.reason, a.Body)
		}
		if challenge := a.Header.Get("WWW-Authenticate"); (a.StatusCode == 401) != strings.HasPrefix(challenge, "Basic realm=") {
			t.Errorf("%s: WWW-Authenticate %q", c.what, challenge)
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "" || len(a.Cookies()) > 0 {
			t.Errorf("%s: %v", c.what, a.Header)
		}
		if c.status == 405 && a.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: Allow %q", c.what, a.Header.Get("Allow"))
		}
	}
}

// TestWhereAStreamGoesOn: the header counts before the query; ahead of the feed, or without a position, a snapshot comes.
func TestWhereAStreamGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		w.Client().SignUp(anna)
		for range 3 {
			end(t, w.House, program(t, w.House, anna))
		}
		for _, c := range []struct {
			what, path, header string
			want               string
		}{
			{"nothing", "/revocations", "", "snapshot 3"},
			{"the header", "/revocations", "Last-Event-ID: 1", "session-revoked 2"},
			{"the query", "/revocations?after=2", "", "session-revoked 3"},
			{"both", "/revocations?after=0", "Last-Event-ID: 2", "session-revoked 3"},
			{"from the beginning", "/revocations?after=0", "", "session-revoked 1"},
			{"up to date", "/revocations", "Last-Event-ID: 3", "heartbeat 3"},
			{"ahead", "/revocations", "Last-Event-ID: 4", "snapshot 3"},
			{"far ahead", "/revocations", "Last-Event-ID: 9223372036854775807", "snapshot 3"},
		} {
			var header []string
			if c.header != "" {
				header = append(header, c.header)
			}
			s := w.follow(t, c.path, header...)
			e := s.next(t)
			if got := e.kind + " " + strconv.FormatInt(e.Seq, 10); got != c.want {
				t.Errorf("%s: got %s, want %s", c.what, got, c.want)
			}
			s.Body.Close()
		}
	})
}

// TestASnapshotIsResumedAtItsEnd: a part that is not the last has no id, so that a browser which lost the rest does not go on behind it.
func TestASnapshotIsResumedAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		other, err := sql.Open("sqlite", filepath.Join(w.Dir, "cloakroom.db"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = other.Exec(`
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
			INSERT INTO feed_entries (seq, kind, sid, at, until) SELECT i, 'session', 's' || i, ?, ? FROM n`, time.Now().UnixNano(), time.Now().Add(time.Hour).UnixNano())
		if err == nil {
			_, err = other.Exec("UPDATE feed_head SET seq = 1001")
		}
		if err := errors.Join(err, other.Close()); err != nil {
			t.Fatal(err)
		}
		s := w.follow(t, "/revocations")
		for _, want := range []string{"snapshot -", "snapshot 1001", "heartbeat 1001"} {
			e := s.next(t)
			if got := e.kind + " " + e.id; got != want || e.Seq != 1001 {
				t.Errorf("got %s of %d, want %s", got, e.Seq, want)
			}
		}
	})
}

// TestASlowReaderIsCutOff: who takes nothing for ten seconds, not who takes a message each nine.
func TestASlowReaderIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		slow := w.follow(t, "/revocations?after=0", w.as(t, "slow")) // reads nothing more
		start := time.Now()
		for closed := false; !closed; time.Sleep(time.Second) {
			closed = strings.Contains(w.Logs.String(), "feed.close")
			if time.Since(start) > time.Minute {
				t.Fatal("it was never cut off")
			}
		}
		if took := time.Since(start); took < 10*time.Second || took > 25*time.Second { // its connection takes a little by itself
			t.Errorf("cut off after %v", took)
		}
		if !strings.Contains(w.Logs.String(), "why=too-slow") {
			t.Errorf("the log: %s", w.Logs.String())
		}
		if _, err := io.Copy(io.Discard, slow.Body); err == nil {
			t.Error("its stream ended as if nothing was wrong")
		}
		s := w.follow(t, "/revocations?after=0")
		for range 10 {
			time.Sleep(9 * time.Second)
			s.next(t)
		}
	})
}

// TestStreamsEndWhenTheServerStops, at once; polls are answered.
func TestStreamsEndWhenTheServerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		s := w.follow(t, "/revocations?after=0")
		s.next(t)
		silent := w.follow(t, "/revocations?after=0") // reads nothing: its message is under way
		ended := make(chan error, 1)
		go func() { _, err := s.read(t); ended <- err }()
		answered := make(chan string, 1)
		go func() {
			res := w.request(t, "POST", "/revocations", "{}", "Content-Type: application/json")
			body, _ := io.ReadAll(res.Body)
			answered <- string(body)
		}()
		synctest.Wait()
		start := time.Now()
		if err := w.srv.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
		if got := <-answered; got != `{"sets":{},"moreAvailable":false}`+"\n" {
			t.Errorf("the poll: %q", got)
		}
		if err := <-ended; err != io.EOF {
			t.Errorf("the stream: %v", err)
		}
		silent.Body.Close()
		if !strings.Contains(w.Logs.String(), "why=stopping") {
			t.Errorf("the log: %s", w.Logs.String())
		}
	})
}

// TestAStreamEndsWithItsClient: within a second after it was removed, also for a reader that takes nothing; and it is refused from then on.
func TestAStreamEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		s := w.follow(t, "/revocations?after=0")
		s.next(t)
		silent := w.follow(t, "/revocations?after=0") // its first message is under way
		time.Sleep(time.Millisecond)
		start := time.Now()
		if _, err := w.App.RemoveClient(t.Context(), "orders", app.ActorCommand); err != nil {
			t.Fatal(err)
		}
		if e, err := s.read(t); err != io.EOF || time.Since(start) > time.Second {
			t.Errorf("%+v %v after %v", e, err, time.Since(start))
		}
		time.Sleep(time.Until(start.Add(time.Second)))
		synctest.Wait()
		if n := w.App.Stats().FeedReaders; n != 0 {
			t.Errorf("%d readers are left", n)
		}
		silent.Body.Close()
		if res := w.request(t, "GET", "/revocations", ""); res.StatusCode != 401 {
			t.Errorf("%d", res.StatusCode)
		}
	})
}

// TestAStreamEndsWithTheStore, and one that begins then is 503.
func TestAStreamEndsWithTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		s := w.follow(t, "/revocations?after=0")
		s.next(t)
		start := time.Now()
		w.Faults.Set(func(db.Op) error { return errors.New("disk gone") })
		if e, err := s.read(t); !errors.Is(err, io.EOF) || time.Since(start) > 1300*time.Millisecond {
			t.Errorf("%+v %v after %v", e, err, time.Since(start))
		}
		res := w.request(t, "GET", "/revocations", "")
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 503 || !strings.Contains(string(body), `"store-unavailable"`) || strings.Contains(string(body), "disk") {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	})
}

// TestOneStreamTooMany of a client is 503, with when to try again.
func TestOneStreamTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		var open []*stream
		for range app.MaxFeedReadersEach {
			open = append(open, w.follow(t, "/revocations"))
		}
		res := w.request(t, "GET", "/revocations", "")
		body, _ := io.ReadAll(res.Body)
		if n, err := strconv.Atoi(res.Header.Get("Retry-After")); res.StatusCode != 503 || err != nil || n < 1 || !strings.Contains(string(body), `"busy"`) {
			t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
		}
		w.follow(t, "/revocations", w.as(t, "other")).Body.Close() // another client's
		open[0].Body.Close()
		synctest.Wait()
		w.follow(t, "/revocations")
	})
}

// TestAStreamAcrossARestart goes on where it was: the numbers and what has happened outlive the server.
func TestAStreamAcrossARestart(t *testing.T) {
	dir := t.TempDir()
	h := servertest.StartIn(t, dir, nil)
	h.Client().SignUp(anna)
	end(t, h, program(t, h, anna))
	tok := program(t, h, anna)
	w := &wired{House: h, client: http.DefaultClient}
	s := w.follow(t, "/revocations")
	if e := s.next(t); e.kind != "snapshot" || e.Seq != 1 {
		t.Fatalf("%+v", e)
	}
	h.Stop()
	for err := error(nil); err == nil; _, err = s.read(t) {
	}
	again := servertest.StartIn(t, dir, func(c *app.Config) { c.URL = h.URL })
	sid := end(t, again, tok)
	w = &wired{House: again, client: http.DefaultClient, who: w.who}
	s = w.follow(t, "/revocations", "Last-Event-ID: 1")
	if e := s.next(t); e.ID != "r2" || e.Sub.Session.ID != sid {
		t.Errorf("%+v", e)
	}
	s.Body.Close()
}

// TestAFeedLeaksNoSecret: neither the log nor the metrics have the secret of a client.
func TestTheLogOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		s := w.follow(t, "/revocations?after=0")
		s.next(t)
		page := ops(w.House, "GET", "/metrics").Body.String()
		for _, want := range []string{"\ncloakroom_feed_readers 1\n", "\ncloakroom_feed_position 0\n", "\ncloakroom_feed_entries 0\n"} {
			if !strings.Contains(page, want) {
				t.Errorf("no %q in the metrics", want)
			}
		}
		s.Body.Close()
		synctest.Wait()
		log := w.Logs.String()
		for _, want := range []string{"feed.open client=orders after=0 snapshot=false", "feed.close client=orders why=hung-up sent=1"} {
			if !strings.Contains(log, want) {
				t.Errorf("no %q in the log: %s", want, log)
			}
		}
		if strings.Contains(log, w.who["orders"]) {
			t.Errorf("a secret is in the log: %s", log)
		}
	})
}
