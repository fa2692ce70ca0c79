package explain

import (
	"path"
	"strings"

	"github.com/cloakroom/cloakroom/cookie"
)

// A purpose is what a cookie is likely there for, told from its name.
type purpose int

const (
	unknown  purpose = iota
	session          // who is signed in: worth stealing
	antiCSRF         // script must read it
	balancer         // which server of several
	counting         // statistics and advertising
	shield           // a firewall's memory of a browser
	wishes           // language, theme, consent
)

// knownNames are patterns of path.Match, in lower case, the more exact ones first.
var knownNames = []struct {
	pattern string
	is      purpose
	says    string
}{
	{"phpsessid", session, "PHP's session"},
	{"jsessionid", session, "a Java server's session"},
	{"asp.net_sessionid", session, "ASP.NET's session"},
	{".aspxauth", session, "ASP.NET's sign-in"},
	{".aspnetcore.antiforgery.*", antiCSRF, "ASP.NET Core's form token"},
	{".aspnetcore.*", session, "ASP.NET Core's sign-in"},
	{"connect.sid", session, "Express's session"},
	{"laravel_session", session, "Laravel's session"},
	{"_*_session", session, "a Rails app's session"},
	{"sessionid", session, "Django's session"},
	{"wordpress_logged_in_*", session, "WordPress's sign-in"},
	{"wordpress_sec_*", session, "WordPress's sign-in"},
	{"ci_session", session, "CodeIgniter's session"},
	{"play_session", session, "Play's session"},
	{"cfid", session, "ColdFusion's session"},
	{"cftoken", session, "ColdFusion's session"},
	{"authelia_session", session, "Authelia's session"},
	{"_oauth2_proxy*", session, "oauth2-proxy's session"},
	{"keycloak_identity*", session, "Keycloak's sign-in"},
	{"keycloak_session*", session, "Keycloak's session"},
	{"kc_restart", session, "Keycloak's sign-in under way"},
	{"next-auth.csrf-token", antiCSRF, "NextAuth's form token"},
	{"next-auth.session-token*", session, "NextAuth's session"},
	{"authjs.session-token*", session, "Auth.js's session"},
	{"visit", wishes, "Cloakroom's visit cookie"},
	{"csrftoken", antiCSRF, "Django's form token"},
	{"xsrf-token", antiCSRF, "a form token that script reads (Angular, Laravel)"},
	{"awsalb*", balancer, "the AWS load balancer's"},
	{"awselb*", balancer, "the AWS load balancer's"},
	{"arraffinity*", balancer, "Azure's load balancer's"},
	{"applicationgatewayaffinity*", balancer, "Azure's load balancer's"},
	{"heroku-session-affinity", balancer, "Heroku's load balancer's"},
	{"bigipserver*", balancer, "the F5 load balancer's"},
	{"serverid", balancer, "HAProxy's load balancer's"},
	{"gclb", balancer, "Google's load balancer's"},
	{"__cf_bm", shield, "Cloudflare's bot check"},
	{"cf_clearance", shield, "Cloudflare's passed check"},
	{"__cflb", balancer, "Cloudflare's load balancer's"},
	{"ak_bmsc", shield, "Akamai's bot check"},
	{"bm_*", shield, "Akamai's bot check"},
	{"_abck", shield, "Akamai's bot check"},
	{"incap_ses_*", shield, "Imperva's"},
	{"visid_incap_*", shield, "Imperva's"},
	{"_ga", counting, "Google Analytics"},
	{"_ga_*", counting, "Google Analytics"},
	{"_gid", counting, "Google Analytics"},
	{"_gcl_*", counting, "Google Ads"},
	{"_fbp", counting, "Meta's pixel"},
	{"_fbc", counting, "Meta's pixel"},
	{"_hj*", counting, "Hotjar"},
	{"_pk_*", counting, "Matomo"},
	{"muid", counting, "Microsoft advertising"},
	{"ide", counting, "Google advertising"},
	{"optanonconsent", wishes, "OneTrust's record of consent"},
	{"cookieconsent*", wishes, "the answer to a cookie banner"},
}

// purposeOf tells a cookie's purpose by its name, and by the shape of its value where the name says little.
func purposeOf(name string, v Value) (purpose, string) {
	lower := strings.ToLower(name)
	if p := cookie.PrefixOf(name); p != nil {
		lower = lower[len(p.Text):]
	}
	for _, known := range knownNames {
		if ok, _ := path.Match(known.pattern, lower); ok {
			return known.is, known.says
		}
	}
	for _, part := range []string{"csrf", "xsrf"} {
		if strings.Contains(lower, part) {
			return antiCSRF, ""
		}
	}
	for _, part := range []string{"lang", "locale", "theme", "consent", "timezone", "currency", "pref"} {
		if strings.Contains(lower, part) {
			return wishes, ""
		}
	}
	for _, part := range []string{"sess", "auth", "login", "token", "jwt", "remember", "signin", "sign-in", "sso", "credential"} {
		if strings.Contains(lower, part) {
			return session, ""
		}
	}
	for _, word := range strings.FieldsFunc(lower, func(c rune) bool { return c == '.' || c == '_' || c == '-' }) {
		if word == "sid" || word == "id" && len(name) < 12 && v.bits >= 64 {
			return session, ""
		}
	}
	if v.Kind == "token" || v.Kind == "encrypted-token" {
		return session, ""
	}
	return unknown, ""
}
