// Package filter reads what lists are narrowed by.
package filter

import (
	"context"
	"errors"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Patients finds patients.
type Patients interface {
	// Patient finds a patient, also one that has been merged, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

// Patient sets the patient that a list is narrowed to, where it is to one, to the patient which the id stands for now:
// a list by the id of a merged patient is that of the patient it was merged into. It reports whether there is no such
// patient, so that the list is empty.
func Patient(ctx context.Context, from Patients, group practice.ID, id *patient.ID) (none bool, err error) {
	if *id == 0 {
		return false, nil
	}
	p, err := patient.Current(ctx, from, group, *id)
	if errors.Is(err, patient.ErrNotFound) {
		return true, nil
	}
	if err == nil {
		*id = p.ID
	}
	return false, err
}
