package servertest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Client is a browser or program of one person. It follows no redirect.
type Client struct {
	HTTP   *http.Client
	Header http.Header // sent with every request
	house  *House
	ids    ids
}

// Client makes one with an empty jar. Its jar takes loopback for secure, as browsers do.
func (h *House) Client() *Client {
	c := &Client{house: h, Header: http.Header{}, HTTP: &http.Client{
		Jar:           &jar{cookies: map[string]*http.Cookie{}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if h.still {
		c.HTTP.Transport = direct{h.Server.Public()}
	}
	return c
}

// direct brings a request to a handler without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "192.0.2.1:4711"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, in)
	res := rec.Result()
	res.Request = r
	return res, nil
}

// jar keeps the cookies of one host by name, which is all that __Host- cookies need.
type jar struct {
	mu      sync.Mutex
	cookies map[string]*http.Cookie
}

func (j *jar) SetCookies(_ *url.URL, cs []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cs {
		if c.MaxAge < 0 {
			delete(j.cookies, c.Name)
		} else {
			j.cookies[c.Name] = c
		}
	}
}

func (j *jar) Cookies(*url.URL) (cs []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.cookies {
		cs = append(cs, &http.Cookie{Name: c.Name, Value: c.Value})
	}
	return cs
}

// Cookie returns the value that the jar holds under a name, "" if none.
func (c *Client) Cookie(name string) string {
	j := c.HTTP.Jar.(*jar)
	j.mu.Lock()
	defer j.mu.Unlock()
	if k := j.cookies[name]; k != nil {
		return k.Value
	}
	return ""
}

// SetCookie puts a cookie into the jar, or with an empty value takes it out: for thieves and closed browsers.
func (c *Client) SetCookie(name, value string) {
	j := c.HTTP.Jar.(*jar)
	j.mu.Lock()
	defer j.mu.Unlock()
	if value == "" {
		delete(j.cookies, name)
		return
	}
	j.cookies[name] = &http.Cookie{Name: name, Value: value}
}

// Answer is a response whose body was read.
type Answer struct {
	*http.Response
	Body string
}

// Do sends a request to a path of the house. header lines are "Name: value". What must hold of every answer is
// checked here, see lint.go.
func (c *Client) Do(method, path, body string, header ...string) Answer {
	c.house.t.Helper()
	r, err := http.NewRequestWithContext(c.house.t.Context(), method, c.house.base+path, strings.NewReader(body))
	if err != nil {
		c.house.t.Fatal(err)
	}
	if public, err := url.Parse(c.house.URL); err == nil && c.house.base != c.house.URL {
		r.Host = public.Host
	}
	for name, values := range c.Header {
		r.Header[name] = values
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ":")
		if name == "Host" {
			r.Host = strings.TrimSpace(value)
			continue
		}
		r.Header.Add(name, strings.TrimPrefix(value, " "))
	}
	res, err := c.HTTP.Do(r)
	if err != nil {
		c.house.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.house.t.Fatal(err)
	}
	a := Answer{res, string(text)}
	c.house.secrets.learn(r, body, a)
	c.ids.learn(r, body, a)
	c.lint(r, a)
	return a
}

// Get fetches a path.
func (c *Client) Get(path string, header ...string) Answer { return c.Do("GET", path, "", header...) }

// JSON posts a value as application/json.
func (c *Client) JSON(path string, v any, header ...string) Answer {
	c.house.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		c.house.t.Fatal(err)
	}
	return c.Do("POST", path, string(body), append(header, "Content-Type: application/json")...)
}

// Form posts a form; the form token is taken from a fresh GET of the same path when it is not given.
func (c *Client) Form(path string, fields url.Values, header ...string) Answer {
	c.house.t.Helper()
	if !fields.Has("form_token") {
		fields.Set("form_token", c.FormToken(path))
	}
	return c.Do("POST", path, fields.Encode(), append(header, "Content-Type: application/x-www-form-urlencoded")...)
}

// FormToken reads the token out of a page.
func (c *Client) FormToken(path string) string {
	c.house.t.Helper()
	const mark = `name="form_token" value="`
	_, after, ok := strings.Cut(c.Get(path).Body, mark)
	if !ok {
		c.house.t.Fatalf("no form token on %s", path)
	}
	token, _, _ := strings.Cut(after, `"`)
	return token
}

// Decode reads a JSON body into v.
func (a Answer) Decode(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), v); err != nil {
		t.Fatalf("%v in %s", err, a.Body)
	}
}

// Reason is the reason of a problem document, "" if there is none.
func (a Answer) Reason() string {
	var p struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal([]byte(a.Body), &p) != nil {
		return ""
	}
	return p.Reason
}

// SignUp makes an account over the API and leaves the client signed in.
func (c *Client) SignUp(email string) {
	c.house.t.Helper()
	if a := c.JSON("/api/signup", map[string]string{"email": email, "password": Password}); a.StatusCode != http.StatusCreated {
		c.house.t.Fatalf("sign up %s: %d %s", email, a.StatusCode, a.Body)
	}
}

// SignIn signs an account in over the API.
func (c *Client) SignIn(email string) {
	c.house.t.Helper()
	if a := c.JSON("/api/signin", map[string]string{"email": email, "password": Password}); a.StatusCode != http.StatusOK {
		c.house.t.Fatalf("sign in %s: %d %s", email, a.StatusCode, a.Body)
	}
}
