package patient

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/contactpoint"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/label"
)

// Registration is a patient to register, and what is kept with them from the
// start. Where it brings a known patient up to date, nil leaves a detail as it is.
type Registration struct {
	Changes
	// NameOnly says that a name is enough. Else a birth date, and a mobile number or an e-mail address, are needed.
	NameOnly bool
	// Phone is a telephone number of a kind; empty is none.
	Phone      Phone
	Labels     []label.ID
	Attributes []Attribute
}

// MaxName is the longest first or last name, in characters.
const MaxName = 200

// oldest is the earliest birth date we believe; the longest documented life began in that year.
var oldest = input.DayOf(1875, time.January, 1)

// ReadBirthDate reads a date of birth: a date, or an instant whose date is meant; an empty text is NoDate.
func ReadBirthDate(text string) input.Date {
	text = strings.TrimSpace(text)
	if text == "" {
		return input.NoDate
	}
	if _, err := time.Parse(time.RFC3339, text); err == nil {
		text = text[:len("2006-01-02")] // partners send 1985-03-12T00:00:00Z and mean the date written
	}
	if d, ok := input.ParseDate(text); ok {
		return d
	}
	return input.NotADate
}

// BirthDate checks a date of birth, which must be known.
func BirthDate(in *input.Checks, field string, d, today input.Date) input.Date {
	expected := "a date from 1875-01-01 to today, as YYYY-MM-DD"
	switch {
	case !d.Believed():
		in.Wrong(field, input.CodeDate, expected, "This is not a date of birth.")
		return input.NoDate
	case d > today:
		in.Wrong(field, input.CodeBig, expected, "This date of birth is in the future.")
	case d < oldest:
		in.Wrong(field, input.CodeSmall, expected, "This date of birth is before 1875.")
	}
	return d
}

// record is a new patient with the details given.
func (r *Registration) record(id ID, now time.Time) (Patient, error) {
	p := Patient{
		ID: id, BirthDate: input.NoDate, Source: SourceHero, Status: Unarchived, Version: 1, CreatedAt: now,
		UpdatedAt: now,
	}
	if err := r.checkCountry(); err != nil {
		return p, err
	}
	var in input.Checks
	if r.Phone.Number != "" {
		number := r.Phone.Number
		r.Phone.Kind = phoneKind(&in, r.Phone.Kind)
		switch r.Phone.Kind { // the first of these is what messages and calls go to
		case input.MobilePhone:
			r.Mobile, r.Phone = &number, Phone{}
		case input.HomePhone:
			r.Landline, r.Phone = &number, Phone{}
		}
	}
	if !r.NameOnly && (r.BirthDate == nil || *r.BirthDate == input.NoDate) {
		BirthDate(&in, "birth_date", input.NoDate, input.DateOf(now.UTC()))
	}
	r.apply(&p, &in, input.DateOf(now.UTC()))
	if !r.NameOnly && p.Mobile == "" && p.Email == "" {
		in.Wrong("mobile", input.CodeSmall, "a mobile number, or an e-mail address in email",
			"A patient needs a mobile number or an e-mail address.")
	}
	for _, kind := range contactpoint.Kinds {
		if r.gives(kind) {
			p.ContactPoints = p.ContactPoints.Put(kind, contactpoint.FromCaller, p.detail(kind), now)
		}
	}
	return p, in.Err()
}

// Register adds a patient with the details given. When the group has a patient with the same NHS number and date of
// birth, that patient is brought up to date instead, and keeps its id; one the national service has verified keeps its
// name and sex. What is kept with a new patient from the start is part of the event that adds them. Errors:
// ErrNHSNumberTaken, ErrDetailsDiffer, ErrCountry, label.ErrNotFound, field faults.
func (s *Service) Register(ctx context.Context, r Registration) (Patient, error) {
	a, err := s.Prepare(ctx, r)
	if err != nil {
		return Patient{}, err
	}
	var p Patient
	var contested bool
	err = s.Store.Do(ctx, func(tx Tx) error {
		p, contested, err = s.Admit(ctx, tx, a)
		return err
	})
	switch {
	case err != nil:
		return Patient{}, err
	case contested:
		return Patient{}, ErrDetailsDiffer
	}
	return p.shownTo(a.who), nil
}

// Admission is a registration that was checked.
type Admission struct {
	Registration
	who   access.Caller
	fresh Patient
}

// Prepare checks a registration, for Admit. Errors: ErrCountry, field faults.
func (s *Service) Prepare(ctx context.Context, r Registration) (Admission, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return Admission{}, err
	}
	fresh, err := r.record(ID(s.NewID()), s.now())
	if err == nil {
		err = Issued(ctx, s.Store, who.Group, "nhs_number", fresh.NHSNumber)
	}
	return Admission{r, who, fresh}, err
}

// Admit is Register in a transaction of another area. Where it reports that the details are contested, nothing but that
// is kept, and the caller answers ErrDetailsDiffer when it has committed. Errors: ErrNHSNumberTaken,
// label.ErrNotFound, field faults.
func (s *Service) Admit(ctx context.Context, tx Tx, a Admission) (p Patient, contested bool, err error) {
	fresh, now, who := a.fresh, a.fresh.CreatedAt, a.who
	added, before, err := AddOrLock(ctx, tx, who, fresh)
	p = before
	switch {
	case err != nil:
		return p, false, err
	case added:
		return p, false, s.furnish(ctx, tx, who, p, a.Registration)
	case before.BirthDate != fresh.BirthDate:
		return p, false, ErrNHSNumberTaken
	}
	as := Description{fresh.FirstName, fresh.LastName, fresh.BirthDate, fresh.Sex}
	if differs := as.Differs(before, true); before.NumberStatus == NumberVerified && len(differs) > 0 {
		return p, true, Contest(ctx, tx, s.NewID(), who, now, before, as, differs)
	}
	// The details were checked: this puts them into the same form again.
	a.apply(&p, &input.Checks{}, input.DateOf(now.UTC()))
	p.stay(before)
	points := before.ContactPoints
	for _, kind := range contactpoint.Kinds {
		if a.gives(kind) {
			points = points.Put(kind, contactpoint.FromCaller, p.detail(kind), now)
		}
	}
	p.Use(points)
	return p, false, Keep(ctx, tx, who, now, "patient.update", before, p)
}

// furnish keeps what comes with a new patient.
func (s *Service) furnish(ctx context.Context, tx Tx, who access.Caller, p Patient, r Registration) error {
	if !p.Particulars.same(Particulars{}) {
		if err := tx.SaveParticulars(ctx, who.Group, p.ID, p.Particulars); err != nil {
			return err
		}
	}
	var all []Belonging
	if r.Phone.Number != "" {
		r.Phone.ID = PhoneID(s.NewID())
		if err := r.Phone.check(""); err != nil {
			return err
		}
		all = append(all, r.Phone)
	}
	for _, x := range r.Attributes {
		x.ID = AttributeID(s.NewID())
		if err := x.check(); err != nil {
			return err
		}
		all = append(all, x)
	}
	for _, b := range all {
		if err := tx.SaveBelonging(ctx, who.Group, p.ID, b); err != nil {
			return err
		}
	}
	for _, id := range r.Labels {
		if _, err := s.putLabel(ctx, tx, who, p.ID, id); err != nil {
			return err
		}
	}
	return nil
}

// stay keeps what a registration does not replace: the number the patient has now, where it came with a former one, and
// all that the national service verified. A title or a sex it does not know may be added.
func (p *Patient) stay(before Patient) {
	p.NHSNumber, p.BirthDate = before.NHSNumber, before.BirthDate
	if before.NumberStatus != NumberVerified {
		return
	}
	p.FirstName, p.LastName, p.Source = before.FirstName, before.LastName, before.Source
	p.Title, p.Sex = cmp.Or(before.Title, p.Title), cmp.Or(before.Sex, p.Sex)
}

// AddOrLock keeps a new patient, or locks and reads the one who has the NHS number already, or had it.
func AddOrLock(ctx context.Context, tx AddTx, who access.Caller, fresh Patient) (added bool, known Patient, err error) {
	for {
		added, err := add(ctx, tx, who, fresh)
		if err != nil || added {
			return added, fresh, err
		}
		known, err := tx.Holder(ctx, who.Group, fresh.NHSNumber)
		if errors.Is(err, ErrNotFound) {
			continue // a merge was undone, or done, this moment
		}
		if err != nil {
			return false, known, err
		}
		before, err := Lock(ctx, tx, who.Group, known.ID)
		if err != nil || before.NHSNumber == fresh.NHSNumber {
			return false, before, err
		}
		if now, err := tx.Holder(ctx, who.Group, fresh.NHSNumber); err == nil && now.ID == before.ID {
			return false, before, nil // the number was superseded
		}
	}
}

// add keeps a new patient, and reports whether the NHS number was free.
func add(ctx context.Context, tx AddTx, who access.Caller, p Patient) (bool, error) {
	added, err := tx.AddPatient(ctx, who.Group, p)
	if err != nil || !added {
		return false, err
	}
	if err := p.SavePoints(ctx, tx, who.Group, nil); err != nil {
		return false, err
	}
	if err := Record(ctx, tx, who, p.CreatedAt, Fact(event.PatientCreated, p.ID, nil)); err != nil {
		return false, err
	}
	return true, tx.Audit(ctx, who.Audit(p.CreatedAt, "patient.register", "patient", int64(p.ID), nil, p))
}
