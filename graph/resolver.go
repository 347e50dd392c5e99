package graph

import "frontdesk/graph/gql"

// root answers for the schema: one type of ours for each of the contract's that
// has fields to ask core for. A field is written as a method of the type, in the
// file of its capability.
type root struct{ *door }

type (
	query              struct{ *door }
	mutation           struct{ *door }
	statementFields    struct{ *door }
	settingsFields     struct{ *door }
	slotFields         struct{ *door }
	availabilityFields struct{ *door }
	bookingFields      struct{ *door }
	consultationFields struct{ *door }
	contactFields      struct{ *door }
	invoiceFields      struct{ *door }
	labFields          struct{ *door }
	letterFields       struct{ *door }
	patientFields      struct{ *door }
	documentFields     struct{ *door }
	practiceFields     struct{ *door }
	locationFields     struct{ *door }
	prescriptionFields struct{ *door }
	productFields      struct{ *door }
	checkFields        struct{ *door }
	recordEntryFields  struct{ *door }
	taskFields         struct{ *door }
	userFields         struct{ *door }
)

// The methods of gql.ResolverRoot.

// Query answers for Query.
func (r root) Query() gql.QueryResolver { return query(r) }

// Mutation answers for Mutation.
func (r root) Mutation() gql.MutationResolver { return mutation(r) }

// AccountStatement answers for AccountStatement.
func (r root) AccountStatement() gql.AccountStatementResolver { return statementFields(r) }

// AvailabilitySettings answers for AvailabilitySettings.
func (r root) AvailabilitySettings() gql.AvailabilitySettingsResolver {
	return settingsFields(r)
}

// AvailabilitySlot answers for AvailabilitySlot.
func (r root) AvailabilitySlot() gql.AvailabilitySlotResolver { return slotFields(r) }

// ResourceAvailability answers for ResourceAvailability.
func (r root) ResourceAvailability() gql.ResourceAvailabilityResolver {
	return availabilityFields(r)
}

// Booking answers for Booking.
func (r root) Booking() gql.BookingResolver { return bookingFields(r) }

// Consultation answers for Consultation.
func (r root) Consultation() gql.ConsultationResolver { return consultationFields(r) }

// Contact answers for Contact.
func (r root) Contact() gql.ContactResolver { return contactFields(r) }

// Invoice answers for Invoice.
func (r root) Invoice() gql.InvoiceResolver { return invoiceFields(r) }

// Lab answers for Lab.
func (r root) Lab() gql.LabResolver { return labFields(r) }

// Letter answers for Letter.
func (r root) Letter() gql.LetterResolver { return letterFields(r) }

// Patient answers for Patient.
func (r root) Patient() gql.PatientResolver { return patientFields(r) }

// PatientDocument answers for PatientDocument.
func (r root) PatientDocument() gql.PatientDocumentResolver { return documentFields(r) }

// Practice answers for Practice.
func (r root) Practice() gql.PracticeResolver { return practiceFields(r) }

// PracticeLocation answers for PracticeLocation.
func (r root) PracticeLocation() gql.PracticeLocationResolver { return locationFields(r) }

// Prescription answers for Prescription.
func (r root) Prescription() gql.PrescriptionResolver { return prescriptionFields(r) }

// Product answers for Product.
func (r root) Product() gql.ProductResolver { return productFields(r) }

// IdentityCheck answers for IdentityCheck.
func (r root) IdentityCheck() gql.IdentityCheckResolver { return checkFields(r) }

// RecordEntry answers for RecordEntry.
func (r root) RecordEntry() gql.RecordEntryResolver { return recordEntryFields(r) }

// Task answers for Task.
func (r root) Task() gql.TaskResolver { return taskFields(r) }

// User answers for User.
func (r root) User() gql.UserResolver { return userFields(r) }
