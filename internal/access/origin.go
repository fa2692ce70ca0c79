package access

import (
	"net/url"
	"slices"
	"strings"
)

// Origin accepts an origin as a rule may name it, and returns it as browsers write it. The error is an [*Error].
func Origin(text string) (string, error) {
	list := []string{text}
	err := checkOrigins("origin", list)
	return list[0], err
}

// checkOrigins accepts origins as browsers write them (RFC 6454 section 6.2), and puts them into that form: lower case, no default port.
func checkOrigins(source string, origins []string) error {
	for i, o := range origins {
		host, scheme, err := parseOrigin(source, o)
		if err != nil {
			return err
		}
		origins[i] = scheme + "://" + host
		if slices.Contains(origins[:i], origins[i]) {
			return &Error{source, origins[i] + " is named twice", "name each origin once"}
		}
	}
	return nil
}

func parseOrigin(source, text string) (host, scheme string, err error) {
	const like = "write it like https://home.example.com"
	if strings.Contains(text, "*") {
		return "", "", &Error{source, quoted(text) + " holds a *", "name each origin: " + like[len("write it like "):]}
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil:
		return "", "", &Error{source, quoted(text) + " is not an origin", like}
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(text, "?#"):
		return "", "", &Error{source, quoted(text) + " is more than an origin", like + ", without a slash at the end"}
	}
	if host, err = checkHost(source, u.Host); err != nil {
		return "", "", err
	}
	if port := u.Port(); port == "443" && u.Scheme == "http" || port == "80" && u.Scheme == "https" {
		host += ":" + port // which only the other scheme leaves out
	}
	return host, u.Scheme, nil
}
