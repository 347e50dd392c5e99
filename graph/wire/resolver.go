// Package wire is what the areas of the GraphQL door share: the contract's ids, words, pages and times for core's.
//
//	resolver.go  what every resolver asks core with
//	id.go        ids that name their kind
//	words.go     text, dates, amounts and choices, read and written
//	page.go      pages, by number and by cursor
//	listing.go   what lists are narrowed by, and lists of core as the contract's
//	walltime.go  the practice's wall clock
//	loaders.go   many things asked for one by one, read at once
//	fields.go    which fields a document asks for
package wire

import (
	"time"

	"frontdesk/core"
)

// Resolver is what every field that asks core is answered with.
type Resolver struct {
	// Core has the capabilities.
	Core *core.Core
	// Wait is how long the first field waits for others that ask for the like.
	Wait time.Duration
}
