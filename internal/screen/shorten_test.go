package screen

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/trace"
)

// TestShortenEverywhere puts a secret in each place of a trace: no screen and no JSON has it, and the trace itself still does.
func TestShortenEverywhere(t *testing.T) {
	token := b64(`{"alg":"HS256","typ":"JWT"}`) + "." + b64(`{"sub":"ada"}`) + "." + session
	fields := []trace.Field{
		{Name: "Cookie", Value: "a=1; sid=" + session + ";b=" + token}, {Name: "authorization", Value: "Bearer " + session}, {Name: "Proxy-Authorization", Value: session},
		{Name: "X-CSRF-Token", Value: session}, {Name: "Location", Value: "/?t=" + token}, {Name: "Set-Cookie", Value: "sid=" + session + "; Path=/"}, {Name: "set-cookie", Value: session},
	}
	raw := "GET /?t=" + token + " HTTP/1.1\r\n"
	for _, f := range fields {
		raw += f.Name + ": " + f.Value + "\r\n"
	}
	m := func(body string) *trace.Message {
		return &trace.Message{Proto: "HTTP/1.1", StartLine: "GET /?t=" + token, Fields: fields, Trailers: fields, Raw: []byte(raw + "Cookie:\r\n " + session + "\r\n\r\n"), Body: []byte(body)}
	}
	h := &trace.Hop{
		URL: "https://shop.example/?t=" + token, Redirect: "https://shop.example/#" + token, Parts: &trace.Parts{Path: "/" + token, Query: token, Fragment: token},
		Request: m("password=" + session), Response: m(`{"access_token":"` + session + `", "refresh_token" : "` + session + `\"", "jwt":"` + token + `", "you":"` + session + `"}`),
		SetCookies: []jar.Verdict{{Name: "sid", Outcome: jar.Rejected, Line: "sid=" + session, Fix: "sid=" + session + "; Secure", Cookie: jar.Cookie{Value: session}}, {Line: session, Outcome: jar.Stored, Cookie: jar.Cookie{Value: token}}},
		Cookies:    []jar.Verdict{{Name: "sid", Outcome: jar.Sent, Cookie: jar.Cookie{Value: session}}},
		Page: &trace.Page{Type: "application/json", Title: token, Text: `{"client_secret": "` + session + `", "x": "` + token + `", "you": "sent ` + session + `"}`,
			Links: []trace.Link{{N: 1, URL: "https://shop.example/" + token}},
			Forms: []trace.Form{{N: 1, Action: "https://shop.example/" + token, Inputs: []trace.Input{{Name: "csrf", Type: "hidden", Value: session}}}}},
	}
	whole := of(h)
	whole.Findings = []trace.Finding{{Code: "x", Detail: token}}
	before, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}

	short := Shorten(whole)
	var out bytes.Buffer
	s := &Screen{W: &out, Now: now}
	s.Trace(short, 1, true)
	s.Page(short.Hops[0].Page, true)
	text, err := json.Marshal(short)
	if err != nil {
		t.Fatal(err)
	}
	for where, got := range map[string]string{"the screen": strings.Join(strings.Fields(out.String()), ""), "the JSON": string(text)} {
		if strings.Contains(got, session[:5]) || strings.Contains(got, token[:5]) {
			t.Errorf("%s has a secret: %s", where, got)
		}
	}
	for _, want := range []string{"Cookie: a=1; sid=hv90…(43);b=eyJh…", "authorization: Bearer hv90…(43)", "Set-Cookie: sid=hv90…(43); Path=/", "access_token\":\"hv90…(43)", "Set-Cookie: sid=hv90…(43); Secure"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not on\n%s", want, out.String())
		}
	}
	if after, err := json.Marshal(whole); err != nil || !bytes.Equal(before, after) || string(h.Request.Body) != "password="+session {
		t.Errorf("the trace itself has changed")
	}
}

func TestShortLines(t *testing.T) {
	tests := []struct{ what, line, want string }{
		{"a value", "sid=abcdefgh; Path=/; Secure", "sid=abcd…(8); Path=/; Secure"},
		{"spaces stay where they are", "sid = abcdefgh ;Path=/", "sid = abcd…(8) ;Path=/"},
		{"a short value", "theme=dark", "theme=dark"},
		{"no name", "abcdefgh", "abcd…(8)"},
		{"no value", "sid=; Path=/", "sid=; Path=/"},
		{"a value with an equals sign", "sid=ab=cdefgh", "sid=ab=c…(9)"},
		{"what is short already", "sid=abcd…(43); Path=/", "sid=abcd…(43); Path=/"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		if got := ShortSetCookie(tt.line); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
		}
	}
}

// A server may say back all that it was told: as an echo does, or a page of errors.
func TestEchoesAreShortened(t *testing.T) {
	h := &trace.Hop{
		URL: "https://shop.example/", Method: "POST", Status: 200,
		Request: &trace.Message{
			Fields: []trace.Field{{Name: "Authorization", Value: "Bearer opensesame1"}, {Name: "X-Api-Key", Value: "opensesame2"}},
			Body:   []byte("user=annabelle&password=opensesame3"), BodyBytes: 35,
		},
		Cookies:  []jar.Verdict{{Name: "sid", Outcome: jar.Sent, Cookie: jar.Cookie{Name: "sid", Value: "opensesame4"}}},
		Response: &trace.Message{Body: []byte("opensesame1 opensesame2 opensesame3 opensesame4 annabelle")},
		Page:     &trace.Page{Type: "text/plain", Text: "opensesame1 opensesame2 opensesame3 opensesame4 annabelle"},
	}
	short := Shorten(of(h)).Hops[0]
	for where, got := range map[string]string{"the page": short.Page.Text, "the body": string(short.Response.Body)} {
		if strings.Contains(got, "sesame") || !strings.Contains(got, "annabelle") {
			t.Errorf("%s is %q", where, got)
		}
	}
	if got := string(short.Request.Body); !strings.HasPrefix(got, "(35\u00a0bytes: ") {
		t.Errorf("the request's body is %q", got)
	}
}
