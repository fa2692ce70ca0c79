package tour

import (
	"strconv"
	"time"
)

// Report is what was seen. Its JSON is a stable name of the command (DESIGN section 5).
type Report struct {
	Schema int    `json:"schema"`
	Ways   []Way  `json:"ways"`
	Steps  []Step `json:"steps"`

	Took time.Duration `json:"-"`
}

// What a way was seen to do.
const (
	Accepted = "accepted"
	Refused  = "refused"
	Client   = "client"
	Server   = "server"
	Kept     = "kept"
	Gone     = "gone"
)

// Way is what was seen of one way of being remembered.
type Way struct {
	Name             string  `json:"name"`
	DataKept         string  `json:"data_kept"`      // Client or Server
	RequestBytes     int     `json:"request_bytes"`  // the whole request message, with the credential and no other cookie
	MicrosPerRequest float64 `json:"us_per_request"` // median of the server's work to say who asks, without counting
	Altered          string  `json:"altered"`        // accepted if one change of one byte was
	StolenCopy       string  `json:"stolen_copy"`
	AfterSignOut     string  `json:"after_sign_out"` // a copy that was made before
	Expired          string  `json:"expired"`        // sent after its time was over
	StoreStopped     string  `json:"store_stopped"`
	BrowserClosed    string  `json:"browser_closed"` // Kept or Gone

	// What only the table and its sentences tell.
	Forgotten  bool   `json:"-"` // asked twice with nothing in hand, the answers were the same
	Remembered bool   `json:"-"` // asked twice with what was given, it counted on
	Readable   bool   `json:"-"` // what the client carries says who it is
	AtIssuer   string `json:"-"` // a token's copy after sign-out, at the server that issued it
	Followed   string `json:"-"` // the same, at an API that follows the feed of revocations

	label, carries, carried       string
	alteredTried, alteredAccepted int
	followedAfter                 time.Duration // the feed had told it
	costs                         costs
}

func verdict(accepted bool) string { return either(accepted, Accepted, Refused) }

// number prints a measured value with two digits that mean something.
func number(v float64) string {
	if v < 10 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	s := strconv.FormatFloat(v, 'f', 0, 64)
	if n := len(s); n > 3 {
		s = s[:n-3] + "," + s[n-3:]
	}
	return s
}
