package explain

import (
	"encoding/json"
	"math"
	"net/url"
	"strings"
	"time"
)

const (
	clockSkew  = time.Minute               // by which clocks may differ
	longAccess = 24 * time.Hour            // of a token that cannot be taken back
	longToken  = 366 * 24 * time.Hour      // that nobody means
	tooFar     = 10 * 365 * 24 * time.Hour // which Cloakroom refuses
)

// judgeClaims is about the claims of a signed token (RFC 7519 section 4.1).
func (e *explainer) judgeClaims(f *findings, t *Token) {
	judgeDoubled(f, "payload", t.Claims)
	judgeNames(f, t.Claims)
	e.judgeTimes(f, t)
	judgeIssuer(f, t.Claims)
	judgeSubject(f, t.Claims)
	judgeAudience(f, t.Claims)
	judgeProfile(f, t)
	judgePrivacy(f, t.Claims)
}

// judgeNames finds registered claims in another spelling, which no verifier looks at.
func judgeNames(f *findings, o Object) {
	for _, m := range o {
		for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"} {
			if m.Name != name && strings.EqualFold(strings.TrimSpace(m.Name), name) {
				f.add(Warning, "claim-case", "RFC 7519 section 4", "Spell it "+name+".", "The claim %s is not %s: verifiers compare octets and do not see it.", excerpt(m.Name), name)
			}
		}
	}
}

// judgeTimes reads exp, nbf, iat and auth_time, and compares them.
func (e *explainer) judgeTimes(f *findings, t *Token) {
	for _, claim := range []string{"iat", "nbf", "exp", "auth_time", "updated_at"} {
		raw, ok := t.Claims.get(claim)
		if !ok {
			continue
		}
		if at, ok := readTime(f, claim, raw); ok {
			t.Times = append(t.Times, Moment{claim, at, when(at, e.Now)})
		}
	}
	exp, hasExp := t.time("exp")
	nbf, hasNbf := t.time("nbf")
	iat, hasIat := t.time("iat")
	if _, there := t.Claims.get("exp"); !there {
		f.add(Problem, "exp-missing", "ASVS 9.2.1", "Set exp, minutes ahead.", "There is no exp: the token never ends, and a stolen copy works for ever.")
	}
	if hasExp {
		e.judgeExpiry(f, exp)
	}
	if hasNbf && between(e.Now, nbf) > clockSkew {
		f.add(Warning, "not-yet-valid", "RFC 7519 section 4.1.5", "Wait, or set the clock of who made it right.", "It is not valid yet: nbf is in %s.", span(between(e.Now, nbf)))
	}
	if hasIat && between(e.Now, iat) > clockSkew {
		f.add(Problem, "iat-future", "RFC 7519 section 4.1.6", "Set the clock of who made it right.", "It was made in the future: iat is in %s.", span(between(e.Now, iat)))
	}
	if hasNbf && hasExp && !nbf.Before(exp) {
		f.add(Problem, "never-valid", "RFC 7519 section 4.1.5", "Set nbf before exp.", "It is never valid: nbf is not before exp.")
	}
	if hasIat && hasExp {
		judgeLength(f, between(iat, exp))
	} else if hasExp && !hasIat {
		f.add(Note, "iat-missing", "RFC 7519 section 4.1.6", "Set iat.", "There is no iat: nobody can tell how old it is, nor refuse what is older than a change of password.")
	}
}

func (e *explainer) judgeExpiry(f *findings, exp time.Time) {
	switch left := between(e.Now, exp); {
	case left <= 0:
		f.add(Problem, "expired", "ASVS 9.2.1", "Get a new one.", "It has expired, %s ago.", span(left))
	case left > tooFar:
		f.add(Problem, "exp-far", "ASVS 9.2.1", "Set exp minutes ahead, and give a refresh token for more.", "exp is %s ahead: Cloakroom refuses more than ten years.", span(left))
	case left > longToken:
		f.add(Problem, "exp-far", "ASVS 9.2.1", "Set exp minutes ahead, and give a refresh token for more.", "exp is %s ahead: a stolen copy works as long as that.", span(left))
	}
}

func judgeLength(f *findings, life time.Duration) {
	switch {
	case life <= 0:
		f.add(Problem, "never-valid", "RFC 7519 section 4.1.4", "Set exp after iat.", "It ended before it was made: exp is not after iat.")
	case life > longAccess && life <= longToken:
		f.add(Warning, "long-life", "RFC 9068 section 5", "Let it live for minutes, with a refresh token beside it.", "It is good for %s, and signing out cannot take it back before that.", span(life))
	}
}

// readTime reads a date claim, and in what unit it must have been meant.
func readTime(f *findings, claim string, raw json.RawMessage) (time.Time, bool) {
	const ref, fix = "RFC 7519 section 2", "Write a number of seconds since 1970: 1795000000."
	n := math.NaN()
	if err := json.Unmarshal(raw, &n); err != nil || math.IsNaN(n) || string(raw) == "null" {
		f.add(Problem, "time-form", ref, fix, "%s is %s and not a number: verifiers refuse it.", claim, excerpt(string(raw)))
		var s string
		if json.Unmarshal(raw, &s) != nil || json.Unmarshal([]byte(s), &n) != nil {
			at, err := time.Parse(time.RFC3339, s)
			return at.UTC(), err == nil
		}
	}
	const last = 253402300799 // the end of the year 9999
	switch {
	case n < 0:
		f.add(Problem, "time-form", ref, fix, "%s is negative: verifiers refuse it.", claim)
		return time.Time{}, false
	case n >= 1e11 && n < 1e14:
		f.add(Problem, "milliseconds", ref, "Divide it by 1000: tokens count seconds.", "%s is in milliseconds: read as seconds it is thousands of years ahead.", claim)
		n /= 1000
	case n >= 1e14 && n < 1e17:
		f.add(Problem, "milliseconds", ref, "Divide it by 1000000: tokens count seconds.", "%s is in microseconds, not in seconds.", claim)
		n /= 1e6
	case n > last:
		f.add(Problem, "time-form", ref, fix, "%s is beyond the year 9999: verifiers refuse it.", claim)
		return time.Time{}, false
	}
	return time.Unix(int64(n), 0).UTC(), true
}

func judgeIssuer(f *findings, o Object) {
	raw, there := o.get("iss")
	iss, isText := o.text("iss")
	u, err := url.Parse(iss)
	switch {
	case !there:
		f.add(Warning, "iss-missing", "RFC 8725 section 3.8", "Set iss, and compare it.", "There is no iss: nobody can tell whose keys should verify it.")
	case !isText || iss == "":
		f.add(Problem, "iss", "RFC 7519 section 4.1.1", "Write the issuer's URL.", "iss is %s and not a name.", excerpt(string(raw)))
	case err != nil || u.Scheme == "" || u.Host == "":
		f.add(Note, "iss", "RFC 8414 section 2", "Use the issuer's https URL, under which its keys can be found.", "iss is %s and not a URL: receivers must know by heart whose keys belong to it.", excerpt(iss))
	case u.Scheme != "https" && !isLocal(u.Hostname()):
		f.add(Warning, "iss", "RFC 8414 section 2", "Use https.", "iss is %s: keys that are fetched over http can be replaced on the way.", excerpt(iss))
	}
}

func isLocal(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}

func judgeSubject(f *findings, o Object) {
	raw, there := o.get("sub")
	sub, isText := o.text("sub")
	switch {
	case !there:
		f.add(Note, "sub-missing", "RFC 7519 section 4.1.2", "Set sub to the account's id.", "There is no sub: it does not say whom it is about.")
	case !isText:
		f.add(Problem, "sub", "RFC 7519 section 4.1.2", "Write it as a string.", "sub is %s and not a string: verifiers refuse it.", excerpt(string(raw)))
	case strings.TrimSpace(sub) == "":
		f.add(Problem, "sub", "RFC 7519 section 4.1.2", "Set sub to the account's id.", "sub is empty: who looks it up may find anybody.")
	case emailForm().MatchString(sub):
		f.add(Note, "personal-data", "RFC 7519 section 12", "Use an id that never changes hands.", "sub is an e-mail address: people change theirs, and others get the old one.")
	}
	if raw, there := o.get("jti"); there {
		if jti, isText := o.text("jti"); !isText || jti == "" {
			f.add(Problem, "jti", "RFC 7519 section 4.1.7", "Write a unique string.", "jti is %s and not a name.", excerpt(string(raw)))
		}
	}
}

func judgeAudience(f *findings, o Object) {
	const ref = "RFC 8725 section 3.9"
	raw, there := o.get("aud")
	if !there {
		f.add(Problem, "aud-missing", ref, "Set aud to who shall accept it, and check it there.", "There is no aud: any service that trusts the issuer can be given it.")
		return
	}
	var one string
	var many []any
	switch {
	case string(raw) == "null":
		f.add(Problem, "aud", ref, "Write a string or a list of strings.", "aud is null.")
	case json.Unmarshal(raw, &one) == nil:
		judgeOneAudience(f, one)
	case json.Unmarshal(raw, &many) != nil:
		f.add(Problem, "aud", ref, "Write a string or a list of strings.", "aud is %s, neither a string nor a list of strings.", excerpt(string(raw)))
	case len(many) == 0:
		f.add(Problem, "aud", ref, "Name at least one audience.", "aud is an empty list: it is for nobody, or for everybody.")
	default:
		for _, a := range many {
			s, ok := a.(string)
			if !ok {
				f.add(Problem, "aud", ref, "Write a list of strings.", "aud is a list in which not all are strings (%s).", excerpt(string(raw)))
				return
			}
			judgeOneAudience(f, s)
		}
		if len(many) > 5 {
			f.add(Note, "aud-many", ref, "Make a token for each of them.", "aud names %d services: each of them can use the token with all others.", len(many))
		}
	}
}

func judgeOneAudience(f *findings, aud string) {
	if strings.TrimSpace(aud) == "" || strings.ContainsAny(aud, "*") {
		f.add(Problem, "aud", "RFC 8725 section 3.9", "Name who shall accept it.", "aud is %s: audiences are compared octet for octet, there are no patterns.", excerpt(aud))
	}
}

// judgeProfile holds a token to what its typ promises.
func judgeProfile(f *findings, t *Token) {
	var needs []string
	ref := ""
	switch strings.TrimPrefix(strings.ToLower(t.Type), "application/") {
	case "at+jwt":
		needs, ref = []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti"}, "RFC 9068 section 2.2"
	case "logout+jwt":
		needs, ref = []string{"iss", "aud", "iat", "jti", "events"}, "OpenID Connect Back-Channel Logout section 2.4"
	case "dpop+jwt":
		needs, ref = []string{"jti", "htm", "htu", "iat"}, "RFC 9449 section 4.2"
	default:
		_, nonce := t.Claims.get("nonce")
		_, hash := t.Claims.get("at_hash")
		if nonce || hash {
			f.add(Note, "id-token", "OpenID Connect Core section 2", "Send the access token to APIs, and keep this one.", "It looks like an ID token: it tells a client who signed in, and is no key to an API.")
		}
		return
	}
	var missing []string
	for _, name := range needs {
		if _, ok := t.Claims.get(name); !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		f.add(Problem, "profile", ref, "Add what is missing.", "A token of the type %s must have %s.", t.Type, strings.Join(missing, ", "))
	}
}

// judgePrivacy: whoever holds a signed token can read it.
func judgePrivacy(f *findings, o Object) {
	var personal, secret []string
	for _, m := range o {
		switch lower := strings.ToLower(m.Name); {
		case isSecretName(lower) && len(m.Value) > 2 && (m.Value[0] == '"' || m.Value[0] == '{'):
			secret = append(secret, m.Name)
		case isPersonalName(lower):
			personal = append(personal, m.Name)
		}
	}
	if len(secret) > 0 {
		f.add(Problem, "secret-in-claims", "ASVS 14.2.1", "Take it out and change it: it has been sent in the clear.", "It carries what looks like a secret (%s): a signed token is readable by whoever holds it.", excerpt(strings.Join(secret, ", ")))
	}
	if len(personal) > 0 {
		f.add(Note, "personal-data", "RFC 7519 section 12", "Leave out what the receiver does not need, or can ask for.", "It carries personal data (%s): a signed token is readable by whoever holds it.", excerpt(strings.Join(personal, ", ")))
	}
}

// IsSecret reports whether a claim has the name of a secret: its value is not to be shown.
func IsSecret(name string) bool { return isSecretName(strings.ToLower(name)) }

func isSecretName(lower string) bool {
	for _, part := range []string{"password", "passwd", "passphrase", "secret", "apikey", "api_key", "api-key", "private_key", "privatekey", "credit_card", "creditcard", "card_number", "cardnumber"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return lower == "pwd" || lower == "pass" || lower == "cvv" || lower == "cvc" || lower == "iban" || lower == "pin"
}

func isPersonalName(lower string) bool {
	switch lower {
	case "email", "mail", "phone", "phone_number", "birthdate", "birthday", "dob", "address", "name", "given_name", "family_name",
		"first_name", "last_name", "firstname", "lastname", "full_name", "gender", "ssn", "national_id", "passport", "ip", "ip_address", "ipaddr", "street_address":
		return true
	}
	return false
}
