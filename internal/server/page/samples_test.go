package page

import "time"

// sample is one page in one state.
type sample struct {
	name string
	view view
}

var noon = time.Date(2026, time.November, 23, 14, 17, 0, 0, time.FixedZone("CET", 3600))

const (
	script = `<script>alert(1)</script>`
	quotes = `"><img src=x onerror=alert(1)>' style='x`
	rtl    = "שלום עולם\u202e abc"
	handle = "x7Kq2mPzR4tW9vB1nC8dLg"
	long   = "Pneumonoultramicroscopicsilicovolcanoconiosis-Maximiliana-Wilhelmine-von-und-zu-Donaudampfschifffahrtsgesellschaft"
)

func before(d time.Duration) time.Time { return noon.Add(-d) }
func after(d time.Duration) time.Time  { return noon.Add(d) }

func nobody() Frame { return Frame{FormToken: "token-of-nobody", Now: noon, ThemePath: "/theme"} }

func anna() Frame {
	return Frame{FormToken: "token-of-anna", Now: noon, ThemePath: "/theme", Person: &Person{Name: "Anna Lindqvist", Email: "anna@example.org", Admin: true}}
}

func mallory() Frame {
	return Frame{FormToken: quotes, Now: noon, Lang: quotes, Theme: Theme(quotes), Title: script, Action: "javascript:" + quotes, ThemePath: quotes,
		Person:  &Person{Name: script + long + rtl, Email: quotes + "@example.org"},
		Notices: []Notice{{Tone: Tone(quotes), Text: script + quotes + long, At: noon}}}
}

func with(f Frame, tone Tone, text string) Frame {
	f.Notices = []Notice{{Tone: tone, Text: text}}
	return f
}

// samples are all pages in the states that people meet, and each once with everything hostile.
func samples() []sample {
	here := Session{Handle: handle, Device: "Firefox on Linux", Current: true, Remember: true, Method: "password", SignedIn: before(5 * time.Hour), Seen: noon, IdleAt: after(time.Hour), Expires: after(29 * 24 * time.Hour),
		Apps: []App{{"wiki.example.net", before(4 * time.Hour)}, {"grafana.apps.example.com", before(12 * time.Minute)}}}
	all := []Session{
		{Handle: "Qm41xWvv8s", Device: "Chrome on Android", Method: "password", SignedIn: before(26 * time.Hour), Seen: before(12 * time.Minute), IdleAt: after(48 * time.Minute), Expires: after(22 * time.Hour)},
		here,
		{Handle: "h0Zz9-fE_a", Device: "curl 8.11", Client: "backup script", Program: true, Method: "password", SignedIn: before(9 * 24 * time.Hour), Seen: before(3 * time.Hour), Expires: after(21 * 24 * time.Hour)},
	}
	ended := []Ended{
		{Reason: "idle", At: before(16 * time.Hour), Device: "Safari on iPhone", Handle: "b2Lw77aa"},
		{Reason: "signed-out-elsewhere", At: before(3 * 24 * time.Hour), Device: "Edge on Windows", Handle: "Tt60Pqaa"},
		{Reason: "token-reuse", At: before(20 * 24 * time.Hour), Handle: "9sJd3Kaa"},
	}
	copied := []Theft{{At: before(20 * time.Hour), Device: "curl/8.11", Handle: "9sJd3Kaa"}, {At: before(9 * 24 * time.Hour), Handle: "Lw77b2aa"}}
	evil := Session{Handle: quotes, Device: script + long, Client: rtl + quotes, Program: true, Method: script, SignedIn: noon, Seen: noon, Expires: noon, Apps: []App{{script + long, noon}}}
	bad := func(field, code string) Errors { return Errors{field: {Code: code}} }
	hostile := Errors{"": {Code: script, Text: script + quotes}, FieldEmail: {Text: quotes}, FieldName: {Text: script}, FieldPassword: {Text: script}, FieldNew: {Text: quotes}, FieldCurrent: {Text: long}, FieldGroups: {Text: rtl}}

	return []sample{
		{"setup", Setup{Frame: nobody(), Link: "abc", CanReveal: true}},
		{"setup-wrong", Setup{Frame: nobody(), Link: "abc", Email: "anna@example", Name: "Anna", CanReveal: true, Reveal: true, Errors: Errors{FieldEmail: {Code: BadEmail}, FieldPassword: {Code: PasswordShort}}}},
		{"setup-expired", Setup{Frame: nobody(), Errors: bad("", LinkExpired)}},
		{"setup-done", Setup{Frame: nobody(), Errors: bad("", SetupDone)}},
		{"setup-hostile", Setup{Frame: mallory(), Link: quotes, Email: quotes, Name: script, Errors: hostile, CanReveal: true, Reveal: true}},

		{"signin", SignIn{Frame: nobody(), RememberFor: 720 * time.Hour, CanReveal: true}},
		{"signin-open", SignIn{Frame: nobody(), RememberFor: 720 * time.Hour, SignUpOpen: true, ReturnTo: "https://app.example/start?a=b", ReturnHost: "app.example", CanReveal: true}},
		{"signin-wrong", SignIn{Frame: nobody(), Email: "anna@example.org", Remember: true, RememberFor: 720 * time.Hour, SignUpOpen: true, Errors: bad("", WrongCredentials), CanReveal: true}},
		{"signin-throttled", SignIn{Frame: nobody(), Email: "anna@example.org", RememberFor: 720 * time.Hour, Errors: Errors{"": {Code: Throttled, RetryAfter: 30 * time.Second}}}},
		{"signin-busy", SignIn{Frame: nobody(), Email: "anna@example.org", RememberFor: 720 * time.Hour, Errors: bad("", Busy)}},
		{"signin-no-cookie", SignIn{Frame: nobody(), Email: "anna@example.org", RememberFor: 720 * time.Hour, Errors: bad("", NoCookie)}},
		{"signin-ended", SignIn{Frame: nobody(), RememberFor: 720 * time.Hour, Ended: &Ended{Reason: "signed-out-elsewhere", At: before(12 * time.Minute), Device: "Firefox on Linux"}, CanReveal: true}},
		{"signin-signed-out", SignIn{Frame: nobody(), RememberFor: 720 * time.Hour, SignedOut: true}},
		{"signin-hostile", SignIn{Frame: mallory(), Email: quotes, RememberFor: time.Hour, ReturnTo: "javascript:" + quotes, ReturnHost: script + rtl + long, SignUpOpen: true, Ended: &Ended{Reason: script, At: noon, Device: quotes + long}, Errors: hostile, CanReveal: true, Reveal: true}},

		{"signup", SignUp{Frame: nobody(), CanReveal: true}},
		{"signup-invited", SignUp{Frame: nobody(), Invitation: "inv", Email: "bo@example.org", EmailFixed: true, Errors: Errors{FieldPassword: {Code: WeakPassword, Text: "This password holds your name, which is tried first. Please choose another."}}, CanReveal: true}},
		{"signup-taken", SignUp{Frame: nobody(), Email: "anna@example.org", Name: "Anna", Errors: bad(FieldEmail, Taken)}},
		{"signup-closed", SignUp{Frame: nobody(), Errors: bad("", SignupClosed)}},
		{"signup-hostile", SignUp{Frame: mallory(), Invitation: quotes, Email: quotes, Name: script, EmailFixed: true, ReturnTo: quotes, ReturnHost: script, Errors: hostile, CanReveal: true, Reveal: true}},

		{"reset", Reset{Frame: nobody(), Link: "abc", Email: "anna@example.org", CanReveal: true}},
		{"reset-used", Reset{Frame: nobody(), Errors: bad("", LinkUsed)}},
		{"reset-hostile", Reset{Frame: mallory(), Link: quotes, Email: script, Errors: hostile, CanReveal: true, Reveal: true}},

		{"account", Account{Frame: anna(), ID: "Yk3vR81sQm4TzB6wE0aXcg", Name: "Anna Lindqvist", Email: "anna@example.org", Groups: []string{"staff", "wiki-editors", "on-call"}, Session: here, CanEdit: true}},
		{"account-plain", Account{Frame: with(anna(), Good, "Your name was changed."), Name: "Anna Lindqvist", Email: "anna@example.org", Session: here}},
		{"account-hostile", Account{Frame: mallory(), ID: quotes, Name: script + quotes, Email: script, Groups: []string{script, quotes, long, rtl}, Session: evil, CanEdit: true, Errors: hostile}},

		{"devices", Devices{Frame: anna(), Sessions: all, Ended: ended}},
		{"devices-theft", Devices{Frame: anna(), Sessions: all, Ended: ended, Thefts: copied[:1]}},
		{"devices-thefts", Devices{Frame: with(anna(), Good, "That device is signed out."), Sessions: []Session{here}, Thefts: copied}},
		{"account-theft", Account{Frame: anna(), Name: "Anna Lindqvist", Email: "anna@example.org", Session: here, CanEdit: true, Thefts: copied[:1]}},
		{"devices-one", Devices{Frame: with(anna(), Good, "All other sessions were ended."), Sessions: []Session{here}}},
		{"devices-hostile", Devices{Frame: mallory(), Sessions: []Session{evil, evil}, Ended: []Ended{{Reason: script, Text: quotes, At: noon, Device: script, Handle: quotes}},
			Thefts: []Theft{{At: noon, Device: script + long + rtl, Handle: quotes}}, Errors: hostile}},

		{"security", Security{Frame: anna(), Email: "anna@example.org", Changed: before(200 * 24 * time.Hour), Others: 2, CanReveal: true, Events: []Event{
			{At: before(5 * time.Hour), Text: "Signed in", Device: "Firefox on Linux", Addr: "203.0.113.7"},
			{At: before(26 * time.Hour), Text: "Signed in", Device: "Chrome on Android", Addr: "2001:db8::17"},
			{At: before(200 * 24 * time.Hour), Text: "Password changed", Device: "Firefox on Linux", Addr: "203.0.113.7"},
		}}},
		{"security-wrong", Security{Frame: anna(), Email: "anna@example.org", Errors: Errors{FieldCurrent: {Code: WrongPassword}, FieldNew: {Code: PasswordCommon}}}},
		{"security-hostile", Security{Frame: mallory(), Email: quotes, Others: 1, Errors: hostile, CanReveal: true, Reveal: true, Events: []Event{{At: noon, Text: script, Device: quotes, Addr: rtl + long}}}},

		{"confirm", Confirm{Frame: anna(), Email: "anna@example.org", What: "to make an invitation", ReturnTo: "/admin/invite", CanReveal: true}},
		{"confirm-wrong", Confirm{Frame: anna(), Email: "anna@example.org", Errors: bad(FieldPassword, WrongPassword)}},
		{"confirm-hostile", Confirm{Frame: mallory(), Email: quotes, What: script, ReturnTo: quotes, Errors: hostile, CanReveal: true, Reveal: true}},

		{"invite", Invite{Frame: anna(), Known: []string{"staff", "wiki-editors"}}},
		{"invite-made", Invite{Frame: anna(), Made: &Invitation{URL: "https://id.example.org/signup?link=mG4k1xJ0c9Yt7Vq2ZrWb5NfLs8DhUeAoPiKy3XwTj6E", Email: "bo@example.org", Groups: []string{"staff"}, Expires: after(7 * 24 * time.Hour)}}},
		{"invite-hostile", Invite{Frame: mallory(), Email: quotes, Groups: script, Known: []string{script, quotes}, Made: &Invitation{URL: "</textarea>" + script, Email: quotes, Groups: []string{script}, Expires: noon}, Errors: hostile}},

		{"diagnosis", Diagnosis{Frame: nobody(), Host: "wiki.example.net", Link: "https://wiki.example.net/", Probed: true, Findings: []Finding{
			{Heading: "Browsers refuse the cookie", Text: "The proxy changed the line that sets our cookie. A name with __Host- needs a cookie without a Domain. (InvalidPrefix)",
				Fix: "Have the proxy pass Set-Cookie on as it is.", Line: "__Host-visit=…; Path=/; Domain=example.net; Secure; HttpOnly", Better: "__Host-visit=…; Path=/; Secure; HttpOnly"},
			{Heading: "No cookie came back", Text: "A cookie was set on the way to the app, and the browser came back without it.", Fix: "Allow cookies for the app's address."},
		}}},
		{"diagnosis-unknown", Diagnosis{Frame: nobody(), Findings: []Finding{{Heading: "The proxy does not say what was asked for", Text: "A header is missing."}}}},
		{"diagnosis-hostile", Diagnosis{Frame: mallory(), Host: script + rtl + long, Link: "javascript:" + quotes, Findings: []Finding{{Heading: script, Text: quotes + long, Fix: script, Line: quotes + long + long, Better: script}}}},

		{"error-404", Error{Frame: nobody(), Status: 404, RequestID: "01JD8ZK3M2"}},
		{"error-403", Error{Frame: anna(), Status: 403, RequestID: "01JD8ZK3M2"}},
		{"error-500", Error{Frame: nobody(), Status: 500, RequestID: "01JD8ZK3M2"}},
		{"error-503", Error{Frame: nobody(), Status: 503, RetryAfter: 5 * time.Second}},
		{"error-418", Error{Frame: nobody(), Status: 418}},
		{"error-hostile", Error{Frame: mallory(), Status: 400, Heading: script, Sentence: quotes, Hint: long, RequestID: quotes, BackURL: "javascript:alert(1)", BackText: script}},
	}
}
