// Package oas is the REST contract as ogen writes it.
package oas

// The answers of operations that have one each, by the names they had when each status had a type of its own.
type (
	GetPatientByIdV2Res         = *PatientV2
	ConnectPatientEhrRes        = *PatientV2
	CountSlotsRes               = *CountSlotsOK
	CreateAppointmentTypeRes    = *AppointmentTypeSetup
	CreatePatientAttachmentRes  = *Attachment
	CreateSessionRes            = *Session
	DeleteSessionRes            = *Done
	GetIdentityCheckRes         = *IdentityCheck
	GetPatientAttachmentRes     = *Attachment
	GetPatientByIdRes           = *Patient
	GetSessionRes               = *Session
	GetSlotRes                  = *Slot
	ListAppointmentTypesRes     = *ListAppointmentTypesOK
	ListPatientAttachmentsRes   = *ListPatientAttachmentsOK
	ListPatientEhrCandidatesRes = *ListPatientEhrCandidatesOK
	ListPatientsRes             = *ListPatientsOK
	ListSessionsRes             = *ListSessionsOK
	ListSlotsRes                = *ListSlotsOK
	MergePatientsRes            = *PatientMerge
	PreviewPatientMergeRes      = *MergePreview
	RegisterPatientRes          = *RegisterPatientOK
	SetPatientContactDetailRes  = *PatientV2
	UnmergePatientsRes          = *PatientMerge
	UpdateAppointmentTypeRes    = *AppointmentTypeSetup
	UpdateSessionRes            = *Session
)
