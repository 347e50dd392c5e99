// Package merge makes one record of two that stand for one person, and two again.
//
//	merge.go      preview, merge and unmerge
//	combine.go    the record that stays, and what goes back
//	candidate.go  who may be the same person as a patient
package merge

import (
	"context"
	"crypto/sha256"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/seal"
)

// The faults of merging.
var (
	ErrSelf = fault.Wrong("patient", "same_patient", "the id of another patient",
		"A patient cannot be merged with themselves.")
	ErrNumbers = fault.New(fault.Conflict, "different_nhs_numbers", "These patients have different NHS numbers, so "+
		"they are different people.")
	ErrToken = fault.New(fault.Conflict, "merge_token_invalid", "This merge token is not known, was used before, or "+
		"has expired. Ask for a new preview.")
	// ErrChanged is returned when one of the records is not as it was in the preview.
	ErrChanged = fault.New(fault.Conflict, "patient_changed", "One of the patients has changed since the preview. "+
		"Look at a new one.")
	ErrNotMerged = fault.New(fault.NotFound, "merge_not_found", "There is no such merge to undo.")
	// ErrMergedAgain is returned when the patient something was merged into has itself been merged into another since.
	ErrMergedAgain = fault.New(fault.Conflict, "merged_again", "The patient was merged again since. Undo the later "+
		"merge first.")
)

// PreviewLife is how long a preview can be acted on.
const PreviewLife = 15 * time.Minute

// Moved counts things by what they are, for example "appointments".
type Moved map[string]int

// Preview is what a merge would do, and the right to do it once.
type Preview struct {
	// Token is the right; only known when the preview has just been made.
	Token     string
	Hash      []byte
	ExpiresAt time.Time
	// Keep is the patient that would stay, and From the one that would become a part of it, with their versions.
	Keep, From               patient.ID
	KeepVersion, FromVersion int64
	// Kept, Other and Result are the two records as they are, and the one there would be.
	Kept, Other, Result patient.Patient
	// Warnings name what speaks against the two being one person.
	Warnings []string
	// Moves is what would be moved.
	Moves Moved
}

// Merge is a merge that was done.
type Merge struct {
	ID         int64
	Keep, From patient.ID
	At         time.Time
	UndoneAt   time.Time
	// The records as they were, and the one that stayed as it was left.
	KeepBefore, KeepAfter, FromBefore patient.Patient
	Moved                             Moved
}

// Reader is what merge reads.
type Reader interface {
	patient.PointReader
	// Patient finds a patient, also one that has been merged, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

// Store is what merge needs remembered.
type Store interface {
	Reader
	// Alike lists live patients who may be the same person: by birth date and a
	// name, or by a telephone number or e-mail address.
	Alike(ctx context.Context, group practice.ID, p patient.Patient, limit int) ([]patient.Patient, error)
	// MergedAmong lists the patients that have been merged into each of some.
	MergedAmong(ctx context.Context, group practice.ID, ids []patient.ID) (map[patient.ID][]patient.ID, error)
	// Forget deletes previews that have expired.
	Forget(ctx context.Context, group practice.ID, before time.Time) error
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	LockTx
	patient.EventTx
	patient.PointTx
	patient.DeathTx
	PatientByNHSNumber(ctx context.Context, group practice.ID, number string) (patient.Patient, error)
	SavePatient(ctx context.Context, group practice.ID, p patient.Patient) error
	Audit(ctx context.Context, e audit.Entry) error
	// KeepPreview keeps the right to merge; TakePreview finds it and deletes it, or returns ErrToken.
	KeepPreview(ctx context.Context, group practice.ID, p Preview) error
	TakePreview(ctx context.Context, group practice.ID, hash []byte) (Preview, error)
	// Merge finds a merge, or returns ErrNotMerged. With id 0 it is the latest of the patient that has not been undone.
	Merge(ctx context.Context, group practice.ID, of patient.ID, id int64) (Merge, error)
	KeepMerge(ctx context.Context, group practice.ID, m Merge) error
	UndoMerge(ctx context.Context, group practice.ID, id int64, at time.Time) error
	// Belongings counts what a patient has, by what it is. MoveBelongings gives everything of one patient to another
	// and notes it under the merge; ReturnBelongings gives back what is noted there.
	Belongings(ctx context.Context, group practice.ID, of patient.ID) (Moved, error)
	MoveBelongings(ctx context.Context, group practice.ID, merge int64, from, to patient.ID, at time.Time) (Moved,
		error)
	ReturnBelongings(ctx context.Context, group practice.ID, merge int64, from, to patient.ID, at time.Time) (Moved,
		error)
}

// LockTx locks patients with the diaries of their appointments.
type LockTx interface {
	LockPatientForChange(ctx context.Context, group practice.ID, id patient.ID) error
	LockDiariesOfPatients(ctx context.Context, group practice.ID, ids ...patient.ID) error
}

// Service is the merge capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// Merged lists the patients that have been merged into each of some.
func (s *Service) Merged(ctx context.Context, of []patient.ID) (map[patient.ID][]patient.ID, error) {
	return read.Of(ctx, access.SeePatients, of, s.Store.MergedAmong)
}

// Forget deletes previews that have expired.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Require(ctx, access.Operate)
	if err != nil {
		return err
	}
	return s.Store.Forget(ctx, who.Group, s.Now())
}

// Preview shows what making from a part of keep would do, and gives the
// token to do it with. Errors: patient.ErrNotFound, ErrSelf, ErrNumbers.
func (s *Service) Preview(ctx context.Context, keep, from patient.ID) (Preview, error) {
	who, err := access.Require(ctx, access.MergePatients)
	if err != nil {
		return Preview{}, err
	}
	token := seal.NewToken()
	hash := sha256.Sum256([]byte(token))
	p := Preview{Token: token, Hash: hash[:], ExpiresAt: s.Now().Truncate(time.Microsecond).Add(PreviewLife)}
	err = s.Store.Do(ctx, func(tx Tx) error {
		var err error
		if p.Kept, p.Other, err = both(ctx, tx, who, keep, from); err != nil {
			return err
		}
		p.Keep, p.From, p.KeepVersion, p.FromVersion = p.Kept.ID, p.Other.ID, p.Kept.Version, p.Other.Version
		p.Result = combine(p.Kept, p.Other)
		p.Warnings = doubts(p.Kept, p.Other)
		if p.Moves, err = tx.Belongings(ctx, who.Group, p.From); err != nil {
			return err
		}
		return tx.KeepPreview(ctx, who.Group, p)
	})
	if err == nil {
		audit.Seen(ctx, p.Kept, p.Other)
	}
	return p, err
}

// both reads two patients that may be merged.
func both(ctx context.Context, r Reader, who access.Caller, keep, from patient.ID) (a, b patient.Patient, err error) {
	for _, x := range []struct {
		to *patient.Patient
		id patient.ID
	}{{&a, keep}, {&b, from}} {
		if *x.to, err = patient.Current(ctx, r, who.Group, x.id); err != nil {
			return a, b, err
		}
		if err = x.to.ReadPoints(ctx, r, who.Group); err != nil {
			return a, b, err
		}
	}
	switch {
	case a.ID == b.ID:
		return a, b, ErrSelf
	case !mayBe(a, b):
		return a, b, ErrNumbers
	}
	return a, b, nil
}

// Merge makes from a part of keep, as the preview of the token showed it: everything of from becomes keep's, and from's
// id stands for keep. Errors: ErrToken, ErrChanged, and those of Preview.
func (s *Service) Merge(ctx context.Context, keep, from patient.ID, token string) (Merge, error) {
	who, err := access.Require(ctx, access.MergePatients)
	if err != nil {
		return Merge{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	hash := sha256.Sum256([]byte(token))
	m := Merge{ID: s.NewID(), At: now}
	err = s.Store.Do(ctx, func(tx Tx) error {
		p, err := tx.TakePreview(ctx, who.Group, hash[:])
		if err != nil {
			return err
		}
		m.Keep, m.From = p.Keep, p.From
		if err := s.named(ctx, tx, who, keep, from, p); err != nil {
			return err
		}
		if !now.Before(p.ExpiresAt) {
			return ErrToken
		}
		if err := lockBoth(ctx, tx, who, p.Keep, p.From); err != nil {
			return err
		}
		a, b, err := both(ctx, tx, who, p.Keep, p.From)
		if err != nil {
			return err
		}
		if a.ID != p.Keep || b.ID != p.From || a.Version != p.KeepVersion || b.Version != p.FromVersion {
			return ErrChanged
		}
		return s.merge(ctx, tx, who, &m, a, b)
	})
	return m, err
}

// named makes sure that a token is used for the patients it was given for.
func (s *Service) named(ctx context.Context, tx Tx, who access.Caller, keep, from patient.ID, p Preview) error {
	for _, x := range []struct{ named, meant patient.ID }{{keep, p.Keep}, {from, p.From}} {
		now, err := patient.Current(ctx, tx, who.Group, x.named)
		if err != nil {
			return err
		}
		if now.ID != x.meant && x.named != x.meant {
			return ErrToken
		}
	}
	return nil
}

// lockBoth keeps others from changing two patients and what belongs to them, always in the same order.
func lockBoth(ctx context.Context, tx Tx, who access.Caller, a, b patient.ID) error {
	if err := tx.LockDiariesOfPatients(ctx, who.Group, a, b); err != nil {
		return err
	}
	for _, id := range []patient.ID{min(a, b), max(a, b)} {
		if err := tx.LockPatientForChange(ctx, who.Group, id); err != nil {
			return err
		}
	}
	// Something may have been given to them before they were locked.
	return tx.LockDiariesOfPatients(ctx, who.Group, a, b)
}

func (s *Service) merge(ctx context.Context, tx Tx, who access.Caller, m *Merge, keep, from patient.Patient) error {
	after := combine(keep, from)
	after.UpdatedAt = m.At
	gone := from
	gone.MergedInto, gone.NHSNumber, gone.Status, gone.UpdatedAt = keep.ID, "", patient.Archived, m.At
	// The number leaves one record before it comes to the other.
	for _, p := range []*patient.Patient{&gone, &after} {
		if err := tx.SavePatient(ctx, who.Group, *p); err != nil {
			return err
		}
		p.Version++
	}
	if err := after.SavePoints(ctx, tx, who.Group, keep.ContactPoints); err != nil {
		return err
	}
	m.KeepBefore, m.KeepAfter, m.FromBefore = keep, after, from
	if err := tx.KeepMerge(ctx, who.Group, *m); err != nil {
		return err
	}
	var err error
	if m.Moved, err = tx.MoveBelongings(ctx, who.Group, m.ID, from.ID, keep.ID, m.At); err != nil {
		return err
	}
	if err := tx.Audit(ctx, who.Audit(m.At, "patient.merge", "patient", int64(keep.ID), keep, after)); err != nil {
		return err
	}
	if err := tx.Audit(ctx, who.Audit(m.At, "patient.merge", "patient", int64(from.ID), from, gone)); err != nil {
		return err
	}
	if !keep.Dead() && after.Dead() {
		if err := patient.ReportDeath(ctx, tx, s.NewID(), who, m.At, after, 0); err != nil {
			return err
		}
	}
	return patient.RecordCounted(ctx, tx, who, m.At, event.PatientMerged, keep.ID, mergeFact{keep.ID.String(),
		from.ID.String()})
}

// mergeFact is the data of patient.merged and patient.unmerged.
type mergeFact struct {
	PatientID string `json:"patient_id"`
	MergedID  string `json:"merged_patient_id"`
}

// Unmerge makes two patients again of a merge: what was moved goes back, and so does every detail that has not been
// changed since. What was added to the patient since stays with it. id is the patient that was merged, or the one that
// stayed; mergeID 0 is the latest merge. Errors: patient.ErrNotFound, ErrNotMerged, ErrMergedAgain,
// patient.ErrNHSNumberTaken.
func (s *Service) Unmerge(ctx context.Context, id patient.ID, mergeID int64) (Merge, error) {
	who, err := access.Require(ctx, access.MergePatients)
	if err != nil {
		return Merge{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var m Merge
	err = s.Store.Do(ctx, func(tx Tx) error {
		if _, err := tx.Patient(ctx, who.Group, id); err != nil {
			return err
		}
		if m, err = tx.Merge(ctx, who.Group, id, mergeID); err != nil {
			return err
		}
		if err := lockBoth(ctx, tx, who, m.Keep, m.From); err != nil {
			return err
		}
		// It may have been undone while we waited.
		if m, err = tx.Merge(ctx, who.Group, id, m.ID); err != nil {
			return err
		}
		return s.unmerge(ctx, tx, who, &m, now)
	})
	return m, err
}

func (s *Service) unmerge(ctx context.Context, tx Tx, who access.Caller, m *Merge, now time.Time) error {
	keep, err := tx.Patient(ctx, who.Group, m.Keep)
	if err != nil {
		return err
	}
	gone, err := tx.Patient(ctx, who.Group, m.From)
	if err != nil {
		return err
	}
	switch {
	case keep.Deleted():
		return patient.ErrNotFound
	case !keep.Live():
		return ErrMergedAgain
	}
	if err := keep.ReadPoints(ctx, tx, who.Group); err != nil {
		return err
	}
	after := separate(keep, m.KeepAfter, m.KeepBefore)
	back := m.FromBefore
	back.Version, back.UpdatedAt, after.UpdatedAt = gone.Version, now, now
	if back.NHSNumber != "" {
		// A patient may have been registered with the number meanwhile.
		other, err := tx.PatientByNHSNumber(ctx, who.Group, back.NHSNumber)
		if err == nil && other.ID != keep.ID || err == nil && after.NHSNumber == back.NHSNumber {
			return patient.ErrNHSNumberTaken
		}
	}
	for _, p := range []patient.Patient{after, back} {
		if err := tx.SavePatient(ctx, who.Group, p); err != nil {
			return err
		}
	}
	if err := after.SavePoints(ctx, tx, who.Group, keep.ContactPoints); err != nil {
		return err
	}
	if m.Moved, err = tx.ReturnBelongings(ctx, who.Group, m.ID, m.Keep, m.From, now); err != nil {
		return err
	}
	m.UndoneAt = now
	if err := tx.UndoMerge(ctx, who.Group, m.ID, now); err != nil {
		return err
	}
	if err := tx.Audit(ctx, who.Audit(now, "patient.unmerge", "patient", int64(keep.ID), keep, after)); err != nil {
		return err
	}
	if err := tx.Audit(ctx, who.Audit(now, "patient.unmerge", "patient", int64(gone.ID), gone,
		m.FromBefore)); err != nil {
		return err
	}
	return patient.RecordCounted(ctx, tx, who, now, event.PatientUnmerged, keep.ID, mergeFact{keep.ID.String(),
		gone.ID.String()})
}
