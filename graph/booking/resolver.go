// Package booking answers for bookings, availability and tasks.
//
//	booking.go booking_edit.go  bookings: read and changed
//	availability.go             when staff are available
//	task.go                     tasks
//	resolver.go                 what answers
package booking

import patientgraph "frontdesk/graph/patient"

// Resolver is what each resolver of this area looks things up with.
type Resolver struct{ patientgraph.Resolver }

// The resolvers of this area, by the type of the contract whose fields they answer for.
type (
	// Query answers for the queries of this area.
	Query struct{ Resolver }
	// Mutation answers for the mutations of this area.
	Mutation struct{ Resolver }
	// AvailabilityFields answers for fields of a ResourceAvailability.
	AvailabilityFields struct{ Resolver }
	// Fields answers for fields of a Booking.
	Fields struct{ Resolver }
	// PatientFields answers for fields of a Patient.
	PatientFields struct{ Resolver }
	// SettingsFields answers for fields of AvailabilitySettings.
	SettingsFields struct{ Resolver }
	// SlotFields answers for fields of an AvailabilitySlot.
	SlotFields struct{ Resolver }
	// TaskFields answers for fields of a Task.
	TaskFields struct{ Resolver }
	// UserFields answers for fields of a User.
	UserFields struct{ Resolver }
)
