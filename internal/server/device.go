package server

import "strings"

// device names a browser for its owner: "Firefox on Linux". It is a help for the memory and no proof of anything.
func device(userAgent string) string {
	if userAgent == "" {
		return "Unknown program"
	}
	browser := match(userAgent, []pair{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	})
	if browser == "" {
		return program(userAgent)
	}
	system := match(userAgent, []pair{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	})
	if system == "" {
		return browser
	}
	return browser + " on " + system
}

type pair struct{ mark, name string }

func match(s string, pairs []pair) string {
	for _, p := range pairs {
		if strings.Contains(s, p.mark) {
			return p.name
		}
	}
	return ""
}

// program is the first product of the header, "curl/8.5.0", in plain characters.
func program(userAgent string) string {
	name, _, _ := strings.Cut(userAgent, " ")
	name = strings.Map(func(c rune) rune {
		if c < 0x21 || c > 0x7e {
			return -1
		}
		return c
	}, name)
	if name == "" {
		return "Unknown program"
	}
	return name[:min(len(name), 40)]
}
