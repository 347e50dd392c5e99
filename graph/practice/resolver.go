// Package practice answers for the practice, its staff, contacts and labels, and signs staff in.
//
//	practice.go          the practice, its locations and settings
//	user.go auth.go      staff, and how they sign in
//	contact.go label.go  contacts and labels
//	resolver.go          what answers, and what other areas look up here
package practice

import "frontdesk/graph/wire"

// Resolver is what each resolver of this area looks things up with.
type Resolver struct{ *wire.Resolver }

// The resolvers of this area, by the type of the contract whose fields they answer for.
type (
	// Query answers for the queries of this area.
	Query struct{ Resolver }
	// Mutation answers for the mutations of this area.
	Mutation struct{ Resolver }
	// Fields answers for fields of a Practice.
	Fields struct{ Resolver }
	// LocationFields answers for fields of a PracticeLocation.
	LocationFields struct{ Resolver }
	// UserFields answers for fields of a User.
	UserFields struct{ Resolver }
	// ContactFields answers for fields of a Contact.
	ContactFields struct{ Resolver }
)
