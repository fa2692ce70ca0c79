package page

import "net/http"

// PasswordRule is the one sentence beside every new password.
const PasswordRule = "15 characters or more, any characters you like. A few words in a row are fine; so is pasting from a password manager."

// problems has the sentence of each code that a form can meet.
var problems = map[string]string{
	WrongCredentials: "This e-mail address and password do not go together. Please check both and try again.",
	Throttled:        "There were too many tries that did not work.",
	Busy:             "Many people are signing in at this moment.",
	NoCookie:         "Your browser did not send our cookie back, so it could not be signed in. Please allow cookies for this site. Over plain http, Safari keeps this cookie to itself: another browser, or https, helps.",
	FormExpired:      "This page had been open for too long, or was opened in another tab meanwhile. Nothing was changed. Please send it once more.",
	Missing:          "Please fill this in.",
	BadEmail:         "This does not look like an e-mail address. An example: anna@example.org",
	BadName:          "This name cannot be kept. Please use fewer characters, and no line breaks.",
	BadGroup:         "Group names are made of letters, digits, dots, dashes and underscores.",
	Taken:            "There is an account with this e-mail address already.",
	WeakPassword:     "This password would be too easy to guess.",
	PasswordShort:    "This password is too short: it takes 15 characters or more.",
	PasswordLong:     "This password is too long: 1,024 bytes is the most we can take.",
	PasswordCommon:   "This password is on the lists that are tried first. Please choose another.",
	PasswordSame:     "This is the password that you have now. Please choose another.",
	WrongPassword:    "This is not the password of your account. Please try again.",
	LinkExpired:      "This link was good for a limited time, and that time is over.",
	LinkUsed:         "This link works once, and it was used already.",
	LinkUnknown:      "This link is not one of ours, or a part of it is missing. It may have been used already.",
	SignupClosed:     "Accounts are made by invitation here.",
	SignupOff:        "Nobody can make an account here by themselves.",
	SetupDone:        "The first account has been made.",
	Unavailable:      "Something on our side is out of order just now. Nothing was changed.",
}

// closed are the problems that no input can mend: they take the place of the form.
var closed = map[string]bool{LinkExpired: true, LinkUsed: true, LinkUnknown: true, SignupClosed: true, SignupOff: true, SetupDone: true}

// sentence is the text of a problem.
func (p Problem) sentence() string {
	s := p.Text
	if s == "" {
		s = problems[p.Code]
	}
	if s == "" {
		s = "This could not be done."
	}
	if p.RetryAfter > 0 {
		s += " Please try again in " + wait(p.RetryAfter) + "."
	} else if p.Code == Throttled || p.Code == Busy {
		s += " Please try again in a moment."
	}
	return s
}

// endings has a sentence for each way in which a session ends, said to the person it belonged to.
var endings = map[string]string{
	"signed-out":           "You signed out.",
	"signed-out-elsewhere": "You signed this device out from another one.",
	"idle":                 "It had not been used for a while, so it was ended.",
	"lifetime":             "It had reached its time limit.",
	"renewed":              "You signed in again, and a new session took its place.",
	"password-changed":     "Your password was changed, which ends all other sessions. If you did not do that, tell your administrator now.",
	"account-disabled":     "Your account was disabled. Your administrator can tell you more.",
	"ended-by-admin":       "An administrator ended it.",
	"token-reuse":          "One of its tokens was used twice, as happens when somebody copied it. To be safe, it was ended.",
	"evicted":              "You signed in on more devices than are allowed at a time; this was the one signed in longest.",
	"binding-failed":       "It was used from a place where it did not belong. To be safe, it was ended.",
	"unknown-session":      "It is not known here any more. It may have ended long ago.",
	"duplicate-cookie":     "Your browser sent two session cookies of the same name, so neither was believed. If it happens again, delete the cookies of this site.",
}

// HasWords reports whether the pages have a sentence of their own for the reason of an ended session.
func HasWords(reason string) bool { return endings[reason] != "" }

// Sentence says to the person how the session ended.
func (e Ended) Sentence() string {
	if e.Text != "" {
		return e.Text
	}
	if s := endings[e.Reason]; s != "" {
		return s
	}
	return "It was ended (" + e.Reason + ")."
}

// words of an error page.
type errorWords struct{ Heading, Sentence, Hint string }

var statuses = map[int]errorWords{
	http.StatusBadRequest:                  {"That did not reach us whole", "Your browser sent something that we could not read.", "Going back and trying once more often helps."},
	http.StatusUnauthorized:                {"Please sign in first", "This page is for people who are signed in.", ""},
	http.StatusForbidden:                   {"This is not open to you", "You are signed in, and this page is for others.", "If you should have it, ask your administrator for the group that opens it."},
	http.StatusNotFound:                    {"There is nothing here", "No page has this address.", "It may have been moved, or a letter of the address is missing."},
	http.StatusMethodNotAllowed:            {"Not in this way", "This address does not take that kind of request.", ""},
	http.StatusRequestEntityTooLarge:       {"That was too much", "What was sent is larger than we take.", ""},
	http.StatusUnsupportedMediaType:        {"We cannot read this form", "What was sent is not of a kind that we read.", ""},
	http.StatusTooManyRequests:             {"A little slower, please", "There were too many requests in a short time.", ""},
	http.StatusRequestHeaderFieldsTooLarge: {"Too many cookies", "Your browser sent more cookies than we can read.", "Deleting the cookies of this site helps; you then sign in again."},
	http.StatusInternalServerError:         {"Something broke on our side", "It is not your doing, and it has been noted.", "If it stays, tell your administrator the number below."},
	http.StatusBadGateway:                  {"The app does not answer", "We know who you are, but the app behind this address does not answer.", "It may be starting. Trying again in a moment often helps."},
	http.StatusServiceUnavailable:          {"Back in a moment", "We cannot answer just now. Nothing of yours is lost.", ""},
}

// words fills what the view leaves open by its status.
func (v Error) words() errorWords {
	w, ok := statuses[v.Status]
	if !ok {
		w = errorWords{http.StatusText(v.Status), "This did not work.", ""}
		if w.Heading == "" {
			w.Heading = "This did not work"
		}
	}
	if v.Heading != "" {
		w.Heading = v.Heading
	}
	if v.Sentence != "" {
		w.Sentence, w.Hint = v.Sentence, v.Hint
	}
	if v.Hint != "" {
		w.Hint = v.Hint
	}
	if v.RetryAfter > 0 {
		w.Sentence += " Please try again in " + wait(v.RetryAfter) + "."
	}
	return w
}
