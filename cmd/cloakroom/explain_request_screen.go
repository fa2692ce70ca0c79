package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/screen"
)

// reason is the code that the server would answer with; "" if the request passes.
func (q *asked) reason() guard.Reason {
	switch q.decision.Verdict {
	case access.Allow:
		return ""
	case access.SignIn:
		return guard.NoCredentials
	case access.CrossOrigin:
		return guard.CrossOrigin
	case access.StepUp:
		return guard.ReauthenticationRequired
	case access.Deny:
		return guard.NotInGroup
	case access.Ambiguous:
		return guard.AmbiguousPath
	}
	if q.elsewhere != "" {
		return guard.UnknownPort
	}
	return guard.UnknownHost
}

// says is the verdict in a sentence, and what would change it.
func (q *asked) says() (sentence, help string) {
	rule := q.decision.Rule
	switch q.decision.Verdict {
	case access.UnknownHost:
		if q.elsewhere != "" {
			return "the app is at " + q.elsewhere + ", and not at this port", ""
		}
		return "nothing names this host, so nobody may", "name it: --app https://" + q.Host + ", --protect or --allow"
	case access.Ambiguous:
		return q.decision.Why + ": apps may read it as something that a rule is for, so nobody may", ""
	case access.SignIn:
		return "nobody is signed in, and somebody must be", ""
	case access.CrossOrigin:
		return "a page of " + q.Origin + " sends it, and the rule does not name that origin", `origins = ["` + q.Origin + `"] in a rule lets it`
	case access.StepUp:
		return "signed in " + ago(q.now, q.AuthTime) + ", and the rule wants less than " + lasting(rule.Within) + ": whoever it is must sign in again", ""
	case access.Deny:
		if rule == nil {
			return "no rule is for this request, and nothing says who may at the rest of the host, so nobody may", "--allow " + q.Host + " lets everyone in who is signed in"
		}
		return "in none of the groups that may: " + strings.Join(rule.Groups, ", "), ""
	}
	switch {
	case rule.Public:
		return "everybody may, signed in or not", ""
	case len(rule.Groups) > 0:
		return "in a group that may", ""
	}
	return "everyone may who is signed in", ""
}

func (q *asked) print(t *terminal) {
	s := &screen.Screen{W: t.out, Colour: colours(t.out)}
	row := func(label, text string) { s.Row(4, screen.Span{Text: label}, 18, screen.Span{Text: printable(text)}) }
	s.Text(0, screen.Span{Text: printable(q.Method + " " + q.Host + q.Target), Style: screen.Strong})
	mark := screen.Span{Text: "✗ " + q.decision.Verdict.String(), Style: screen.Bad}
	if q.decision.Verdict == access.Allow {
		mark = screen.Span{Text: "✓ " + q.decision.Verdict.String(), Style: screen.Good}
	}
	sentence, help := q.says()
	spans := []screen.Span{{Text: printable(sentence)}}
	if help != "" {
		spans = append(spans, screen.Span{Text: "→", Style: screen.Good}, screen.Span{Text: printable(help)})
	}
	s.Row(2, mark, 18, spans...)
	label := "not"
	for _, r := range q.rules() {
		if r == q.decision.Rule {
			row("rule", r.Source+": "+ruleText(r))
			continue
		}
		row(label, r.Source+": "+q.passedOver(r))
		label = ""
	}
	row("who", q.whoText())
	if q.decision.As != "" {
		row("note", "Some apps take this for a "+q.decision.As+", by _method in the query: it would have to be allowed as both.")
	}
	if q.page != "" && q.Origin == "" {
		row("note", "It changes nothing and opens no WebSocket: --origin makes no difference.")
	}
	if q.fragment != "" {
		row("note", "What stands behind # in a URL is not sent; it was left out.")
	}
	if strings.HasPrefix(q.Target, "/.cloakroom/") {
		row("note", "Below /.cloakroom/ it is Cloakroom that answers, and not the app.")
	}
}

// rules are those that have a say, the one that decides first.
func (q *asked) rules() []*access.Rule {
	var all []*access.Rule
	if q.decision.Rule != nil {
		all = append(all, q.decision.Rule)
	}
	for _, r := range q.covering {
		if r != q.decision.Rule {
			all = append(all, r)
		}
	}
	return all
}

// passedOver says why a rule that covers the path does not decide; "" of the one that does.
func (q *asked) passedOver(r *access.Rule) string {
	decides := q.decision.Rule
	switch {
	case r == decides:
		return ""
	case !r.For(q.Method):
		return "it is not for " + q.Method
	case decides == nil:
		return "the request is not clear"
	case len(strings.TrimSuffix(decides.Path, "/")) > len(strings.TrimSuffix(r.Path, "/")):
		return "its path " + r.Path + " is shorter"
	}
	return "it does not name the method"
}

func ruleText(r *access.Rule) string {
	parts := []string{r.Host + r.Path}
	if len(r.Methods) > 0 {
		parts = append(parts, strings.Join(r.Methods, ", "))
	}
	switch {
	case r.Public:
		parts = append(parts, "public")
	case len(r.Groups) > 0:
		parts = append(parts, "groups "+strings.Join(r.Groups, ", "))
	default:
		parts = append(parts, "everyone signed in")
	}
	if r.Within > 0 {
		parts = append(parts, "signed in within "+lasting(r.Within))
	}
	if len(r.Origins) > 0 {
		parts = append(parts, "also from pages of "+strings.Join(r.Origins, ", "))
	}
	return strings.Join(parts, "; ")
}

func (q *asked) whoText() string {
	if !q.SignedIn {
		return "nobody; see --as and --groups"
	}
	when := "just now"
	if q.now.Sub(q.AuthTime) >= time.Second {
		when = ago(q.now, q.AuthTime)
	}
	return fmt.Sprintf("%s, in %s, signed in %s", q.who, cmp.Or(strings.Join(q.Groups, ", "), "no group"), when)
}

// requestRule is a rule as JSON.
type requestRule struct {
	Source  string   `json:"source"`
	Host    string   `json:"host"`
	Path    string   `json:"path"`
	Methods []string `json:"methods,omitempty"`
	Groups  []string `json:"groups,omitempty"`
	Within  string   `json:"signed_in_within,omitempty"`
	Public  bool     `json:"public,omitempty"`
	Origins []string `json:"origins,omitempty"`
	Not     string   `json:"passed_over,omitempty"` // why it does not decide
}

func (q *asked) json() any {
	sentence, _ := q.says()
	answer := struct {
		Method  string         `json:"method"`
		Host    string         `json:"host"`
		Target  string         `json:"target"`
		As      string         `json:"as,omitempty"`
		Groups  []string       `json:"groups,omitempty"`
		Origin  string         `json:"origin,omitempty"`
		Verdict string         `json:"verdict"`
		Reason  guard.Reason   `json:"reason,omitempty"`
		Detail  string         `json:"detail"`
		Rule    *requestRule   `json:"rule"`
		Others  []*requestRule `json:"others"`
	}{q.Method, q.Host, q.Target, q.who, q.Groups, q.page, q.decision.Verdict.String(), q.reason(), sentence, nil, []*requestRule{}}
	for _, r := range q.rules() {
		j := &requestRule{Source: r.Source, Host: r.Host, Path: r.Path, Methods: r.Methods, Groups: r.Groups, Public: r.Public, Origins: r.Origins, Not: q.passedOver(r)}
		if r.Within > 0 {
			j.Within = r.Within.String()
		}
		if r == q.decision.Rule {
			answer.Rule = j
			continue
		}
		answer.Others = append(answer.Others, j)
	}
	return answer
}
