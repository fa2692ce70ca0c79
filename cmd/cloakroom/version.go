package main

import (
	"fmt"
	"runtime"

	"github.com/cloakroom/cloakroom/internal/app"
)

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *versionCmd) Run(t *terminal) error {
	schema, err := app.SchemaVersion()
	if err != nil {
		return err
	}
	if c.JSON {
		return t.jsonLines(1, func(int) any {
			return map[string]any{"version": version(), "go": runtime.Version(), "schema": schema}
		})
	}
	fmt.Fprintf(t.out, "cloakroom %s, %s, schema %d\n", version(), runtime.Version(), schema)
	return nil
}
