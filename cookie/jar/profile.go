package jar

import (
	"slices"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

// A Profile is how a browser differs from the draft. The zero value of a field is the draft's way or no limit; take one of
// [Profiles] and change it rather than begin with nothing.
type Profile struct {
	Name string // "rfc", "chrome", "firefox", "safari", "classic"

	// MaxTotal is how many cookies the jar holds, MaxPerDomain how many of one registrable domain (and one partition). When
	// there is one more, the jar goes down to PurgeTotal or PurgePerDomain fewer than that.
	MaxTotal, PurgeTotal         int
	MaxPerDomain, PurgePerDomain int
	// PurgeSafe: a cookie used within this time is not put out only because PurgeTotal makes more room than is needed.
	PurgeSafe time.Duration
	// MaxPartition is how many octets of names and values one registrable domain may have in one partition.
	MaxPartition int

	// SecureLoopback: localhost, 127.0.0.0/8 and [::1] count as secure over http too.
	SecureLoopback bool
	// LaxByDefault: a cookie without SameSite is as with SameSite=Lax. Else it is as with SameSite=None.
	LaxByDefault bool
	// LaxAllowUnsafe is how long such a cookie is sent with a POST from another site, too, after it was made.
	LaxAllowUnsafe time.Duration
	// NoneNeedsSecure: SameSite=None without Secure is refused.
	NoneNeedsSecure bool
	// Schemeful: http://example.com and https://example.com are two sites.
	Schemeful bool
	// Partitions: Partitioned is known. Else it is ignored like any unknown attribute.
	Partitions bool
	// NoThirdParties: a page of another site that is embedded has no cookies, but partitioned ones.
	NoThirdParties bool
	// PartitionThirdParties: all cookies of such a page are partitioned, whether they ask for it or not.
	PartitionThirdParties bool

	// NoTabs: a tab inside a name or a value, also of an attribute, counts as a control character.
	NoTabs bool
	// NoNamelessPairs: a cookie without a name is refused if there is an equals sign in its value.
	NoNamelessPairs bool
	// MapsDomain: a Domain that is not ASCII is understood as in URLs. Else it is refused.
	MapsDomain bool
	// NewValueNewPlace: a cookie that replaces one of another value counts as new, and goes behind the others of its path.
	NewValueNewPlace bool
}

var rfc = Profile{
	Name: "rfc", MaxTotal: 3300, MaxPerDomain: 180, MaxPartition: 10240,
	LaxByDefault: true, NoneNeedsSecure: true, Schemeful: true, Partitions: true,
}

// profiles, with where their facts are from. chrome: the source of Chromium (limits, purges), and what Chromium 156 did when
// it was asked. firefox: its source (limits, purges, octets in a partition), its default settings (SameSite, schemes) and
// its documentation (third parties); it was not asked. safari: 600 cookies of a domain is from one page of a vendor, and the
// rest is what people report: loopback is not secure, third parties are blocked, SameSite has no default and Partitioned no
// meaning. Its limit of all cookies is not known, so that it has the draft's here.
var profiles = []*Profile{
	&rfc,
	rfc.with(func(p *Profile) {
		p.Name = "chrome"
		p.PurgeTotal, p.PurgePerDomain, p.PurgeSafe = 300, 30, 30*24*time.Hour
		p.SecureLoopback = true
		p.LaxAllowUnsafe = 2 * time.Minute
		p.NoTabs, p.NoNamelessPairs, p.MapsDomain, p.NewValueNewPlace = true, true, true, true // as seen: docs/browsers.md
	}),
	rfc.with(func(p *Profile) {
		p.Name = "firefox"
		p.MaxTotal, p.PurgePerDomain = 3000, 30
		p.SecureLoopback = true
		p.LaxByDefault, p.Schemeful = false, false
		p.PartitionThirdParties = true
	}),
	rfc.with(func(p *Profile) {
		p.Name = "safari"
		p.MaxPerDomain = 600
		p.LaxByDefault, p.NoneNeedsSecure, p.Schemeful = false, false, false
		p.Partitions, p.NoThirdParties = false, true
	}),
	rfc.with(func(p *Profile) {
		p.Name = "classic" // RFC 2109 section 6.3, and what browsers then made of it
		p.MaxTotal, p.MaxPerDomain = 300, 20
	}),
}

func (p Profile) with(change func(*Profile)) *Profile {
	change(&p)
	return &p
}

// maxPair is the same in all of them: name and value, in octets.
const maxPair = cookie.MaxPair

// FindProfile returns the profile of that name, and whether there is one.
func FindProfile(name string) (*Profile, bool) {
	i := slices.IndexFunc(profiles, func(p *Profile) bool { return p.Name == name })
	if i < 0 {
		return nil, false
	}
	return profiles[i].with(func(*Profile) {}), true
}

// Profiles are all there are, the draft's first. They are the caller's.
func Profiles() []*Profile {
	all := make([]*Profile, len(profiles))
	for i, p := range profiles {
		all[i] = p.with(func(*Profile) {})
	}
	return all
}
