package jar

import (
	"net/http"
	"time"
)

// explainSent is the verdict on a cookie that goes, with what a person may want to know.
func (j *Jar) explainSent(c *context, e *entry) Verdict {
	v := Verdict{Name: e.Name, Outcome: Sent, Reasons: []Reason{}, Cookie: e.Cookie}
	if e.Secure && c.loopback {
		v.warn(WarnLoopback)
	}
	if e.SameSite == http.SameSiteNoneMode && !e.Secure {
		v.warn(WarnSameSiteNoneInsecure)
	}
	if c.relation == sameSite || e.SameSite != http.SameSiteDefaultMode {
		return v
	}
	switch followed := !c.script && !c.embedded; {
	case j.profile.LaxByDefault && followed && !c.safe:
		v.warn(WarnSameSiteUnspecifiedLaxAllowUnsafe)
	case !j.profile.LaxByDefault && !(followed && c.safe):
		v.warn(WarnSameSiteUnspecifiedCrossSiteContext)
	}
	return v
}

// explainWithheld puts the reasons into words, in the order of draft-22 section 5.8.3 step 3.
func (j *Jar) explainWithheld(c *context, e *entry, w withheld) Verdict {
	const step = "5.8.3/3"
	v := Verdict{Name: e.Name, Outcome: Withheld, Reasons: []Reason{}, Cookie: e.Cookie}
	if w&expired != 0 {
		v.add(Expired, "5.7", "it ended at %s", e.Expires.Format(time.RFC3339))
	}
	if w&otherDomain != 0 {
		if e.HostOnly {
			v.add(DomainMismatch, step, "it is for the host %s only, and this is %s", e.Domain, c.host)
		} else {
			v.add(DomainMismatch, step, "it is for %s and the hosts below, and this is %s", e.Domain, c.host)
		}
	}
	if w&otherPath != 0 {
		v.add(NotOnPath, step, "its path %s does not cover %s", show(e.Path), show(c.path))
	}
	if w&insecure != 0 {
		v.add(SecureOnly, step, "it is Secure, and this is %s", c.scheme)
	}
	if w&httpOnly != 0 {
		v.add(NotForScript, step, "it is HttpOnly, and script asks")
	}
	if w&otherSite != 0 {
		v.add(j.sameSiteReason(c.relation, e.SameSite), step, "%s, and this is %s", sameSiteText(e.SameSite), c.crossing())
	}
	if w&thirdParty != 0 {
		v.add(ThirdPartyPhaseout, "7.1", "this browser sends no cookies to pages that are embedded in another site")
	}
	if w&otherPartition != 0 && e.Partition == "" {
		v.add(PartitionMismatch, "CHIPS", "it belongs to no tab's site, and this browser sends only such ones to pages that are embedded in another site")
	} else if w&otherPartition != 0 {
		v.add(PartitionMismatch, "CHIPS", "it belongs to tabs of %s, and this is one of %s", e.Partition, c.partition)
	}
	return v
}

// crossing is what a request from another site is, in words.
func (c *context) crossing() string {
	from := "another site"
	if c.relation == otherScheme {
		from = "the same site over another scheme"
	}
	switch {
	case c.script:
		return "script in a page embedded in " + from
	case c.embedded:
		return "a request from a page of " + from + ", no navigation"
	case c.safe:
		return "a link on " + from
	}
	return "a form or request with " + c.method + " from " + from
}
