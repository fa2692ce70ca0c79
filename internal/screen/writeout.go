package screen

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/trace"
)

// A Format is what somebody wants to read of a trace, in the language of curl's --write-out: text, %{variables}, \n, \t, \r.
type Format []func(t *trace.Trace) string

// ParseFormat reads a format. Unlike curl it refuses a variable that it does not know.
func ParseFormat(text string) (f Format, err error) {
	add := func(s string) { f = append(f, func(*trace.Trace) string { return s }) }
	for text != "" {
		i := strings.IndexAny(text, `%\`)
		if i < 0 {
			i = len(text)
		}
		add(text[:i])
		text = text[i:]
		switch {
		case text == "":
		case text[0] == '\\':
			escaped, rest := unescape(text)
			add(escaped)
			text = rest
		case strings.HasPrefix(text, "%%"):
			add("%")
			text = text[2:]
		case strings.HasPrefix(text, "%header{"), strings.HasPrefix(text, "%{"):
			kind, rest, _ := strings.Cut(text[1:], "{")
			name, rest, closed := strings.Cut(rest, "}")
			if !closed {
				return nil, fmt.Errorf("%q has no end", text)
			}
			read := variables[name]
			if kind == "header" {
				read = header(name)
			}
			if read == nil {
				return nil, fmt.Errorf("there is no %%{%s}", name)
			}
			f, text = append(f, read), rest
		default:
			add("%")
			text = text[1:]
		}
	}
	return f, nil
}

// unescape reads what stands behind a backslash; what curl does not know stays as it is.
func unescape(s string) (text, rest string) {
	if len(s) < 2 {
		return s, ""
	}
	switch s[1] {
	case 'n':
		return "\n", s[2:]
	case 't':
		return "\t", s[2:]
	case 'r':
		return "\r", s[2:]
	}
	return s[:2], s[2:]
}

// Write writes what the format says of a trace: as in curl, of the last hop, and times of all of them together.
func (f Format) Write(w io.Writer, t *trace.Trace) {
	for _, part := range f {
		_, _ = io.WriteString(w, part(t))
	}
}

func last(t *trace.Trace) *trace.Hop { return t.Hops[len(t.Hops)-1] }

//go:noinline
func ofLast(read func(h *trace.Hop) string) func(*trace.Trace) string {
	return func(t *trace.Trace) string { return Printable(read(last(t))) }
}

func ofResponse(read func(m *trace.Message) string) func(*trace.Trace) string {
	return ofLast(func(h *trace.Hop) string {
		if h.Response == nil {
			return ""
		}
		return read(h.Response)
	})
}

func header(name string) func(*trace.Trace) string {
	return ofResponse(func(m *trace.Message) string {
		for _, f := range m.Fields {
			if strings.EqualFold(f.Name, name) {
				return f.Value
			}
		}
		return ""
	})
}

func address(which func(t *trace.TCP) string, port bool) func(*trace.Trace) string {
	return ofLast(func(h *trace.Hop) string {
		if h.TCP == nil {
			return ""
		}
		host, number, _ := net.SplitHostPort(which(h.TCP))
		if port {
			return number
		}
		return host
	})
}

func octets(count func(h *trace.Hop) int64) func(*trace.Trace) string {
	return ofLast(func(h *trace.Hop) string { return strconv.FormatInt(count(h), 10) })
}

// seconds adds up over all hops, as curl does with --location.
func seconds(moment func(m Moments) time.Duration) func(*trace.Trace) string {
	return func(t *trace.Trace) string {
		var sum Moments
		for _, h := range t.Hops {
			sum = sum.plus(MomentsOf(h))
		}
		return fmt.Sprintf("%.6f", moment(sum).Seconds())
	}
}

func status(t *trace.Trace) string { return fmt.Sprintf("%03d", last(t).Status) }

func local(t *trace.TCP) string  { return t.Local }
func remote(t *trace.TCP) string { return t.Remote }

var variables = map[string]func(*trace.Trace) string{
	"http_code": status, "response_code": status,
	"content_type":  header("Content-Type"),
	"errormsg":      ofLast(func(h *trace.Hop) string { return failed(h).Detail }),
	"http_version":  ofResponse(func(m *trace.Message) string { return strings.TrimPrefix(m.Proto, "HTTP/") }),
	"local_ip":      address(local, false),
	"local_port":    address(local, true),
	"method":        ofLast(func(h *trace.Hop) string { return h.Method }),
	"num_connects":  func(t *trace.Trace) string { return strconv.Itoa(connects(t)) },
	"num_headers":   ofResponse(func(m *trace.Message) string { return strconv.Itoa(len(m.Fields)) }),
	"num_redirects": func(t *trace.Trace) string { return strconv.Itoa(len(t.Hops) - 1) },
	"redirect_url":  ofLast(func(h *trace.Hop) string { return h.Redirect }),
	"remote_ip":     address(remote, false),
	"remote_port":   address(remote, true),
	"scheme":        ofLast(func(h *trace.Hop) string { scheme, _, _ := strings.Cut(h.URL, ":"); return scheme }),
	"size_download": octets(func(h *trace.Hop) int64 { return message(h.Response).BodyBytes }),
	"size_header":   octets(func(h *trace.Hop) int64 { return message(h.Response).HeadBytes }),
	"size_request":  octets(func(h *trace.Hop) int64 { return message(h.Request).HeadBytes }),
	"size_upload":   octets(func(h *trace.Hop) int64 { return message(h.Request).BodyBytes }),
	"url_effective": ofLast(func(h *trace.Hop) string { return h.URL }),
	"url":           func(t *trace.Trace) string { return Printable(t.Hops[0].URL) },

	"time_namelookup":    seconds(func(m Moments) time.Duration { return m.NameLookup }),
	"time_connect":       seconds(func(m Moments) time.Duration { return m.Connect }),
	"time_appconnect":    seconds(func(m Moments) time.Duration { return m.AppConnect }),
	"time_pretransfer":   seconds(func(m Moments) time.Duration { return m.PreTransfer }),
	"time_starttransfer": seconds(func(m Moments) time.Duration { return m.StartTransfer }),
	"time_total":         seconds(func(m Moments) time.Duration { return m.Total }),
	"time_redirect": func(t *trace.Trace) string {
		var before time.Duration
		for _, h := range t.Hops[:len(t.Hops)-1] {
			before += total(h)
		}
		return fmt.Sprintf("%.6f", before.Seconds())
	},
}

func failed(h *trace.Hop) trace.Failure {
	if h.Failed == nil {
		return trace.Failure{}
	}
	return *h.Failed
}

func message(m *trace.Message) trace.Message {
	if m == nil {
		return trace.Message{}
	}
	return *m
}

func connects(t *trace.Trace) (n int) {
	for _, h := range t.Hops {
		if h.TCP != nil && !h.TCP.Reused {
			n++
		}
	}
	return n
}
