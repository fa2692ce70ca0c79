package e2e_test

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
)

// trickyPaths are ways of writing a path: to /secret, which is for nobody here, to our own prefix, and to pages that are for everyone.
func trickyPaths() []string {
	return []string{
		"/", "/a", "/a/b/", "/index.html", "/a?b=c", "/?", "/?a=/../secret", "/a?b=%2e%2e%2f", "/a%20b", "/%C3%A4", "/a+b", "/a,b", "/a:b", "/a@b", "/~a", "/a=b&c", "/a$b", "/a!b", "/a'b", "/(a)",
		"/secrets", "/secretly", "/xsecret", "/a/secret", "/public/page",
		secretPath, "/secret/", "/secret/x", "/secret?x", "/secret?/../a", "/secret/..", "/secret/../a", "/secret/./x", "/secret/.", "/secret//x", "/secret/x/..", "/secret/../secret/x",
		"//secret", "///secret", "//secret/x", "/./secret", "/././secret", "/a/../secret", "/a/b/../../secret", "/../secret", "/../../secret", "/..//secret", "/a//../secret", "/a/..//secret/x", "/.//secret",
		"/.../secret", "/..;/secret", "/.;/secret", "/a/..;/secret", "/a/..;x=y/secret", "/;/secret", "/;a=b/secret", "/secret;", "/secret;a=b", "/secret;/x", "/secret/;/x", "/secret/..;/a", "/a;/../secret",
		"/%2e/secret", "/%2E/secret", "/%2e%2e/secret", "/a/%2e%2e/secret", "/a/%2E%2e/secret", "/a/.%2e/secret", "/a/%2e./secret", "/a%2f../secret", "/a%2f..%2fsecret", "/a/..%2fsecret", "/a/..%2Fsecret", "/a/%2e%2e%2fsecret",
		"/%2fsecret", "/%2Fsecret", "%2fsecret", "/%2f/secret", "/secret%2f", "/secret%2fx", "/secret%2Fx", "/secret%2f..%2fa", "/secret%2e", "/secret.", "/secret%20", "/secret%09", "/secret%00", "/secret%00.html", "/%00/secret", "/secret%0a", "/secret%0d%0a",
		"/%73ecret", "/s%65cret", "/%73%65%63%72%65%74", "/%53ecret", "/secre%74", "/secre%74/x", "/secret%3f", "/secret%3fx", "/secret%23", "/secret%23x", "/secret%3b", "/secret%3bx", "/secret%5c", "/secret%5cx",
		"/%252e%252e/secret", "/a/%252e%252e/secret", "/%2573ecret", "/a%252f..%252fsecret", "/secret%252fx", "/%25252e/secret", "/a/%c0%ae%c0%ae/secret", "/%c0%afsecret", "/%e0%80%afsecret", "/a/%uff0e%uff0e/secret", "/%u002fsecret",
		`/\secret`, `\secret`, `/a\..\secret`, `/a/..\secret`, `/secret\`, `/secret\x`, `/secret\..\a`, `\\secret`, `/.\secret`, "/%5csecret", "/a%5c..%5csecret", "/a/..%5csecret", "/%5c/secret",
		"/#/secret", "/secret#", "/secret#x", "/a#/../secret", "/a/../secret#", "#/secret", "/%23/secret", "/a?#/secret",
		"/SECRET", "/Secret", "/sEcReT/x", "/SECRET/../secret", "/secret.html", "/secret.json", "/secret~", "/secret%7e", "/secret:", "/secret::$DATA", "/secret*", "/ſecret", "/%C5%BFecret", "/secret%EF%BC%8Fx", "/%EF%BD%93ecret",
		"/.cloakroom/../secret", "/.cloakroom/..;/secret", "/.cloakroom%2f..%2fsecret", "/.cloakroom/%2e%2e/secret", "/.cloakroom//../secret", "/.cloakroom/..%2fsecret", `/.cloakroom/..\secret`, "/.cloakroom/", "/.cloakroom", "/.CLOAKROOM/../secret", "/.cloakroom/start/../../secret",
		"/.cloakroom/check", "/x/../.cloakroom/../secret", "/secret/.cloakroom/", "/secret/../.cloakroom/x", "/.cloakroom;/../secret", "/%2ecloakroom/../secret", "/.cloakroom/forward-auth/nginx", "/forward-auth/nginx", "/@cloakroom_refused",
		"/secret/%2e%2e/%2e%2e/secret", "/a/./../secret/./x", "/a/b/c/../../../secret", "/robots.txt/../secret", "/static/../secret", "/healthz/../secret", "/a%2e%2e/secret", "/a../secret", "/..a/secret", "/ /secret", "/secret /x", "/\tsecret",
	}
}

func TestTrickyPathsAreEnough_FA06(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range trickyPaths() {
		if seen[p] {
			t.Errorf("%q is there twice", p)
		}
		seen[p] = true
	}
	if len(seen) < 150 {
		t.Errorf("%d paths, want 150", len(seen))
	}
}

var matrix = regexp.MustCompile(`;[^/]*`)

// readAsSecret reports whether some app would read a target as what is below /secret: however often it decodes, whichever of `/` and `\` separate,
// with matrix parameters and without, in whatever order it does so, and whatever it ends at.
func readAsSecret(target string) bool {
	target, _, _ = strings.Cut(target, "?")
	ways := map[string]bool{target: true}
	for range 4 {
		for w := range ways {
			if d, err := url.PathUnescape(w); err == nil {
				ways[d] = true
			}
			for _, v := range []string{
				strings.ReplaceAll(w, `\`, "/"), matrix.ReplaceAllString(w, ""), strings.ToLower(w), path.Clean("/" + w), strings.SplitN(w, "?", 2)[0], strings.SplitN(w, "#", 2)[0],
				strings.SplitN(w, "\x00", 2)[0], strings.TrimRight(w, ". \t\r\n"),
			} {
				ways[v] = true
			}
		}
	}
	for w := range ways {
		if w == secretPath || strings.HasPrefix(w, secretPath+"/") {
			return true
		}
	}
	return false
}

func TestReadAsSecret(t *testing.T) {
	for target, want := range map[string]bool{
		"/secret": true, "/secret/x": true, "/a/../secret": true, "/a/..%2fsecret": true, `/a/..\secret`: true, "/a/..;/secret": true, "/%2573ecret": true, "/secret?x": true, "/secret#": true, "/SECRET": true, "/secret%00x": true,
		"/": false, "/secrets": false, "/a/secret": false, "/?a=/../secret": false, "/a?secret": false,
	} {
		if got := readAsSecret(target); got != want {
			t.Errorf("%s: %v", target, got)
		}
	}
}
