// Package api is the contracts, as files.
package api

import "embed"

// OpenAPI is the REST contract, as YAML.
//
//go:embed openapi.yaml
var OpenAPI []byte

// GraphQL is the GraphQL contract: a .graphql file for each capability.
//
//go:embed graphql/*.graphql
var GraphQL embed.FS

// Events are the JSON Schemas of events, events/<event type>.json, and in
// events/parts.json what they share.
//
//go:embed events/*.json
var Events embed.FS
