package explain

import (
	"bufio"
	"net/url"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// HAR is what happened to the cookies of a recording, told by a jar that saw the same responses.
type HAR struct {
	Creator string    `json:"creator"`       // who wrote the file
	Profile string    `json:"profile"`       // the browser whose rules were used
	From    time.Time `json:"from"`          // of the first request
	Seconds float64   `json:"seconds"`       // until the last request
	Cut     string    `json:"cut,omitempty"` // why the rest was not read
	Totals  Totals    `json:"totals"`
	Entries []*Entry  `json:"requests"` // in the order of time; never nil
	Stories []*Story  `json:"cookies"`  // by site and name; never nil
}

// Totals are of the whole file.
type Totals struct {
	Requests    int               `json:"requests"`
	Judged      int               `json:"judged"` // requests of which the cookies were compared
	SetCookies  int               `json:"set_cookies"`
	Rejected    int               `json:"rejected"`
	Comparisons map[Agreement]int `json:"comparisons"`
}

// An Entry is one request of a HAR file.
type Entry struct {
	N          int           `json:"n"` // its place in the file, from 1
	At         time.Time     `json:"at"`
	Method     string        `json:"method"`
	URL        string        `json:"url"`
	Status     int           `json:"status"`
	Context    string        `json:"context"`           // how the browser came to make it
	Skipped    string        `json:"skipped,omitempty"` // why its cookies were not judged
	SetCookies []jar.Verdict `json:"set_cookies"`       // never nil
	Cookies    []Compared    `json:"cookies"`           // never nil

	target *url.URL // nil if it is nothing that has cookies
	around surrounding
}

// An Agreement is how what a browser did compares with what the jar would have done.
type Agreement string

// How they compare.
const (
	AgreedSent         Agreement = "sent"                 // both
	AgreedWithheld     Agreement = "withheld"             // both
	OtherValue         Agreement = "other-value"          // both sent it, but the browser had another value
	SentThoughWithheld Agreement = "sent-though-withheld" // the browser sent what the jar would withhold
	SentThoughRejected Agreement = "sent-though-rejected" // the browser sent what the jar refused to store
	WithheldThoughSent Agreement = "withheld-though-sent" // the browser withheld what the jar would send
	FromBefore         Agreement = "from-before"          // sent, and never set: the browser had it before the recording
	ByScript           Agreement = "by-script"            // sent, and never set, but not there before: script, or another tab
)

// Compared is one cookie of a request.
type Compared struct {
	Name    string       `json:"name"`
	Result  Agreement    `json:"result"`
	Reasons []jar.Reason `json:"reasons,omitempty"` // why the jar withholds it
	Step    string       `json:"step,omitempty"`
	Detail  string       `json:"detail,omitempty"`
	Browser []string     `json:"browser,omitempty"` // the reasons that the browser itself wrote down
}

// A Story is what happened to the cookies of one name on one site.
type Story struct {
	Name     string            `json:"name"`
	Site     string            `json:"site"` // of the requests: "https://example.com"
	Purpose  string            `json:"purpose,omitempty"`
	Set      int               `json:"set"` // Set-Cookie lines
	Rejected int               `json:"rejected"`
	Deleted  int               `json:"deleted"`
	Results  map[Agreement]int `json:"results"`
	Causes   []*Cause          `json:"causes"` // never nil
	About    string            `json:"about"`
}

// A Cause is why a cookie was refused or held back, and how often.
type Cause struct {
	Result  Agreement  `json:"result,omitempty"` // "" of a line that was refused
	Reason  jar.Reason `json:"reason"`
	Step    string     `json:"step,omitempty"`
	Detail  string     `json:"detail"` // as it was the first time
	Fix     string     `json:"fix,omitempty"`
	Times   int        `json:"times"`
	First   int        `json:"first"` // the number of the first request
	Browser []string   `json:"browser,omitempty"`
}

// explainHAR reads a recording and walks through it.
func (e *explainer) explainHAR(in *bufio.Reader) (*Report, error) {
	if head, _ := in.Peek(3); string(head) == "\ufeff" {
		_, _ = in.Discard(3)
	}
	file, err := readHAR(in, e.limits)
	if err != nil {
		return nil, err
	}
	e.report.Kind = KindHAR
	w := newWalk(e, file)
	w.walk()
	e.report.HAR = w.har
	return e.report, nil
}
