package screen

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/internal/pattern"
)

// shortened is what Short returns.
var shortened = pattern.Lazy(`^.{0,4}…\([0-9]+\)$`)

// Short is a secret as it may be seen: its first four octets, and how many it has. What is short already stays so.
func Short(secret string) string {
	const most = 4
	if len(secret) <= most || len(secret) < 32 && shortened().MatchString(secret) {
		return secret
	}
	end := most
	for end > 0 && !utf8.RuneStart(secret[end]) {
		end--
	}
	return fmt.Sprintf("%s…(%d)", secret[:end], len(secret))
}

// ShortSetCookie shortens the value in a Set-Cookie line.
func ShortSetCookie(line string) string {
	pair, attributes, more := strings.Cut(line, ";")
	pair = shortPair(pair)
	if more {
		pair += ";" + attributes
	}
	return pair
}

// ShortCookie shortens the values in a Cookie header.
func ShortCookie(header string) string {
	pairs := strings.Split(header, ";")
	for i, pair := range pairs {
		pairs[i] = shortPair(pair)
	}
	return strings.Join(pairs, ";")
}

// shortPair shortens a value and keeps the space around it.
func shortPair(pair string) string {
	name, value, named := strings.Cut(pair, "=")
	if !named {
		name, value = "", pair
	} else {
		name += "="
	}
	secret := strings.Trim(value, " \t")
	before, after, _ := strings.Cut(value, secret)
	return name + before + Short(secret) + after
}
