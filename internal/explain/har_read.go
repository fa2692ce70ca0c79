package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxEntries = 100_000
	maxKept    = 64 << 20 // octets of all strings that are kept
	maxFields  = 1000     // headers and cookies of one message
)

// A harEntry is what is kept of one request and its response.
type harEntry struct {
	n       int // from 1, in the order of the file
	start   time.Time
	took    time.Duration // from start until the response's head was there
	page    string
	kind    string // _resourceType
	cached  bool
	service bool // answered by a service worker

	method, url    string
	requestHeaders http.Header // those of harRequestHeaders
	requestCookies []harCookie
	hasCookies     bool // the request has a list of cookies, even an empty one

	status          int
	redirect        string
	responseHeaders http.Header // those of harResponseHeaders
	responseCookies []harCookie

	blocked map[string][]string // what the browser itself said, by the cookie's name
}

// A harCookie is an element of a list of cookies (HAR 1.2), with what browsers add.
type harCookie struct {
	name, value, path, domain, expires, sameSite string
	httpOnly, secure                             bool
}

// harFile is what is kept of a HAR file.
type harFile struct {
	creator string
	entries []*harEntry
	cut     string // why the rest was not read
}

var (
	harRequestHeaders = map[string]bool{
		"Cookie": true, "Origin": true, "Referer": true, "Authorization": true,
		"Sec-Fetch-Site": true, "Sec-Fetch-Mode": true, "Sec-Fetch-Dest": true, "Sec-Fetch-Storage-Access": true,
	}
	harResponseHeaders = map[string]bool{"Set-Cookie": true, "Access-Control-Allow-Credentials": true}
)

var errEnough = errors.New("enough was read")

// harReader reads a HAR file token by token; what is not needed is never kept.
type harReader struct {
	dec  *json.Decoder
	file harFile
	kept int
}

// readHAR reads a whole file. The error is an *[Error], or what the reader returned.
func readHAR(r io.Reader) (*harFile, error) {
	in := &eliding{r: r}
	h := &harReader{dec: json.NewDecoder(in)}
	h.dec.UseNumber()
	err := h.log()
	switch own, isOwn := errors.AsType[*Error](err); {
	case err == nil || errors.Is(err, errEnough):
		return &h.file, nil
	case isOwn:
		return nil, own
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &Error{ErrHAR, "the file ends too soon", "export it again; the browser may still have been writing it"}
	}
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, &Error{ErrHAR, fmt.Sprintf("%v, after %s", s, count(len(h.file.entries), "request")), "export it again; a HAR file is JSON and begins with {\"log\": …"}
	}
	return nil, err
}

func (h *harReader) log() error {
	found := false
	err := h.object(func(key string) error {
		if key != "log" || found {
			return h.skip()
		}
		found = true
		return h.object(func(key string) error {
			switch key {
			case "creator", "browser":
				return h.creator(key == "browser")
			case "entries":
				return h.array(h.entry)
			}
			return h.skip()
		})
	})
	if err == nil && !found {
		return &Error{ErrHAR, "there is no log in it", "a HAR file is JSON and begins with {\"log\": …"}
	}
	if err == nil {
		if _, err := h.dec.Token(); err != io.EOF {
			return &Error{ErrHAR, "there is something after its end", "export it again"}
		}
	}
	return err
}

// creator keeps the name of the program; that of the browser is the better one.
func (h *harReader) creator(better bool) error {
	var name, version string
	err := h.object(func(key string) (err error) {
		switch key {
		case "name":
			name, err = h.text()
		case "version":
			version, err = h.text()
		default:
			err = h.skip()
		}
		return err
	})
	if name != "" && len(name)+len(version) < 200 && (h.file.creator == "" || better) {
		h.file.creator = strings.TrimSpace(name + " " + version)
	}
	return err
}

func (h *harReader) entry() error {
	if len(h.file.entries) >= maxEntries {
		h.file.cut = fmt.Sprintf("only the first %d requests were read", maxEntries)
		return errEnough
	}
	if h.kept > maxKept {
		h.file.cut = fmt.Sprintf("only the first %d requests were read: their headers fill the room there is", len(h.file.entries))
		return errEnough
	}
	e := &harEntry{n: len(h.file.entries) + 1, blocked: map[string][]string{}}
	var total float64
	var timings map[string]float64
	err := h.object(func(key string) (err error) {
		switch key {
		case "startedDateTime":
			e.start, err = h.moment()
		case "time":
			total, err = h.number()
		case "pageref":
			e.page, err = h.text()
		case "_resourceType":
			e.kind, err = h.text()
		case "_fromCache":
			var from string
			from, err = h.text()
			e.cached = from != ""
		case "request":
			err = h.request(e)
		case "response":
			err = h.response(e)
		case "timings":
			timings, err = h.numbers()
		default:
			err = h.custom(key, e)
		}
		return err
	})
	if err != nil {
		return err
	}
	e.took = untilHead(total, timings)
	h.kept += len(e.url) + len(e.redirect) + len(e.page) + 500 // and what an entry takes itself
	h.file.entries = append(h.file.entries, e)
	return nil
}

// untilHead is how long it took until the head of the response was there.
func untilHead(total float64, timings map[string]float64) time.Duration {
	sum := 0.0
	for _, phase := range []string{"blocked", "dns", "connect", "send", "wait"} { // ssl is in connect
		sum += max(timings[phase], 0)
	}
	if sum == 0 {
		sum = max(total, 0)
	}
	return time.Duration(min(sum, 86_400_000) * float64(time.Millisecond))
}

func (h *harReader) request(e *harEntry) error {
	return h.object(func(key string) (err error) {
		switch key {
		case "method":
			e.method, err = h.text()
		case "url":
			e.url, err = h.text()
		case "headers":
			e.requestHeaders, err = h.headers(harRequestHeaders)
		case "cookies":
			e.hasCookies = true
			e.requestCookies, err = h.cookies(e)
		default:
			err = h.custom(key, e)
		}
		return err
	})
}

func (h *harReader) response(e *harEntry) error {
	return h.object(func(key string) (err error) {
		switch key {
		case "status":
			var n float64
			n, err = h.number()
			e.status = int(min(max(n, 0), 999))
		case "redirectURL":
			e.redirect, err = h.text()
		case "headers":
			e.responseHeaders, err = h.headers(harResponseHeaders)
		case "cookies":
			e.responseCookies, err = h.cookies(e)
		case "_fetchedViaServiceWorker":
			e.service, err = h.truth()
		default:
			err = h.custom(key, e)
		}
		return err
	})
}

// headers keeps those that are wanted, by their canonical names.
func (h *harReader) headers(wanted map[string]bool) (http.Header, error) {
	kept := http.Header{}
	n := 0
	err := h.array(func() error {
		var name, value string
		err := h.object(func(key string) (err error) {
			switch key {
			case "name":
				name, err = h.text()
			case "value":
				value, err = h.text()
			default:
				err = h.skip()
			}
			return err
		})
		name = http.CanonicalHeaderKey(name)
		if n++; n <= maxFields && wanted[name] {
			kept[name] = append(kept[name], value)
			h.kept += len(value)
		}
		return err
	})
	return kept, err
}

func (h *harReader) cookies(e *harEntry) (list []harCookie, err error) {
	err = h.array(func() error {
		var c harCookie
		var reasons []string
		err := h.object(func(key string) (err error) {
			switch key {
			case "name":
				c.name, err = h.text()
			case "value":
				c.value, err = h.text()
			case "path":
				c.path, err = h.text()
			case "domain":
				c.domain, err = h.text()
			case "expires":
				c.expires, err = h.text()
			case "sameSite", "_sameSite":
				c.sameSite, err = h.text()
			case "httpOnly":
				c.httpOnly, err = h.truth()
			case "secure":
				c.secure, err = h.truth()
			case "_blockedReasons", "blockedReasons", "_blockedReason":
				reasons, err = h.texts()
			default:
				err = h.skip()
			}
			return err
		})
		if len(list) < maxFields {
			list = append(list, c)
			h.kept += len(c.name) + len(c.value) + len(c.path) + len(c.domain)
			e.block(c.name, reasons)
		}
		return err
	})
	return list, err
}

// block keeps what the browser said about a cookie.
func (e *harEntry) block(name string, reasons []string) {
	if len(reasons) > 0 && len(e.blocked) < maxFields {
		e.blocked[name] = reasons
	}
}

// custom looks into fields that begin with an underscore: the protocol of Chrome's developer tools has lists of
// {blockedReasons, cookie: {name}} and {blockedReasons, cookieLine}, which some programs write down.
func (h *harReader) custom(key string, e *harEntry) error {
	if !strings.HasPrefix(key, "_blocked") || !strings.Contains(key, "ookies") {
		return h.skip()
	}
	return h.array(func() error {
		var name string
		var reasons []string
		err := h.object(func(key string) (err error) {
			switch key {
			case "blockedReasons", "reasons":
				reasons, err = h.texts()
			case "name":
				name, err = h.text()
			case "cookieLine":
				var line string
				line, err = h.text()
				name, _, _ = strings.Cut(line, "=")
			case "cookie":
				err = h.object(func(key string) (err error) {
					if key == "name" {
						name, err = h.text()
						return err
					}
					return h.skip()
				})
			default:
				err = h.skip()
			}
			return err
		})
		e.block(strings.TrimSpace(name), reasons)
		return err
	})
}

// target is where the request went, nil if it is nothing that has cookies.
func (e *harEntry) target() *url.URL {
	if len(e.url) > maxString {
		return nil
	}
	u, err := url.Parse(e.url)
	if err != nil || u.Host == "" {
		return nil
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	default:
		return nil
	}
	u.Fragment, u.RawFragment = "", ""
	return u
}

func (h *harReader) moment() (time.Time, error) {
	s, err := h.text()
	at, bad := time.Parse(time.RFC3339, s)
	if bad != nil || at.Year() < 1970 {
		return time.Time{}, err
	}
	return at, err
}

func (h *harReader) number() (float64, error) {
	t, err := h.scalar()
	n, bad := 0.0, error(nil)
	switch v := t.(type) {
	case json.Number:
		n, bad = v.Float64()
	case string:
		n, bad = strconv.ParseFloat(v, 64)
	}
	if bad != nil || math.IsNaN(n) {
		n = 0
	}
	return n, err
}

func (h *harReader) truth() (bool, error) {
	t, err := h.scalar()
	b, _ := t.(bool)
	return b, err
}

func (h *harReader) text() (string, error) {
	t, err := h.scalar()
	s, _ := t.(string)
	return s, err
}
