package main

import "errors"

type jarCmd struct{}

func (c *jarCmd) Run(t *terminal) error { return errors.ErrUnsupported }
