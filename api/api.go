// Package api is the contracts, as files.
package api

import _ "embed"

// OpenAPI is the REST contract, as YAML.
//
//go:embed openapi.yaml
var OpenAPI []byte
