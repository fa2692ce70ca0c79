package guard_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/guard"
)

func TestRules(t *testing.T) {
	token := func(scopes ...string) guard.Principal {
		return guard.Principal{ID: "bot", Via: guard.ViaToken, Scopes: scopes}
	}
	tests := []struct {
		what   string
		rule   guard.Rule
		who    guard.Principal
		method string
		want   guard.Reason
	}{
		{"a member", guard.Group("staff"), guard.Principal{Groups: []string{"board", "staff"}}, "", ""},
		{"a member of one of two", guard.Group("admins", "staff"), guard.Principal{Groups: []string{"staff"}}, "", ""},
		{"no member", guard.Group("staff"), guard.Principal{Groups: []string{"board"}}, "", "not-in-group"},
		{"somebody without groups", guard.Group("staff"), guard.Principal{}, "", "not-in-group"},
		{"a group is compared exactly: case", guard.Group("staff"), guard.Principal{Groups: []string{"Staff"}}, "", "not-in-group"},
		{"a group is compared exactly: prefix", guard.Group("staff"), guard.Principal{Groups: []string{"staff2", "sta"}}, "", "not-in-group"},
		{"a list in one name is no list", guard.Group("staff"), guard.Principal{Groups: []string{"board,staff"}}, "", "not-in-group"},
		{"a rule that names no group admits nobody", guard.Group(), guard.Principal{Groups: []string{"staff"}}, "", "not-in-group"},
		{"an administrator is not in every group", guard.Group("staff"), guard.Principal{Admin: true}, "", "not-in-group"},

		{"an administrator", guard.Admin(), guard.Principal{Admin: true}, "", ""},
		{"the group admin makes no administrator", guard.Admin(), guard.Principal{Groups: []string{"admin"}}, "", "admin-required"},

		{"a token with the scope", guard.Scope("account"), token("mail", "account"), "", ""},
		{"a token with one of two scopes", guard.Scope("account", "mail"), token("account"), "", "insufficient-scope"},
		{"a token without scopes", guard.Scope("account"), token(), "", "insufficient-scope"},
		{"scopes are case-sensitive (RFC 6749, 3.3)", guard.Scope("account"), token("Account"), "", "insufficient-scope"},
		{"a session is not limited by scopes", guard.Scope("account"), guard.Principal{Via: guard.ViaSession}, "", ""},
		{"a scheme of one's own needs the scope", guard.Scope("account"), guard.Principal{Via: "mtls"}, "", "insufficient-scope"},
		{"a principal from nowhere needs the scope", guard.Scope("account"), guard.Principal{}, "", "insufficient-scope"},

		{"GET", guard.Method("GET"), guard.Principal{}, "GET", ""},
		{"HEAD where GET is taken", guard.Method("GET"), guard.Principal{}, "HEAD", ""},
		{"HEAD where only POST is taken", guard.Method("POST"), guard.Principal{}, "HEAD", "method-not-allowed"},
		{"POST where GET is taken", guard.Method("GET"), guard.Principal{}, "POST", "method-not-allowed"},
		{"methods are case-sensitive (RFC 9110, 9.1)", guard.Method("GET"), guard.Principal{}, "get", "method-not-allowed"},
		{"a method that nobody knows", guard.Method("GET", "POST"), guard.Principal{}, "BREW", "method-not-allowed"},
		{"no method named, none taken", guard.Method(), guard.Principal{}, "GET", "method-not-allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			g, err := guard.New([]guard.Scheme{knows(tt.who)}, tt.rule)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/", nil)
			if tt.method != "" {
				r.Method = tt.method
			}
			if d := g.Check(r); d.Reason() != tt.want {
				t.Errorf("reason %q, want %q", d.Reason(), tt.want)
			}
		})
	}
}

func TestMethodOfAnEmptyRequestIsGet(t *testing.T) {
	if err := guard.Method("GET").Check(&http.Request{}, &guard.Principal{}); err != nil {
		t.Error(err)
	}
}

func TestRulesKeepTheirNames(t *testing.T) {
	names := []string{"staff"}
	rule := guard.Group(names...)
	names[0] = "board"
	if rule.Check(httptest.NewRequest("GET", "/", nil), &guard.Principal{Groups: []string{"board"}}) == nil {
		t.Error("a rule changed when the slice it was made of did")
	}
}

func TestMaxAgeOfEverIsNotNever(t *testing.T) {
	if guard.MaxAge(1<<63-1).Check(nil, &guard.Principal{}) == nil {
		t.Error("somebody who never proved who they are was admitted")
	}
}

func TestMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		rule := guard.MaxAge(5 * time.Minute)
		tests := []struct {
			what string
			auth time.Time
			want bool
		}{
			{"just now", now, true},
			{"at the limit", now.Add(-5 * time.Minute), true},
			{"a nanosecond past the limit", now.Add(-5*time.Minute - 1), false},
			{"never", time.Time{}, false},
			{"1970", time.Unix(0, 0), false},
			{"a minute ahead: another node's clock", now.Add(time.Minute), true},
			{"more than a minute ahead: nobody's clock", now.Add(time.Minute + 1), false},
		}
		for _, tt := range tests {
			err := rule.Check(httptest.NewRequest("GET", "/", nil), &guard.Principal{AuthTime: tt.auth})
			if (err == nil) != tt.want {
				t.Errorf("%s: %v", tt.what, err)
			}
			var e *guard.Error
			if err != nil && (!errors.As(err, &e) || e.Reason != guard.ReauthenticationRequired) {
				t.Errorf("%s: %v, want reauthentication-required", tt.what, err)
			}
		}
		time.Sleep(4 * time.Minute) // of the bubble
		if err := rule.Check(nil, &guard.Principal{AuthTime: now}); err != nil {
			t.Errorf("after four minutes: %v", err)
		}
		time.Sleep(time.Minute + 1)
		if err := rule.Check(nil, &guard.Principal{AuthTime: now}); err == nil {
			t.Error("after five minutes and a nanosecond: admitted")
		}
	})
}
