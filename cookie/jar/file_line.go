package jar

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Prefixes of lines. For curl a line that begins with # is a comment, but for the first of these.
const (
	httpOnlyPrefix = "#HttpOnly_"
	hiddenPrefix   = "#Cloakroom_"  // a cookie that curl cannot hold, or would send where it must not go
	notePrefix     = "# cloakroom:" // what the format has no field for, about the cookie of the next line
)

// curlLine is the longest line that curl reads, with something to spare.
const curlLine = 4990

// lastExpiry is the end of the year 9999. What is later, as curl writes it for Max-Age without end, means the same.
const lastExpiry = 253402300799

// A fileLine is a cookie, a note, or else text that means nothing.
type fileLine struct {
	cookie *Cookie
	note   *note
	text   string
}

func parseFileLine(text string) (fileLine, *FileError) {
	if len(text) > maxFileLine {
		return fileLine{}, broken("", "has %d octets, %d at most", len(text), maxFileLine)
	}
	rest, hidden := strings.CutPrefix(text, hiddenPrefix)
	rest, httpOnly := strings.CutPrefix(rest, httpOnlyPrefix)
	switch {
	case hidden || httpOnly:
	case strings.HasPrefix(text, notePrefix):
		n, err := parseNote(strings.TrimPrefix(text, notePrefix))
		if err != nil {
			return fileLine{}, err
		}
		return fileLine{note: n}, nil
	case strings.HasPrefix(text, "#"), trim(text) == "":
		return fileLine{text: text}, nil
	}
	if i := firstControl(text); i >= 0 {
		return fileLine{}, broken("", "has a control character at octet %d", i+1)
	}
	fields := strings.Split(rest, "\t")
	if len(fields) == 6 && strings.HasPrefix(fields[2], "/") { // an editor took the tab before an empty value
		fields = append(fields, "")
	}
	if len(fields) != 7 {
		return fileLine{}, broken(shapeHint(text), "has %s, 7 are needed with a TAB between them", countOf(len(fields), "field"))
	}
	if hidden {
		for i := range fields {
			var ok bool
			if fields[i], ok = unescapeTabs(fields[i]); !ok {
				return fileLine{}, broken("", "has a %% that is neither %%09 nor %%25")
			}
		}
	}
	k, problem := parseFields(fields)
	if problem != nil {
		return fileLine{}, problem
	}
	k.HTTPOnly = httpOnly
	return fileLine{cookie: k}, nil
}

// parseFields reads domain, include-subdomains, path, secure, expires, name and value.
func parseFields(f []string) (*Cookie, *FileError) {
	k := &Cookie{Path: f[2], Name: f[5], Value: f[6], SameSite: http.SameSiteDefaultMode}
	var ok bool
	if k.Domain, ok = canonicalHost(strings.TrimPrefix(f[0], ".")); !ok {
		return nil, broken("", "the domain %s is no host", glimpse(f[0]))
	}
	var subdomains bool
	if subdomains, ok = parseFlag(f[1]); !ok {
		return nil, broken("", "field 2 (include subdomains) is %s, not TRUE or FALSE", glimpse(f[1]))
	}
	k.HostOnly = !subdomains
	if !strings.HasPrefix(k.Path, "/") {
		return nil, broken("", "the path %s does not begin with /", glimpse(k.Path))
	}
	if k.Secure, ok = parseFlag(f[3]); !ok {
		return nil, broken("", "field 4 (secure) is %s, not TRUE or FALSE", glimpse(f[3]))
	}
	seconds, err := strconv.ParseInt(f[4], 10, 64)
	if err != nil || f[4][0] == '+' {
		return nil, broken("seconds since 1970, or 0 for a cookie that ends with the browser", "field 5 (expires) is %s, not a number of seconds", glimpse(f[4]))
	}
	if seconds != 0 {
		k.Persistent, k.Expires = true, time.Unix(min(max(seconds, -1), lastExpiry), 0).UTC()
	}
	if k.Name == "" && k.Value == "" {
		return nil, broken("", "has neither a name nor a value")
	}
	return k, nil
}

func parseFlag(s string) (value, ok bool) {
	value = strings.EqualFold(s, "TRUE")
	return value, value || strings.EqualFold(s, "FALSE")
}

// glimpse quotes a field that is not what it should be. In a line that is out of order it may be a secret.
func glimpse(field string) string {
	if len(field) > 12 {
		return fmt.Sprintf("%q…(%d)", strings.ToValidUTF8(field[:4], "?"), len(field))
	}
	return show(field)
}

// shapeHint looks for what a line was meant to be.
func shapeHint(text string) string {
	switch words := strings.Fields(text); {
	case len(words) == 6 || len(words) == 7:
		if _, ok := parseFlag(words[1]); ok {
			return "spaces where TABs should be: an editor or a copy changed them"
		}
	case strings.Count(text, "\t") > 6:
		return "a value of this format cannot hold a TAB"
	case strings.HasPrefix(lower(text), "set-cookie:"):
		return "it is a line of a response: cloakroom explain reads it"
	case strings.HasPrefix(text, "<"):
		return "it looks like HTML: was it downloaded from a page?"
	}
	return ""
}

// formatFileLine is parseFileLine backwards. Curl does not see a cookie that is hidden, or that it cannot hold.
func formatFileLine(k *Cookie, hidden bool) string {
	fields := []string{fileDomain(k), formatFlag(!k.HostOnly), k.Path, formatFlag(k.Secure), formatExpiry(k), k.Name, k.Value}
	prefix := ""
	if k.HTTPOnly {
		prefix = httpOnlyPrefix
	}
	line := prefix + strings.Join(fields, "\t")
	if !hidden && k.Partition == "" && k.Name != "" && strings.Count(line, "\t") == len(fields)-1 && len(line) <= curlLine {
		return line
	}
	for i := range fields {
		fields[i] = escapeTabs.Replace(fields[i])
	}
	return hiddenPrefix + prefix + strings.Join(fields, "\t")
}

// fileDomain has a dot in front where subdomains are included, and an IPv6 address has no brackets.
func fileDomain(k *Cookie) string {
	switch {
	case strings.HasPrefix(k.Domain, "["):
		return strings.Trim(k.Domain, "[]")
	case k.HostOnly || isAddress(k.Domain):
		return k.Domain
	}
	return "." + k.Domain
}

func formatFlag(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

func formatExpiry(k *Cookie) string {
	if !k.Persistent {
		return "0"
	}
	seconds := min(k.Expires.Unix(), lastExpiry)
	if seconds <= 0 { // long ago, and 0 would be a cookie that ends with the browser
		seconds = -1
	}
	return strconv.FormatInt(seconds, 10)
}

var escapeTabs = strings.NewReplacer("\t", "%09", "%", "%25")

func unescapeTabs(s string) (string, bool) {
	if strings.Count(s, "%") != strings.Count(s, "%09")+strings.Count(s, "%25") {
		return "", false
	}
	return strings.NewReplacer("%09", "\t", "%25", "%").Replace(s), true
}
