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
	"frontdesk/core/write"
)

// ImportStore is what prescriptions and laboratory requests need remembered. Its lists are as those of RecordStore.
type ImportStore interface {
	Prescription(ctx context.Context, group practice.ID, id PrescriptionID) (Prescription, error)
	Prescriptions(ctx context.Context, group practice.ID, q Query, rows input.Rows) ([]Prescription, error)
	PrescriptionsOf(
		ctx context.Context, group practice.ID, of []patient.ID, from, until int,
	) (map[patient.ID][]Prescription, error)
	Lab(ctx context.Context, group practice.ID, id LabID) (Lab, error)
	Labs(ctx context.Context, group practice.ID, q Query, rows input.Rows) ([]Lab, error)
	LabsOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]Lab, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(ImportTx) error) error
}

// ImportTx is an ImportStore inside a transaction.
type ImportTx interface {
	PatientLock
	StaffReader
	SavePrescription(ctx context.Context, group practice.ID, p Prescription) error
	SaveLab(ctx context.Context, group practice.ID, l Lab) error
	event.Recorder
	Audit(ctx context.Context, e audit.Entry) error
}

// Imported is the prescriptions and laboratory requests that other systems make.
type Imported struct {
	Store ImportStore
	Now   func() time.Time
	NewID func() int64
}

// bring keeps something about a patient that was made elsewhere.
func bring[T any](ctx context.Context, s *Imported, entity string, of patient.ID, by practice.PractitionerID,
	keep func(tx ImportTx, who access.Caller, of patient.ID, now time.Time) (T, int64, error)) (T, error) {
	return write.Do(ctx, access.ImportRecords, s.Now, s.Store.Do, func(e write.Edit[ImportTx]) (none T, err error) {
		held, err := e.Tx.LockPatientAgainstMerge(ctx, e.Group(), of)
		if err != nil {
			return none, err
		}
		if err := doctor(ctx, e.Tx, e.Group(), by); err != nil {
			return none, err
		}
		thing, id, err := keep(e.Tx, e.Who, held, e.Now)
		if err != nil {
			return none, err
		}
		return thing, e.Audit(ctx, entity+".import", id, nil, thing)
	})
}
