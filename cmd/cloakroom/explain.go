package main

import "errors"

type explainCmd struct{}

func (c *explainCmd) Run(t *terminal) error { return errors.ErrUnsupported }
