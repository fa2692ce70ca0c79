package access

import (
	"slices"
	"testing"
)

// TestOtherMethods: where an app takes a POST for a DELETE, who may not DELETE may not send it.
func TestOtherMethods(t *testing.T) {
	p := policy(t, `
		app shop.example
		shop.example/cart methods DELETE,PATCH groups staff
		shop.example/hook public methods POST
		part.example/only methods POST`)
	for _, tt := range []struct {
		who, method, url string
		others           []string
		want             Verdict
	}{
		{"anna", "POST", "shop.example/cart", nil, Allow},
		{"anna", "POST", "shop.example/cart", []string{"DELETE"}, Deny},
		{"anna", "POST", "shop.example/cart", []string{" delete "}, Deny},
		{"anna", "POST", "shop.example/cart", []string{"PUT"}, Allow},
		{"anna", "POST", "shop.example/cart", []string{"PUT", "patch"}, Deny},
		{"anna:staff", "POST", "shop.example/cart", []string{"DELETE"}, Allow},
		{"anna", "DELETE", "shop.example/cart", []string{"POST"}, Deny}, // its own method counts too
		{"anna", "POST", "shop.example/cart", []string{""}, Allow},
		{"anna", "POST", "shop.example/cart", []string{"by card"}, Allow}, // no rule is for it, whatever it is
		{"anna", "POST", "shop.example/cart?_method=delete", nil, Deny},
		{"anna", "POST", "shop.example/cart?a=b&_method=DELETE", nil, Deny},
		{"anna", "POST", "shop.example/cart?a=b;_method=DELETE;c", nil, Deny},
		{"anna", "POST", "shop.example/cart?%5fmethod=%44ELETE", nil, Deny},
		{"anna", "POST", "shop.example/cart?_method=PUT&_method=DELETE", nil, Deny},
		{"anna", "POST", "shop.example/cart?_method=+delete%20", nil, Deny},
		{"anna", "POST", "shop.example/cart?_method", nil, Allow},
		{"anna", "POST", "shop.example/cart?_method=", nil, Allow},
		{"anna", "POST", "shop.example/cart?x_method=DELETE", nil, Allow},
		{"anna", "POST", "shop.example/cart?a=_method=DELETE", nil, Allow},
		{"anna", "POST", "shop.example/cart?_method=%zz", nil, Allow},
		{"anna", "POST", "shop.example/cart?%zz=DELETE", nil, Allow},
		{"", "POST", "shop.example/hook", nil, Allow},
		{"", "POST", "shop.example/hook", []string{"DELETE"}, SignIn},
		{"", "POST", "shop.example/hook?_method=DELETE", nil, SignIn},
		{"anna", "POST", "part.example/only", []string{"PUT"}, Deny},
	} {
		i := slices.Index([]byte(tt.url), '/')
		q := as(Query{Host: tt.url[:i], Target: tt.url[i:], Method: tt.method, Others: tt.others}, tt.who)
		d := p.decide(q, now)
		if taken := d.As != ""; taken != (tt.want != Allow && tt.method == "POST") || taken && d.As != asMethod(d.As) {
			t.Errorf("%s %s, or %q: decided as %q", tt.method, tt.url, tt.others, d.As)
		}
		if d.Verdict != tt.want {
			t.Errorf("%s %s, or %q, by %q: %v, want %v", tt.method, tt.url, tt.others, tt.who, d.Verdict, tt.want)
		}
	}
}

// FuzzOtherMethods: no query and no header opens what is closed without them, and one that names the method of a rule for others closes.
func FuzzOtherMethods(f *testing.F) {
	for _, q := range []string{"", "_method=DELETE", "a&b;c=d", "%5Fmethod=x", "_method=a&_method=b", "&&;;=", "%"} {
		f.Add(q, "PATCH")
	}
	p := policy(f, `
		app shop.example
		shop.example/cart methods DELETE groups staff`)
	f.Fuzz(func(t *testing.T, query, other string) {
		ask := func(method, query, other string) Verdict {
			return p.decide(as(Query{Host: "shop.example", Target: "/cart?" + query, Method: method, Others: []string{other}}, "anna"), now).Verdict
		}
		if v := ask("DELETE", query, other); v == Allow {
			t.Errorf("%q and %q open it", query, other)
		}
		for _, v := range []Verdict{ask("POST", query+"&_method=DELETE", other), ask("POST", query, "delete")} {
			if v == Allow {
				t.Errorf("%q and %q hide the other method", query, other)
			}
		}
	})
}
