package jar

import (
	"cmp"
	"net/http"
	"time"
)

// A Cookie is one entry of the jar (draft-22 section 5.7).
type Cookie struct {
	Name, Value string
	Domain      string // canonical, lower case, without a dot in front
	HostOnly    bool   // no Domain attribute: sent to this very host only
	Path        string
	Secure      bool
	HTTPOnly    bool
	SameSite    http.SameSite // http.SameSiteDefaultMode if the line had none that is known
	Partition   string        // the site of the tab that a Partitioned cookie belongs to, "https://example.com"; else ""
	Persistent  bool          // it has an expiry, and outlives the browser
	Expires     time.Time     // zero unless Persistent
	Created     time.Time
	Accessed    time.Time
}

// compare is the order in which cookies are listed.
func (k *Cookie) compare(o *Cookie) int {
	return cmp.Or(cmp.Compare(k.Domain, o.Domain), cmp.Compare(k.Path, o.Path), cmp.Compare(k.Name, o.Name),
		cmp.Compare(k.Partition, o.Partition), k.Created.Compare(o.Created))
}
