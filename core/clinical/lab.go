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

// Lab is a request to a laboratory, and the results.
type Lab struct {
	ID        LabID                   `json:"id"`
	Patient   patient.ID              `json:"patient_id"`
	Doctor    practice.PractitionerID `json:"doctor,omitempty"`
	Status    string                  `json:"status"`
	Requested input.Date              `json:"requested"`
	Sampled   input.Date              `json:"sampled"`
	// Fasting says whether the patient had fasted; nil when it is not known.
	Fasting *bool `json:"fasting,omitempty"`
	// OrderNumber is what the laboratory knows it by.
	OrderNumber string `json:"order_number"`
	Tests       string `json:"tests"`
	// Results are JSON, as they came.
	Results    string    `json:"results"`
	ReceivedAt time.Time `json:"received_at,omitzero"`
	SharedAt   time.Time `json:"shared_at,omitzero"`
	DeletedAt  time.Time `json:"deleted_at,omitzero"`
	Version    int64     `json:"version"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (l Lab) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "lab", ID: int64(l.ID), Patient: int64(l.Patient)}
}

// Lab finds one request, deleted or not. Error: ErrNoLab.
func (s *Imported) Lab(ctx context.Context, id LabID) (Lab, error) {
	return read.One(ctx, access.SeeLabs, id, s.Store.Lab)
}

// Labs lists requests, and reports whether more follow. Those asked for by when their
// results came, or by when they were made or changed, come in that order, others
// in the order of their ids.
func (s *Imported) Labs(ctx context.Context, q Query) ([]Lab, bool, error) {
	return page(ctx, access.SeeLabs, q, s.Store.Labs)
}

// LabsOf lists each patient's requests, up to Most.
func (s *Imported) LabsOf(ctx context.Context, of []patient.ID) (map[patient.ID][]Lab, error) {
	return all(ctx, access.SeeLabs, of, s.Store.LabsOf)
}

// ImportLab keeps a request, with its results where it has them, that was made
// elsewhere. It needs the permission access.Setup. Errors: patient.ErrNotFound,
// ErrNoDoctor.
func (s *Imported) ImportLab(ctx context.Context, l Lab) (Lab, error) {
	return bring(ctx, s, "lab", l.Patient, l.Doctor, func(tx ImportTx, who access.Caller, of patient.ID,
		now time.Time) (Lab, int64, error) {
		l.ID, l.Patient, l.Version, l.CreatedAt, l.UpdatedAt = LabID(s.NewID()), of, 1, now, now
		l.ReceivedAt = l.ReceivedAt.Truncate(time.Microsecond)
		if err := tx.SaveLab(ctx, who.Group, l); err != nil {
			return l, 0, err
		}
		ids := event.IDs{"lab": int64(l.ID), "practitioner": int64(l.Doctor)}
		facts := []event.Fact{patient.Fact(event.LabCreated, of, ids)}
		if l.Results != "" {
			facts = append(facts, patient.Fact(event.LabResultsAdded, of, ids))
		}
		return l, int64(l.ID), patient.Record(ctx, tx, who, now, facts...)
	})
}
