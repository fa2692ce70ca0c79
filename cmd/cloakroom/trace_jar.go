package main

import (
	"fmt"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/screen"
)

// A keptJar is the jar of a trace, and the file that it is kept in, if it is.
type keptJar struct {
	jar  *jar.Jar
	file *jar.File
	name string
	all  bool // also the cookies without an expiry are kept
}

// open opens the jar. Chrome and Firefox count loopback as secure, and so does the draft's profile here: whoever builds a
// site does it there first.
func (c *traceCmd) open(t *terminal) (*keptJar, error) {
	o := c.profiled.options()
	o.SecureLoopback = o.Profile.Name == "rfc" || o.Profile.Name == "classic"
	if c.Jar == "" {
		return &keptJar{jar: jar.New(&o)}, nil
	}
	f, err := jar.Open(c.Jar, &jar.FileOptions{Options: o, KeepSession: c.KeepSession})
	if err != nil {
		return nil, err
	}
	if n := len(f.Refused); n > 0 {
		fmt.Fprintf(t.err, "%s: %s not taken under these rules; cloakroom jar check says why\n", printable(c.Jar), are(n, "cookie"))
	}
	return &keptJar{f.Jar, f, c.Jar, c.KeepSession}, nil
}

func are(n int, noun string) string {
	if n == 1 {
		return count(n, noun) + " is"
	}
	return count(n, noun) + " are"
}

func (k *keptJar) save() error {
	if k.file == nil {
		return nil
	}
	if err := k.file.Save(); err != nil {
		return &exitError{exitFailed, err, "the cookies of this trace are lost, and the file is as it was"}
	}
	return nil
}

// say tells what the file holds, and what of it is gone the next time.
func (k *keptJar) say(s *screen.Screen) {
	if k.file == nil {
		return
	}
	cookies := k.jar.All()
	brief := 0
	for i := range cookies {
		if !cookies[i].Persistent {
			brief++
		}
	}
	says := fmt.Sprintf("%s has %s now", k.name, count(len(cookies), "cookie"))
	if brief > 0 && !k.all {
		ends, it := "end", "them"
		if brief == 1 {
			ends, it = "ends", "it"
		}
		says += fmt.Sprintf("; %d without expiry %s with the browser, so --keep-session-cookies if you need %s next time", brief, ends, it)
	}
	s.Text(0, screen.Span{Text: says, Style: screen.Faint})
}
