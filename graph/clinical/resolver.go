// Package clinical answers for clinical records and documents.
//
//	consultation.go record.go recordentry.go  consultations, records and proposed entries
//	prescription.go lab.go letter.go          prescriptions, requests to laboratories, letters
//	questionnaire.go                          questionnaires
//	document.go token.go                      documents, and tokens that show them
//	resolver.go                               what answers
package clinical

import patientgraph "frontdesk/graph/patient"

// Resolver is what each resolver of this area looks things up with.
type Resolver struct{ patientgraph.Resolver }

// The resolvers of this area, by the type of the contract whose fields they answer for.
type (
	// Query answers for the queries of this area.
	Query struct{ Resolver }
	// Mutation answers for the mutations of this area.
	Mutation struct{ Resolver }
	// ConsultationFields answers for fields of a Consultation.
	ConsultationFields struct{ Resolver }
	// DocumentFields answers for fields of a PatientDocument.
	DocumentFields struct{ Resolver }
	// LabFields answers for fields of a Lab.
	LabFields struct{ Resolver }
	// LetterFields answers for fields of a Letter.
	LetterFields struct{ Resolver }
	// PatientFields answers for fields of a Patient.
	PatientFields struct{ Resolver }
	// PrescriptionFields answers for fields of a Prescription.
	PrescriptionFields struct{ Resolver }
	// RecordEntryFields answers for fields of a RecordEntry.
	RecordEntryFields struct{ Resolver }
	// UserFields answers for fields of a User.
	UserFields struct{ Resolver }
)
