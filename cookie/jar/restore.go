package jar

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Restore puts cookies back into the jar as they were, from a file or another jar, and returns a verdict for each: what no
// line could have made is rejected, so that a file cannot do what a server cannot. A cookie takes the place of the one
// with its identity. One that has expired is left out, and a life longer than 400 days is cut.
//
// Restored cookies count as changes: after loading a file call the function that [Jar.Changes] returns.
func (j *Jar) Restore(cookies []Cookie) []Verdict { return j.restore(cookies, time.Now()) }

func (j *Jar) restore(cookies []Cookie, now time.Time) []Verdict {
	now = now.Round(0).UTC()
	verdicts := make([]Verdict, len(cookies))
	j.mu.Lock()
	defer j.mu.Unlock()
	j.journal.tick(now)
	for i, k := range cookies {
		v := j.judgeAgain(k, now)
		if k = v.Cookie; v.Outcome == Stored && k.Persistent && !k.Expires.After(now) {
			v.add(Expired, "5.7", "it ended at %s", k.Expires.Format(time.RFC3339))
		} else if v.Outcome == Stored {
			key := shelfKey{registrable(k.Domain), k.Partition}
			if old := j.find(key, &k); old != nil {
				j.remove(old)
			}
			j.putIn(key, &v, j.orders+1, now)
		}
		verdicts[i] = v
	}
	return verdicts
}

// judgeAgain is judge for a cookie without its line.
func (j *Jar) judgeAgain(k Cookie, now time.Time) Verdict {
	v := Verdict{Name: k.Name, Outcome: Stored, Reasons: []Reason{}}
	l := line{name: k.Name, value: k.Value, path: k.Path, control: firstControl(k.Name + k.Value + k.Path)}
	checkText(&l, &v)
	if strings.ContainsAny(k.Name, "=;") || strings.ContainsAny(k.Value+k.Path, ";") || trim(k.Name) != k.Name || trim(k.Value) != k.Value {
		v.reject(SyntaxError, "5.6", "it has a character where no line can have put it")
	}
	domain, ok := canonicalHost(k.Domain)
	switch {
	case !ok:
		v.reject(InvalidDomain, "5.1.2", "the domain %s is no host", show(k.Domain))
	case !k.HostOnly && isPublicSuffix(domain):
		v.reject(InvalidDomain, "5.7/9.2", "the domain %s is a public suffix: everybody can have a name under it", show(domain))
	}
	if k.Domain = domain; !k.HostOnly {
		l.domain = domain
	}
	if !strings.HasPrefix(k.Path, "/") || len(k.Path) > maxPath {
		v.reject(SyntaxError, "5.7/11", "the path %s must begin with / and have at most %d octets", show(k.Path), maxPath)
	}
	if k.SameSite < http.SameSiteLaxMode || k.SameSite > http.SameSiteNoneMode {
		k.SameSite = http.SameSiteDefaultMode
	}
	j.checkNone(&context{secure: true}, &k, &v)
	checkPrefix(&context{secure: true}, &l, &k, &v)
	if k.Partition != "" {
		if u, err := url.Parse(k.Partition); err != nil || Site(u) != k.Partition {
			v.reject(SyntaxError, "CHIPS", "the partition %s is no site", show(k.Partition))
		}
		if !k.Secure && !j.profile.PartitionThirdParties {
			v.reject(PartitionedInsecure, "CHIPS", "Partitioned needs Secure")
		}
	}
	if k.Persistent {
		life := cap400(k.Expires, now)
		if k.Expires = life.until.Round(0).UTC(); life.cut {
			v.warn(WarnLifetimeCut)
		}
	} else {
		k.Expires = time.Time{}
	}
	k.Created, k.Accessed = past(k.Created, now), past(k.Accessed, now)
	v.Cookie = k
	return v
}

// past is a time that cannot be later than now; none is now.
func past(t, now time.Time) time.Time {
	if t.IsZero() || t.After(now) {
		return now
	}
	return t.Round(0).UTC()
}
