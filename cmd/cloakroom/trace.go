package main

import "errors"

type traceCmd struct{}

func (c *traceCmd) Run(t *terminal) error { return errors.ErrUnsupported }
