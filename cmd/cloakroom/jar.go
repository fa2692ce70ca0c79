package main

import (
	"errors"
	"os"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/screen"
)

type jarCmd struct {
	List   jarListCmd   `cmd:"" help:"Show the cookies of a file."`
	Check  jarCheckCmd  `cmd:"" help:"Say what is wrong with a file, line by line."`
	Import jarImportCmd `cmd:"" help:"Add the cookies of another program's file."`
	Export jarExportCmd `cmd:"" help:"Write cookies for another program."`
	Replay jarReplayCmd `cmd:"" help:"Play a browser's cookie store, by JSON lines."`
}

// profiled is the flag --profile.
type profiled struct {
	Profile string `default:"rfc" enum:"rfc,chrome,firefox,safari,classic" help:"Whose rules: rfc, chrome, firefox, safari or classic."`
}

func (p profiled) options() jar.Options {
	profile, _ := jar.FindProfile(p.Profile) // the names are those of the flag
	return jar.Options{Profile: profile}
}

// readCookies reads a whole cookie file of curl's format, "-" for standard input.
func readCookies(t *terminal, path string) (cookies []jar.FileCookie, problems []*jar.FileError, err error) {
	if path == "-" {
		t.expectInput("the cookie file")
		return jar.Read(t.in)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	cookies, problems, err = jar.Read(f)
	return cookies, problems, named(err, path)
}

// named says which file an error of the format is about.
func named(err error, path string) error {
	if e, ok := err.(*jar.FileError); ok {
		e.Path = path
	}
	return err
}

// A cookieID is what no two cookies share.
type cookieID struct {
	name, domain, path, partition string
	hostOnly                      bool
}

func idOf(k *jar.Cookie) cookieID { return cookieID{k.Name, k.Domain, k.Path, k.Partition, k.HostOnly} }

// fill puts the cookies of a file into a new jar, and counts the lines that are lost: not understood or refused.
func fill(o jar.Options, cookies []jar.FileCookie, problems []*jar.FileError) (j *jar.Jar, lost int) {
	j = jar.New(&o)
	for _, v := range j.Restore(bare(cookies)) {
		if v.Outcome == jar.Rejected {
			lost++
		}
	}
	for _, p := range problems {
		if !errors.Is(p, jar.ErrStray) {
			lost++
		}
	}
	return j, lost
}

// bare are the cookies without the numbers of their lines.
func bare(cookies []jar.FileCookie) []jar.Cookie {
	all := make([]jar.Cookie, len(cookies))
	for i := range cookies {
		all[i] = cookies[i].Cookie
	}
	return all
}

// shownValue is whole or short: a value is a secret unless somebody asks for it.
func shownValue(value string, secrets bool) string {
	if secrets {
		return value
	}
	return screen.Short(value)
}

func inTime(until time.Time) string { return "in " + lasting(time.Until(until)) }
