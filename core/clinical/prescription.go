package clinical

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// Prescription is what a patient was prescribed.
type Prescription struct {
	ID      PrescriptionID          `json:"id"`
	Patient patient.ID              `json:"patient_id"`
	Doctor  practice.PractitionerID `json:"doctor,omitempty"`
	At      time.Time               `json:"at"`
	Status  string                  `json:"status"`
	// Kind is what kind of things the items are.
	Kind      string              `json:"kind"`
	Content   PrescriptionContent `json:"content"`
	Comments  string              `json:"comments"`
	SharedAt  time.Time           `json:"shared_at,omitzero"`
	DeletedAt time.Time           `json:"deleted_at,omitzero"`
	Version   int64               `json:"version"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (p Prescription) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "prescription", ID: int64(p.ID), Patient: int64(p.Patient)}
}

// PrescriptionContent is what is on a prescription, and what was ordered.
type PrescriptionContent struct {
	Drugs  []Drug  `json:"drugs,omitempty"`
	Items  []Item  `json:"items,omitempty"`
	Orders []Order `json:"orders,omitempty"`
}

// Drug is a medicine on a prescription.
type Drug struct {
	Code     string  `json:"code,omitempty"`
	Name     string  `json:"name"`
	Dosage   string  `json:"dosage,omitempty"`
	Quantity string  `json:"quantity,omitempty"`
	Repeat   *Repeat `json:"repeat,omitempty"`
	Comments string  `json:"comments,omitempty"`
}

// Repeat is how a medicine may be repeated.
type Repeat struct {
	Allowed bool `json:"allowed"`
	// Refills is how often, and Duration how long one lasts, in the unit of
	// Frequency: MONTHS or DAYS.
	Refills   int         `json:"refills,omitempty"`
	Duration  int         `json:"duration,omitempty"`
	Frequency string      `json:"frequency,omitempty"`
	Review    *input.Date `json:"review,omitempty"`
}

// Item is something other than a medicine on a prescription.
type Item struct {
	Term     string `json:"term"`
	Comments string `json:"comments,omitempty"`
}

// Order is what was ordered from a pharmacy.
type Order struct {
	Status   string `json:"status"`
	Provider string `json:"provider"`
	// Pharmacy is that of the prescriber's pharmacies it is; 0 is none of them.
	Pharmacy int64 `json:"pharmacy_id,omitempty"`
}

// Prescription finds one prescription, deleted or not. Error: ErrNoPrescription.
func (s *Imported) Prescription(ctx context.Context, id PrescriptionID) (Prescription, error) {
	return read.One(ctx, access.SeePrescriptions, id, s.Store.Prescription)
}

// Prescriptions lists prescriptions, and reports whether more follow. Those asked for by
// when they were, were made or changed come in that order, others in the order
// of their ids.
func (s *Imported) Prescriptions(ctx context.Context, q Query) ([]Prescription, bool, error) {
	return page(ctx, access.SeePrescriptions, q, s.Store.Prescriptions)
}

// PrescriptionsOf lists a page of each patient's prescriptions.
func (s *Imported) PrescriptionsOf(
	ctx context.Context, of []patient.ID, p input.Page,
) (map[patient.ID]input.Part[Prescription], error) {
	return read.Parts(ctx, access.SeePrescriptions, of, p, s.Store.PrescriptionsOf)
}

// ImportPrescription keeps a prescription that was made elsewhere. No API makes
// one: a prescriber's own system does, with checks that are not made here. It
// needs the permission access.Setup. Errors: patient.ErrNotFound, ErrNoDoctor.
func (s *Imported) ImportPrescription(ctx context.Context, p Prescription) (Prescription, error) {
	return bring(ctx, s, "prescription", p.Patient, p.Doctor, func(tx ImportTx, who access.Caller, of patient.ID,
		now time.Time) (Prescription, int64, error) {
		p.ID, p.Patient, p.Version, p.CreatedAt, p.UpdatedAt = PrescriptionID(s.NewID()), of, 1, now, now
		p.At = p.At.Truncate(time.Microsecond)
		if err := tx.SavePrescription(ctx, who.Group, p); err != nil {
			return p, 0, err
		}
		ids := event.IDs{"prescription": int64(p.ID), "practitioner": int64(p.Doctor)}
		facts := []event.Fact{patient.Fact(event.PrescriptionCreated, of, ids)}
		if len(p.Content.Orders) > 0 {
			facts = append(facts, patient.Fact(event.PrescriptionOrdered, of, ids))
		}
		return p, int64(p.ID), patient.Record(ctx, tx, who, now, facts...)
	})
}
