package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/internal/screen"
	"github.com/cloakroom/cloakroom/trace"
)

// asCurl are the flags that are called and mean what they do in curl.
type asCurl struct {
	Header    []string `short:"H" sep:"none" placeholder:"LINE" help:"Send this header field; @FILE reads lines."`
	Request   string   `short:"X" placeholder:"METHOD" help:"Ask with this method."`
	Body      []string `short:"d" aliases:"data" sep:"none" placeholder:"DATA" help:"Send this form data by POST; @FILE reads it."`
	Cookie    []string `short:"b" sep:"none" placeholder:"DATA" help:"Send these cookies too, to the first host only; @FILE reads them."`
	Insecure  bool     `short:"k" help:"Go on with a certificate that is not trusted."`
	IPv4      bool     `name:"ipv4" short:"4" env:"CLOAKROOM_IPV4" xor:"family" help:"Use IPv4 only."`
	IPv6      bool     `name:"ipv6" short:"6" env:"CLOAKROOM_IPV6" xor:"family" help:"Use IPv6 only."`
	HTTP11    bool     `name:"http1.1" env:"CLOAKROOM_HTTP1_1" xor:"version" help:"Speak HTTP/1.1."`
	HTTP2     bool     `name:"http2" env:"CLOAKROOM_HTTP2" xor:"version" help:"Speak HTTP/2."`
	MaxRedirs int      `default:"20" placeholder:"N" help:"Follow so many redirects."`
	Resolve   []string `sep:"none" placeholder:"HOST:PORT:ADDRESS" help:"Take this address for a host."`
	CACert    string   `name:"cacert" placeholder:"FILE" help:"Trust these certificates too (PEM)."`
	MaxTime   string   `placeholder:"SECONDS" help:"Give up after this time."`
	WriteOut  string   `short:"w" placeholder:"FORMAT" help:"Print this instead, with curl's variables."`
}

const maxGiven = 8 << 20 // octets of a file that a flag names

// options makes the options of a trace from the flags.
func (c *traceCmd) options(t *terminal) (*trace.Options, error) {
	in := &once{t: t}
	o := &trace.Options{Method: c.Curl.Request, Insecure: c.Curl.Insecure, DNSServer: c.DNS, MaxRedirs: c.Curl.MaxRedirs}
	var err error
	if o.Header, err = c.Curl.header(in); err != nil {
		return nil, err
	}
	if o.Body, err = c.Curl.body(in); err != nil {
		return nil, err
	}
	if len(c.Curl.Body) > 0 && o.Method == "" {
		o.Method = http.MethodPost
	}
	if o.Resolve, err = c.Curl.resolve(); err != nil {
		return nil, err
	}
	if o.Timeout, err = c.Curl.maxTime(); err != nil {
		return nil, err
	}
	switch n := c.Curl.MaxRedirs; {
	case n < 0 || n > 1000:
		return nil, usage("write a number of redirects; 0 follows none", "--max-redirs: %d is outside 0 to 1000", n)
	case n == 0:
		o.MaxRedirs = -1
	}
	switch {
	case c.Curl.IPv4:
		o.Network = "tcp4"
	case c.Curl.IPv6:
		o.Network = "tcp6"
	}
	switch {
	case c.Curl.HTTP11:
		o.HTTP = "1.1"
	case c.Curl.HTTP2:
		o.HTTP = "2"
	}
	if c.Curl.CACert != "" {
		o.Roots, err = os.ReadFile(c.Curl.CACert)
	}
	return o, err
}

func usage(hint, format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...), hint}
}

// header reads -H and -b: "Name: value"; "Name:" leaves a field out that is usual, "Name;" sends it empty.
func (c *asCurl) header(in *once) (http.Header, error) {
	header := http.Header{}
	for _, given := range c.Header {
		lines, err := in.lines("--header", given)
		if err != nil {
			return nil, err
		}
		for _, line := range lines {
			name, value, ok := strings.Cut(line, ":")
			key, empty := strings.CutSuffix(name, ";")
			switch value = strings.TrimSpace(value); {
			case ok && value != "":
				key = http.CanonicalHeaderKey(name)
				header[key] = append(header[key], value)
			case ok:
				header[http.CanonicalHeaderKey(name)] = []string{}
			case empty:
				header[http.CanonicalHeaderKey(key)] = []string{""}
			default:
				return nil, usage("write it like -H 'Accept-Language: en'", "--header: there is no colon in %q", line)
			}
		}
	}
	for _, given := range c.Cookie {
		lines, err := in.lines("--cookie", given)
		if err != nil {
			return nil, err
		}
		for _, line := range lines {
			if !strings.Contains(line, "=") {
				return nil, usage("write it like -b 'theme=dark; lang=en'; a file of cookies is --jar FILE", "--cookie: there is no equals sign in %q", screen.Short(line))
			}
			header["Cookie"] = append(header["Cookie"], line)
		}
	}
	return header, nil
}

// body joins what each -d says by "&". What comes from a file comes without its line breaks.
func (c *asCurl) body(in *once) ([]byte, error) {
	var parts [][]byte
	for _, given := range c.Body {
		part := []byte(given)
		if name, ok := strings.CutPrefix(given, "@"); ok {
			text, err := in.read("--body", name)
			if err != nil {
				return nil, err
			}
			part = slices.DeleteFunc(text, func(b byte) bool { return b == '\r' || b == '\n' || b == 0 })
		}
		parts = append(parts, part)
	}
	return bytes.Join(parts, []byte("&")), nil
}

func (c *asCurl) resolve() (map[string][]string, error) {
	all := map[string][]string{}
	for _, given := range c.Resolve {
		host, rest, ok := strings.Cut(strings.TrimPrefix(given, "+"), ":")
		if strings.HasPrefix(given, "[") { // the host is an address itself
			host, rest, ok = strings.Cut(given, "]:")
			host += "]"
		}
		port, addresses, more := strings.Cut(rest, ":")
		if !ok || !more || host == "" || addresses == "" {
			return nil, usage("write it like --resolve example.com:443:192.0.2.1", "--resolve: %q is not a host, a port and an address", given)
		}
		all[host+":"+port] = strings.Split(addresses, ",")
	}
	return all, nil
}

// maxTime is in seconds, or with a unit.
func (c *asCurl) maxTime() (time.Duration, error) {
	if c.MaxTime == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(c.MaxTime)
	if seconds, ferr := strconv.ParseFloat(c.MaxTime, 64); ferr == nil && seconds > 0 && seconds < 1e6 {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || d < time.Millisecond || d > time.Hour {
		return 0, usage("write seconds, like 5 or 0.5, or a duration, like 500ms; at most 1h", "--max-time: %q is not such a time", c.MaxTime)
	}
	return d, nil
}

// format reads -w; nil if there is none.
func (c *asCurl) format(t *terminal) (screen.Format, error) {
	if c.WriteOut == "" {
		return nil, nil
	}
	text := c.WriteOut
	if name, ok := strings.CutPrefix(text, "@"); ok {
		b, err := (&once{t: t}).read("--write-out", name)
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	f, err := screen.ParseFormat(text)
	if err != nil {
		return nil, usage(`write it like '%{http_code} %{time_total}\n'`, "--write-out: %w", err)
	}
	return f, nil
}

// once reads files, and standard input at most once.
type once struct {
	t    *terminal
	used string // the flag that has read standard input
}

// lines are what a flag gives: itself, or the lines of @FILE.
func (in *once) lines(flag, given string) ([]string, error) {
	name, ok := strings.CutPrefix(given, "@")
	if !ok {
		return []string{given}, nil
	}
	text, err := in.read(flag, name)
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.SplitSeq(string(text), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

func (in *once) read(flag, name string) ([]byte, error) {
	var from io.Reader
	if name == "-" {
		if in.used != "" {
			return nil, usage("put one of them into a file", "%s and %s cannot both read standard input", in.used, flag)
		}
		in.used, from = flag, in.t.in
		in.t.expectInput("what " + flag + " takes")
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, maxGiven+1))
	if err == nil && len(text) > maxGiven {
		err = &exitError{exitFailed, errors.New(flag + ": more than 8 MiB"), "give a smaller file"}
	}
	return text, err
}
