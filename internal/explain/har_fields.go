package explain

import (
	"net/http"
	"strings"
)

// headers keeps those that are wanted, by their canonical names.
func (h *harReader) headers(wanted map[string]bool) (http.Header, error) {
	kept := http.Header{}
	n := 0
	err := h.array(func() error {
		var name, value string
		err := h.object(func(key string) (err error) {
			switch key {
			case "name":
				name, err = h.text()
			case "value":
				value, err = h.text()
			default:
				err = h.skip()
			}
			return err
		})
		name = http.CanonicalHeaderKey(name)
		if n++; n <= maxFields && wanted[name] {
			kept[name] = append(kept[name], value)
			h.kept += len(value)
		}
		return err
	})
	return kept, err
}

func (h *harReader) cookies(e *harEntry) (list []harCookie, err error) {
	err = h.array(func() error {
		var c harCookie
		var reasons []string
		err := h.object(func(key string) (err error) {
			switch key {
			case "name":
				c.name, err = h.text()
			case "value":
				c.value, err = h.text()
			case "path":
				c.path, err = h.text()
			case "domain":
				c.domain, err = h.text()
			case "expires":
				c.expires, err = h.text()
			case "sameSite", "_sameSite":
				c.sameSite, err = h.text()
			case "httpOnly":
				c.httpOnly, err = h.truth()
			case "secure":
				c.secure, err = h.truth()
			case "_blockedReasons", "blockedReasons", "_blockedReason":
				reasons, err = h.texts()
			default:
				err = h.skip()
			}
			return err
		})
		if len(list) < maxFields {
			list = append(list, c)
			h.kept += len(c.name) + len(c.value) + len(c.path) + len(c.domain)
			e.block(c.name, reasons)
		}
		return err
	})
	return list, err
}

// block keeps what the browser said about a cookie.
func (e *harEntry) block(name string, reasons []string) {
	if len(reasons) > 0 && len(e.blocked) < maxFields {
		e.blocked[name] = reasons
	}
}

// custom looks into fields that begin with an underscore: the protocol of Chrome's developer tools has lists of
// {blockedReasons, cookie: {name}} and {blockedReasons, cookieLine}, which some programs write down.
func (h *harReader) custom(key string, e *harEntry) error {
	if !strings.HasPrefix(key, "_blocked") || !strings.Contains(key, "ookies") {
		return h.skip()
	}
	return h.array(func() error {
		var name string
		var reasons []string
		err := h.object(func(key string) (err error) {
			switch key {
			case "blockedReasons", "reasons":
				reasons, err = h.texts()
			case "name":
				name, err = h.text()
			case "cookieLine":
				var line string
				line, err = h.text()
				name, _, _ = strings.Cut(line, "=")
			case "cookie":
				err = h.object(func(key string) (err error) {
					if key == "name" {
						name, err = h.text()
						return err
					}
					return h.skip()
				})
			default:
				err = h.skip()
			}
			return err
		})
		e.block(strings.TrimSpace(name), reasons)
		return err
	})
}
