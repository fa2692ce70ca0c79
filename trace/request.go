package trace

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// The fields that every request has unless Options.Header says otherwise. A name with an empty list of values there leaves
// the field out.
var usualFields = []Field{
	{"User-Agent", "Mozilla/5.0 (compatible; Cloakroom)"},
	{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
	{"Accept-Encoding", "gzip, deflate, br, zstd"},
}

// Fields that only the first origin is ever told (CK-R5).
var secretFields = []string{"Authorization", "Cookie", "Proxy-Authorization", "Host"}

// Fields that frame the message are the wire's own.
var framingFields = []string{"Content-Length", "Transfer-Encoding", "Trailer", "Te", "Upgrade", "Keep-Alive", "Proxy-Connection"}

// bodyFields describe a body and go with it (Fetch: "request-body-header name").
var bodyFields = []string{"Content-Encoding", "Content-Language", "Content-Location", "Content-Type"}

// A request is what one hop asks for.
type request struct {
	method string
	to     *location
	header http.Header
	body   []byte
}

// checkHeader refuses what would break the message apart.
func checkHeader(method string, header http.Header) error {
	if !httpguts.ValidHeaderFieldName(method) {
		return failf(PhaseURL, "bad-method", "take GET, HEAD or POST", "%s is not a method", excerpt(method))
	}
	for name, values := range header {
		if !httpguts.ValidHeaderFieldName(name) {
			return failf(PhaseURL, "bad-header", "write it like 'Accept-Language: en'", "%s is not a name of a header field", excerpt(name))
		}
		if slices.Contains(framingFields, http.CanonicalHeaderKey(name)) {
			return failf(PhaseURL, "bad-header", "leave it out: it follows from the request", "the header field %s cannot be chosen", name)
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return failf(PhaseURL, "bad-header", "a value is one line without control characters", "the value of the header field %s is not valid", name)
			}
		}
	}
	return nil
}

// message writes the request. cookie is what the jar gives for it.
func (q *request) message(cookie string) *Message {
	m := &Message{Proto: "HTTP/1.1", StartLine: q.method + " " + q.to.target() + " HTTP/1.1", Body: q.body}
	add := func(name, value string) { m.Fields = append(m.Fields, Field{Name: name, Value: value}) }
	host := q.to.authority()
	if own := q.header.Get("Host"); own != "" {
		host = own
	}
	add("Host", host)
	for _, f := range usualFields {
		if _, chosen := q.header[f.Name]; !chosen {
			add(f.Name, f.Value)
		}
	}
	if _, chosen := q.header["Authorization"]; !chosen && (q.to.user != "" || q.to.password != "") {
		add("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(q.to.user+":"+q.to.password)))
	}
	for _, name := range slices.Sorted(maps.Keys(q.header)) {
		if name == "Host" || name == "Cookie" {
			continue
		}
		for _, v := range q.header[name] {
			add(name, v)
		}
	}
	if all := slices.DeleteFunc(append([]string{cookie}, q.header["Cookie"]...), func(s string) bool { return s == "" }); len(all) > 0 {
		add("Cookie", strings.Join(all, "; "))
	}
	if len(q.body) > 0 {
		if _, chosen := q.header["Content-Type"]; !chosen {
			add("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	if len(q.body) > 0 || q.method == "POST" || q.method == "PUT" || q.method == "PATCH" {
		add("Content-Length", strconv.Itoa(len(q.body)))
	}
	m.Raw = requestHead(m)
	m.HeadBytes, m.BodyBytes, m.Decoded = int64(len(m.Raw)), int64(len(q.body)), int64(len(q.body))
	return m
}

// given are the cookies of Options.Header: no jar had a say in them.
func (q *request) given() (sent []jar.Verdict) {
	for _, line := range q.header["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			name, value, named := strings.Cut(strings.Trim(pair, " \t"), "=")
			if !named {
				name, value = "", name
			}
			if name != "" || value != "" {
				sent = append(sent, jar.Verdict{Name: name, Outcome: jar.Sent, Reasons: []jar.Reason{}, Cookie: jar.Cookie{Name: name, Value: value}})
			}
		}
	}
	return sent
}
