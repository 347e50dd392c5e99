package pathway

import (
	"context"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Finder finds the pathways that things belong to.
type Finder interface {
	// PathwayPatient is whose a pathway is that was not deleted, or ErrNotFound.
	PathwayPatient(ctx context.Context, group practice.ID, id ID) (patient.ID, error)
}

// Set says which pathway a thing about a patient belongs to; nil leaves it as it is, and 0 is none. One that it belongs
// to already may have been deleted since. Errors: ErrNotFound, ErrOtherPatient.
func Set(ctx context.Context, tx Finder, group practice.ID, about patient.ID, of, to *ID) error {
	if to == nil || *to == *of {
		return nil
	}
	if *to != 0 {
		whose, err := tx.PathwayPatient(ctx, group, *to)
		if err == nil && whose != about {
			err = ErrOtherPatient
		}
		if err != nil {
			return err
		}
	}
	*of = *to
	return nil
}
