package cookie

import "time"

const (
	// MaxHeader is the number of bytes that all Cookie lines of a request may
	// have together. Browsers and proxies stop earlier, mostly at 8 or 16 KiB;
	// it is a guard for the server, not a promise.
	MaxHeader = 64 << 10

	// MaxCookies is the number of cookies that a request may have. It is above
	// what a browser can hold for one site, so that it never locks a person out:
	// Chromium 180 and as many partitioned, Firefox 180, Safari about 600.
	MaxCookies = 600

	// MaxPair is the number of octets that name and value may have together.
	// Browsers drop a cookie that is longer (draft-22 section 5.6).
	MaxPair = 4096

	// MaxAge is the longest lifetime, 400 days. Browsers cut what is longer
	// (draft-22 section 5.5).
	MaxAge = 400 * 24 * time.Hour

	// MaxAttribute is the number of octets after which a browser drops an
	// attribute, and only that one (draft-22 section 5.6).
	MaxAttribute = 1024

	// maxLine bounds a Set-Cookie line before it is looked at. The longest that
	// Format can write is shorter: a pair, a path, a domain and 200 octets.
	maxLine = 8 << 10
)
