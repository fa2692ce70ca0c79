package server

import (
	"net/http"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
)

// pollAnswer is the answer to a poll (RFC 8936 section 2.3).
type pollAnswer struct {
	Sets map[string]string `json:"sets"` // by their jti
	More bool              `json:"moreAvailable"`
}

// setError is what a client says of a message that it could not take (RFC 8936 section 2.2).
type setError struct {
	Code        string `json:"err"`
	Description string `json:"description"`
}

// pollRevocations gives a client the messages that it has not acknowledged (RFC 8936).
func (s *Server) pollRevocations(w http.ResponseWriter, r *http.Request) error {
	client, err := s.secretClient(r)
	if err != nil {
		return err
	}
	p, failed, err := readPoll(r)
	if err != nil {
		return err
	}
	for id, e := range failed {
		s.log.Warn("feed.refused", "client", client.ID, "jti", id, "err", shortened(e.Code), "description", shortened(e.Description))
	}
	timed(r.Context()).stream = p.Wait
	ms, more, err := s.app.PollFeed(r.Context(), client, p)
	if err != nil {
		return err
	}
	out := pollAnswer{Sets: make(map[string]string, len(ms)), More: more}
	for _, m := range ms {
		out.Sets[m.ID] = m.Set
	}
	return s.answer(w, http.StatusOK, out)
}

// readPoll reads a request. A message of which the client says that it is wrong would be as wrong a second time: it counts as acknowledged, and the
// log has it.
func readPoll(r *http.Request) (app.FeedPoll, map[string]setError, error) {
	var (
		p         = app.FeedPoll{Max: app.DefaultFeedPoll}
		failed    map[string]setError
		immediate bool
	)
	err := readJSON(r, members{"maxEvents": &p.Max, "returnImmediately": &immediate, "ack": &p.Acked, "setErrs": &failed})
	if err != nil {
		return p, nil, err
	}
	if p.Max < 0 {
		return p, nil, &app.Error{Reason: guard.MalformedRequest, Detail: "maxEvents is negative.", Field: "maxEvents"}
	}
	p.Max, p.Wait = min(p.Max, app.MaxFeedPoll), !immediate
	for id := range failed {
		if _, ok := app.ParseSetID(id); !ok {
			delete(failed, id) // no message of ours, and no line of the log
			continue
		}
		p.Acked = append(p.Acked, id)
	}
	return p, failed, nil
}

// shortened bounds what a stranger has written into the log.
func shortened(text string) string {
	const limit = 200
	if len(text) > limit {
		return text[:limit] + "…"
	}
	return text
}
