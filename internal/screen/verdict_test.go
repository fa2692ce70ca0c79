package screen

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

const session = "hv90m6Tq2ZlXoJ5nW8cYbR3kD7uE1sAfG4iHpLwNvYA"

// responseCookies are the verdicts that a person may meet on one response.
func responseCookies() []jar.Verdict {
	return []jar.Verdict{
		{Name: "__Host-sid", Outcome: jar.Stored, Warnings: []jar.Reason{jar.WarnLoopback}, Cookie: jar.Cookie{
			Name: "__Host-sid", Value: session, Domain: "shop.example", HostOnly: true, Path: "/", Secure: true, HTTPOnly: true, SameSite: http.SameSiteLaxMode,
		}},
		{Name: "__Host-pref", Outcome: jar.Rejected, Reasons: []jar.Reason{jar.InvalidPrefix}, Step: "5.7/21.1", Detail: "__Host- needs Secure",
			Fix: "__Host-pref=dark; Path=/; Secure"},
		{Name: "theme", Outcome: jar.Stored, Warnings: []jar.Reason{jar.WarnLifetimeCut}, Cookie: jar.Cookie{
			Name: "theme", Value: "dark", Domain: "shop.example", Path: "/", Persistent: true, Expires: now.AddDate(0, 0, 400),
		}},
		{Name: "old", Outcome: jar.Stored, Reasons: []jar.Reason{jar.DeletedByMaxAge}, Step: "5.7/6", Detail: "Max-Age is zero or less: it deletes the cookie"},
		{Name: "track", Outcome: jar.Rejected, Reasons: []jar.Reason{jar.InvalidDomain, jar.SameSiteNoneInsecure}, Step: "5.7/10.1",
			Detail: `Domain is "ads.example", and the host is shop.example: it must be the same or a domain above`},
		{Name: "one-too-many", Outcome: jar.Stored, Reasons: []jar.Reason{jar.Evicted}, Step: "5.7",
			Detail: "the jar has no room for it: 180 cookies of a domain, 3300 in all, and Secure ones stay"},
		{Name: strings.Repeat("long-", 100) + "name", Outcome: jar.Rejected, Reasons: []jar.Reason{jar.NameValuePairExceedsMaxSize}, Step: "5.6/5",
			Detail: "name and value are 4,097 octets long, 4,096 at most"},
		{Outcome: jar.Rejected, Reasons: []jar.Reason{jar.NoCookieContent}, Step: "5.7/2", Detail: "there is neither a name nor a value"},
	}
}

func requestCookies() []jar.Verdict {
	sent := func(name string) jar.Verdict { return jar.Verdict{Name: name, Outcome: jar.Sent} }
	return []jar.Verdict{
		sent("__Host-sid"), sent("theme"), sent("language"), sent("consent"), sent("last-seen-article"), sent("currency"), sent("cart-preview"),
		{Name: "cart", Outcome: jar.Withheld, Reasons: []jar.Reason{jar.NotOnPath}, Step: "5.8.3/3", Detail: `the path "/account" is not under "/shop"`},
		{Name: "strict", Outcome: jar.Withheld, Reasons: []jar.Reason{jar.SameSiteStrict, jar.SecureOnly}, Step: "5.8.3/3",
			Detail: "SameSite=Strict, and another site asked for it"},
	}
}

func TestVerdictScreens(t *testing.T) {
	golden(t, "verdicts", func(s *Screen) {
		s.SetCookies(responseCookies())
		s.Gap()
		s.Cookies(requestCookies())
	})
	golden(t, "verdicts_hostile", func(s *Screen) {
		s.SetCookies([]jar.Verdict{
			{Name: "\x1b[2J\x1b]0;owned\x07", Outcome: jar.Rejected, Reasons: []jar.Reason{jar.DisallowedCharacter}, Step: "5.6/1",
				Detail: "a control character at octet 1; the whole line is dropped", Fix: "a=\x1b[31mred\u202egnirts; Path=/"},
			{Name: "쿠키상자는모든것을기억합니다정말로", Outcome: jar.Stored, Cookie: jar.Cookie{Value: "오늘의특가상품", Domain: "가게.example", Path: "/상점/" + strings.Repeat("물건", 40)}},
			{Name: "z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308a", Outcome: jar.Stored, Cookie: jar.Cookie{Value: "\xff\xfe\x00", HostOnly: true, Path: "/"}},
		})
		s.Cookies([]jar.Verdict{{Name: "\r\nX", Outcome: jar.Sent}, {Name: "👨‍👩‍👧", Outcome: jar.Withheld, Reasons: []jar.Reason{jar.Expired}, Detail: "it is\x9bover"}})
	})
}

// TestSecretsStayShort holds for each place in which a verdict carries the value.
func TestSecretsStayShort(t *testing.T) {
	v := jar.Verdict{Name: "sid", Line: "sid=" + session, Outcome: jar.Rejected, Fix: "sid=" + session + "; Secure", Cookie: jar.Cookie{Value: session}}
	kept := v
	kept.Outcome, kept.Fix = jar.Stored, ""
	draw := func(secrets bool) string {
		var b strings.Builder
		s := &Screen{W: &b, Width: 200, Secrets: secrets, Now: now}
		s.SetCookies([]jar.Verdict{v, kept})
		return b.String()
	}
	if got := draw(false); strings.Contains(got, session[:5]) || !strings.Contains(got, "hv90…(43)") {
		t.Errorf("got %s", got)
	}
	if got := draw(true); strings.Count(got, session) != 2 {
		t.Errorf("with secrets got %s", got)
	}
}

func TestDescribe(t *testing.T) {
	token := func(claims string) string {
		return b64(`{"alg":"HS256","typ":"JWT"}`) + "." + b64(claims) + ".c2lnbmF0dXJl"
	}
	tests := []struct{ what, value, want string }{
		{"nothing", "", "empty"},
		{"two quotes", `""`, "empty"},
		{"a word", "dark", "text dark"},
		{"a count", "1764158400", "number 1764…(10)"},
		{"a random id", session, "opaque hv90…(43)"},
		{"a hash", "d41d8cd98f00b204e9800998ecf8427e", "hexadecimal d41d…(32)"},
		{"JSON", `{"cart":[1,2]}`, `JSON {"ca…(14)`},
		{"JSON in percents", `%7B%22a%22%3A1%7D`, "JSON, percent-encoded %7B%…(17)"},
		{"a percent alone", "100%", "text 100%"},
		{"JSON in base64", b64(`{"user":"ada"}`), "JSON in base64 eyJ1…(19)"},
		{"text in base64", b64("Ada Lovelace, London"), "text in base64 QWRh…(27)"},
		{"a token with a day left", token(`{"exp":1795780800}`), "token (JWT HS256, good for 24 hours) eyJh…(74)"},
		{"a token that is over", token(`{"exp":1763985600.5}`), "token (JWT HS256, expired 367 days ago) eyJh…(77)"},
		{"a token without end", token(`{"sub":"ada"}`), "token (JWT HS256, without end) eyJh…(68)"},
		{"a token whose end is no date", token(`{"exp":1e300}`), "token (JWT HS256, with an odd end) eyJh…(68)"},
		{"a token that is encrypted", b64(`{"alg":"dir","enc":"A256GCM"}`) + "....", "encrypted token dir eyJh…(43)"},
		{"a token whose algorithm steers", b64(`{"alg":"\u001b[31m"}`) + ".e30.", "token (JWT �[31m, without end) eyJh…(32)"},
		{"more than is looked into", strings.Repeat("x", maxDescribed+1), "long xxxx…(16385)"},
		{"a first character of three octets", "한국어", "text 한…(9)"},
	}
	for _, tt := range tests {
		if got := (&Screen{Now: now}).Describe(tt.value); Printable(got) != Printable(tt.want) {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
		}
	}
}

func TestSpan(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{time.Second, "1 second"}, {119 * time.Second, "119 seconds"}, {2 * time.Minute, "2 minutes"}, {2 * time.Hour, "2 hours"},
		{47 * time.Hour, "47 hours"}, {48 * time.Hour, "2 days"}, {400*24*time.Hour - time.Second, "400 days"}, {730 * 24 * time.Hour, "2 years"},
	}
	for _, tt := range tests {
		if got := span(tt.d); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.d, got, tt.want)
		}
	}
}
