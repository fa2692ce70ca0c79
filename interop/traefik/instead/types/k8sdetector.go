package types

import (
	"context"

	"go.opentelemetry.io/otel/sdk/resource"
)

// K8sAttributesDetector finds no cluster.
type K8sAttributesDetector struct{}

func (K8sAttributesDetector) Detect(context.Context) (*resource.Resource, error) { return nil, nil }
