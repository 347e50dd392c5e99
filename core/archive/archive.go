// Package archive is patients who leave the practice: archived, unarchived and
// deleted. Their appointments to come are cancelled.
package archive

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/contactpoint"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Store is what archive needs remembered.
type Store interface {
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	booking.LeaveTx
	patient.EditTx
	patient.EventTx
	patient.DeathTx
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// LockDiariesOfPatients keeps others from changing the patients' appointments until
	// the end of the transaction. It comes before LockPatientForChange.
	LockDiariesOfPatients(ctx context.Context, group practice.ID, ids ...patient.ID) error
	SavePatient(ctx context.Context, group practice.ID, p patient.Patient) error
	SaveParticulars(ctx context.Context, group practice.ID, id patient.ID, x patient.Particulars) error
}

// Service is the archive capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// The reasons, by what they are for.
var (
	archiveReasons = []patient.ArchiveReason{
		"inactive_patient", "discharged_patient", patient.ReasonDeceased, "moved_away_or_transfer_of_care",
		"lapsed_membership",
		"patient_request", "other",
	}
	unarchiveReasons = []patient.ArchiveReason{
		patient.ReasonActive, "process_lab_results", "process_payment", "process_letter_or_task",
		"audit_and_administrative_reasons", "other", "",
	}
)

func checkReason(reason patient.ArchiveReason, of []patient.ArchiveReason) error {
	if slices.Contains(of, reason) {
		return nil
	}
	return fault.Wrong("reason", input.CodeChoice, "a reason", "This is not a reason.")
}

// Reasons of archiving.
type Reasons struct {
	Reason   patient.ArchiveReason
	Comments string
}

// maxComments is the longest comment, in characters.
const maxComments = 10_000

// Archive sets a patient aside, and cancels their appointments to come. Archiving twice is archiving once. A patient
// archived as deceased has died; staff are given what is open. Errors: patient.ErrNotFound, booking.ErrToCome.
func (s *Service) Archive(ctx context.Context, id patient.ID, r Reasons) (patient.Patient, error) {
	return s.leave(ctx, id, "patient.archive", r, checkReason(r.Reason, archiveReasons),
		func(tx Tx, who access.Caller, p patient.Patient, cancel func() (int, error), now time.Time) error {
			before := p
			if p.Status == patient.Archived && (r.Reason != patient.ReasonDeceased || p.Dead()) {
				return patient.ErrUnchanged
			}
			cancelled, err := cancel()
			if err != nil {
				return err
			}
			var in input.Checks
			p.ArchivedComments = in.Lines("comments", r.Comments, maxComments)
			if err := in.Err(); err != nil {
				return err
			}
			p.Status, p.ArchivedAt, p.ArchivedBy, p.ArchivedReason = patient.Archived, now, who.Staff, r.Reason
			if r.Reason == patient.ReasonDeceased && !p.Dead() {
				p.DeceasedAt, p.DeathSource = now, contactpoint.FromPractice
			}
			if err := keep(ctx, tx, who, now, event.PatientArchived, before, p); err != nil || before.Dead() ||
				!p.Dead() {
				return err
			}
			return patient.ReportDeath(ctx, tx, s.NewID(), who, now, p, cancelled)
		})
}

// Unarchive takes that back. A patient who is active, or for whom no reason is given, has not died after all, unless
// the national service says so. Error: patient.ErrNotFound.
func (s *Service) Unarchive(ctx context.Context, id patient.ID, reason patient.ArchiveReason) (patient.Patient, error) {
	return s.leave(ctx, id, "patient.unarchive", reason, checkReason(reason, unarchiveReasons),
		func(tx Tx, who access.Caller, p patient.Patient, _ func() (int, error), now time.Time) error {
			before := p
			if p.Status != patient.Archived {
				return patient.ErrUnchanged
			}
			if p.DeathSource == contactpoint.FromPractice && (reason == "" || reason == patient.ReasonActive) {
				p.DeceasedAt, p.DeathSource = time.Time{}, ""
			}
			p.Status, p.UnarchivedAt, p.UnarchivedBy, p.UnarchivedReason = patient.Unarchived, now, who.Staff, reason
			return keep(ctx, tx, who, now, event.PatientUnarchived, before, p)
		})
}

// Delete marks a patient as deleted and gives them as they were, but for that. What belongs to them is kept, but their
// appointments to come are cancelled. The NHS number is given up, so that the person can be registered again. Errors:
// patient.ErrNotFound, booking.ErrToCome.
func (s *Service) Delete(ctx context.Context, id patient.ID) (patient.Patient, error) {
	return s.leave(ctx, id, "patient.delete", nil, nil,
		func(tx Tx, who access.Caller, p patient.Patient, cancel func() (int, error), now time.Time) error {
			if _, err := cancel(); err != nil {
				return err
			}
			p.DeletedAt, p.UpdatedAt, p.NHSNumber, p.NumberStatus = now, now, "", ""
			if err := tx.SavePatient(ctx, who.Group, p); err != nil {
				return err
			}
			return patient.Record(ctx, tx, who, now, patient.Fact(event.PatientDeleted, p.ID, nil))
		})
}

// leave locks the diaries of a patient's appointments and then the patient, as all who change an appointment do, and
// writes the audit entry. cancel cancels the appointments to come, and counts them.
func (s *Service) leave(
	ctx context.Context, id patient.ID, action string, asked any, wrong error,
	change func(tx Tx, who access.Caller, p patient.Patient, cancel func() (int, error), now time.Time) error,
) (patient.Patient, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err == nil {
		err = wrong
	}
	if err != nil {
		return patient.Patient{}, err
	}
	do := func(ctx context.Context, fn func(Tx) error) error {
		return s.Store.Do(ctx, func(tx Tx) error {
			p, err := patient.Current(ctx, tx, who.Group, id)
			if err != nil {
				return err
			}
			if err := tx.LockDiariesOfPatients(ctx, who.Group, p.ID); err != nil {
				return err
			}
			return fn(tx)
		})
	}
	now := s.Now().Truncate(time.Microsecond)
	return patient.Edit(ctx, do, now, id, func(tx Tx, who access.Caller, p patient.Patient) error {
		// An appointment may have been made before the patient was locked.
		if err := tx.LockDiariesOfPatients(ctx, who.Group, p.ID); err != nil {
			return err
		}
		cancel := func() (int, error) { return booking.Leave(ctx, tx, who, p.ID, now) }
		if err := change(tx, who, p, cancel, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "patient", int64(p.ID), nil, asked))
	})
}

// keep keeps whether a patient is archived, with its event.
func keep(ctx context.Context, tx Tx, who access.Caller, now time.Time, of event.Type, before,
	p patient.Patient) error {
	p.UpdatedAt = now
	if err := tx.SavePatient(ctx, who.Group, p); err != nil {
		return err
	}
	if err := tx.SaveParticulars(ctx, who.Group, p.ID, p.Particulars); err != nil {
		return err
	}
	fact := patient.Fact(of, p.ID, nil)
	if before.DeceasedAt.Equal(p.DeceasedAt) {
		return patient.Record(ctx, tx, who, now, fact)
	}
	return patient.RecordDemographics(ctx, tx, who, now, p.ID, []string{"deceased_at"}, fact)
}
