package demographics

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/contactpoint"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

func (n Person) description() patient.Description {
	return patient.Description{FirstName: n.FirstName, LastName: n.LastName, BirthDate: n.BirthDate, Sex: n.Sex}
}

// connect keeps what the caller said of the practice's own record system.
func (q sought) connect(p *patient.Patient) {
	take(&p.EHRPartnerID, q.partnerID)
	take(&p.EHRPartner, q.partner)
}

func take[T ~string](to *T, from T) {
	if from != "" {
		*to = from
	}
}

// adoptedBy has a patient take over what the national service says of the person.
func (n Person) adoptedBy(p *patient.Patient, now time.Time) {
	p.NHSNumber, p.NumberStatus, p.SupersededBy = n.NHSNumber, patient.NumberVerified, ""
	take(&p.Title, n.Title)
	take(&p.FirstName, n.FirstName)
	take(&p.LastName, n.LastName)
	take(&p.Sex, n.Sex)
	if n.BirthDate != input.NoDate {
		p.BirthDate = n.BirthDate
	}
	p.Restricted = n.Restricted
	switch {
	case !n.DeceasedAt.IsZero():
		p.DeceasedAt, p.DeathSource = n.DeceasedAt.UTC(), contactpoint.FromPDS
	case p.DeathSource == contactpoint.FromPDS: // it was an error; what the practice knows stands
		p.DeceasedAt, p.DeathSource = time.Time{}, ""
	}
	p.Source, p.PDSVersion, p.SyncedAt = patient.SourcePDS, n.Version, now
	said := patient.Patient{Mobile: n.Mobile, Landline: n.Landline, Email: n.Email, Address: n.Address}
	p.Use(said.PutAll(p.ContactPoints, contactpoint.FromPDS, now))
}

// refresh brings a patient whom the transaction has locked up to date with the national service.
func (s *Service) refresh(ctx context.Context, tx Tx, who access.Caller, before patient.Patient, n Person, q sought,
	now time.Time) error {
	after := before
	n.adoptedBy(&after, now)
	q.connect(&after)
	if len(patient.Changed(before, after)) == 0 && after.EHRPartner == before.EHRPartner &&
		after.EHRPartnerID == before.EHRPartnerID &&
		after.NumberStatus == before.NumberStatus && after.Source == before.Source {
		return tx.Synced(ctx, who.Group, before.ID, n.Version, now)
	}
	if err := patient.Keep(ctx, tx, who, now, "patient.refresh", before, after); err != nil || before.Dead() ||
		!after.Dead() {
		return err
	}
	return patient.ReportDeath(ctx, tx, s.NewID(), who, now, after, 0)
}

// FormerNumber is an NHS number that another has replaced, and whose it was.
type FormerNumber struct {
	ID      int64
	Patient patient.ID
	Number  string
	At      time.Time
}

// supersede follows the national service where a number has been replaced by another. The patient with the old number
// gets the new one. When another patient has that already, two records stand for one person: the old one keeps neither
// number, says which it is, and waits to be merged by staff. The old number finds the patient with the new one from
// then on.
func (s *Service) supersede(ctx context.Context, tx Tx, who access.Caller, old string, p Person, now time.Time) error {
	known, err := tx.PatientByNHSNumber(ctx, who.Group, old)
	if errors.Is(err, patient.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if known.BirthDate != p.BirthDate {
		return patient.ErrNHSNumberTaken
	}
	other, err := tx.PatientByNHSNumber(ctx, who.Group, p.NHSNumber)
	taken := err == nil && other.ID != known.ID
	if err != nil && !errors.Is(err, patient.ErrNotFound) {
		return err
	}
	before, err := patient.Lock(ctx, tx, who.Group, known.ID)
	if err != nil || before.NHSNumber != old {
		return err
	}
	after, holder := before, before.ID
	after.NHSNumber = p.NHSNumber
	if taken {
		after.NHSNumber, after.NumberStatus, after.SupersededBy, holder = "", "", p.NHSNumber, other.ID
	}
	if err := patient.Keep(ctx, tx, who, now, "patient.supersede", before, after); err != nil {
		return err
	}
	return tx.SaveFormerNumber(ctx, who.Group, FormerNumber{s.NewID(), holder, old, now})
}

// mark notes what is known of an NHS number that a patient has.
func (s *Service) mark(ctx context.Context, who access.Caller, number string, status patient.NumberStatus) error {
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		known, err := tx.PatientByNHSNumber(ctx, who.Group, number)
		if errors.Is(err, patient.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		before, err := patient.Lock(ctx, tx, who.Group, known.ID)
		if err != nil || before.NHSNumber != number {
			return err
		}
		after := before
		after.NumberStatus, after.SyncedAt = status, now
		return patient.Keep(ctx, tx, who, now, "patient.number", before, after)
	})
}
