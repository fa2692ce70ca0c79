package jar

import (
	"slices"
	"testing"
)

func TestProfiles(t *testing.T) {
	var names []string
	for _, p := range Profiles() {
		names = append(names, p.Name)
		found, ok := FindProfile(p.Name)
		if !ok || *found != *p {
			t.Errorf("%s is not found as it is", p.Name)
		}
		found.MaxTotal = 1 // it is the caller's
		if again, _ := FindProfile(p.Name); again.MaxTotal == 1 {
			t.Errorf("%s can be changed for all", p.Name)
		}
	}
	if want := []string{"rfc", "chrome", "firefox", "safari", "classic"}; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
	if p, ok := FindProfile("lynx"); ok || p != nil {
		t.Errorf("%v", p)
	}
	if New(nil).profile != rfc {
		t.Error("the default is the draft")
	}
}

// CK_M06: loopback counts as secure where a browser has it, or where a person asks for it.
func TestSecureLoopback_CK_M06(t *testing.T) {
	for _, row := range []struct {
		profile string
		option  bool
		want    bool
	}{
		{"rfc", false, false}, {"rfc", true, true}, {"chrome", false, true}, {"firefox", false, true}, {"safari", false, false}, {"safari", true, true}, {"classic", false, false},
	} {
		p, _ := FindProfile(row.profile)
		for at, loopback := range map[string]bool{"http://localhost:8080/": true, "http://a.localhost/": true, "http://127.1.2.3/": true, "http://[::1]/": true, "http://example.com/": false} {
			j := New(&Options{Profile: p, SecureLoopback: row.option})
			v := tell(t, j, at, "a=1; Secure")[0]
			if want := row.want && loopback; (v.Outcome == Stored) != want || slices.Contains(v.Warnings, WarnLoopback) != want {
				t.Errorf("%s, option %t, %s: %s %v", row.profile, row.option, at, ruled(v), v.Warnings)
			}
			header, verdicts := j.match(Request{URL: mustURL(t, at)}, then, true)
			if (header == "a=1") != (row.want && loopback) || header != "" && !slices.Contains(verdicts[0].Warnings, WarnLoopback) {
				t.Errorf("%s, option %t, %s: %q is sent", row.profile, row.option, at, header)
			}
		}
	}
}
