package explain

import "io"

// HAR stub.
type HAR struct{}

func (e *explainer) explainHAR(r io.Reader) (*Report, error) { return e.report, nil }
