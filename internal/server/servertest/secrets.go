package servertest

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// secrets are all that went through a house and must not be found in its log (SE-11, AU-38).
type secrets struct {
	mu     sync.Mutex
	all    map[string]bool
	public map[string]bool // what a test sent where secrets go
}

// Public says that a text is no secret, although a test sends it as one: it may be in the log.
func (h *House) Public(text string) string {
	h.secrets.mu.Lock()
	defer h.secrets.mu.Unlock()
	if h.secrets.public == nil {
		h.secrets.public = map[string]bool{}
	}
	h.secrets.public[text] = true
	return text
}

var (
	inJSON = regexp.MustCompile(`"(?:password|access_token|refresh_token|token)":"([^"]{12,})"`)
	inForm = regexp.MustCompile(`(?:^|&)(?:password|current_password|new_password|refresh_token|token|link|form_token)=([^&]{12,})`)
	inLink = regexp.MustCompile(`[?;&](?:link|invitation)=([A-Za-z0-9_-]{43})`)
)

func (s *secrets) learn(r *http.Request, body string, a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]bool{}
	}
	for _, text := range []string{body, a.Body} {
		for _, pattern := range []*regexp.Regexp{inJSON, inForm, inLink} {
			for _, m := range pattern.FindAllStringSubmatch(text, -1) {
				s.all[m[1]] = true
			}
		}
	}
	for _, m := range inLink.FindAllStringSubmatch(r.URL.String(), -1) {
		s.all[m[1]] = true
	}
	for _, c := range append(r.Cookies(), a.Cookies()...) {
		if len(c.Value) >= 12 {
			s.all[c.Value] = true
		}
	}
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && len(token) >= 12 {
		s.all[token] = true
	}
	if _, secret, ok := r.BasicAuth(); ok && len(secret) >= 12 {
		s.all[secret] = true
	}
}

// lint looks for each secret in the log of a house.
func (s *secrets) lint(t testing.TB, log string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for secret := range s.all {
		if i := strings.Index(log, secret); i >= 0 && !s.public[secret] {
			t.Errorf("SE-11: a secret is in the log: %q", log[max(0, i-200):min(len(log), i+len(secret)+20)])
			return
		}
	}
}

// ids are the session ids that a client ever had, and whether it ever asked to be remembered.
type ids struct {
	mu         sync.Mutex
	had        map[string]bool
	remembered bool
}

func (d *ids) learn(r *http.Request, body string, a Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.had == nil {
		d.had = map[string]bool{}
	}
	for _, c := range append(r.Cookies(), a.Cookies()...) {
		if c.Name == "__Host-session" && len(c.Value) == 43 {
			d.had[c.Value] = true
		}
	}
	if strings.Contains(body, `"remember":true`) || strings.Contains(body, "remember=1") {
		d.remembered = true
	}
}
