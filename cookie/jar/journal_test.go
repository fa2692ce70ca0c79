package jar

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// changed is what the journal says: "a" came or is different, "-a" is gone.
func changed(j *Jar, now time.Time) (what string, saved func()) {
	changes, saved := j.changes(now)
	var all []string
	for _, c := range changes {
		if c.Deleted {
			all = append(all, "-"+c.Cookie.Name)
		} else {
			all = append(all, c.Cookie.Name+"="+c.Cookie.Value)
		}
	}
	return strings.Join(all, " "), saved
}

func TestChanges(t *testing.T) {
	const at = "https://example.com/"
	j := New(nil)
	expect := func(story, want string, save bool) {
		t.Helper()
		got, saved := changed(j, then.Add(time.Second))
		if got != want {
			t.Errorf("%s: %q, want %q", story, got, want)
		}
		if save {
			saved()
		}
	}
	expect("an empty jar", "", true)
	tell(t, j, at, "a=1", "b=1", "c=1; Max-Age=60")
	tell(t, j, at, "b=; Max-Age=0")
	expect("what came and went is left out", "a=1 c=1", false)
	expect("and comes again until it is saved", "a=1 c=1", true)
	expect("then no more", "", true)
	sent(t, j, at, 0)
	expect("a use is no change", "", true)
	tell(t, j, at, "a=2", "d=1")
	expect("a new value", "a=2 d=1", false)
	tell(t, j, at, "d=; Max-Age=0", "a=; Max-Age=0")
	expect("gone, though nobody knows if it was saved", "-a -d", false)
	tell(t, j, at, "a=3")
	expect("back again", "a=3 -d", true)
	tell(t, j, at, "a=; Max-Age=0", "a=4", "a=; Max-Age=0")
	expect("gone, back and gone again", "-a", true)
	tell(t, j, at, "a=5")
	expect("and once more", "a=5", true)
	j.Close()
	expect("the browser ended", "-a", true)
	if got, saved := changed(j, then.Add(time.Minute)); got != "-c" {
		t.Errorf("expired: %q", got)
	} else {
		saved()
	}
	expect("all is said", "", true)
}

// A change between the reading of the journal and its saving is not lost.
func TestChangesMeanwhile(t *testing.T) {
	const at = "https://example.com/"
	j := New(nil)
	tell(t, j, at, "a=1", "b=1")
	_, saved := changed(j, then)
	tell(t, j, at, "a=2", "b=; Max-Age=0", "c=1")
	saved()
	if got, _ := changed(j, then); got != "a=2 -b c=1" {
		t.Errorf("%q", got)
	}
}

// After loading, what the file had is no change, and what it lost is.
func TestChangesAfterRestore(t *testing.T) {
	j := New(nil)
	j.restore([]Cookie{{Name: "a", Domain: "example.com", HostOnly: true, Path: "/"}, {Name: "b", Domain: "example.com", HostOnly: true, Path: "/"}}, then)
	_, saved := j.changes(then)
	saved()
	tell(t, j, "https://example.com/", "a=; Max-Age=0")
	if got, _ := changed(j, then); got != "-a" {
		t.Errorf("%q", got)
	}
}

// What was put out for others is gone from the file too; a flood leaves no trail of those that no file had.
func TestChangesAreBounded(t *testing.T) {
	classic, _ := FindProfile("classic")
	j := New(&Options{Profile: classic})
	fill(t, j, "https://example.com/", "old", 20, "")
	_, saved := changed(j, then)
	saved()
	for i := range 1000 {
		tell(t, j, fmt.Sprintf("https://h%d.example/", i), "n=1")
	}
	fill(t, j, "https://example.com/", "new", 1000, "")
	if n := len(j.journal.gone); n != 20 {
		t.Errorf("%d cookies are remembered as gone, want the 20 that a file has", n)
	}
	if changes, _ := j.changes(then); len(changes) != 300+20 {
		t.Errorf("%d changes", len(changes))
	}
}
