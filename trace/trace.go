package trace

import (
	"context"
	"errors"
)

// Run goes the way of one URL and returns what it saw. A bare "example.com" is https://example.com/. A hop that failed is in
// the trace as its last, with Failed set; the error is that [Failure] again, and the trace is never nil.
func Run(ctx context.Context, url string, o *Options) (*Trace, error) {
	return &Trace{Schema: Schema, Findings: []Finding{}}, errors.ErrUnsupported
}
