package jar

// A Reason is a stable code. Where Chrome's DevTools protocol has a name for it, it is that name.
type Reason string

// Why a Set-Cookie line is rejected, or changes less than it seems to.
const (
	NoCookieContent             Reason = "NoCookieContent"             // name and value are empty
	DisallowedCharacter         Reason = "DisallowedCharacter"         // a control character
	NameValuePairExceedsMaxSize Reason = "NameValuePairExceedsMaxSize" // more than 4,096 octets
	InvalidDomain               Reason = "InvalidDomain"               // a public suffix, another host, or not ASCII
	InvalidPrefix               Reason = "InvalidPrefix"               // __Secure-, __Host-, __Http- or __Host-Http- not kept
	OverwriteSecure             Reason = "OverwriteSecure"             // http would cover a Secure cookie
	HTTPOnlyOverwrite           Reason = "HttpOnlyOverwrite"           // script would create or replace an HttpOnly cookie
	SchemeNotSupported          Reason = "SchemeNotSupported"          // neither http nor https
	SyntaxError                 Reason = "SyntaxError"                 // this browser cannot read it, or no line can have made it
	PartitionedInsecure         Reason = "PartitionedInsecure"         // Partitioned without Secure
	DeletedByMaxAge             Reason = "DeletedByMaxAge"             // Max-Age of zero or less: it deletes
	Expired                     Reason = "Expired"                     // a date that has passed: it deletes
	Evicted                     Reason = "Evicted"                     // stored, and put out at once by the limits
	HeaderTooLarge              Reason = "HeaderTooLarge"              // the path of the URL, which it would get, is far too long
)

// Why a cookie is not stored or not sent.
const (
	SecureOnly                               Reason = "SecureOnly" // Secure, and the connection is not
	SameSiteStrict                           Reason = "SameSiteStrict"
	SameSiteLax                              Reason = "SameSiteLax"
	SameSiteUnspecifiedTreatedAsLax          Reason = "SameSiteUnspecifiedTreatedAsLax"
	SameSiteNoneInsecure                     Reason = "SameSiteNoneInsecure" // SameSite=None without Secure
	SchemefulSameSiteStrict                  Reason = "SchemefulSameSiteStrict"
	SchemefulSameSiteLax                     Reason = "SchemefulSameSiteLax"
	SchemefulSameSiteUnspecifiedTreatedAsLax Reason = "SchemefulSameSiteUnspecifiedTreatedAsLax"
	ThirdPartyPhaseout                       Reason = "ThirdPartyPhaseout" // this browser blocks cookies of third parties
)

// Why a cookie of the jar is not sent.
const (
	DomainMismatch    Reason = "DomainMismatch"
	NotOnPath         Reason = "NotOnPath"
	NotForScript      Reason = "HttpOnly" // script asks, and the cookie is HttpOnly
	PartitionMismatch Reason = "PartitionMismatch"
)

// Warnings: the cookie is kept or sent, but.
const (
	WarnAttributeValueExceedsMaxSize        Reason = "WarnAttributeValueExceedsMaxSize" // more than 1,024 octets: that attribute is ignored
	WarnDomainNonASCII                      Reason = "WarnDomainNonASCII"
	WarnSameSiteUnspecifiedLaxAllowUnsafe   Reason = "WarnSameSiteUnspecifiedLaxAllowUnsafe" // sent with a POST because it is young
	WarnSameSiteUnspecifiedCrossSiteContext Reason = "WarnSameSiteUnspecifiedCrossSiteContext"
	WarnSameSiteNoneInsecure                Reason = "WarnSameSiteNoneInsecure"
	WarnLifetimeCut                         Reason = "WarnLifetimeCut"      // more than 400 days
	WarnIgnoredAttribute                    Reason = "WarnIgnoredAttribute" // unknown or unreadable: ignored
	WarnLoopback                            Reason = "WarnLoopback"         // counts as secure on loopback only
)
