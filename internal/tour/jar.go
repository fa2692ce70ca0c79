package tour

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

// jar is a browser's memory for one site: the little of it that the tour needs. Package cookie/jar is the whole.
type jar struct{ cookies map[string]kept }

// kept is one cookie. Until is zero if it is to be forgotten when the browser ends.
type kept struct {
	Value string
	Until time.Time
}

func newJar() *jar { return &jar{cookies: map[string]kept{}} }

// receive does what the Set-Cookie lines of a response say.
func (j *jar) receive(h http.Header, now time.Time) error {
	for _, line := range h.Values("Set-Cookie") {
		c, err := cookie.ParseSet(line)
		if err != nil {
			return err
		}
		switch {
		case c.MaxAge < 0:
			delete(j.cookies, c.Name)
		case c.MaxAge > 0:
			j.cookies[c.Name] = kept{c.Value, now.Add(time.Duration(c.MaxAge) * time.Second)}
		default:
			j.cookies[c.Name] = kept{Value: c.Value}
		}
	}
	return nil
}

// header is the Cookie line for the next request; "" if there is none to send.
func (j *jar) header(now time.Time) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(j.cookies)) {
		if v := j.value(name, now); v != "" {
			pairs = append(pairs, name+"="+v)
		}
	}
	return strings.Join(pairs, "; ")
}

func (j *jar) value(name string, now time.Time) string {
	c := j.cookies[name]
	if !c.Until.IsZero() && !now.Before(c.Until) {
		return ""
	}
	return c.Value
}

// save writes the cookies that outlive the browser to its disk.
func (j *jar) save(file string) error {
	lasting := map[string]kept{}
	for name, c := range j.cookies {
		if !c.Until.IsZero() {
			lasting[name] = c
		}
	}
	text, err := json.Marshal(lasting)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

func openJar(file string) (*jar, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	j := newJar()
	return j, json.Unmarshal(text, &j.cookies)
}
