// Package patient answers for patients and what belongs to them.
//
//	patient.go       patients: found, listed, created and changed
//	belonging.go     numbers, telephone numbers, attributes, labels and access groups
//	relationship.go  relationships
//	identity.go      identity checks
//	resolver.go      what answers, and what other areas look up here
package patient

import practicegraph "frontdesk/graph/practice"

// Resolver is what each resolver of this area looks things up with.
type Resolver struct{ practicegraph.Resolver }

// The resolvers of this area, by the type of the contract whose fields they answer for.
type (
	// Query answers for the queries of this area.
	Query struct{ Resolver }
	// Mutation answers for the mutations of this area.
	Mutation struct{ Resolver }
	// Fields answers for fields of a Patient.
	Fields struct{ Resolver }
	// PracticeFields answers for fields of a Practice.
	PracticeFields struct{ Resolver }
	// CheckFields answers for fields of an IdentityCheck.
	CheckFields struct{ Resolver }
)
