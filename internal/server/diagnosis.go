package server

import (
	"net/http"
	"net/url"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

const (
	pathDiagnosis = "/diagnosis"
	fieldWhy      = "why"
)

// diagnosis is the address of the page that says what is wrong between an app and us. origin is the app's, "" if it is not known.
func (s *Server) diagnosis(why guard.Reason, origin string) string {
	query := url.Values{fieldWhy: {string(why)}}
	if origin != "" {
		query.Set(fieldApp, origin)
	}
	return s.app.Config.Link(pathDiagnosis, query)
}

// findings has what is said of each reason. They are for an operator: what was seen, and what to change.
var findings = map[guard.Reason]page.Finding{
	strayNoVisit: {
		Heading: "No cookie came back",
		Text:    "A cookie was set on the way to the app, and the browser came back without it.",
		Fix:     "Allow cookies for the app's address. If other browsers have the same trouble, the proxy in front of the app drops Set-Cookie from answers, or Cookie from requests, below /.cloakroom/.",
	},
	strayUnseen: {
		Heading: "The proxy asks without the cookie",
		Text:    "The browser has a good session cookie for the app and sends it. The proxy's question, whether the request may pass, comes without it.",
		Fix:     "Let the proxy send the header Cookie with its question to /forward-auth/, as the printed configuration does: cloakroom proxy-config.",
	},
	strayLost: {
		Heading: "The session cookie does not stay",
		Text:    "The session cookie of the app's address was set, and is gone when the browser comes back, though another cookie of ours is there.",
		Fix:     "See whether the app, or the proxy, sets or deletes a cookie called __Host-session, or sends Clear-Site-Data. cloakroom trace shows each line.",
	},
	strayForeign: {
		Heading: "Somebody else sets our cookie",
		Text:    "The browser sends a cookie called __Host-session for the app's address which this server did not make.",
		Fix:     "Give the app's own cookie another name. If this server was set up anew, delete the cookies of the app's address once.",
	},
	strayTooMany: {
		Heading: "Too many cookies",
		Text:    "The browser sends more cookies to the app's address than can be read.",
		Fix:     "Delete the cookies of the app's address. If they come back, see which app sets that many.",
	},
	strayDuplicate: {
		Heading: "Two session cookies",
		Text:    "The browser sends two cookies called __Host-session, or one whose name differs in case, so neither is believed.",
		Fix:     "Delete the cookies of the app's address. If it happens again, another program there sets a cookie of that name.",
	},
	guard.PrefixNotPassed: {
		Heading: "The proxy keeps our addresses to itself",
		Text:    "Everything below /.cloakroom/ at the app's address belongs to Cloakroom, which sets the session cookie of that address there. The proxy does not hand it on, but asks about it as about a page of the app.",
		Fix:     "Have the proxy pass /.cloakroom/ on to Cloakroom without asking first, with Host unchanged, as the printed configuration does: cloakroom proxy-config.",
	},
	guard.PlainHTTP: {
		Heading: "The app is opened by plain http",
		Text:    "The session cookie is for https alone: over http, browsers do not keep it.",
		Fix:     "Open the app by https, and have the proxy send people from http to https. If it does end TLS, let it say so: X-Forwarded-Proto, or the scheme in X-Original-URL, is http in its question.",
	},
	guard.UnknownPort: {
		Heading: "The app is at another port than was said",
		Text:    "The app's host is known here, but not with the scheme and port in the proxy's question.",
		Fix:     "Name the whole origin that people type: serve --app https://app.example.com:8443. If they type no port, the proxy adds one to Host: pass on the Host of the request as it came.",
	},
	guard.MalformedRequest: {
		Heading: "The proxy does not say what was asked for",
		Text:    "A header that says which page the question is about is missing, comes twice, or is no URL.",
		Fix:     "nginx and HAProxy send X-Original-URL and X-Original-Method, Caddy, Traefik and Envoy X-Forwarded-Method, -Proto, -Host and -Uri, each once. cloakroom proxy-config prints a configuration that does.",
	},
	guard.WrongClock: {
		Heading: "The clocks differ",
		Text:    "The sign-in was handed over by a server whose clock is ahead of the one that took it.",
		Fix:     "Set the clocks of all servers, best by NTP: they may differ by a second.",
	},
	guard.ForeignCode: {
		Heading: "This sign-in belongs to another browser",
		Text:    "The link that brought you here was made for another browser or another address, so it opened nothing. That is also what an attack looks like.",
		Fix:     "Open the app by its address.",
	},
	guard.InvalidLink: {
		Heading: "This link has been used",
		Text:    "The link that brought you here works once and for a minute.",
		Fix:     "Open the app by its address.",
	},
}

// showDiagnosis says what is wrong, and looks for more: as a browser would see the app's address.
func (s *Server) showDiagnosis(w http.ResponseWriter, r *http.Request) error {
	v := page.Diagnosis{Frame: s.frame(w, r)}
	why := guard.Reason(r.URL.Query().Get(fieldWhy))
	if f, ok := findings[why]; ok {
		v.Findings = append(v.Findings, f)
	} else if page.HasWords(string(why)) {
		v.Findings = append(v.Findings, page.Finding{Heading: "The session ends at once", Text: page.Ended{Reason: string(why)}.Sentence()})
	}
	if at, origin := s.appNamed(r.URL.Query().Get(fieldApp)); at != nil {
		v.Host, v.Link = hostPart(origin), origin+"/"
		var seen []page.Finding
		if seen, v.Probed = s.probe(r, origin); len(seen) > 0 && seen[0].Line != "" {
			v.Findings = append(seen, v.Findings...) // the line itself says most
		} else {
			v.Findings = append(v.Findings, seen...)
		}
	}
	if len(v.Findings) == 0 {
		none := page.Finding{Heading: "Nothing is wrong that could be seen from here", Fix: "cloakroom trace shows each step as a browser takes it, and every cookie that was refused."}
		if none.Text = "The app's address answers as it should."; !v.Probed {
			none.Text = "No app of that address is set up here, so there was nothing to look at."
		}
		v.Findings = []page.Finding{none}
	}
	s.render(w, r, http.StatusOK, v)
	return nil
}
