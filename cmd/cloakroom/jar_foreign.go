package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// A foreignCookie is one as browsers' extensions (Cookie-Editor, EditThisCookie), Playwright (storageState), Puppeteer and
// Selenium write it. Each has some of these members.
type foreignCookie struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Domain   string `json:"domain"`
	HostOnly *bool  `json:"hostOnly,omitempty"` // else a dot in front of the domain tells
	Path     string `json:"path"`
	Secure   bool   `json:"secure"`
	HTTPOnly bool   `json:"httpOnly"`
	SameSite string `json:"sameSite,omitempty"`

	Session        bool            `json:"session,omitempty"`
	Expires        *float64        `json:"expires,omitempty"`        // seconds since 1970; -1 ends with the browser
	ExpirationDate *float64        `json:"expirationDate,omitempty"` // the extensions' name
	Expiry         *float64        `json:"expiry,omitempty"`         // Selenium's
	PartitionKey   json.RawMessage `json:"partitionKey,omitempty"`   // a site, or an object that has one
}

// readForeign reads an array of cookies, or an object that has one. Of a cookie that cannot be read only that is lost.
func readForeign(text []byte) (cookies []jar.FileCookie, found []*jarFinding, err error) {
	var all []json.RawMessage
	if text[0] == '{' {
		var state struct{ Cookies *[]json.RawMessage }
		if err := json.Unmarshal(text, &state); err != nil {
			return nil, nil, fmt.Errorf("not JSON of cookies: %w", err)
		}
		if state.Cookies == nil {
			return nil, nil, errors.New("JSON without cookies")
		}
		all = *state.Cookies
	} else if err := json.Unmarshal(text, &all); err != nil {
		return nil, nil, fmt.Errorf("not JSON of cookies: %w", err)
	}
	for i, raw := range all {
		var f foreignCookie
		k, err := jar.Cookie{}, json.Unmarshal(raw, &f)
		if err == nil {
			k, err = f.cookie()
		}
		if err != nil {
			found = append(found, &jarFinding{Line: i + 1, Name: f.Name, What: wrongType(err).Error()})
			continue
		}
		cookies = append(cookies, jar.FileCookie{Cookie: k, Line: i + 1})
	}
	return cookies, found, nil
}

// wrongType says in a person's words which member cannot be what it is.
func wrongType(err error) error {
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return err
	case e.Field == "":
		return fmt.Errorf("is not an object but a JSON %s", e.Value)
	}
	return fmt.Errorf("the member %s cannot be a JSON %s", e.Field, e.Value)
}

func (f *foreignCookie) cookie() (k jar.Cookie, err error) {
	domain, dotted := strings.CutPrefix(f.Domain, ".")
	k = jar.Cookie{
		Name: f.Name, Value: f.Value, Domain: domain, HostOnly: !dotted, Path: f.Path, Secure: f.Secure, HTTPOnly: f.HTTPOnly,
		SameSite: http.SameSiteDefaultMode,
	}
	if f.HostOnly != nil {
		k.HostOnly = *f.HostOnly
	}
	if k.Path == "" {
		k.Path = "/"
	}
	switch strings.ToLower(f.SameSite) {
	case "lax":
		k.SameSite = http.SameSiteLaxMode
	case "strict":
		k.SameSite = http.SameSiteStrictMode
	case "none", "no_restriction":
		k.SameSite = http.SameSiteNoneMode
	}
	if !f.Session {
		k.Persistent, k.Expires = f.expiry()
	}
	k.Partition, err = f.partition()
	return k, err
}

func (f *foreignCookie) expiry() (persistent bool, at time.Time) {
	for _, seconds := range []*float64{f.Expires, f.ExpirationDate, f.Expiry} {
		if seconds != nil && *seconds > 0 {
			whole, part := math.Modf(min(*seconds, 1<<36)) // the year 4147
			return true, time.Unix(int64(whole), int64(part*1e9)).UTC()
		}
	}
	return false, time.Time{}
}

func (f *foreignCookie) partition() (string, error) {
	if len(f.PartitionKey) == 0 || string(f.PartitionKey) == "null" {
		return "", nil
	}
	var site string
	if json.Unmarshal(f.PartitionKey, &site) == nil {
		return site, nil
	}
	var key struct{ TopLevelSite, SourceOrigin string }
	if err := json.Unmarshal(f.PartitionKey, &key); err != nil || key.TopLevelSite+key.SourceOrigin == "" {
		return "", errors.New("partitionKey is neither a site nor an object with one")
	}
	return key.TopLevelSite + key.SourceOrigin, nil
}

// foreign is a cookie as Playwright's storageState has it.
func foreign(k *jar.Cookie) foreignCookie {
	f := foreignCookie{
		Name: k.Name, Value: k.Value, Domain: k.Domain, Path: k.Path, Secure: k.Secure, HTTPOnly: k.HTTPOnly, SameSite: sameSiteOf(k),
	}
	if !k.HostOnly {
		f.Domain = "." + k.Domain
	}
	expires := -1.0
	if k.Persistent {
		expires = float64(k.Expires.UnixNano()) / 1e9
	}
	f.Expires = &expires
	if k.Partition != "" {
		f.PartitionKey, _ = json.Marshal(k.Partition)
	}
	return f
}
