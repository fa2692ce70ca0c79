package main

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/screen"
)

// elsewhere is a site that is no other: nobody can have its name (RFC 6761 section 6.4).
var elsewhere = &url.URL{Scheme: "https", Host: "elsewhere.invalid", Path: "/"}

// An asContext is a way in which a request comes about.
type asContext struct {
	Name     string        `json:"context"`
	URL      string        `json:"url"`
	Verdicts []jar.Verdict `json:"cookies"`

	head [2]string // of its column
	says string
	make func(u *url.URL) jar.Request
}

// asContexts are all there are, in the order of the columns. A fetch and an iframe differ for scripts, not for cookies.
var asContexts = []asContext{
	{Name: "same-site", head: [2]string{"same site"}, says: "A page of the same site leads to",
		make: func(u *url.URL) jar.Request { return jar.Request{URL: u} }},
	{Name: "cross-site-link", head: [2]string{"link from", "elsewhere"}, says: "A person follows a link on another site to",
		make: func(u *url.URL) jar.Request { return jar.Request{URL: u, Site: elsewhere} }},
	{Name: "cross-site-post", head: [2]string{"form from", "elsewhere"}, says: "A form on another site posts to",
		make: func(u *url.URL) jar.Request {
			return jar.Request{URL: u, Site: elsewhere, Method: http.MethodPost}
		}},
	{Name: "iframe", head: [2]string{"inside", "elsewhere"}, says: "An iframe on a page of another site asks for",
		make: func(u *url.URL) jar.Request { return jar.Request{URL: u, Site: elsewhere, Embedded: true} }},
	{Name: "fetch", head: [2]string{"script", "elsewhere"}, says: "Script on another site fetches, with credentials,",
		make: func(u *url.URL) jar.Request { return jar.Request{URL: u, Site: elsewhere, Embedded: true} }},
}

// overHTTP is one more column for a page of https: what becomes of the cookies if somebody types http.
var overHTTP = asContext{Name: "http", head: [2]string{"over", "http://"}, make: func(u *url.URL) jar.Request {
	plain := *u
	plain.Scheme = "http"
	return jar.Request{URL: &plain}
}}

// contexts asks the jar what would travel to u in the contexts of --as.
func (c *traceCmd) contexts(j *jar.Jar, u *url.URL) (all []*asContext) {
	if c.As == "" || u == nil {
		return nil
	}
	wanted := slices.Clone(asContexts)
	if c.As != "all" {
		wanted = slices.DeleteFunc(wanted, func(w asContext) bool { return w.Name != c.As })
	} else if u.Scheme == "https" {
		wanted = append(wanted, overHTTP)
	}
	for i := range wanted {
		w := &wanted[i]
		r := w.make(u)
		w.URL = r.URL.String()
		_, w.Verdicts = j.Peek(r)
		all = append(all, w)
	}
	return all
}

func showContexts(s *screen.Screen, u *url.URL, contexts []*asContext) {
	if len(contexts) == 0 {
		return
	}
	if !slices.ContainsFunc(contexts, func(c *asContext) bool { return len(c.Verdicts) > 0 }) {
		s.Text(0, screen.Span{Text: "There are no cookies for " + u.String() + "."})
		s.Gap()
		return
	}
	if len(contexts) == 1 {
		s.Text(0, screen.Span{Text: contexts[0].says, Style: screen.Strong}, screen.Span{Text: u.String(), Style: screen.Strong})
		s.Cookies(contexts[0].Verdicts)
		s.Gap()
		return
	}
	s.Text(0, screen.Span{Text: "Which cookies travel to", Style: screen.Strong}, screen.Span{Text: u.String(), Style: screen.Strong})
	s.Gap()
	columns := make([]screen.Context, len(contexts))
	for i, c := range contexts {
		columns[i] = screen.Context{Head: c.head, Verdicts: c.Verdicts}
	}
	s.Matrix(columns)
	s.Gap()
}
