package jar

// A Profile is how a browser differs from the draft.
type Profile struct {
	Name string // "rfc", "chrome", "firefox", "safari", "classic"
}

// FindProfile returns the profile of that name, and whether there is one.
func FindProfile(name string) (*Profile, bool) { return nil, false }

// Profiles are all there are, the draft's first.
func Profiles() []*Profile { return nil }
