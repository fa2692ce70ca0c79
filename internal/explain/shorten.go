package explain

import (
	"encoding/json"
	"strings"
)

// Shorten replaces every secret in the report by what short makes of it, and the value in each Set-Cookie line by what
// shortLine makes of the line. What stands in sentences has been fit to be seen before.
func (r *Report) Shorten(short, shortLine func(string) string) {
	for _, c := range r.SetCookies {
		c.Line, c.Fix, c.Value.Text = shortLine(c.Line), shortLine(c.Fix), short(c.Value.Text)
		c.Token.shorten(short)
	}
	for _, h := range r.Cookies {
		for _, p := range h.Pairs {
			p.Value.Text = short(p.Value.Text)
			p.Token.shorten(short)
		}
	}
	for _, t := range r.Tokens {
		t.shorten(short)
	}
	if r.HAR == nil {
		return
	}
	for _, e := range r.HAR.Entries {
		e.URL = shortURL(e.URL, short)
		for i := range e.SetCookies {
			v := &e.SetCookies[i]
			v.Line, v.Fix = shortLine(v.Line), shortLine(v.Fix)
		}
	}
	for _, s := range r.HAR.Stories {
		for _, c := range s.Causes {
			c.Fix = shortLine(c.Fix)
		}
	}
}

// shortURL shortens the values in a query: links that sign people in carry their secrets there.
func shortURL(text string, short func(string) string) string {
	path, query, ok := strings.Cut(text, "?")
	if !ok {
		return text
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		if name, value, ok := strings.Cut(pair, "="); ok {
			pairs[i] = name + "=" + short(value)
		} else {
			pairs[i] = short(pair)
		}
	}
	return path + "?" + strings.Join(pairs, "&")
}

func (t *Token) shorten(short func(string) string) {
	if t == nil {
		return
	}
	t.Payload = short(t.Payload)
	for i, m := range t.Claims {
		if IsSecret(m.Name) {
			b, err := json.Marshal(short(strings.Trim(string(m.Value), `"`)))
			if err == nil {
				t.Claims[i].Value = b
			}
		}
	}
	t.Nested.shorten(short)
}
