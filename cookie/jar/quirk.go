package jar

import "strings"

// checkQuirks is what the profile's browser refuses and the draft does not.
func (j *Jar) checkQuirks(l *line, v *Verdict) {
	if j.profile.NoTabs && l.hasTab() {
		v.reject(DisallowedCharacter, "5.6/1", "a tab inside; this browser takes it for a control character")
	}
	if j.profile.NoNamelessPairs && l.name == "" && strings.Contains(l.value, "=") {
		v.reject(SyntaxError, "5.6/3", "there is no name, and the value has an equals sign; "+
			"in a request it would look like another cookie, and this browser refuses it")
	}
}

// hasTab reports whether a tab is inside a name or a value. Around them it is white space.
func (l *line) hasTab() bool {
	if strings.Contains(l.name, "\t") || strings.Contains(l.value, "\t") {
		return true
	}
	for _, a := range l.attributes {
		if strings.Contains(a.name, "\t") || strings.Contains(a.value, "\t") {
			return true
		}
	}
	return false
}

// mapDomain is the Domain as the profile's browser understands it: with A-labels for what is not ASCII.
func (j *Jar) mapDomain(l *line, v *Verdict) string {
	if j.profile.MapsDomain && !isASCII(l.domain) {
		if mapped, ok := canonicalHost(l.domain); ok {
			v.warn(WarnDomainNonASCII)
			return mapped
		}
	}
	return l.domain
}

// keepsPlace reports whether a cookie that replaces another one counts as made when that was (draft-22 section 5.7 step
// 23.3).
func (j *Jar) keepsPlace(old *entry, k *Cookie) bool {
	return !j.profile.NewValueNewPlace || old.Value == k.Value
}
