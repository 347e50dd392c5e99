// Package webhook answers for webhooks, and writes what they deliver.
//
//	webhook.go   webhooks, their topics and bodies
//	resolver.go  what answers
package webhook

import "frontdesk/graph/wire"

// Resolver is what each resolver of this area looks things up with.
type Resolver struct{ *wire.Resolver }

// The resolvers of this area, by the type of the contract whose fields they answer for.
type (
	// Query answers for the queries of this area.
	Query struct{ Resolver }
	// Mutation answers for the mutations of this area.
	Mutation struct{ Resolver }
)
