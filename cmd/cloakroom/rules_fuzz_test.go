package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/access"
)

// FuzzReadConfigRules: a file is refused with what is wrong and what to do, or each [[rule]] in it becomes a rule of a known place.
func FuzzReadConfigRules(f *testing.F) {
	for _, text := range []string{
		"[[rule]]\nhost = \"a.example\"\n", "app = [\"https://a.example\"]\n[[rule]]\nhost = \"a.example\"\npath = \"/x\"\nmethods = [\"GET\"]\npublic = true\n",
		"[[rule]]\nhost = 1\n", "[rule]\n", "rule = []\n", "rule = [{host = \"a\"}]", "[[rule]]\nhost = \"a\"\nsigned_in_within = \"5m\"\ngroups = [\"x\", 1]\n",
		"[[\"rule\"]]\nhost = \"a.example\"\n", "[[rule]]\nhost = \"\"\"\n[[rule]]\n\"\"\"\n", "[[rule]]\n\tHost = \"a\"\n[[rule]]\nhost-\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		settings, err := readConfig(strings.NewReader(text))
		if bad, ok := errors.AsType[*ruleError](err); ok && (bad.hint == "" || bad.what == "") {
			t.Errorf("%q: %+v lacks help", text, bad)
		}
		if err != nil {
			return
		}
		rules, _ := settings.(fileResolver)["rule"].(ruleList)
		for _, r := range rules {
			if r.Host == "" || !strings.HasPrefix(r.Source, "the rule ") || r.Within < 0 {
				t.Errorf("%q: %+v", text, r)
			}
		}
		if _, err := access.New(access.Config{Rules: rules}); err != nil {
			if bad, ok := errors.AsType[*access.Error](err); !ok || bad.Hint == "" {
				t.Errorf("%q: %v lacks help", text, err)
			}
		}
	})
}

// FuzzParseRequest: what is read of a request is what was typed, and no part of it twice.
func FuzzParseRequest(f *testing.F) {
	for _, text := range []string{
		"GET https://a.example/admin?x=1", "https://a.example", "https://a.example?x", "PUT http://localhost:8088/a;b/%2f#c", "https://u@a.example/", "http://a.example/", "GET a.example",
		"https://a.example\\x", "GET  https://[::1]:8443/", "://", "https:///x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseRequest(text)
		if err != nil {
			return
		}
		_, typed, _ := strings.Cut(strings.TrimSpace(text), "://")
		typed, _, _ = strings.Cut(typed, "#")
		rest, ok := strings.CutPrefix(typed, q.Host)
		if !ok || q.Host == "" || q.Target != rest && q.Target != "/"+rest || !strings.HasPrefix(q.Target, "/") {
			t.Errorf("%q: host %q, target %q", text, q.Host, q.Target)
		}
	})
}
