// Package messaging answers for text messages and emails to patients.
//
//	communication.go  messages sent, waiting and listed
//	resolver.go       what answers
package messaging

import patientgraph "frontdesk/graph/patient"

// Resolver is what each resolver of this area looks things up with.
type Resolver struct{ patientgraph.Resolver }

// The resolvers of this area, by the type of the contract whose fields they answer for.
type (
	// Query answers for the queries of this area.
	Query struct{ Resolver }
	// Mutation answers for the mutations of this area.
	Mutation struct{ Resolver }
)
