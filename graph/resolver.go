package graph

import "frontdesk/graph/gql"

// root answers for the schema: one type of ours for each of the contract's that
// has fields to ask core for. Each embeds its interface, so that a field nobody
// has written yet is known and refused in one place; see unbuilt. A field is
// written as a method of the type, in the file of its capability.
type root struct{ *door }

type (
	query struct {
		gql.QueryResolver
		*door
	}
	mutation struct {
		gql.MutationResolver
		*door
	}
	statementFields struct {
		gql.AccountStatementResolver
		*door
	}
	settingsFields struct {
		gql.AvailabilitySettingsResolver
		*door
	}
	slotFields struct {
		gql.AvailabilitySlotResolver
		*door
	}
	availabilityFields struct {
		gql.ResourceAvailabilityResolver
		*door
	}
	bookingFields struct {
		gql.BookingResolver
		*door
	}
	consultationFields struct {
		gql.ConsultationResolver
		*door
	}
	contactFields struct {
		gql.ContactResolver
		*door
	}
	invoiceFields struct {
		gql.InvoiceResolver
		*door
	}
	labFields struct {
		gql.LabResolver
		*door
	}
	letterFields struct {
		gql.LetterResolver
		*door
	}
	patientFields struct {
		gql.PatientResolver
		*door
	}
	documentFields struct {
		gql.PatientDocumentResolver
		*door
	}
	practiceFields struct {
		gql.PracticeResolver
		*door
	}
	locationFields struct {
		gql.PracticeLocationResolver
		*door
	}
	prescriptionFields struct {
		gql.PrescriptionResolver
		*door
	}
	productFields struct {
		gql.ProductResolver
		*door
	}
	taskFields struct {
		gql.TaskResolver
		*door
	}
	userFields struct {
		gql.UserResolver
		*door
	}
)

// The methods of gql.ResolverRoot.

// Query answers for Query.
func (r root) Query() gql.QueryResolver { return query{door: r.door} }

// Mutation answers for Mutation.
func (r root) Mutation() gql.MutationResolver { return mutation{door: r.door} }

// AccountStatement answers for AccountStatement.
func (r root) AccountStatement() gql.AccountStatementResolver { return statementFields{door: r.door} }

// AvailabilitySettings answers for AvailabilitySettings.
func (r root) AvailabilitySettings() gql.AvailabilitySettingsResolver {
	return settingsFields{door: r.door}
}

// AvailabilitySlot answers for AvailabilitySlot.
func (r root) AvailabilitySlot() gql.AvailabilitySlotResolver { return slotFields{door: r.door} }

// ResourceAvailability answers for ResourceAvailability.
func (r root) ResourceAvailability() gql.ResourceAvailabilityResolver {
	return availabilityFields{door: r.door}
}

// Booking answers for Booking.
func (r root) Booking() gql.BookingResolver { return bookingFields{door: r.door} }

// Consultation answers for Consultation.
func (r root) Consultation() gql.ConsultationResolver { return consultationFields{door: r.door} }

// Contact answers for Contact.
func (r root) Contact() gql.ContactResolver { return contactFields{door: r.door} }

// Invoice answers for Invoice.
func (r root) Invoice() gql.InvoiceResolver { return invoiceFields{door: r.door} }

// Lab answers for Lab.
func (r root) Lab() gql.LabResolver { return labFields{door: r.door} }

// Letter answers for Letter.
func (r root) Letter() gql.LetterResolver { return letterFields{door: r.door} }

// Patient answers for Patient.
func (r root) Patient() gql.PatientResolver { return patientFields{door: r.door} }

// PatientDocument answers for PatientDocument.
func (r root) PatientDocument() gql.PatientDocumentResolver { return documentFields{door: r.door} }

// Practice answers for Practice.
func (r root) Practice() gql.PracticeResolver { return practiceFields{door: r.door} }

// PracticeLocation answers for PracticeLocation.
func (r root) PracticeLocation() gql.PracticeLocationResolver { return locationFields{door: r.door} }

// Prescription answers for Prescription.
func (r root) Prescription() gql.PrescriptionResolver { return prescriptionFields{door: r.door} }

// Product answers for Product.
func (r root) Product() gql.ProductResolver { return productFields{door: r.door} }

// Task answers for Task.
func (r root) Task() gql.TaskResolver { return taskFields{door: r.door} }

// User answers for User.
func (r root) User() gql.UserResolver { return userFields{door: r.door} }

// resolvers are all of them, by the type they answer for.
func (r root) resolvers() map[string]any {
	return map[string]any{
		"Query":                query{},
		"Mutation":             mutation{},
		"AccountStatement":     statementFields{},
		"AvailabilitySettings": settingsFields{},
		"AvailabilitySlot":     slotFields{},
		"ResourceAvailability": availabilityFields{},
		"Booking":              bookingFields{},
		"Consultation":         consultationFields{},
		"Contact":              contactFields{},
		"Invoice":              invoiceFields{},
		"Lab":                  labFields{},
		"Letter":               letterFields{},
		"Patient":              patientFields{},
		"PatientDocument":      documentFields{},
		"Practice":             practiceFields{},
		"PracticeLocation":     locationFields{},
		"Prescription":         prescriptionFields{},
		"Product":              productFields{},
		"Task":                 taskFields{},
		"User":                 userFields{},
	}
}
