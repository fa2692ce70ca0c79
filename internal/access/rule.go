package access

import (
	"slices"
	"strings"
	"time"
)

// Rule says who may send requests to a part of an app. The zero value of everything but Host means: everyone who is signed in.
type Rule struct {
	Host    string        // "app.example" with all its ports, or "app.example:8443"
	Path    string        // decoded: "/admin" covers itself and what is below it; "" is "/"
	Methods []string      // which the rule is for; none: all. GET covers HEAD
	Groups  []string      // one of which somebody must be in; none: everyone who is signed in
	Within  time.Duration // so long ago somebody must have signed in at most; 0: it does not matter
	Public  bool          // everybody may, signed in or not. It opens its path alone, and what is below it only if Path ends in a slash
	Origins []string      // of other pages that may send what changes something, and open WebSockets: "https://home.example"; none: the app's own alone
	Source  string        // where it is written, for messages: "line 12"
}

// exact tells the rules that do not cover what is below their path: an open door is no wider than it was written.
func (r *Rule) exact() bool { return r.Public && (len(r.Path) == 1 || !strings.HasSuffix(r.Path, "/")) }

func (r *Rule) names(method string) bool {
	return slices.Contains(r.Methods, method) || method == "HEAD" && slices.Contains(r.Methods, "GET")
}

// overlaps reports whether two rules of one path leave open which of them decides.
func (r *Rule) overlaps(other *Rule) bool {
	if len(r.Methods)+len(other.Methods) == 0 {
		return true
	}
	return slices.ContainsFunc(r.Methods, other.names) || slices.ContainsFunc(other.Methods, r.names)
}

func (r *Rule) check() error {
	switch {
	case r.Public && (len(r.Groups) > 0 || r.Within != 0):
		return &Error{r.Source, "it is public, and says who may", "leave out either public or groups and signed-in-within"}
	case r.Public && len(r.Origins) > 0:
		return &Error{r.Source, "it is public, and names origins", "leave origins out: nobody's sign-in counts at a public path"}
	case r.Public && len(r.Methods) == 0:
		return &Error{r.Source, "it is public and names no methods", `say which: methods = ["GET"]`}
	case r.Groups != nil && len(r.Groups) == 0:
		return &Error{r.Source, "groups is empty", "leave groups out to let everyone in who is signed in; for nobody, name a group that nobody is in"}
	case r.Methods != nil && len(r.Methods) == 0:
		return &Error{r.Source, "methods is empty", "leave methods out for all of them"}
	case r.Origins != nil && len(r.Origins) == 0:
		return &Error{r.Source, "origins is empty", "leave origins out: then only the app's own pages may change something"}
	case r.Within < 0:
		return &Error{r.Source, "signed-in-within is negative", "durations are written like 5m or 12h"}
	}
	for i, m := range r.Methods {
		if checkMethod(m) != "" {
			return &Error{r.Source, quoted(m) + " is not a method", "methods are written in capital letters: GET"}
		}
		if slices.Contains(r.Methods[:i], m) {
			return &Error{r.Source, m + " is named twice", "name each method once"}
		}
	}
	if err := checkGroups(r.Source, r.Groups); err != nil {
		return err
	}
	if err := checkOrigins(r.Source, r.Origins); err != nil {
		return err
	}
	return r.checkPath()
}

// checkGroups refuses what cannot be the name of a group, so that nobody waits for a match that never comes.
func checkGroups(source string, groups []string) error {
	for i, g := range groups {
		if g == "" || strings.Trim(g, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" || strings.IndexByte("._-", g[0]) >= 0 {
			return &Error{source, quoted(g) + " is not the name of a group", "a group is named like staff or dev.ops; without groups, everyone who is signed in may"}
		}
		if slices.Contains(groups[:i], g) {
			return &Error{source, g + " is named twice", "name each group once"}
		}
	}
	return nil
}

// checkPath accepts paths that every app reads alike, written as they are after decoding.
func (r *Rule) checkPath() error {
	bad := func(what, hint string) error {
		return &Error{r.Source, "the path " + quoted(r.Path) + " " + what, hint}
	}
	switch {
	case r.Path[0] != '/':
		return bad("does not begin with a slash", "write it like /admin")
	case strings.Contains(r.Path, "*"):
		return bad("holds a *", "a path covers all that is below it: write /admin for /admin/*")
	case strings.Contains(r.Path, "%"):
		return bad("holds an escape", "write the path as it is when it is decoded: a space as a space")
	case strings.Contains(r.Path, "?"):
		return bad("holds a query", "rules are for paths; what is behind the ? makes no difference")
	case strings.ContainsFunc(r.Path, func(c rune) bool { return c >= 0x7f || c < ' ' }):
		return bad("is not in printable ASCII", "make the rule for the part of the path before it")
	}
	path, why := read(strings.ReplaceAll(r.Path, " ", "%20"))
	if why == "" && path.sure < len(path.path) {
		why = path.why
	}
	if why != "" {
		return bad("cannot be that of a rule: "+why, "requests for it would be refused as ambiguous; make the rule for the part of the path before it")
	}
	return nil
}
