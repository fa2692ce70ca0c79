package explain

import (
	"encoding/json"
	"strings"
	"time"
)

// A shot is one request of a recording, in few words.
type shot struct {
	at, took int // milliseconds
	method   string
	url      string
	headers  string   // of the request, "Name: value" lines
	cookie   string   // the Cookie header; "-" is an empty one
	list     []string // of names=values in request.cookies, instead of the header
	status   int
	set      []string           // Set-Cookie lines
	answer   string             // other headers of the response
	location string             // of a redirect
	custom   map[string]any     // fields of the entry
	cookies  []map[string]any   // response.cookies
	blocked  []map[string]any   // request._blockedCookies
	page     string             // pageref; "page_1" by itself
	kind     string             // _resourceType
	timings  map[string]float64 // instead of took
}

var recorded = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// record writes a HAR file in the way of a browser.
func record(browser string, shots ...shot) string {
	var entries []any
	for _, s := range shots {
		entries = append(entries, s.entry(browser))
	}
	log := map[string]any{"version": "1.2", "creator": map[string]any{"name": browser, "version": "1"}, "pages": []any{}, "entries": entries}
	b, err := json.Marshal(map[string]any{"log": log})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (s shot) entry(browser string) map[string]any {
	request := map[string]any{"method": or(s.method, "GET"), "url": s.url, "httpVersion": "h2", "headers": headers(s.headers), "queryString": []any{}, "headersSize": -1, "bodySize": 0}
	list := []any{}
	for _, c := range s.list {
		name, value, _ := strings.Cut(c, "=")
		list = append(list, map[string]any{"name": name, "value": value})
	}
	request["cookies"] = list
	if s.cookie != "" {
		request["headers"] = append(request["headers"].([]any), map[string]any{"name": "Cookie", "value": strings.TrimPrefix(s.cookie, "-")})
	}
	if s.blocked != nil {
		request["_blockedCookies"] = s.blocked
	}
	answer := headers(s.answer)
	switch {
	case browser == "Firefox old" && len(s.set) > 0:
		answer = append(answer, map[string]any{"name": "Set-Cookie", "value": strings.Join(s.set, "\n")})
	case browser == "WebKit Web Inspector" && len(s.set) > 0:
		answer = append(answer, map[string]any{"name": "Set-Cookie", "value": strings.Join(s.set, ", ")})
	default:
		for _, line := range s.set {
			answer = append(answer, map[string]any{"name": "set-cookie", "value": line})
		}
	}
	response := map[string]any{"status": s.status, "headers": answer, "redirectURL": s.location, "content": map[string]any{"size": 3, "mimeType": "text/html", "text": "<p>"}}
	if s.cookies != nil {
		response["cookies"] = s.cookies
	} else {
		parsed := []any{}
		for _, line := range s.set {
			name, _, _ := strings.Cut(line, "=")
			parsed = append(parsed, map[string]any{"name": name})
		}
		response["cookies"] = parsed
	}
	if s.status == 0 {
		response["status"] = 200
	}
	entry := map[string]any{
		"startedDateTime": recorded.Add(time.Duration(s.at) * time.Millisecond).Format("2006-01-02T15:04:05.000Z07:00"),
		"time":            s.took, "pageref": or(s.page, "page_1"), "request": request, "response": response, "cache": map[string]any{},
	}
	if s.timings != nil {
		entry["timings"] = s.timings
	}
	if s.kind != "" {
		entry["_resourceType"] = s.kind
	}
	for name, v := range s.custom {
		entry[name] = v
	}
	return entry
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func headers(lines string) []any {
	list := []any{}
	for line := range strings.SplitSeq(lines, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			list = append(list, map[string]any{"name": name, "value": value})
		}
	}
	return list
}
