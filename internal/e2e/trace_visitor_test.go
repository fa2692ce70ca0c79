package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/trace"
)

// visitor is a person whose browser is trace: one jar for all that they do.
type visitor struct {
	t *testing.T
	o trace.Options // of every request; its Jar is the visitor's
}

func newVisitor(t *testing.T, o trace.Options) *visitor {
	o.Jar = jar.New(&jar.Options{SecureLoopback: true})
	return &visitor{t, o}
}

// another is somebody else, or another device, on the same network.
func (v *visitor) another() *visitor { return newVisitor(v.t, v.o) }

// with is the same visitor with other settings.
func (v *visitor) with(change func(*trace.Options)) *visitor {
	o := v.o
	change(&o)
	return &visitor{v.t, o}
}

// get opens an address, which must work, and returns the hops.
func (v *visitor) get(link string) hops { v.t.Helper(); return v.run(link, v.o) }

// do makes a request with a body. contentType "" is no body.
func (v *visitor) do(method, link, contentType, body string) hops {
	v.t.Helper()
	o := v.o
	o.Method, o.Body, o.Header = method, []byte(body), o.Header.Clone()
	if contentType != "" {
		if o.Header == nil {
			o.Header = http.Header{}
		}
		o.Header.Set("Content-Type", contentType)
	}
	return v.run(link, o)
}

// postJSON is what a program says to /api/….
func (v *visitor) postJSON(link string, value any) hops {
	v.t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do("POST", link, "application/json", string(body))
}

// submit fills in the first form of a page that has all these fields, and sends it with what stands in the others already.
func (v *visitor) submit(p *trace.Page, fields map[string]string) hops {
	v.t.Helper()
	for _, f := range p.Forms {
		values, has := url.Values{}, 0
		for _, in := range f.Inputs {
			value, typed := fields[in.Name]
			switch {
			case typed:
				has++
			case in.Type == "hidden":
				value = in.Value
			default:
				continue
			}
			values.Set(in.Name, value)
		}
		if has == len(fields) {
			return v.do(f.Method, f.Action, "application/x-www-form-urlencoded", values.Encode())
		}
	}
	v.t.Fatalf("no form of the page has the fields %v: %+v", fields, p.Forms)
	return nil
}

// signIn signs in by the form of a page.
func (v *visitor) signIn(p *trace.Page, email string) hops {
	v.t.Helper()
	return v.submit(p, map[string]string{"email": email, "password": servertest.Password})
}

func (v *visitor) run(link string, o trace.Options) hops {
	v.t.Helper()
	tr, err := trace.Run(v.t.Context(), link, &o)
	if err != nil {
		hint := ""
		if f, ok := errors.AsType[*trace.Failure](err); ok {
			hint = f.Hint
		}
		v.t.Fatalf("%s %s: %v\nhint: %s", o.Method, link, err, hint)
	}
	return tr.Hops
}

// hops are a way that was gone to its end.
type hops []*trace.Hop

func (w hops) last() *trace.Hop { return w[len(w)-1] }

// wantWay checks every hop, as "303 GET http://localhost/account".
func (w hops) wantWay(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, h := range w {
		got = append(got, fmt.Sprintf("%d %s %s", h.Status, h.Method, h.URL))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the way is\n\t%s\nwant\n\t%s\nthe end says\n%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), text(w.last()))
	}
	for i, h := range w {
		next := "" // after a hop that leads nowhere, another address may have been typed
		if h.Status/100 == 3 && i+1 < len(w) {
			next = w[i+1].URL
		}
		if h.Redirect != next {
			t.Errorf("hop %d leads to %q, and should to %q", i+1, h.Redirect, next)
		}
	}
}

// text is what a person reads at the end of a hop.
func text(h *trace.Hop) string {
	if h.Page == nil {
		return string(h.Response.Body)
	}
	return h.Page.Text
}

// wantText checks what a person reads on the last page.
func (w hops) wantText(t *testing.T, want ...string) {
	t.Helper()
	for _, s := range want {
		if got := strings.Join(strings.Fields(text(w.last())), " "); !strings.Contains(got, s) {
			t.Errorf("the page %s says:\n%s\nwant: %s", w.last().URL, text(w.last()), s)
		}
	}
}

// verdictOn finds what was decided on one cookie, the empty Verdict if nothing was.
func verdictOn(all []jar.Verdict, name string) jar.Verdict {
	for _, v := range all {
		if v.Name == name {
			return v
		}
	}
	return jar.Verdict{}
}

// wantCookie checks a verdict as "stored", or "withheld SecureOnly".
func wantCookie(t *testing.T, h *trace.Hop, all []jar.Verdict, name, want string) jar.Verdict {
	t.Helper()
	v := verdictOn(all, name)
	got := string(v.Outcome)
	for _, r := range v.Reasons {
		got += " " + string(r)
	}
	if got != want {
		t.Errorf("%s %s: %s is %q (%s), want %q", h.Method, h.URL, name, got, v.Detail, want)
	}
	return v
}

// phase is one phase of a hop, nil if it has none of that name.
func phase(h *trace.Hop, name trace.PhaseName) *trace.Phase {
	for i := range h.Phases {
		if h.Phases[i].Name == name {
			return &h.Phases[i]
		}
	}
	return nil
}

// valuesOf are the values of a field of a message.
func valuesOf(m *trace.Message, name string) (values []string) {
	for _, f := range m.Fields {
		if http.CanonicalHeaderKey(f.Name) == name {
			values = append(values, f.Value)
		}
	}
	return values
}
