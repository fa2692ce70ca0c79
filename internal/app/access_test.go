package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
)

func TestAccessIsThatOfTheSettings(t *testing.T) {
	cfg := app.Config{
		URL: "https://auth.example", Apps: []string{"https://Wiki.example:443/", "https://mail.example:8443"}, Protect: []string{"shop.example=http://127.0.0.1:9000"},
		Allow: []string{"mail.example=staff", "lone.example"}, Rules: []access.Rule{{Host: "shop.example", Path: "/admin", Groups: []string{"ops"}, Source: "the rule"}},
	}
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	p, err := cfg.Access()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"lone.example", "mail.example", "mail.example:8443", "shop.example", "wiki.example"}; !slices.Equal(p.Hosts(), want) {
		t.Errorf("hosts %q, want %q", p.Hosts(), want)
	}
	for _, tt := range []struct{ host, target, by string }{
		{"wiki.example", "/", "--app https://wiki.example"},
		{"mail.example:8443", "/", "--allow mail.example=staff"},
		{"shop.example", "/", "--protect shop.example=http://127.0.0.1:9000"},
		{"shop.example", "/admin", "the rule"},
		{"lone.example", "/", "--allow lone.example"},
	} {
		d := p.Decide(access.Query{Host: tt.host, Target: tt.target, Method: "GET"})
		if d.Verdict != access.SignIn || d.Rule.Source != tt.by {
			t.Errorf("%s%s: %v by %+v, want %s", tt.host, tt.target, d.Verdict, d.Rule, tt.by)
		}
	}
	if p.Knows("auth.example") {
		t.Error("where people sign in is an app")
	}
}

func TestAccessThatCannotBe(t *testing.T) {
	for what, cfg := range map[string]app.Config{
		`--allow: "a.example=" names no group`: {Allow: []string{"a.example="}},
		`line 7: the path "/x/*" holds a *`:    {Rules: []access.Rule{{Host: "a.example", Path: "/x/*", Source: "line 7"}}},
	} {
		bad, ok := errors.AsType[*app.ConfigError](cfg.Check())
		if !ok || !strings.Contains(bad.Error(), what) || bad.Hint == "" {
			t.Errorf("%+v, want %s", bad, what)
		}
	}
}
