package jar

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/cookie"
)

// reject adds a reason. The first one gives the step and the sentence.
func (v *Verdict) reject(r Reason, step, format string, args ...any) {
	v.Outcome = Rejected
	v.add(r, step, format, args...)
}

func (v *Verdict) add(r Reason, step, format string, args ...any) {
	if len(v.Reasons) == 0 {
		v.Step, v.Detail = step, fmt.Sprintf(format, args...)
	}
	v.Reasons = appendNew(v.Reasons, r)
}

func (v *Verdict) warn(r Reason) { v.Warnings = appendNew(v.Warnings, r) }

//go:noinline
func appendNew(all []Reason, r Reason) []Reason {
	if slices.Contains(all, r) {
		return all
	}
	return append(all, r)
}

// judge goes through the steps of the draft for one line, those of sections 5.6 and 5.7 that can refuse it. It goes on after
// the first that does, so that all reasons come together. It changes nothing in the jar.
func (j *Jar) judge(c *context, l *line) Verdict {
	v := Verdict{Name: l.name, Outcome: Stored, Reasons: []Reason{}, Warnings: slices.Clone(l.warnings)}
	if c.problem != "" {
		v.reject(SchemeNotSupported, "5.7/1", "%s", c.problem)
		return v
	}
	checkText(l, &v)
	j.checkQuirks(l, &v)
	k := Cookie{Name: l.name, Value: l.value, Created: j.instant(c.now), Accessed: c.now} // step 5
	checkLifetime(c, l, &k, &v)
	j.checkDomain(c, l, &k, &v)
	checkPath(c, l, &k, &v)
	j.checkSecure(c, l, &k, &v)
	j.checkSameSite(c, l, &k, &v)
	checkPrefix(c, l, &k, &v)
	j.checkPartition(c, l, &k, &v)
	j.checkReplaced(c, &k, &v)
	v.Cookie = k
	return v
}

// checkText is section 5.6 steps 1 and 5, which steps 2 to 4 of section 5.7 repeat.
func checkText(l *line, v *Verdict) {
	if l.control >= 0 {
		v.reject(DisallowedCharacter, "5.6/1", "a control character at octet %d; the whole line is dropped", l.control+1)
	}
	if n := len(l.name) + len(l.value); n > maxPair {
		v.reject(NameValuePairExceedsMaxSize, "5.6/5", "name and value are %d octets long, %d at most", n, maxPair)
	}
	if l.name == "" && l.value == "" {
		v.reject(NoCookieContent, "5.7/2", "there is neither a name nor a value")
	}
}

// checkLifetime is step 6. A cookie that has ended already is stored like any other, and so deletes the one that was there.
func checkLifetime(c *context, l *line, k *Cookie, v *Verdict) {
	life := l.lifetime()
	if !life.set {
		return
	}
	k.Persistent, k.Expires = true, life.until
	if life.cut {
		v.warn(WarnLifetimeCut)
	}
}

// checkDomain is steps 7 to 10.
func (j *Jar) checkDomain(c *context, l *line, k *Cookie, v *Verdict) {
	domain := j.mapDomain(l, v)
	if !isASCII(domain) { // step 8
		v.reject(InvalidDomain, "5.7/8", "Domain is %s, and must be ASCII", show(domain))
		v.warn(WarnDomainNonASCII)
	} else if domain != "" && c.tooWide(domain) { // step 9
		if domain != c.host {
			v.reject(InvalidDomain, "5.7/9.2", "Domain is %s, a public suffix: others can have names under it", show(domain))
		} else {
			domain = ""
		}
	} else if domain != "" && !domainMatch(c.host, domain) { // step 10.1
		v.reject(InvalidDomain, "5.7/10.1", "Domain is %s, and the host is %s: it must be the same or a domain above", show(domain), c.host)
	}
	k.HostOnly = domain == "" // steps 10.2 and 10.3
	if k.Domain = domain; k.HostOnly {
		k.Domain = c.host
	}
}

// tooWide reports whether a Domain is a public suffix. So is what lies above the registrable domain of the host, even if the
// list has no rule for it: with *.kobe.jp and !city.kobe.jp in the list, kobe.jp is not for www.city.kobe.jp.
func (c *context) tooWide(domain string) bool {
	return isPublicSuffix(domain) || isSubdomain(c.domain, domain) && !isAddress(c.host)
}

// checkPath is step 11.
func checkPath(c *context, l *line, k *Cookie, v *Verdict) {
	if k.Path = l.path; k.Path != "" {
		return
	}
	if k.Path = defaultPath(c.path); len(k.Path) > maxPath {
		v.reject(HeaderTooLarge, "5.7/11", "the path of the URL, which the cookie would get, is %d octets long, %d at most", len(k.Path), maxPath)
	}
}

// checkSecure is steps 12 to 16.
func (j *Jar) checkSecure(c *context, l *line, k *Cookie, v *Verdict) {
	k.Secure, k.HTTPOnly = l.secure, l.httpOnly
	if k.Secure && !c.secure { // step 13
		v.reject(SecureOnly, "5.7/13", "it is Secure, and came over %s: only https can set it", c.scheme)
	}
	if k.Secure && c.loopback {
		v.warn(WarnLoopback)
	}
	if k.HTTPOnly && c.script { // step 15
		v.reject(HTTPOnlyOverwrite, "5.7/15", "it is HttpOnly, and script must not make such a cookie")
	}
	if !k.Secure && !c.secure && j.coversSecure(c, k) { // step 16
		v.reject(OverwriteSecure, "5.7/16", "the jar has a Secure cookie of this name that this one, from http, would cover")
	}
}

// checkSameSite is steps 17 to 19.
func (j *Jar) checkSameSite(c *context, l *line, k *Cookie, v *Verdict) {
	k.SameSite = l.sameSite
	if j.profile.NoThirdParties && c.foreign && !(l.partitioned && j.profile.Partitions) {
		v.reject(ThirdPartyPhaseout, "7.1", "this browser stores no cookies of pages that are embedded in another site")
	}
	if c.relation != sameSite && (c.script || c.embedded) { // step 18
		if r := j.sameSiteReason(c.relation, k.SameSite); r != "" {
			v.reject(r, "5.7/18.4", "%s, and it came to a page of another site", sameSiteText(k.SameSite))
		} else if k.SameSite == http.SameSiteDefaultMode {
			v.warn(WarnSameSiteUnspecifiedCrossSiteContext)
		}
	}
	j.checkNone(c, k, v)
}

// checkNone is step 19.
func (j *Jar) checkNone(c *context, k *Cookie, v *Verdict) {
	switch {
	case k.SameSite != http.SameSiteNoneMode || k.Secure:
	case j.profile.NoneNeedsSecure:
		v.reject(SameSiteNoneInsecure, "5.7/19", "SameSite=None needs Secure%s", overHTTP(c))
	default:
		v.warn(WarnSameSiteNoneInsecure)
	}
}

// checkPrefix is steps 20 to 22, and of layered-cookies the prefixes with Http.
func checkPrefix(c *context, l *line, k *Cookie, v *Verdict) {
	if k.Name == "" { // step 22
		if p := cookie.PrefixOf(k.Value); p != nil {
			v.reject(InvalidPrefix, "5.7/22", "there is no name, and the value begins like the prefix %s", p.Text)
		}
		return
	}
	p := cookie.PrefixOf(k.Name)
	if p == nil {
		return
	}
	secure, http := "5.7/20", "layered-cookies/15"
	if p.Host {
		secure, http = "5.7/21.1", "layered-cookies/16"
	} else if p.HTTPOnly {
		secure = http
	}
	broken := func(step, format string, args ...any) {
		v.reject(InvalidPrefix, step, p.Text+" "+format, args...)
	}
	if !k.Secure {
		broken(secure, "needs Secure%s", overHTTP(c))
	}
	if p.Host && l.domain != "" {
		broken("5.7/21.2", "must not have a Domain, and has %s", show(l.domain))
	}
	if p.Host && l.path != "/" {
		broken("5.7/21.3", "needs Path=/, and has %s", givenPath(l))
	}
	if p.HTTPOnly && !k.HTTPOnly {
		broken(http, "needs HttpOnly")
	}
	if p.HTTPOnly && c.script {
		broken(http, "is for responses only, and script set it")
	}
}

// checkPartition is draft-cutler-httpbis-partitioned-cookies section 3.2.
func (j *Jar) checkPartition(c *context, l *line, k *Cookie, v *Verdict) {
	switch asked := l.partitioned && j.profile.Partitions; {
	case l.partitioned && !j.profile.Partitions:
		v.warn(WarnIgnoredAttribute)
	case asked && !k.Secure:
		v.reject(PartitionedInsecure, "CHIPS", "Partitioned needs Secure%s", overHTTP(c))
		fallthrough
	case asked, j.profile.PartitionThirdParties && c.foreign:
		k.Partition = c.partition
	}
}

// checkReplaced is step 23.2.
func (j *Jar) checkReplaced(c *context, k *Cookie, v *Verdict) {
	if !c.script {
		return
	}
	if old := j.find(shelfKey{c.domain, k.Partition}, k); old != nil && old.HTTPOnly && !old.expired(c.now) {
		v.reject(HTTPOnlyOverwrite, "5.7/23.2", "the jar has a cookie of this name that is HttpOnly, and script must not replace it")
	}
}

// overHTTP ends a sentence that asks for Secure where Secure cannot be had.
func overHTTP(c *context) string {
	if c.secure {
		return ""
	}
	return ", which only https can set"
}

func givenPath(l *line) string {
	if l.path == "" {
		return "none"
	}
	return show(l.path)
}

// sameSiteReason is the reason to hold a cookie back from another site, "" if there is none.
func (j *Jar) sameSiteReason(r relation, m http.SameSite) Reason {
	schemeful := r == otherScheme
	switch {
	case m == http.SameSiteStrictMode && schemeful:
		return SchemefulSameSiteStrict
	case m == http.SameSiteStrictMode:
		return SameSiteStrict
	case m == http.SameSiteLaxMode && schemeful:
		return SchemefulSameSiteLax
	case m == http.SameSiteLaxMode:
		return SameSiteLax
	case m == http.SameSiteNoneMode || !j.profile.LaxByDefault:
		return ""
	case schemeful:
		return SchemefulSameSiteUnspecifiedTreatedAsLax
	}
	return SameSiteUnspecifiedTreatedAsLax
}

func sameSiteText(m http.SameSite) string {
	switch m {
	case http.SameSiteStrictMode:
		return "it is SameSite=Strict"
	case http.SameSiteLaxMode:
		return "it is SameSite=Lax"
	case http.SameSiteNoneMode:
		return "it is SameSite=None"
	}
	return "it has no SameSite, which counts as Lax"
}

// show quotes a text of a stranger for a sentence, shortened.
func show(s string) string {
	const most = 60
	if len(s) > most {
		return fmt.Sprintf("%q…(%d)", strings.ToValidUTF8(s[:most], "?"), len(s))
	}
	return fmt.Sprintf("%q", s)
}
