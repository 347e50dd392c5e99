package graph

import (
	billinggraph "frontdesk/graph/billing"
	bookinggraph "frontdesk/graph/booking"
	clinicalgraph "frontdesk/graph/clinical"
	"frontdesk/graph/gql"
	messaginggraph "frontdesk/graph/messaging"
	patientgraph "frontdesk/graph/patient"
	practicegraph "frontdesk/graph/practice"
	webhookgraph "frontdesk/graph/webhook"
	"frontdesk/graph/wire"
)

// root answers for the schema with the resolvers of the areas. Where several areas answer for fields of one
// type of the contract, theirs are embedded in one.
type root struct {
	practice  practicegraph.Resolver
	patient   patientgraph.Resolver
	booking   bookinggraph.Resolver
	clinical  clinicalgraph.Resolver
	billing   billinggraph.Resolver
	messaging messaginggraph.Resolver
	webhook   webhookgraph.Resolver
}

func rootOf(r *wire.Resolver) root {
	practice := practicegraph.Resolver{Resolver: r}
	patient := patientgraph.Resolver{Resolver: practice}
	return root{
		practice: practice, patient: patient,
		booking:   bookinggraph.Resolver{Resolver: patient},
		clinical:  clinicalgraph.Resolver{Resolver: patient},
		billing:   billinggraph.Resolver{Resolver: patient},
		messaging: messaginggraph.Resolver{Resolver: patient},
		webhook:   webhookgraph.Resolver{Resolver: r},
	}
}

// Names for what is embedded: each area calls its own the same.
type (
	practiceQuery          = practicegraph.Query
	patientQuery           = patientgraph.Query
	bookingQuery           = bookinggraph.Query
	clinicalQuery          = clinicalgraph.Query
	billingQuery           = billinggraph.Query
	messagingQuery         = messaginggraph.Query
	webhookQuery           = webhookgraph.Query
	practiceMutation       = practicegraph.Mutation
	patientMutation        = patientgraph.Mutation
	bookingMutation        = bookinggraph.Mutation
	clinicalMutation       = clinicalgraph.Mutation
	billingMutation        = billinggraph.Mutation
	messagingMutation      = messaginggraph.Mutation
	webhookMutation        = webhookgraph.Mutation
	practicePracticeFields = practicegraph.Fields
	patientPracticeFields  = patientgraph.PracticeFields
	billingPracticeFields  = billinggraph.PracticeFields
	practiceLocationFields = practicegraph.LocationFields
	billingLocationFields  = billinggraph.LocationFields
	practiceUserFields     = practicegraph.UserFields
	bookingUserFields      = bookinggraph.UserFields
	clinicalUserFields     = clinicalgraph.UserFields
	billingUserFields      = billinggraph.UserFields
	patientPatientFields   = patientgraph.Fields
	bookingPatientFields   = bookinggraph.PatientFields
	clinicalPatientFields  = clinicalgraph.PatientFields
	billingPatientFields   = billinggraph.PatientFields
	bookingBookingFields   = bookinggraph.Fields
	billingBookingFields   = billinggraph.BookingFields
)

type (
	query struct {
		practiceQuery
		patientQuery
		bookingQuery
		clinicalQuery
		billingQuery
		messagingQuery
		webhookQuery
	}
	mutation struct {
		practiceMutation
		patientMutation
		bookingMutation
		clinicalMutation
		billingMutation
		messagingMutation
		webhookMutation
	}
	practiceFields struct {
		practicePracticeFields
		patientPracticeFields
		billingPracticeFields
	}
	locationFields struct {
		practiceLocationFields
		billingLocationFields
	}
	userFields struct {
		practiceUserFields
		bookingUserFields
		clinicalUserFields
		billingUserFields
	}
	patientFields struct {
		patientPatientFields
		bookingPatientFields
		clinicalPatientFields
		billingPatientFields
	}
	bookingFields struct {
		bookingBookingFields
		billingBookingFields
	}
)

// The methods of gql.ResolverRoot.

// Query answers for Query.
func (r root) Query() gql.QueryResolver {
	return query{
		practiceQuery:  practiceQuery{Resolver: r.practice},
		patientQuery:   patientQuery{Resolver: r.patient},
		bookingQuery:   bookingQuery{Resolver: r.booking},
		clinicalQuery:  clinicalQuery{Resolver: r.clinical},
		billingQuery:   billingQuery{Resolver: r.billing},
		messagingQuery: messagingQuery{Resolver: r.messaging},
		webhookQuery:   webhookQuery{Resolver: r.webhook},
	}
}

// Mutation answers for Mutation.
func (r root) Mutation() gql.MutationResolver {
	return mutation{
		practiceMutation:  practiceMutation{Resolver: r.practice},
		patientMutation:   patientMutation{Resolver: r.patient},
		bookingMutation:   bookingMutation{Resolver: r.booking},
		clinicalMutation:  clinicalMutation{Resolver: r.clinical},
		billingMutation:   billingMutation{Resolver: r.billing},
		messagingMutation: messagingMutation{Resolver: r.messaging},
		webhookMutation:   webhookMutation{Resolver: r.webhook},
	}
}

// Practice answers for Practice.
func (r root) Practice() gql.PracticeResolver {
	return practiceFields{
		practicePracticeFields: practicePracticeFields{Resolver: r.practice},
		patientPracticeFields:  patientPracticeFields{Resolver: r.patient},
		billingPracticeFields:  billingPracticeFields{Resolver: r.billing},
	}
}

// PracticeLocation answers for PracticeLocation.
func (r root) PracticeLocation() gql.PracticeLocationResolver {
	return locationFields{
		practiceLocationFields: practiceLocationFields{Resolver: r.practice},
		billingLocationFields:  billingLocationFields{Resolver: r.billing},
	}
}

// User answers for User.
func (r root) User() gql.UserResolver {
	return userFields{
		practiceUserFields: practiceUserFields{Resolver: r.practice},
		bookingUserFields:  bookingUserFields{Resolver: r.booking},
		clinicalUserFields: clinicalUserFields{Resolver: r.clinical},
		billingUserFields:  billingUserFields{Resolver: r.billing},
	}
}

// Contact answers for Contact.
func (r root) Contact() gql.ContactResolver {
	return practicegraph.ContactFields{Resolver: r.practice}
}

// Patient answers for Patient.
func (r root) Patient() gql.PatientResolver {
	return patientFields{
		patientPatientFields:  patientPatientFields{Resolver: r.patient},
		bookingPatientFields:  bookingPatientFields{Resolver: r.booking},
		clinicalPatientFields: clinicalPatientFields{Resolver: r.clinical},
		billingPatientFields:  billingPatientFields{Resolver: r.billing},
	}
}

// IdentityCheck answers for IdentityCheck.
func (r root) IdentityCheck() gql.IdentityCheckResolver {
	return patientgraph.CheckFields{Resolver: r.patient}
}

// ResourceAvailability answers for ResourceAvailability.
func (r root) ResourceAvailability() gql.ResourceAvailabilityResolver {
	return bookinggraph.AvailabilityFields{Resolver: r.booking}
}

// Booking answers for Booking.
func (r root) Booking() gql.BookingResolver {
	return bookingFields{
		bookingBookingFields: bookingBookingFields{Resolver: r.booking},
		billingBookingFields: billingBookingFields{Resolver: r.billing},
	}
}

// AvailabilitySettings answers for AvailabilitySettings.
func (r root) AvailabilitySettings() gql.AvailabilitySettingsResolver {
	return bookinggraph.SettingsFields{Resolver: r.booking}
}

// AvailabilitySlot answers for AvailabilitySlot.
func (r root) AvailabilitySlot() gql.AvailabilitySlotResolver {
	return bookinggraph.SlotFields{Resolver: r.booking}
}

// Task answers for Task.
func (r root) Task() gql.TaskResolver {
	return bookinggraph.TaskFields{Resolver: r.booking}
}

// Consultation answers for Consultation.
func (r root) Consultation() gql.ConsultationResolver {
	return clinicalgraph.ConsultationFields{Resolver: r.clinical}
}

// PatientDocument answers for PatientDocument.
func (r root) PatientDocument() gql.PatientDocumentResolver {
	return clinicalgraph.DocumentFields{Resolver: r.clinical}
}

// Lab answers for Lab.
func (r root) Lab() gql.LabResolver {
	return clinicalgraph.LabFields{Resolver: r.clinical}
}

// Letter answers for Letter.
func (r root) Letter() gql.LetterResolver {
	return clinicalgraph.LetterFields{Resolver: r.clinical}
}

// Prescription answers for Prescription.
func (r root) Prescription() gql.PrescriptionResolver {
	return clinicalgraph.PrescriptionFields{Resolver: r.clinical}
}

// RecordEntry answers for RecordEntry.
func (r root) RecordEntry() gql.RecordEntryResolver {
	return clinicalgraph.RecordEntryFields{Resolver: r.clinical}
}

// Invoice answers for Invoice.
func (r root) Invoice() gql.InvoiceResolver {
	return billinggraph.InvoiceFields{Resolver: r.billing}
}

// ClinicalPathway answers for ClinicalPathway.
func (r root) ClinicalPathway() gql.ClinicalPathwayResolver {
	return billinggraph.PathwayFields{Resolver: r.billing}
}

// MembershipPolicy answers for MembershipPolicy.
func (r root) MembershipPolicy() gql.MembershipPolicyResolver {
	return billinggraph.MembershipPolicyFields{Resolver: r.billing}
}

// Product answers for Product.
func (r root) Product() gql.ProductResolver {
	return billinggraph.ProductFields{Resolver: r.billing}
}

// AccountStatement answers for AccountStatement.
func (r root) AccountStatement() gql.AccountStatementResolver {
	return billinggraph.StatementFields{Resolver: r.billing}
}
