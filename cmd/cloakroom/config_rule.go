package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/cloakroom/cloakroom/internal/access"
)

// ruleList is what the [[rule]] tables of --config say. It is the value of a flag so that it finds its way into a command as the other settings do,
// but on a command line it would be more than anybody could read.
type ruleList []access.Rule

// Decode takes the rules that [readConfig] has read.
func (l *ruleList) Decode(ctx *kong.DecodeContext) error {
	rules, ok := ctx.Scan.Pop().Value.(ruleList)
	if !ok {
		return errors.New("rules are written in the file of --config, each under a line [[rule]]")
	}
	*l = rules
	return nil
}

// ruleError is what is wrong with one [[rule]].
type ruleError struct{ where, what, hint string }

func (e *ruleError) Error() string { return e.where + ": " + e.what }

const ruleNames = "a rule has host, path, methods, groups, signed-in-within, origins and public"

// readRules reads what TOML made of the [[rule]] tables in text.
func readRules(text string, value any) (ruleList, error) {
	tables, ok := value.([]map[string]any)
	if !ok {
		return nil, &ruleError{"rule of --config", "it is not a list of tables", "begin each rule with a line [[rule]]"}
	}
	lines, rules := ruleLines(text), make(ruleList, len(tables))
	for i, table := range tables {
		where := fmt.Sprintf("the rule number %d of --config", i+1)
		if len(lines) == len(tables) {
			where = fmt.Sprintf("the rule in line %d of --config", lines[i])
		}
		r := &rules[i]
		r.Source = where
		for _, name := range slices.Sorted(maps.Keys(table)) {
			switch hint := setRule(r, strings.ReplaceAll(name, "_", "-"), table[name]); hint {
			case "":
			case ruleNames:
				return nil, &ruleError{where, fmt.Sprintf("it has no %q", name), hint}
			default:
				return nil, &ruleError{where, fmt.Sprintf("%s = %v is not understood", name, table[name]), hint}
			}
		}
		if r.Host == "" {
			return nil, &ruleError{where, "it has no host", `say which app it is for: host = "app.example.com"`}
		}
	}
	return rules, nil
}

// ruleLines are the lines in which rules begin, if each has one of its own.
func ruleLines(text string) (lines []int) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		if strings.Join(strings.Fields(line), "") == "[[rule]]" {
			lines = append(lines, n)
		}
	}
	return lines
}

// setRule sets what a line of a rule says. If it cannot, the hint says how such a line is written.
func setRule(r *access.Rule, name string, value any) (hint string) {
	ok := false
	switch name {
	case "host":
		r.Host, ok = value.(string)
		hint = `write host = "app.example.com"`
	case "path":
		r.Path, ok = value.(string)
		ok = ok && r.Path != ""
		hint = `write path = "/admin"; without a path, the rule is for all of the host`
	case "methods":
		r.Methods, ok = texts(value)
		hint = `write methods = ["POST", "DELETE"]; without methods, the rule is for all of them`
	case "groups":
		r.Groups, ok = texts(value)
		hint = `write groups = ["staff", "ops"]; without groups, everyone may who is signed in`
	case "signed-in-within":
		var text string
		text, ok = value.(string)
		d, err := time.ParseDuration(text)
		r.Within, ok = d, ok && err == nil && d >= time.Second
		hint = `write signed-in-within = "5m"; 1s is the least`
	case "origins":
		r.Origins, ok = texts(value)
		hint = `write origins = ["https://home.example.com"]; without origins, only the app's own pages may change something`
	case "public":
		r.Public, ok = value.(bool)
		hint = `write public = true, and methods = ["GET"] beside it`
	default:
		return ruleNames
	}
	if ok {
		return ""
	}
	return hint
}

// texts are the members of a list of texts.
func texts(value any) ([]string, bool) {
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	all := make([]string, len(list))
	for i, item := range list {
		if all[i], ok = item.(string); !ok {
			return nil, false
		}
	}
	return all, true
}
