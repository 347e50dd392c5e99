package patient

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/practice"
)

// EditTx is what a change of a patient, or of something that belongs to one, needs of its transaction.
type EditTx interface {
	// LockPatientForChange keeps others from changing the patient until the end of the transaction.
	LockPatientForChange(ctx context.Context, group practice.ID, id ID) error
	PatientsByID(ctx context.Context, group practice.ID, ids []ID) ([]Patient, error)
	// Touch notes that something that belongs to the patient changed.
	Touch(ctx context.Context, group practice.ID, id ID, at time.Time) error
	Audit(ctx context.Context, e audit.Entry) error
}

// ErrUnchanged is what the function of an Edit returns where there is nothing to
// change: then nothing is kept, and it is no error.
var ErrUnchanged = errors.New("nothing to change")

// Edit locks the patient an id stands for, changes something that belongs to them in one transaction, and gives the
// patient as they are afterwards. The change writes its own event and audit entry. Error: ErrNotFound.
func Edit[T EditTx](
	ctx context.Context, do func(context.Context, func(T) error) error, now time.Time, id ID,
	change func(tx T, who access.Caller, p Patient) error,
) (Patient, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return Patient{}, err
	}
	var p Patient
	err = do(ctx, func(tx T) (err error) {
		if p, err = LockCurrent(ctx, tx, who.Group, id); err != nil {
			return err
		}
		if err := change(tx, who, p); err != nil {
			return err
		}
		if err := tx.Touch(ctx, who.Group, p.ID, now); err != nil {
			return err
		}
		p, err = one(ctx, tx, who.Group, p.ID)
		return err
	})
	if errors.Is(err, ErrUnchanged) {
		err = nil
	}
	return p.shownTo(who), err
}

// Lock is LockCurrent, with the contact points. Details kept before there were sources came from callers.
func Lock(ctx context.Context, tx ChangeTx, group practice.ID, id ID) (Patient, error) {
	p, err := LockCurrent(ctx, tx, group, id)
	if err != nil {
		return p, err
	}
	return p, p.ReadPoints(ctx, tx, group)
}

// LockCurrent keeps others from changing the patient an id stands for, and reads them. Error: ErrNotFound.
func LockCurrent(ctx context.Context, tx EditTx, group practice.ID, id ID) (Patient, error) {
	for {
		if err := tx.LockPatientForChange(ctx, group, id); err != nil {
			return Patient{}, err
		}
		p, err := one(ctx, tx, group, id)
		switch {
		case err != nil:
			return p, err
		case p.Deleted():
			return p, ErrNotFound
		case p.Live():
			return p, nil
		}
		id = p.MergedInto
	}
}

func one(ctx context.Context, tx EditTx, group practice.ID, id ID) (Patient, error) {
	all, err := tx.PatientsByID(ctx, group, []ID{id})
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Patient{}, err
	}
	return all[0], nil
}
