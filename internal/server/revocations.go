package server

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
)

// feedStall is how long a reader of the feed may take for one message.
const feedStall = 10 * time.Second

const eventStream = "text/event-stream"

// revocations streams the feed as server-sent events, until the client hangs up, is too slow or is removed, the server stops, or the store does not
// answer: a stream that is open is one that knows. What it says is in docs/revocations.md.
func (s *Server) revocations(w http.ResponseWriter, r *http.Request) error {
	client, err := s.secretClient(r)
	if err != nil {
		return err
	}
	if !accepts(r.Header["Accept"], eventStream) {
		return &oauthError{"invalid_request", "The feed is sent as " + eventStream + ".", guard.NotAcceptable, http.StatusNotAcceptable}
	}
	after, fresh, err := feedPosition(r)
	if err != nil {
		return err
	}
	out := eventWriter{w: w, control: http.NewResponseController(w), stall: s.feedStall}
	if r.Method != http.MethodHead {
		if out.reader, err = s.app.FollowFeed(r.Context(), client, after, fresh, out.hurry); err != nil {
			return err
		}
		defer out.reader.Close()
	}
	h := w.Header()
	h.Set("Content-Type", eventStream)
	h.Set("X-Accel-Buffering", "no") // nginx would keep messages back
	w.WriteHeader(http.StatusOK)
	if out.reader == nil {
		return nil
	}
	t := timed(r.Context())
	t.stream = true
	s.log.Info("feed.open", "client", client.ID, "after", after, "snapshot", fresh, "addr", s.client(r).Addr, "request", t.id)
	sent, err := out.stream(r.Context())
	why := whyClosed(r.Context(), err)
	if why == "" {
		why = string(guard.InternalError)
		s.log.Error("feed.failed", "error", err, "request", t.id)
	}
	s.log.Info("feed.close", "client", client.ID, "why", why, "sent", sent, "request", t.id)
	return nil
}

// whyClosed names the end of a stream in the log; "" is one that nobody meant.
func whyClosed(ctx context.Context, err error) string {
	var known *app.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "too-slow"
	case ctx.Err() != nil: // which a failed write causes too
		return "hung-up"
	case !errors.As(err, &known):
		return ""
	case known.Reason == guard.Busy:
		return "stopping"
	}
	return string(known.Reason)
}

// eventWriter writes server-sent events (HTML Standard section 9.2), each within a time of its own: a stream outlives the limits of a usual answer.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	reader  *app.FeedReader
}

// stream sends messages until one cannot be sent or there is none to come.
func (e *eventWriter) stream(ctx context.Context) (sent int, err error) {
	if err := e.flush(); err != nil { // the header, before there is anything to say
		return 0, err
	}
	for ; ; sent++ {
		m, err := e.reader.Next(ctx)
		if err != nil {
			return sent, err
		}
		if err := e.send(m); err != nil {
			return sent, err
		}
	}
}

// feedHurry is how long a message may still take when the stream has to end.
const feedHurry = 500 * time.Millisecond

// hurry shortens the time of the message that is being sent.
func (e *eventWriter) hurry() { _ = e.control.SetWriteDeadline(time.Now().Add(feedHurry)) }

func (e *eventWriter) send(m app.FeedMessage) error {
	b := make([]byte, 0, len(m.Set)+64)
	if m.Resume {
		b = append(b, "id: "...)
		b = append(strconv.AppendInt(b, m.Seq, 10), '\n')
	}
	b = append(b, "event: set\ndata: "...)
	b = append(append(b, m.Set...), "\n\n"...)
	if err := supported(e.control.SetWriteDeadline(time.Now().Add(e.stall))); err != nil {
		return err
	}
	if e.reader.Ended() {
		e.hurry() // which may have been called just before
	}
	if _, err := e.w.Write(b); err != nil {
		return err
	}
	return e.flush()
}

func (e *eventWriter) flush() error { return supported(e.control.Flush()) }

// supported passes over what a ResponseWriter cannot do, as those of tests.
func supported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// feedPosition is behind which number a stream goes on: what the client has seen, in Last-Event-ID, which a browser sends when it connects again, or else
// in the query; fresh if it says nothing.
func feedPosition(r *http.Request) (after int64, fresh bool, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return 0, false, badRequest("the query cannot be read")
	}
	given := r.Header["Last-Event-Id"]
	if len(given) == 0 {
		given = query["after"]
	}
	if len(given) == 0 {
		return 0, true, nil
	}
	after, ok := app.ParseFeedPosition(given[0])
	if len(given) > 1 || len(query["after"]) > 1 || !ok {
		return 0, false, badRequest("Last-Event-ID and after take one number of the feed, such as 42")
	}
	return after, false, nil
}

// accepts tells whether the fields of Accept allow a media type (RFC 9110 section 12.5.1): the most specific of those that match decides.
func accepts(fields []string, media string) bool {
	if len(fields) == 0 {
		return true
	}
	group, _, _ := strings.Cut(media, "/")
	weight := map[string]string{}
	for part := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		if name, params, err := mime.ParseMediaType(part); err == nil {
			weight[name] = params["q"]
		}
	}
	for _, name := range []string{media, group + "/*", "*/*"} {
		if q, ok := weight[name]; ok {
			if q == "" {
				return true
			}
			n, err := strconv.ParseFloat(q, 64)
			return err == nil && n > 0
		}
	}
	return false
}
