// Package page holds the pages that people see: plain HTML without JavaScript, one view struct each.
//
//	var pages page.Pages
//	mux.Handle("GET "+page.AssetPrefix, page.Assets())
//	err := pages.Render(w, page.SignIn{Email: typed, Errors: page.Errors{"": {Code: page.WrongCredentials}}})
//
// A view carries everything that its page shows; the package reads no request and decides nothing. All text
// is in the templates and in words.go. Nothing is written before the whole page is made.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"
)

//go:embed templates/*.html
var templates embed.FS

// view is implemented by every view struct of this package, as a value and as a pointer.
type view interface {
	frame() Frame
	page() about
}

// about is what the layout must know of a page before it is made.
type about struct {
	File   string // templates/File.html
	Title  string
	Path   string // where its form posts
	Errors Errors
	Narrow bool // one ticket in the middle
}

func (f Frame) frame() Frame { return f }

// Pages renders views. Its zero value is ready, and safe for concurrent use. The templates are parsed for the first page: a server that only checks who
// makes requests never needs them.
type Pages struct {
	once  sync.Once
	files *template.Template // of all pages, so that what they have in common is there once
	err   error              // the program was built from broken templates
}

func (p *Pages) parse() (*template.Template, error) {
	p.once.Do(func() { p.files, p.err = template.New("").Funcs(functions).ParseFS(templates, "templates/*.html") })
	return p.files, p.err
}

// data is what a template sees.
type data struct {
	Frame Frame
	View  any
	Page  about
	Now   time.Time
}

// Render writes the page of a view struct of this package (or of a pointer to one). The page is made in memory
// first: after an error nothing was written, unless the error is that of w.
func (p *Pages) Render(w io.Writer, v any) error {
	known, ok := v.(view)
	if !ok {
		return fmt.Errorf("page: %T is not a view of this package", v)
	}
	f, a := known.frame(), known.page()
	if f.Title == "" {
		f.Title = a.Title
	}
	if f.Lang == "" {
		f.Lang = "en"
	}
	if f.Action == "" {
		f.Action = a.Path
	}
	if f.Theme != "light" && f.Theme != "dark" {
		f.Theme = ""
	}
	if f.Now.IsZero() {
		f.Now = time.Now().UTC()
	}
	var b bytes.Buffer
	files, err := p.parse()
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	if err := files.ExecuteTemplate(&b, a.File+".html", data{f, v, a, f.Now}); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

func (v Setup) page() about {
	return about{File: "setup", Title: "Set up", Path: PathSetup, Errors: v.Errors, Narrow: true}
}

func (v SignIn) page() about {
	return about{File: "signin", Title: "Sign in", Path: PathSignIn, Errors: v.Errors, Narrow: true}
}

func (v SignUp) page() about {
	return about{File: "signup", Title: "Make an account", Path: PathSignUp, Errors: v.Errors, Narrow: true}
}

func (v Reset) page() about {
	return about{File: "reset", Title: "Choose a new password", Path: PathReset, Errors: v.Errors, Narrow: true}
}

func (v Account) page() about {
	return about{File: "account", Title: "Your account", Path: PathAccount, Errors: v.Errors}
}

func (v Devices) page() about {
	return about{File: "devices", Title: "Your devices", Path: PathDevices, Errors: v.Errors}
}

func (v Security) page() about {
	return about{File: "security", Title: "Password and security", Path: PathSecurity, Errors: v.Errors}
}

func (v Confirm) page() about {
	return about{File: "confirm", Title: "Is it still you?", Path: PathConfirm, Errors: v.Errors, Narrow: true}
}

func (v Invite) page() about {
	return about{File: "invite", Title: "Invite someone", Path: PathInvite, Errors: v.Errors}
}

func (v Error) page() about {
	return about{File: "error", Title: v.words().Heading, Narrow: true}
}

func (v Diagnosis) page() about { return about{File: "diagnosis", Title: "Why you cannot get in"} }

func (v Refused) page() about {
	title := "This did not reach the app"
	if !v.Unsent {
		title = v.words().Heading
	}
	return about{File: "refused", Title: title, Narrow: true}
}
