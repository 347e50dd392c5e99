// Package billing answers for invoices, payments, products, statements and memberships.
//
//	invoice.go payment.go  invoices and payments
//	product.go             products
//	statement.go           account statements
//	membership.go          memberships
//	policy.go              what members pay less
//	pathway.go             clinical pathways, which invoices belong to
//	resolver.go            what answers
package billing

import patientgraph "frontdesk/graph/patient"

// Resolver is what each resolver of this area looks things up with.
type Resolver struct{ patientgraph.Resolver }

// The resolvers of this area, by the type of the contract whose fields they answer for.
type (
	// Query answers for the queries of this area.
	Query struct{ Resolver }
	// Mutation answers for the mutations of this area.
	Mutation struct{ Resolver }
	// BookingFields answers for fields of a Booking.
	BookingFields struct{ Resolver }
	// InvoiceFields answers for fields of an Invoice.
	InvoiceFields struct{ Resolver }
	// LocationFields answers for fields of a PracticeLocation.
	LocationFields struct{ Resolver }
	// PatientFields answers for fields of a Patient.
	PatientFields struct{ Resolver }
	// PracticeFields answers for fields of a Practice.
	PracticeFields struct{ Resolver }
	// PathwayFields answers for fields of a ClinicalPathway.
	PathwayFields struct{ Resolver }
	// MembershipPolicyFields answers for fields of a MembershipPolicy.
	MembershipPolicyFields struct{ Resolver }
	// ProductFields answers for fields of a Product.
	ProductFields struct{ Resolver }
	// StatementFields answers for fields of an AccountStatement.
	StatementFields struct{ Resolver }
	// UserFields answers for fields of a User.
	UserFields struct{ Resolver }
)
