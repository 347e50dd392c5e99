package patient

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Registration is what a caller tells of a person. In a registration that
// brings a known patient up to date, nil leaves a detail as it is.
type Registration struct {
	NHSNumber, EHRPartnerID, Title, Landline, Mobile, Email, Source *string
	BirthDate, FirstName, LastName                                  string
	Sex                                                             *Sex
	Line1, Line2, Line3, Town, County, Country, Postcode            *string
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (r Registration) apply(p *Patient) {
	p.FirstName, p.LastName = r.FirstName, r.LastName
	set(&p.NHSNumber, r.NHSNumber)
	set(&p.EHRPartnerID, r.EHRPartnerID)
	set(&p.Title, r.Title)
	set(&p.Sex, r.Sex)
	set(&p.Mobile, r.Mobile)
	set(&p.Landline, r.Landline)
	set(&p.Email, r.Email)
	set((*string)(&p.Source), r.Source)
	set(&p.Address.Line1, r.Line1)
	set(&p.Address.Line2, r.Line2)
	set(&p.Address.Line3, r.Line3)
	set(&p.Address.Town, r.Town)
	set(&p.Address.County, r.County)
	set(&p.Address.Country, r.Country)
	set(&p.Address.Postcode, r.Postcode)
}

// MaxName is the longest first or last name, in characters.
const MaxName = 200

// oldest is the earliest birth date we believe; the longest documented life
// began in that year.
var oldest = input.DayOf(1875, time.January, 1)

// BirthDate reads a date of birth: a date, or an instant whose date is meant.
func BirthDate(in *input.Checks, field, value string, today input.Date) input.Date {
	value = strings.TrimSpace(value)
	d, ok := input.ParseDate(value)
	if !ok {
		// Partners send 1985-03-12T00:00:00Z and mean the date written.
		if _, err := time.Parse(time.RFC3339, value); err == nil {
			d, ok = input.ParseDate(value[:len("2006-01-02")])
		}
	}
	expected := "a date from 1875-01-01 to today, as YYYY-MM-DD"
	switch {
	case !ok:
		in.Wrong(field, input.CodeDate, expected, "This is not a date of birth.")
		return input.NoDate
	case d > today:
		in.Wrong(field, input.CodeBig, expected, "This date of birth is in the future.")
	case d < oldest:
		in.Wrong(field, input.CodeSmall, expected, "This date of birth is before 1875.")
	}
	return d
}

func (p *Patient) check(in *input.Checks) {
	p.NHSNumber = nhsNumber(in, "nhs_number", p.NHSNumber)
	p.EHRPartnerID = in.Text("ehr_partner_id", input.Visible(p.EHRPartnerID), 100)
	p.Title = input.Choice(in, "title", p.Title, Titles)
	p.FirstName = in.Required("first_name", p.FirstName, MaxName)
	p.LastName = in.Required("last_name", p.LastName, MaxName)
	if p.Sex != "" {
		p.Sex = input.Choice(in, "sex", p.Sex, Sexes)
	}
	p.Mobile = in.Mobile("mobile", p.Mobile)
	p.Landline = in.Telephone("landline", p.Landline)
	p.Email = in.Email("email", p.Email)
	p.Source = input.Choice(in, "data_source", p.Source, Sources)
	p.Address.check(in, "")
}

// check tidies an address; its fields are named after what comes before them.
func (a *Address) check(in *input.Checks, before string) {
	line := "address_line_"
	if before != "" {
		line = before + "line_"
	}
	a.Line1 = in.Postal(line+"1", a.Line1, 200)
	a.Line2 = in.Postal(line+"2", a.Line2, 200)
	a.Line3 = in.Postal(line+"3", a.Line3, 200)
	a.Town = in.Postal(before+"town", a.Town, 100)
	a.County = in.Postal(before+"county", a.County, 100)
	a.Country = in.Postal(before+"country", a.Country, 100)
	a.Postcode = in.Postcode(before+"postcode", a.Postcode)
}

// contacts are what the caller says of how to reach the patient: p is the
// patient with the details given, put into the form they are kept in.
func (r Registration) contacts(c Contacts, p Patient, now time.Time) Contacts {
	given := map[ContactKind]bool{
		ContactMobile: r.Mobile != nil, ContactLandline: r.Landline != nil, ContactEmail: r.Email != nil,
		ContactAddress: r.Line1 != nil || r.Line2 != nil || r.Line3 != nil || r.Town != nil || r.County != nil || r.Country != nil || r.Postcode != nil,
	}
	for _, kind := range ContactKinds {
		if given[kind] {
			c = c.put(kind, FromCaller, p.detail(kind), now)
		}
	}
	return c
}

// Register adds a person with the details given. When the group has a patient
// with the same NHS number and date of birth, that patient is brought up to
// date instead, and keeps its id; one the national service has verified keeps
// its name and sex. Errors: ErrNHSNumberTaken, ErrDetailsDiffer.
func (s *Service) Register(ctx context.Context, r Registration) (ID, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return 0, err
	}
	now := s.Now().Truncate(time.Microsecond)
	fresh := Patient{ID: ID(s.NewID()), Source: SourceHero, Status: Unarchived, Version: 1, CreatedAt: now, UpdatedAt: now}
	r.apply(&fresh)
	var in input.Checks
	fresh.BirthDate = BirthDate(&in, "dob", r.BirthDate, input.DateOf(now.UTC()))
	fresh.check(&in)
	if fresh.Mobile == "" && fresh.Email == "" {
		in.Wrong("mobile", input.CodeSmall, "a mobile number, or an e-mail address in email", "A patient needs a mobile number or an e-mail address.")
	}
	if err := in.Err(); err != nil {
		return 0, err
	}
	if err := issued(ctx, s.Store, who.Group, "nhs_number", fresh.NHSNumber); err != nil {
		return 0, err
	}
	id, contested := fresh.ID, false
	err = s.Store.Do(ctx, func(tx Tx) error {
		added, before, contacts, err := s.addOrLock(ctx, tx, who, fresh, r.contacts(nil, fresh, now))
		id, contested = fresh.ID, false
		if err != nil || added {
			return err
		}
		if before.BirthDate != fresh.BirthDate {
			return ErrNHSNumberTaken
		}
		id = before.ID
		as := said{fresh.FirstName, fresh.LastName, fresh.BirthDate, fresh.Sex}
		if differs := as.differs(before, true); before.NumberStatus == NumberVerified && len(differs) > 0 {
			contested = true
			return s.contest(ctx, tx, who, now, before, as, differs)
		}
		after := before
		r.apply(&after)
		after.check(&input.Checks{}) // puts the same details into the same form again
		after.stay(before)
		next := after.use(r.contacts(contacts, after, now))
		if err := s.save(ctx, tx, who, now, "patient.update", before, &after, contacts, next); err != nil {
			return err
		}
		return recordChange(ctx, tx, who, now, Full{Patient: before}, Full{Patient: after}, contacts, next)
	})
	if err == nil && contested {
		return 0, ErrDetailsDiffer
	}
	return id, err
}

// stay keeps what a registration does not replace: the number the patient has
// now, where it came with a former one, and all that the national service
// verified. A title or a sex it does not know may be added.
func (p *Patient) stay(before Patient) {
	p.NHSNumber = before.NHSNumber
	if before.NumberStatus != NumberVerified {
		return
	}
	p.FirstName, p.LastName, p.Source = before.FirstName, before.LastName, before.Source
	fill(&before.Title, p.Title)
	fill(&before.Sex, p.Sex)
	p.Title, p.Sex = before.Title, before.Sex
}

// addOrLock keeps a new patient, or locks and reads the one who has the NHS
// number already, or had it.
func (s *Service) addOrLock(ctx context.Context, tx Tx, who access.Caller, fresh Patient, c Contacts) (added bool, known Patient, contacts Contacts, err error) {
	for {
		added, err := s.add(ctx, tx, who, fresh, c)
		if err != nil || added {
			return added, fresh, c, err
		}
		known, err := holder(ctx, tx, who.Group, fresh.NHSNumber)
		if errors.Is(err, ErrNotFound) {
			continue // a merge was undone, or done, this moment
		}
		if err != nil {
			return false, known, nil, err
		}
		before, contacts, err := lock(ctx, tx, who.Group, known.ID)
		if err != nil || before.NHSNumber == fresh.NHSNumber {
			return false, before, contacts, err
		}
		if now, err := holder(ctx, tx, who.Group, fresh.NHSNumber); err == nil && now.ID == before.ID {
			return false, before, contacts, nil // the number was superseded
		}
	}
}

// add keeps a new patient, and reports whether nobody had its NHS number.
func (s *Service) add(ctx context.Context, tx Tx, who access.Caller, p Patient, c Contacts) (bool, error) {
	added, err := tx.AddPatient(ctx, who.Group, p)
	if err != nil || !added {
		return false, err
	}
	if err := saveContacts(ctx, tx, who.Group, p.ID, nil, c); err != nil {
		return false, err
	}
	if err := Record(ctx, tx, who, p.CreatedAt, Fact(event.PatientCreated, p.ID, nil)); err != nil {
		return false, err
	}
	return true, tx.Audit(ctx, who.Audit(p.CreatedAt, "patient.register", "patient", int64(p.ID), nil, p))
}

// lock keeps others from changing the patient an id stands for, and reads it.
func lock(ctx context.Context, tx Tx, group practice.ID, id ID) (Patient, Contacts, error) {
	for {
		if err := tx.LockPatient(ctx, group, id); err != nil {
			return Patient{}, nil, err
		}
		p, err := tx.Patient(ctx, group, id)
		if err == nil && p.Deleted() {
			err = ErrNotFound
		}
		if err != nil {
			return p, nil, err
		}
		if p.Live() {
			c, err := contactsOf(ctx, tx, group, p)
			return p, c, err
		}
		id = p.MergedInto
	}
}

// save keeps a changed patient, if anything has changed, with its audit entry.
func (s *Service) save(ctx context.Context, tx Tx, who access.Caller, now time.Time, action string, before Patient, after *Patient, was, is Contacts) error {
	if *after == before && slices.Equal(was, is) {
		return nil
	}
	after.UpdatedAt = now
	if err := tx.SavePatient(ctx, who.Group, *after); err != nil {
		return err
	}
	after.Version++
	if err := saveContacts(ctx, tx, who.Group, after.ID, was, is); err != nil {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, action, "patient", int64(after.ID), Snapshot{before, was}, Snapshot{*after, is}))
}
