package store

import (
	"context"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Patients are the statements of store/patient that areas still in this package need.
type Patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	LockPatientForBooking(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

// PatientsOn is what store/patient sets. It goes with the last area that leaves this package and asks for patients.
var PatientsOn func(Conn) Patients

func (t *Tx) patients() Patients { return PatientsOn(Conn{t}) }

// Patient finds a patient.
func (t *Tx) Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error) {
	return t.patients().Patient(ctx, group, id)
}

// PatientsByID finds patients with their particulars.
func (t *Tx) PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error) {
	return t.patients().PatientsByID(ctx, group, ids)
}

// LockPatientAgainstMerge finds the patient an id stands for and keeps it from being merged away.
func (t *Tx) LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error) {
	return t.patients().LockPatientAgainstMerge(ctx, group, id)
}

// LockPatientForBooking is LockPatientAgainstMerge, and others who take the patient wait.
func (t *Tx) LockPatientForBooking(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error) {
	return t.patients().LockPatientForBooking(ctx, group, id)
}
