package patient

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/names"
)

// The faults of merging.
var (
	ErrMergeSelf   = fault.Wrong("patient_id", "same_patient", "the id of another patient", "A patient cannot be merged with themselves.")
	ErrMergeNumber = fault.New(fault.Conflict, "different_nhs_numbers", "These patients have different NHS numbers, so they are different people.")
	ErrMergeToken  = fault.New(fault.Conflict, "merge_token_invalid", "This merge token is not known, was used before, or has expired. Ask for a new preview.")
	// ErrMergeChanged is returned when one of the records is not as it was in
	// the preview.
	ErrMergeChanged = fault.New(fault.Conflict, "patient_changed", "One of the patients has changed since the preview. Look at a new one.")
	ErrNotMerged    = fault.New(fault.NotFound, "merge_not_found", "There is no such merge to undo.")
	// ErrMergedOn is returned when the patient something was merged into has
	// itself been merged into another since.
	ErrMergedOn = fault.New(fault.Conflict, "merged_again", "The patient was merged again since. Undo the later merge first.")
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
	// Keep is the patient that would stay, and From the one that would become a
	// part of it, with their versions.
	Keep, From               ID
	KeepVersion, FromVersion int64
	// Kept, Other and Result are the two records as they are, and the one there
	// would be.
	Kept, Other, Result Profile
	// Warnings name what speaks against the two being one person.
	Warnings []string
	// Moves is what would be moved.
	Moves Moved
}

// Merge is a merge that was done.
type Merge struct {
	ID         int64
	Keep, From ID
	At         time.Time
	UndoneAt   time.Time
	// The records as they were, and the one that stayed as it was left.
	KeepBefore, KeepAfter, FromBefore Snapshot
	Moved                             Moved
}

// Snapshot is a patient as an audit entry or a merge keeps it.
type Snapshot struct {
	Patient
	Contacts Contacts `json:"contact_details"`
}

// PreviewMerge shows what making from a part of keep would do, and gives the
// token to do it with. Errors: ErrNotFound, ErrMergeSelf, ErrMergeNumber. It
// needs the permission access.Staff.
func (s *Service) PreviewMerge(ctx context.Context, keep, from ID) (Preview, error) {
	who, err := access.Require(ctx, access.MergePatients)
	if err != nil {
		return Preview{}, err
	}
	token, hash := newToken()
	p := Preview{Token: token, Hash: hash, ExpiresAt: s.Now().Truncate(time.Microsecond).Add(PreviewLife)}
	err = s.Store.Do(ctx, func(tx Tx) error {
		var err error
		if p.Kept, p.Other, err = both(ctx, tx, who, keep, from); err != nil {
			return err
		}
		p.Keep, p.From, p.KeepVersion, p.FromVersion = p.Kept.ID, p.Other.ID, p.Kept.Version, p.Other.Version
		p.Result.Patient, p.Result.Contacts = combine(Snapshot{p.Kept.Patient, p.Kept.Contacts}, Snapshot{p.Other.Patient, p.Other.Contacts})
		p.Warnings = doubts(p.Kept.Patient, p.Other.Patient)
		if p.Moves, err = tx.Belongings(ctx, who.Group, p.From); err != nil {
			return err
		}
		return tx.KeepPreview(ctx, who.Group, p)
	})
	return p, err
}

// both reads two patients that may be merged.
func both(ctx context.Context, r Reader, who access.Caller, keep, from ID) (a, b Profile, err error) {
	for _, x := range []struct {
		to *Profile
		id ID
	}{{&a, keep}, {&b, from}} {
		if x.to.Patient, err = Current(ctx, r, who.Group, x.id); err != nil {
			return a, b, err
		}
		if x.to.Contacts, err = contactsOf(ctx, r, who.Group, x.to.Patient); err != nil {
			return a, b, err
		}
	}
	switch {
	case a.ID == b.ID:
		return a, b, ErrMergeSelf
	case !mayBe(a.Patient, b.Patient):
		return a, b, ErrMergeNumber
	}
	return a, b, nil
}

// doubts names what speaks against two records being one person.
func doubts(a, b Patient) []string {
	out := []string{}
	if a.BirthDate != b.BirthDate {
		out = append(out, "dob")
	}
	if names.Key(a.LastName) != names.Key(b.LastName) {
		out = append(out, "last_name")
	}
	if names.Key(a.FirstName) != names.Key(b.FirstName) {
		out = append(out, "first_name")
	}
	if a.Sex != "" && b.Sex != "" && a.Sex != b.Sex {
		out = append(out, "sex")
	}
	return out
}

// combine is the record that stays: its own details, and where it has none
// those of the other.
func combine(keep, from Snapshot) (Patient, Contacts) {
	p, f := keep.Patient, from.Patient
	if p.NHSNumber == "" {
		fill(&p.NHSNumber, f.NHSNumber)
		p.NumberStatus, p.PDSVersion, p.SyncedAt = f.NumberStatus, f.PDSVersion, f.SyncedAt
		if f.NumberStatus == NumberVerified && len(doubts(p, f)) > 0 { // verified for another name
			p.NumberStatus, p.PDSVersion, p.SyncedAt = "", "", time.Time{}
		}
	}
	if p.NHSNumber == p.SupersededBy {
		p.SupersededBy = ""
	}
	fill(&p.EMISID, f.EMISID)
	fill(&p.EHRPartnerID, f.EHRPartnerID)
	fill(&p.EHRPartner, f.EHRPartner)
	fill(&p.Title, f.Title)
	fill(&p.Sex, f.Sex)
	if !p.Dead() {
		p.DeceasedAt, p.DeathSource = f.DeceasedAt, f.DeathSource
	}
	fill(&p.FirstName, f.FirstName)
	fill(&p.LastName, f.LastName)
	switch {
	case p.Notes == "":
		p.Notes = f.Notes
	case f.Notes != "":
		p.Notes += "\n" + f.Notes
	}
	p.Restricted = p.Restricted || f.Restricted
	if f.Status == Unarchived {
		p.Status = Unarchived
	}
	c := slices.Clone(keep.Contacts)
	for _, x := range from.Contacts {
		if c.find(x.Kind, x.Source) < 0 {
			c = append(c, x)
		}
	}
	return p, p.use(c)
}

func fill[T comparable](to *T, from T) {
	var none T
	if *to == none {
		*to = from
	}
}

// Merge makes from a part of keep, as the preview of the token showed it:
// everything of from becomes keep's, and from's id stands for keep. Errors:
// ErrMergeToken, ErrMergeChanged, and those of PreviewMerge. It needs the
// permission access.Staff.
func (s *Service) Merge(ctx context.Context, keep, from ID, token string) (Merge, error) {
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
			return ErrMergeToken
		}
		if err := lockBoth(ctx, tx, who, p.Keep, p.From); err != nil {
			return err
		}
		a, b, err := both(ctx, tx, who, p.Keep, p.From)
		if err != nil {
			return err
		}
		if a.ID != p.Keep || b.ID != p.From || a.Version != p.KeepVersion || b.Version != p.FromVersion {
			return ErrMergeChanged
		}
		return s.merge(ctx, tx, who, &m, Snapshot{a.Patient, a.Contacts}, Snapshot{b.Patient, b.Contacts})
	})
	return m, err
}

// named makes sure that a token is used for the patients it was given for.
func (s *Service) named(ctx context.Context, tx Tx, who access.Caller, keep, from ID, p Preview) error {
	for _, x := range []struct{ named, meant ID }{{keep, p.Keep}, {from, p.From}} {
		now, err := Current(ctx, tx, who.Group, x.named)
		if err != nil {
			return err
		}
		if now.ID != x.meant && x.named != x.meant {
			return ErrMergeToken
		}
	}
	return nil
}

// lockBoth keeps others from changing two patients and what belongs to them,
// always in the same order.
func lockBoth(ctx context.Context, tx Tx, who access.Caller, a, b ID) error {
	if err := tx.LockBelongings(ctx, who.Group, a, b); err != nil {
		return err
	}
	for _, id := range []ID{min(a, b), max(a, b)} {
		if err := tx.LockPatient(ctx, who.Group, id); err != nil {
			return err
		}
	}
	// Something may have been given to them before they were locked.
	return tx.LockBelongings(ctx, who.Group, a, b)
}

func (s *Service) merge(ctx context.Context, tx Tx, who access.Caller, m *Merge, keep, from Snapshot) error {
	after := Snapshot{}
	after.Patient, after.Contacts = combine(keep, from)
	after.UpdatedAt = m.At
	gone := from.Patient
	gone.MergedInto, gone.NHSNumber, gone.Status, gone.UpdatedAt = keep.ID, "", Archived, m.At
	// The number leaves one record before it comes to the other.
	for _, p := range []*Patient{&gone, &after.Patient} {
		if err := tx.SavePatient(ctx, who.Group, *p); err != nil {
			return err
		}
		p.Version++
	}
	if err := saveContacts(ctx, tx, who.Group, keep.ID, keep.Contacts, after.Contacts); err != nil {
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
		if err := s.died(ctx, tx, who, m.At, after.Patient, 0); err != nil {
			return err
		}
	}
	return RecordCounted(ctx, tx, who, m.At, event.PatientMerged, keep.ID, mergeFact{keep.ID.String(), from.ID.String()})
}

// mergeFact is the data of patient.merged and patient.unmerged.
type mergeFact struct {
	PatientID string `json:"patient_id"`
	MergedID  string `json:"merged_patient_id"`
}

// Unmerge makes two patients again of a merge: what was moved goes back, and so
// does every detail that has not been changed since. What was added to the
// patient since stays with it. id is the patient that was merged, or the one
// that stayed; mergeID 0 is the latest merge. Errors: ErrNotFound, ErrNotMerged,
// ErrMergedOn, ErrNHSNumberTaken. It needs the permission access.Staff.
func (s *Service) Unmerge(ctx context.Context, id ID, mergeID int64) (Merge, error) {
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
		return ErrNotFound
	case !keep.Live():
		return ErrMergedOn
	}
	contacts, err := contactsOf(ctx, tx, who.Group, keep)
	if err != nil {
		return err
	}
	was := Snapshot{keep, contacts}
	after := Snapshot{}
	after.Patient, after.Contacts = separate(was, m.KeepAfter, m.KeepBefore)
	back := m.FromBefore.Patient
	back.Version, back.UpdatedAt, after.UpdatedAt = gone.Version, now, now
	if back.NHSNumber != "" {
		// Somebody may have been registered with the number meanwhile.
		other, err := tx.PatientByNHSNumber(ctx, who.Group, back.NHSNumber)
		if err == nil && other.ID != keep.ID || err == nil && after.NHSNumber == back.NHSNumber {
			return ErrNHSNumberTaken
		}
	}
	for _, p := range []Patient{after.Patient, back} {
		if err := tx.SavePatient(ctx, who.Group, p); err != nil {
			return err
		}
	}
	if err := saveContacts(ctx, tx, who.Group, keep.ID, contacts, after.Contacts); err != nil {
		return err
	}
	if m.Moved, err = tx.ReturnBelongings(ctx, who.Group, m.ID, m.Keep, m.From, now); err != nil {
		return err
	}
	m.UndoneAt = now
	if err := tx.UndoMerge(ctx, who.Group, m.ID, now); err != nil {
		return err
	}
	if err := tx.Audit(ctx, who.Audit(now, "patient.unmerge", "patient", int64(keep.ID), was, after)); err != nil {
		return err
	}
	if err := tx.Audit(ctx, who.Audit(now, "patient.unmerge", "patient", int64(gone.ID), gone, m.FromBefore)); err != nil {
		return err
	}
	return RecordCounted(ctx, tx, who, now, event.PatientUnmerged, keep.ID, mergeFact{keep.ID.String(), gone.ID.String()})
}

// separate takes out of a record what a merge brought into it: each detail the
// merge changed, and nobody since, is as it was before.
func separate(is, after, before Snapshot) (Patient, Contacts) {
	p, a, b := is.Patient, after.Patient, before.Patient
	if p.NHSNumber == a.NHSNumber && a.NHSNumber != b.NHSNumber {
		p.NumberStatus, p.PDSVersion, p.SyncedAt = b.NumberStatus, b.PDSVersion, b.SyncedAt
	}
	undo(&p.NHSNumber, a.NHSNumber, b.NHSNumber)
	undo(&p.SupersededBy, a.SupersededBy, b.SupersededBy)
	undo(&p.EMISID, a.EMISID, b.EMISID)
	undo(&p.EHRPartnerID, a.EHRPartnerID, b.EHRPartnerID)
	undo(&p.EHRPartner, a.EHRPartner, b.EHRPartner)
	undo(&p.Title, a.Title, b.Title)
	undo(&p.Sex, a.Sex, b.Sex)
	undo(&p.DeceasedAt, a.DeceasedAt, b.DeceasedAt)
	undo(&p.DeathSource, a.DeathSource, b.DeathSource)
	undo(&p.FirstName, a.FirstName, b.FirstName)
	undo(&p.LastName, a.LastName, b.LastName)
	undo(&p.Notes, a.Notes, b.Notes)
	undo(&p.Restricted, a.Restricted, b.Restricted)
	undo(&p.Status, a.Status, b.Status)
	c := slices.Clone(is.Contacts)
	for _, x := range after.Contacts {
		if before.Contacts.find(x.Kind, x.Source) >= 0 {
			continue
		}
		if i := c.find(x.Kind, x.Source); i >= 0 && c[i].Value == x.Value {
			c = slices.Delete(c, i, i+1)
		}
	}
	if after.Restricted && !before.Restricted && !p.Restricted {
		c = before.Contacts // the other record alone was restricted
	}
	return p, p.use(c)
}

func undo[T comparable](is *T, after, before T) {
	if *is == after {
		*is = before
	}
}
