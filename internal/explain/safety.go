package explain

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/cookie/jar"
)

const (
	enoughBits      = 128                  // ASVS 7.2.3
	longSession     = 30 * 24 * time.Hour  // NIST SP 800-63B-4: no sign-in lasts longer
	longCookie      = 366 * 24 * time.Hour // browsers keep 400 days
	headerOfServers = 8 << 10              // octets of a header line that nginx, Apache and Tomcat take as they come
)

// judgeSafety is what is unwise about a cookie that is kept.
func judgeSafety(f *findings, v *jar.Verdict, is purpose, value Value, script bool) {
	c := &v.Cookie
	signsIn := is == session
	if !c.Secure {
		level := Note
		if signsIn {
			level = Warning
		}
		f.add(level, "no-secure", "ASVS 3.3.1", "Add Secure; that needs https.", "Without Secure the cookie travels over http too, where anybody on the way can read and replace it.")
	}
	if !c.HTTPOnly && signsIn && !script {
		f.add(Warning, "no-httponly", "ASVS 3.3.4", "Add HttpOnly.", "It looks like a session, and script can read it: one injected script steals it.")
	}
	if signsIn && script {
		f.add(Warning, "session-by-script", "ASVS 3.3.4", "Set it in a response, with HttpOnly.", "Script makes what looks like a session: then script can read it, and so can an injected one.")
	}
	switch {
	case c.SameSite == http.SameSiteDefaultMode:
		f.add(Warning, "no-samesite", "ASVS 3.3.2", "Say it: SameSite=Lax, or Strict or None.",
			"Without SameSite browsers differ: Chrome sends it as with Lax, Firefox and Safari to requests from every site.")
	case c.SameSite == http.SameSiteNoneMode && signsIn && c.Partition == "":
		f.add(Warning, "samesite-none", "ASVS 3.3.2", "Use SameSite=Lax, unless the site must work inside pages of others.",
			"SameSite=None lets requests that other sites make carry what looks like a session.")
	}
	if signsIn && cookie.PrefixOf(c.Name) == nil {
		prefix, needs := "__Host-", ", with Secure, Path=/ and no Domain"
		if !c.HostOnly || c.Path != "/" {
			prefix, needs = "__Secure-", ", with Secure"
		}
		f.add(Warning, "no-prefix", "ASVS 3.3.3", "Call it "+prefix+c.Name+needs+".",
			"Its name has no prefix: a neighbouring host, or anybody on a plain http connection, can put a cookie of their own in its place.")
	}
	if p := cookie.PrefixOf(c.Name); p != nil && !strings.HasPrefix(c.Name, p.Text) {
		f.add(Warning, "prefix-case", "6265bis section 4.1.3", "Spell it "+p.Text+".",
			"The prefix is spelt %s: browsers hold it to its promise in any spelling, but servers look for %s.", excerpt(c.Name[:len(p.Text)]), p.Text)
	}
}

// judgeScope is about who else gets it.
func judgeScope(f *findings, v *jar.Verdict, u *url.URL) {
	c := &v.Cookie
	if !c.HostOnly {
		text := "Domain=" + c.Domain + " gives the cookie to every host below " + c.Domain + ", and each of them can replace it."
		if c.Domain != strings.ToLower(u.Hostname()) {
			text = "Domain=" + c.Domain + " is wider than " + u.Hostname() + ": every host below " + c.Domain + " gets the cookie, and can replace it."
		}
		f.add(Warning, "wide-domain", "ASVS 3.3.3", "Leave Domain out, unless the hosts below need the cookie and are trusted.", "%s", text)
	}
	if slices.Contains(v.Warnings, jar.WarnLoopback) {
		f.add(Note, "WarnLoopback", "6265bis section 5.7 step 13", "Use https for tests too, where Safari must work.",
			"It is Secure and came over http from this machine itself: Chrome, Firefox and curl keep it, Safari does not.")
	}
}

// judgeLifetime compares what was asked for with what browsers keep.
func (e *explainer) judgeLifetime(f *findings, v *jar.Verdict, l line, is purpose) {
	c := &v.Cookie
	if slices.Contains(v.Warnings, jar.WarnLifetimeCut) {
		f.add(Note, "WarnLifetimeCut", "6265bis section 5.5", "Ask for 400 days at most, and set the cookie again when it is used.",
			"It asks for more than 400 days: browsers keep it for 400.")
	}
	if life := between(e.Now, c.Expires); c.Persistent && life > 0 {
		switch {
		case is == session && life > longSession:
			f.add(Warning, "long-life", "NIST SP 800-63B-4", "Let it end with the browser, or after days; a server-side limit is what counts.",
				"It looks like a session and is kept for %s: a copy of it is useful as long as that.", span(life))
		case life >= longCookie:
			f.add(Note, "long-life", "", "Ask for as long as it is needed.", "It is kept for %s.", span(life))
		}
	}
	maxAge, hasAge := l.get("max-age")
	expires, hasDate := l.get("expires")
	if at, ok := jar.ParseDate(expires); hasAge && hasDate && ok && isMaxAge(maxAge) {
		if d := between(c.Expires, at); d > time.Minute || d < -time.Minute {
			if !slices.Contains(v.Warnings, jar.WarnLifetimeCut) {
				f.add(Note, "two-lifetimes", "6265bis section 5.7 step 6", "Write Max-Age alone.",
					"Max-Age and Expires differ by %s: Max-Age wins, whatever the order.", span(d))
			}
		}
	}
}

// judgeValue is about what the value gives away.
func judgeValue(f *findings, v Value, is purpose) {
	switch v.Kind {
	case "email":
		f.add(Warning, "personal-data", "ASVS 14.2.1", "Keep it on the server, and put a random id into the cookie.", "The value is an e-mail address: it is readable wherever the cookie is.")
	case "json", "base64":
		f.add(Warning, "readable-value", "", "Keep data on the server, or seal the value (package cookie, Sealer).", "The value is data: whoever has the cookie can read it, and change it unless it is signed.")
	}
	if is == session && v.bits > 0 && v.bits < enoughBits {
		f.add(Warning, "few-bits", "ASVS 7.2.3", "Make ids of at least 128 bits from a cryptographic random source.",
			"It looks like a session id, and %s can hold %.0f random bits at most, where 128 are asked for.", count(v.Bytes, "octet"), v.bits)
	}
	if is == session && v.Kind == "text" && v.Bytes > 0 {
		f.add(Warning, "few-bits", "ASVS 7.2.3", "Make ids of at least 128 bits from a cryptographic random source.",
			"It looks like a session by its name, but its value looks like a word and not like a random id.")
	}
	if strings.HasPrefix(v.Text, `"`) && strings.HasSuffix(v.Text, `"`) && len(v.Text) > 1 {
		f.add(Note, "quoted-value", "6265bis section 5.6", "Write it without quotes.", "The quotes are part of the value: browsers send them back, and some servers take them off.")
	}
	if v.decoded != v.Text {
		f.add(Note, "percent-encoded", "6265bis section 5.6", "Decode it on the side that encoded it, once.", "The value is percent-encoded: no browser decodes it, and not every server does.")
	}
}

// judgeTokenCookie compares a token with the cookie that it is in.
func (e *explainer) judgeTokenCookie(about string, s *SetCookie) {
	f := findings{about: about}
	if exp, ok := s.Token.time("exp"); ok && s.Cookie.Persistent && s.Outcome == jar.Stored && !s.deletes() {
		if d := between(exp, s.Cookie.Expires); d > 5*time.Minute {
			f.add(Note, "outlives-token", "", "Give the cookie the token's lifetime.", "The cookie is kept for %s longer than the token in it is good.", span(d))
		}
	}
	e.report.Findings = append(e.report.Findings, f.list...)
}

// explainSameNames is about lines of one response for one name.
func (e *explainer) explainSameNames() {
	names := map[string]int{}
	for _, s := range e.report.SetCookies {
		names[s.Name]++
	}
	for _, s := range e.report.SetCookies {
		if n := names[s.Name]; n > 1 && s.Name != "" {
			f := findings{about: "Set-Cookie " + s.Name}
			f.add(Warning, "set-twice", "6265bis section 4.1.1", "Send one line for each name.",
				"%s of this response set %s: those with the same Domain and Path replace each other, and the others are all sent back, in an order that a server cannot rely on.", fmt.Sprintf("%d lines", n), excerpt(s.Name))
			e.report.Findings = append(e.report.Findings, f.list...)
			names[s.Name] = 0
		}
	}
}
