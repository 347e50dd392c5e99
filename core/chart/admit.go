package chart

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Admission is a new patient with what is kept around them.
type Admission struct {
	patient.Changes
	// Phone is a telephone number of a kind; empty is none.
	PhoneKind, Phone string
	Labels           []label.ID
	Attributes       []Attribute
}

// Admit adds a patient. What is kept around them from the start is told of with the
// patient, and not besides. Errors: field faults, patient.ErrCountry, label.ErrNotFound.
func (s *Service) Admit(ctx context.Context, a Admission) (patient.Full, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return patient.Full{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var made patient.Full
	err = s.Store.Do(ctx, func(tx Tx) error {
		first := a.Changes
		rest := a.Phone
		var in input.Checks
		kind := phoneKind(&in, a.PhoneKind)
		if rest != "" && kind == Mobile && in.Err() == nil {
			first.Mobile, rest = &a.Phone, ""
		}
		if rest != "" && kind == Home && in.Err() == nil {
			first.Landline, rest = &a.Phone, ""
		}
		if err := in.Err(); err != nil && a.Phone != "" {
			return err
		}
		p, err := s.Patients.Admit(ctx, tx, who, first, now)
		if err != nil {
			return err
		}
		if rest != "" {
			n := Phone{ID: PhoneID(s.NewID()), Kind: kind, Number: rest}
			if err := n.check(""); err != nil {
				return err
			}
			if err := tx.SavePhone(ctx, who.Group, p.ID, n); err != nil {
				return err
			}
		}
		for _, id := range a.Labels {
			if _, err := s.putLabel(ctx, tx, who, p.ID, id); err != nil {
				return err
			}
		}
		for _, x := range a.Attributes {
			x.ID = AttributeID(s.NewID())
			if err := x.check(); err != nil {
				return err
			}
			if err := tx.SaveAttribute(ctx, who.Group, p.ID, x); err != nil {
				return err
			}
		}
		made, err = one(ctx, tx, who.Group, p.ID)
		return err
	})
	return made, err
}

// Amend changes a patient. Errors: patient.ErrNotFound, patient.ErrRestricted,
// patient.ErrCountry, field faults.
func (s *Service) Amend(ctx context.Context, id patient.ID, c patient.Changes) (patient.Full, error) {
	return s.change(ctx, id, "", nil, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		_, err := s.Patients.Amend(ctx, tx, who, p, c, now)
		return err
	})
}

// Delete marks a patient as deleted and gives them as they were, but for that.
// What belongs to them is kept, but their appointments to come are cancelled.
// Errors: patient.ErrNotFound, booking.ErrToCome.
func (s *Service) Delete(ctx context.Context, id patient.ID) (patient.Full, error) {
	return s.changeLocking(ctx, id, "patient.delete", nil, s.lockAll, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		if _, err := booking.Leave(ctx, tx, who, p.ID, now); err != nil {
			return err
		}
		return s.Patients.Delete(ctx, tx, who, p, now)
	})
}

// The reasons, spelt as the contract spells them.
var (
	archiveReasons = []string{
		"INACTIVE_PATIENT", "DISCHARGED_PATIENT", "DECEASED_PATIENT", "MOVED_AWAY_OR_TRANSFER_OF_CARE", "LAPSED_MEMBERSHIP", "PATIENT_REQUEST", "OTHER",
	}
	unarchiveReasons = []string{
		"ACTIVE_PATIENT", "PROCESS_LAB_RESULTS", "PROCESS_PAYMENT", "PROCESS_LETTER_OR_TASK", "AUDIT_AND_ADMINISTRATIVE_REASONS", "OTHER", "",
	}
)

// Archive sets a patient aside, and cancels their appointments to come. Archiving
// twice is archiving once. Errors: patient.ErrNotFound, booking.ErrToCome.
func (s *Service) Archive(ctx context.Context, id patient.ID, r patient.Reasons) (patient.Full, error) {
	if !slices.Contains(archiveReasons, r.Reason) {
		return patient.Full{}, fault.Wrong("reason", input.CodeChoice, "a reason", "This is not a reason.")
	}
	return s.unlessNone(ctx, id, "patient.archive", r, s.lockAll, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		if p.Stays(r) {
			return errNone
		}
		cancelled, err := booking.Leave(ctx, tx, who, p.ID, now)
		if err != nil {
			return err
		}
		return s.Patients.Archive(ctx, tx, who, p, r, cancelled, now)
	})
}

// Unarchive takes that back. Error: patient.ErrNotFound.
func (s *Service) Unarchive(ctx context.Context, id patient.ID, reason string) (patient.Full, error) {
	if !slices.Contains(unarchiveReasons, reason) {
		return patient.Full{}, fault.Wrong("reason", input.CodeChoice, "a reason", "This is not a reason.")
	}
	return s.unlessNone(ctx, id, "patient.unarchive", reason, s.lock, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		if p.Status == patient.Unarchived {
			return errNone
		}
		return s.Patients.Unarchive(ctx, tx, who, p, reason, now)
	})
}

// unlessNone is change, where do can say that there is nothing to do.
func (s *Service) unlessNone(ctx context.Context, id patient.ID, action string, asked any,
	lock func(context.Context, Tx, practice.ID, patient.ID) (patient.Full, error),
	do func(tx Tx, who access.Caller, p patient.Full, now time.Time) error,
) (patient.Full, error) {
	var there patient.Full
	p, err := s.changeLocking(ctx, id, action, asked, lock, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		there = p
		return do(tx, who, p, now)
	})
	if errors.Is(err, errNone) {
		return there, nil
	}
	return p, err
}
