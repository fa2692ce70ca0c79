package main

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/screen"
)

type jarListCmd struct {
	File string `arg:"" help:"The cookie file; - is standard input."`
	profiled
	JSON        bool `name:"json" help:"Print JSON, a line each."`
	ShowSecrets bool `help:"Print values whole: whoever has them may be you."`
}

func (c *jarListCmd) Run(t *terminal) error {
	cookies, problems, err := readCookies(t, c.File)
	if err != nil {
		return err
	}
	j, lost := fill(c.options(), cookies, problems)
	all := j.All()
	forget(all, cookies)
	if c.JSON {
		return t.jsonLines(len(all), func(i int) any { return cookieLine(&all[i], c.ShowSecrets) })
	}
	if len(all) == 0 {
		fmt.Fprintln(t.out, "No cookies.")
	}
	t.cookies(all, c.ShowSecrets)
	if lost > 0 {
		fmt.Fprintf(t.out, "\n%s left out: cloakroom jar check says why.\n", count(lost, "line"))
	}
	return nil
}

// forget takes the times away that the file did not tell, and that the jar made up.
func forget(all []jar.Cookie, file []jar.FileCookie) {
	told := map[cookieID]*jar.Cookie{}
	for i := range file {
		told[idOf(&file[i].Cookie)] = &file[i].Cookie
	}
	for i := range all {
		if k := told[idOf(&all[i])]; k != nil {
			all[i].Created, all[i].Accessed = k.Created, k.Accessed
		}
	}
}

// pointers to cookies are what is sorted: a cookie takes 200 octets, and code of its own to be moved about.
func pointers(all []jar.Cookie) []*jar.Cookie {
	p := make([]*jar.Cookie, len(all))
	for i := range all {
		p[i] = &all[i]
	}
	return p
}

// cookies prints cookies under their domain and path, in 80 columns unless values are shown whole.
func (t *terminal) cookies(all []jar.Cookie, secrets bool) {
	const name, expires, flags = 26, 11, 22
	sorted := pointers(all)
	slices.SortStableFunc(sorted, func(a, b *jar.Cookie) int { return cmp.Compare(cookieHeading(a), cookieHeading(b)) })
	for i, k := range sorted {
		if heading := cookieHeading(k); i == 0 || heading != cookieHeading(sorted[i-1]) {
			for _, line := range wrap(heading, helpWidth) {
				fmt.Fprintln(t.out, screen.Fit(line, helpWidth))
			}
		}
		until := "session"
		if k.Persistent {
			until = inTime(k.Expires)
		}
		fmt.Fprintln(t.out, strings.TrimRight("  "+screen.Pad(screen.Fit(nameOf(k), name), name)+"  "+screen.Pad(until, expires)+"  "+
			screen.Pad(cookieFlags(k), flags)+"  "+screen.Printable(shownValue(k.Value, secrets)), " "))
	}
}

func cookieHeading(k *jar.Cookie) string {
	heading := k.Domain
	if !k.HostOnly {
		heading += " and below"
	}
	if k.Path != "/" {
		heading += ", path " + k.Path
	}
	if k.Partition != "" {
		heading += ", in tabs of " + k.Partition
	}
	return screen.Printable(heading)
}

func nameOf(k *jar.Cookie) string {
	if k.Name == "" {
		return "(no name)"
	}
	return k.Name
}

func cookieFlags(k *jar.Cookie) string {
	var flags []string
	for _, f := range []struct {
		set  bool
		word string
	}{{k.Secure, "Secure"}, {k.HTTPOnly, "HttpOnly"}, {sameSiteOf(k) != "", sameSiteOf(k)}} {
		if f.set {
			flags = append(flags, f.word)
		}
	}
	return strings.Join(flags, " ")
}

func sameSiteOf(k *jar.Cookie) string {
	modes := []http.SameSite{http.SameSiteLaxMode, http.SameSiteStrictMode, http.SameSiteNoneMode}
	if i := slices.Index(modes, k.SameSite); i >= 0 {
		return []string{"Lax", "Strict", "None"}[i]
	}
	return ""
}

func cookieLine(k *jar.Cookie, secrets bool) any {
	return struct {
		Domain    string `json:"domain"`
		HostOnly  bool   `json:"host_only"`
		Path      string `json:"path"`
		Name      string `json:"name"`
		Value     string `json:"value"`
		Secure    bool   `json:"secure"`
		HTTPOnly  bool   `json:"http_only"`
		SameSite  string `json:"same_site"`
		Partition string `json:"partition,omitempty"`
		Expires   string `json:"expires_at,omitempty"`
		Created   string `json:"created_at,omitempty"`
		Accessed  string `json:"accessed_at,omitempty"`
	}{
		Domain: k.Domain, HostOnly: k.HostOnly, Path: k.Path, Name: k.Name, Value: shownValue(k.Value, secrets),
		Secure: k.Secure, HTTPOnly: k.HTTPOnly, SameSite: sameSiteOf(k), Partition: k.Partition,
		Expires: known(k.Expires), Created: known(k.Created), Accessed: known(k.Accessed),
	}
}

// known is a time, or nothing.
func known(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return stamp(at)
}
