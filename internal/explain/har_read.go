package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const maxFields = 1000 // headers and cookies of one message

// harLimits are what may be kept of a file.
type harLimits struct {
	entries int
	octets  int // of all strings
}

var usual = harLimits{entries: 100_000, octets: 64 << 20}

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
	dec    *json.Decoder
	limits harLimits
	file   harFile
	kept   int
}

// readHAR reads a whole file. The error is an *[Error], or what the reader returned.
func readHAR(r io.Reader, limits harLimits) (*harFile, error) {
	in := &eliding{r: r}
	h := &harReader{dec: json.NewDecoder(in), limits: limits}
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
	if len(h.file.entries) >= h.limits.entries {
		h.file.cut = fmt.Sprintf("only the first %d requests were read", h.limits.entries)
		return errEnough
	}
	if h.kept > h.limits.octets {
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
