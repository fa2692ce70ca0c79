package trace

import (
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// Schema is the version of the JSON form of a [Trace]. It changes when a member changes its meaning or goes.
const Schema = 1

// A Trace is the way from one URL to a page, over as many hops as there were redirects.
type Trace struct {
	Schema   int       `json:"schema"`
	Findings []Finding `json:"findings"` // never nil
	Hops     []*Hop    `json:"hops"`     // in order, at least one
}

// A Finding is something that a person should know: a stable code, a sentence, and the hop (from 0) that it is about.
type Finding struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Hop    int    `json:"hop"`
}

// A Hop is one request and its response.
type Hop struct {
	URL        string        `json:"url"`
	Method     string        `json:"method"`
	Status     int           `json:"status"` // 0 if no response came
	Phases     []Phase       `json:"phases"`
	Parts      *Parts        `json:"parts,omitempty"`
	DNS        *DNS          `json:"dns,omitempty"`
	TCP        *TCP          `json:"tcp,omitempty"`
	TLS        *TLS          `json:"tls,omitempty"`
	Request    *Message      `json:"request,omitempty"`
	Response   *Message      `json:"response,omitempty"`
	SetCookies []jar.Verdict `json:"set_cookies"`        // of the response, in order; never nil
	Cookies    []jar.Verdict `json:"cookies"`            // of the request: sent and withheld; never nil
	Redirect   string        `json:"redirect,omitempty"` // where it leads, absolute, when it is followed or could be
	Page       *Page         `json:"page,omitempty"`     // of the last hop
	Failed     *Failure      `json:"failed,omitempty"`
}

// A PhaseName is a step of the way.
type PhaseName string

// The phases of a hop, in their order. dns, tcp and tls are left out when a connection is used again.
const (
	PhaseURL  PhaseName = "url"
	PhaseDNS  PhaseName = "dns"
	PhaseTCP  PhaseName = "tcp"
	PhaseTLS  PhaseName = "tls"
	PhaseSend PhaseName = "send"
	PhaseWait PhaseName = "wait"
	PhaseRead PhaseName = "read"

	// PhaseRedirect is the phase of a Failure only: the redirects had no end.
	PhaseRedirect PhaseName = "redirect"
)

// A Phase is when a step began, counted from the beginning of its hop, and how long it took.
type Phase struct {
	Name  PhaseName
	Start time.Duration
	Took  time.Duration
}

// A Failure is why a hop could not be finished.
type Failure struct {
	Phase  PhaseName `json:"phase"`
	Reason string    `json:"reason"` // a stable code: "no-such-host", "refused", "timeout", "certificate-expired", …
	Detail string    `json:"detail"` // one sentence of fact
	Hint   string    `json:"hint"`   // one sentence of help
	Err    error     `json:"-"`
}

// Parts are the parts of a URL (RFC 3986, and the URL standard where it differs).
type Parts struct {
	Scheme   string `json:"scheme"`
	User     string `json:"user,omitempty"`    // never the password
	Host     string `json:"host"`              // in ASCII
	Unicode  string `json:"unicode,omitempty"` // the host as people write it, where that differs
	Port     string `json:"port"`
	Path     string `json:"path"`
	Query    string `json:"query,omitempty"`
	Fragment string `json:"fragment,omitempty"` // never sent
	Site     string `json:"site,omitempty"`     // registrable domain, "" for addresses and single labels
	Suffix   string `json:"suffix,omitempty"`   // public suffix
}

// DNS is what was asked and answered.
type DNS struct {
	Resolver  string     `json:"resolver"`             // who was asked: "127.0.0.53:53 (/etc/resolv.conf)", "hosts file", "--resolve", "literal address"
	Questions []Question `json:"questions,omitempty"`  // each that was sent
	Chain     []Record   `json:"chain,omitempty"`      // CNAME records on the way
	Addresses []Record   `json:"addresses"`            // A and AAAA
	HTTPS     []Record   `json:"https,omitempty"`      // service bindings (RFC 9460)
	HostsFile []string   `json:"hosts_file,omitempty"` // what the hosts file says of this name, used or not
	System    []string   `json:"system,omitempty"`     // what the system's own resolver says, where that differs
}

// A Question is one DNS question and how its answer came.
type Question struct {
	Name   string        `json:"name"`
	Type   string        `json:"type"`  // "A", "AAAA", "HTTPS"
	RCode  string        `json:"rcode"` // "NOERROR", "NXDOMAIN", …
	Net    string        `json:"net"`   // "udp" or "tcp"
	Took   time.Duration `json:"-"`
	TookMS float64       `json:"ms"`
}

// A Record is one DNS record, its data as text.
type Record struct {
	Name string `json:"name"`
	Type string `json:"type"`
	TTL  uint32 `json:"ttl"` // seconds
	Data string `json:"data"`
}

// TCP is the race between the addresses (RFC 8305).
type TCP struct {
	Attempts []Attempt `json:"attempts"`
	Local    string    `json:"local"`
	Remote   string    `json:"remote"`
	RTT      float64   `json:"rtt_ms,omitempty"` // the kernel's estimate, else the time of the handshake
	Reused   bool      `json:"reused,omitempty"`
}

// An Attempt is one address of the race.
type Attempt struct {
	Address string  `json:"address"`
	StartMS float64 `json:"start_ms"` // from the beginning of the phase
	MS      float64 `json:"ms"`
	Result  string  `json:"result"` // "won", "lost", "refused", "timeout", "not started", …
}

// TLS is what the handshake agreed on.
type TLS struct {
	Version    string        `json:"version"`
	Cipher     string        `json:"cipher"`
	Group      string        `json:"group"`
	ALPN       string        `json:"alpn"`
	ServerName string        `json:"server_name"`
	Resumed    bool          `json:"resumed"`
	Verified   bool          `json:"verified"`          // false only with -k or after a failure
	Problem    string        `json:"problem,omitempty"` // why it is not verified
	Chain      []Certificate `json:"chain"`
}

// A Certificate is one of the chain, the server's own first.
type Certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"names,omitempty"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	DaysLeft  int       `json:"days_left"` // negative when it has expired
	Key       string    `json:"key"`       // "ECDSA P-256", "RSA 2048"
	Signature string    `json:"signature"`
}

// A Message is one HTTP message.
type Message struct {
	Proto     string   `json:"proto"` // "HTTP/1.1", "HTTP/2"
	StartLine string   `json:"start_line"`
	Fields    []Field  `json:"fields"`              // as they came, in order
	Raw       []byte   `json:"-"`                   // the octets of the head on the wire; of HTTP/2 as HTTP/1.1 would write them
	HeadBytes int64    `json:"head_bytes"`          // on the wire
	BodyBytes int64    `json:"body_bytes"`          // on the wire, without framing
	Decoded   int64    `json:"decoded_bytes"`       // after Content-Encoding
	Encoding  string   `json:"encoding,omitempty"`  // "gzip", "br", "zstd"
	Malformed []string `json:"malformed,omitempty"` // what is wrong with the message, in sentences
	Truncated bool     `json:"truncated,omitempty"` // a limit cut the body
	Interim   []int    `json:"interim,omitempty"`   // status codes of 1xx responses before it
	Trailers  []Field  `json:"trailers,omitempty"`  // fields that came after the body
	Timing    []Timing `json:"server_timing,omitempty"`
	Body      []byte   `json:"-"` // decoded, up to the limit
}

// A Field is a header field as it stood on the wire.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Timing is an entry of Server-Timing: what the server says it did while we waited.
type Timing struct {
	Name string  `json:"name"`
	MS   float64 `json:"ms"`
	Desc string  `json:"desc,omitempty"`
}

// A Page is a document as a person reads it.
type Page struct {
	Type  string `json:"type"` // the media type
	Title string `json:"title,omitempty"`
	Text  string `json:"text"` // readable text, links as [1]
	Links []Link `json:"links,omitempty"`
	Forms []Form `json:"forms,omitempty"`
}

// A Link is a numbered link of a page.
type Link struct {
	N    int    `json:"n"`
	Text string `json:"text"`
	URL  string `json:"url"` // absolute
}

// A Form is a numbered form of a page.
type Form struct {
	N      int     `json:"n"`
	Method string  `json:"method"`
	Action string  `json:"action"` // absolute
	Inputs []Input `json:"inputs"`
}

// An Input is what can be filled in.
type Input struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value,omitempty"`
	// NotChosen: a checkbox or a radio button that is not sent as it stands.
	NotChosen bool `json:"not_chosen,omitempty"`
}
