package clinical

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// Consultation is what was written about a patient at one time. Its entries are
// records of their own.
type Consultation struct {
	ID      ConsultationID `json:"id"`
	Patient patient.ID     `json:"patient_id"`
	// Doctor is the member of staff, or 0, and DoctorName the name as it was then.
	Doctor     practice.PractitionerID `json:"doctor,omitempty"`
	DoctorName string                  `json:"doctor_name"`
	At         time.Time               `json:"at"`
	// Encounter is what kind of meeting it was.
	Encounter string `json:"encounter"`
	// Questionnaire is the one it is the answers to; 0 is none.
	Questionnaire FormID    `json:"questionnaire_id,omitempty"`
	SharedAt      time.Time `json:"shared_at,omitzero"`
	DeletedAt     time.Time `json:"deleted_at,omitzero"`
	// Version counts the changes.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (c Consultation) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "consultation", ID: int64(c.ID), Patient: int64(c.Patient)}
}

// Deleted reports whether the consultation was deleted.
func (c Consultation) Deleted() bool { return !c.DeletedAt.IsZero() }

// RecordStore is what records need remembered. Lists that are asked for by a
// stretch of time come in its order, others in the order of ids. Those of many
// patients leave out what was deleted; of each they give the rows after from and
// up to until, counted from 1. What else it finds may have been deleted.
type RecordStore interface {
	Consultation(ctx context.Context, group practice.ID, id ConsultationID) (Consultation, error)
	Consultations(ctx context.Context, group practice.ID, q Query, rows input.Rows) ([]Consultation, error)
	ConsultationsOf(
		ctx context.Context, group practice.ID, of []patient.ID, from, until int,
	) (map[patient.ID][]Consultation, error)
	ClinicalRecord(ctx context.Context, group practice.ID, id RecordID) (Record, error)
	ClinicalRecords(ctx context.Context, group practice.ID, q Query, rows input.Rows) ([]Record, error)
	ClinicalRecordsOf(
		ctx context.Context, group practice.ID, of []patient.ID, from, until int,
	) (map[patient.ID][]Record, error)
	ConsultedReader
	// RecordVersions lists what an entry said before, oldest first.
	RecordVersions(ctx context.Context, group practice.ID, id RecordID) ([]Version, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(RecordTx) error) error
}

// ConsultedReader reads the entries of consultations.
type ConsultedReader interface {
	// RecordsOfConsultations lists the entries of some consultations, in the order they were made. Those of a
	// consultation that was deleted are among them, and no other that was.
	RecordsOfConsultations(
		ctx context.Context, group practice.ID, of []ConsultationID,
	) (map[ConsultationID][]Record, error)
}

// RecordTx is a RecordStore inside a transaction.
type RecordTx interface {
	EntryTx
	ConsultedReader
	PatientLock
	// LockConsultation and LockClinicalRecord keep others from changing
	// the thing until the end of the transaction, and find it, deleted or not.
	LockConsultation(ctx context.Context, group practice.ID, id ConsultationID) (Consultation, error)
	LockClinicalRecord(ctx context.Context, group practice.ID, id RecordID) (Record, error)
	// KeepRecordVersion keeps what an entry said before a change.
	KeepRecordVersion(ctx context.Context, group practice.ID, v Version) error
}

// EntryTx keeps consultations and their entries inside a transaction.
type EntryTx interface {
	practice.GroupReader
	SaveConsultation(ctx context.Context, group practice.ID, c Consultation) error
	SaveClinicalRecord(ctx context.Context, group practice.ID, r Record) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Records is the records of patients: consultations with their entries.
type Records struct {
	Store RecordStore
	Now   func() time.Time
	NewID func() int64
}

// Consultation finds one consultation, deleted or not. Error:
// ErrNoConsultation.
func (s *Records) Consultation(ctx context.Context, id ConsultationID) (Consultation, error) {
	return read.One(ctx, access.SeeRecords, id, s.Store.Consultation)
}

// Consultations lists consultations, and reports whether more follow. Those asked for by
// when they were, were made or changed come in that order, others in the order
// of their ids.
func (s *Records) Consultations(ctx context.Context, q Query) ([]Consultation, bool, error) {
	return page(ctx, access.SeeRecords, q, s.Store.Consultations)
}

// ConsultationsOf lists a page of each patient's consultations.
func (s *Records) ConsultationsOf(
	ctx context.Context, of []patient.ID, p input.Page,
) (map[patient.ID]input.Part[Consultation], error) {
	return read.Parts(ctx, access.SeeRecords, of, p, s.Store.ConsultationsOf)
}

// Consult keeps a new consultation in a transaction.
func (s *Records) Consult(
	ctx context.Context, tx EntryTx, who access.Caller, c Consultation, now time.Time,
) (Consultation, error) {
	c.ID, c.At, c.Version, c.CreatedAt, c.UpdatedAt = ConsultationID(s.NewID()), now, 1, now, now
	c.Doctor, c.DoctorName = practice.Member(who), who.Name()
	if err := tx.SaveConsultation(ctx, who.Group, c); err != nil {
		return c, err
	}
	return c, tx.Audit(ctx, who.Audit(now, "consultation.create", "consultation", int64(c.ID), nil, c))
}

// consultation finds the patient's consultation something is written into, or
// makes one where none is named, and keeps both as they are.
func (s *Records) consultation(
	ctx context.Context, tx RecordTx, who access.Caller, of patient.ID, id ConsultationID, now time.Time,
) (Consultation, error) {
	held, err := tx.LockPatientAgainstMerge(ctx, who.Group, of)
	if err != nil {
		return Consultation{}, err
	}
	if id == 0 {
		return s.Consult(ctx, tx, who, Consultation{Patient: held}, now)
	}
	c, err := tx.LockConsultation(ctx, who.Group, id)
	if err == nil && (c.Patient != held || c.Deleted()) {
		err = ErrNoConsultation
	}
	return c, err
}

// DeleteConsultation deletes a patient's consultation with its entries: all of it
// is kept, and can no longer be changed. Deleting it again changes nothing.
// Error: ErrNoConsultation.
func (s *Records) DeleteConsultation(ctx context.Context, of patient.ID, id ConsultationID) (Consultation, error) {
	kept := write.Kind[RecordTx, ConsultationID, Consultation]{Needs: access.EditRecords,
		Save: RecordTx.SaveConsultation,
		Lock: func(tx RecordTx, ctx context.Context, group practice.ID, id ConsultationID) (c Consultation, err error) {
			held, err := tx.LockPatientAgainstMerge(ctx, group, of)
			if err == nil {
				c, err = tx.LockConsultation(ctx, group, id)
			}
			if errors.Is(err, patient.ErrNotFound) || err == nil && c.Patient != held {
				err = ErrNoConsultation
			}
			return c, err
		}}
	return kept.Change(ctx, s.Now, s.Store.Do, "consultation.delete", id, func(e write.Edit[RecordTx],
		c *Consultation) error {
		if c.Deleted() {
			return write.ErrSame
		}
		entries, err := e.Tx.RecordsOfConsultations(ctx, e.Group(), []ConsultationID{id})
		if err != nil {
			return err
		}
		for _, r := range entries[id] {
			if _, err := s.delete(ctx, e.Tx, e.Who, r.ID, e.Now); err != nil {
				return err
			}
		}
		c.DeletedAt, c.UpdatedAt, c.Version = e.Now, e.Now, c.Version+1
		return nil
	})
}
