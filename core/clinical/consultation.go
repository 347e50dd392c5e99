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
	Questionnaire QuestionnaireID `json:"questionnaire_id,omitempty"`
	SharedAt      time.Time       `json:"shared_at,omitzero"`
	DeletedAt     time.Time       `json:"deleted_at,omitzero"`
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

// Consultation finds one consultation, deleted or not. Error:
// ErrNoConsultation.
func (s *Service) Consultation(ctx context.Context, id ConsultationID) (Consultation, error) {
	return one(ctx, SeeRecords, id, s.Store.Consultation)
}

// Consultations lists consultations, and whether more follow. Those asked for by
// when they were, were made or changed come in that order, others in the order
// of their ids.
func (s *Service) Consultations(ctx context.Context, q Query) ([]Consultation, bool, error) {
	return page(ctx, SeeRecords, q, s.Store.Consultations)
}

// ConsultationsOf lists a page of each patient's consultations.
func (s *Service) ConsultationsOf(
	ctx context.Context, of []patient.ID, p input.Page,
) (map[patient.ID]input.Part[Consultation], error) {
	return parts(ctx, SeeRecords, of, p, s.Store.ConsultationsOf)
}

// consult makes a consultation.
func (s *Service) consult(
	ctx context.Context, tx Tx, who access.Caller, c Consultation, now time.Time,
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
func (s *Service) consultation(
	ctx context.Context, tx Tx, who access.Caller, of patient.ID, id ConsultationID, now time.Time,
) (Consultation, error) {
	held, err := tx.LockPatientAgainstMerge(ctx, who.Group, of)
	if err != nil {
		return Consultation{}, err
	}
	if id == 0 {
		return s.consult(ctx, tx, who, Consultation{Patient: held}, now)
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
func (s *Service) DeleteConsultation(ctx context.Context, of patient.ID, id ConsultationID) (Consultation, error) {
	who, err := access.Require(ctx, EditRecords)
	if err != nil {
		return Consultation{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var c Consultation
	err = s.Store.Do(ctx, func(tx Tx) error {
		held, err := tx.LockPatientAgainstMerge(ctx, who.Group, of)
		if errors.Is(err, patient.ErrNotFound) {
			return ErrNoConsultation
		}
		if err != nil {
			return err
		}
		before, err := tx.LockConsultation(ctx, who.Group, id)
		if err != nil {
			return err
		}
		if before.Patient != held {
			return ErrNoConsultation
		}
		if c = before; c.Deleted() {
			return nil
		}
		entries, err := tx.RecordsOfConsultations(ctx, who.Group, []ConsultationID{id}, false)
		if err != nil {
			return err
		}
		for _, r := range entries[id] {
			if _, err := s.delete(ctx, tx, who, r.ID, now); err != nil {
				return err
			}
		}
		c.DeletedAt, c.UpdatedAt, c.Version = now, now, before.Version+1
		if err := tx.SaveConsultation(ctx, who.Group, c); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "consultation.delete", "consultation", int64(id), before, c))
	})
	return c, err
}
