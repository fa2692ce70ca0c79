package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode"
)

// Limits of a page. What is beyond is left out, and the text says so.
const (
	maxPage       = 2 << 20   // octets that are looked at
	maxPageText   = 256 << 10 // octets of readable text
	maxPageTitle  = 300       // characters
	maxPageLinks  = 500
	maxPageForms  = 50
	maxPageInputs = 200 // of one form
	maxPageValue  = 4 << 10
	maxJSONDepth  = 64
)

const pageCut = "[the rest is left out here]"

// readPage makes a page of what a response brought. base is where it came from.
func readPage(contentType string, base *location, body []byte) *Page {
	media, params := mediaType(contentType, body)
	p := &Page{Type: media}
	cut := len(body) > maxPage
	if cut {
		body = body[:maxPage]
	}
	switch {
	case len(body) == 0:
		return p
	case media == "text/html", media == "application/xhtml+xml":
		readHTML(p, base, toUTF8(body, params["charset"], true))
	case media == "application/json", strings.HasSuffix(media, "+json"):
		p.Text = plainText(prettyJSON(toUTF8(body, params["charset"], false)))
	case strings.HasPrefix(media, "text/"), media == "application/xml", strings.HasSuffix(media, "+xml"), media == "application/javascript":
		p.Text = plainText(toUTF8(body, params["charset"], false))
	default:
		p.Text = fmt.Sprintf("%s of %d octets: it is not text.", kindOfMedia(media), len(body))
		return p
	}
	if len(p.Text) > maxPageText {
		p.Text, cut = strings.ToValidUTF8(p.Text[:maxPageText], ""), true
	}
	if cut {
		p.Text = strings.TrimRight(p.Text, "\n") + "\n\n" + pageCut
	}
	return p
}

// mediaType reads Content-Type. Where there is none that can be read, the body is looked at (MIME Sniffing, section 7).
func mediaType(contentType string, body []byte) (media string, params map[string]string) {
	media, params, err := mime.ParseMediaType(contentType)
	if media == "" || err != nil && media == "" || !strings.Contains(media, "/") {
		media, params, _ = mime.ParseMediaType(http.DetectContentType(body))
		delete(params, "charset") // a guess that says utf-8 for everything
	}
	return clip(oneLine(media), maxPageTitle), params
}

func kindOfMedia(media string) string {
	kind, _, _ := strings.Cut(media, "/")
	switch kind {
	case "image":
		return "An image (" + media + ")"
	case "audio":
		return "A sound (" + media + ")"
	case "video":
		return "A film (" + media + ")"
	case "font":
		return "A font (" + media + ")"
	}
	return "A file (" + media + ")"
}

// plainText is text as it stands, without empty lines at its end.
func plainText(s string) string { return strings.TrimRight(keepLines(s), "\n ") }

// keepLines keeps lines, and no other character that steers: tabs become spaces.
func keepLines(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n", "\t", "    ").Replace(s)
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' {
			return unicode.ReplacementChar
		}
		return c
	}, s)
}

// oneLine is a text without line breaks and other control characters.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }), " ")
}

// clip is the first n characters of a text.
func clip(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// prettyJSON indents JSON. What is not JSON, or so deep that its indents would be longer than itself, stays as it is.
func prettyJSON(s string) string {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	var b bytes.Buffer
	if deepest > maxJSONDepth || json.Indent(&b, []byte(s), "", "  ") != nil {
		return s
	}
	return b.String()
}
