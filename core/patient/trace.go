package patient

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/idempotency"
	"frontdesk/core/input"
	"frontdesk/core/names"
	"frontdesk/core/practice"
)

// PDSRegistration is what a caller knows of a person to be found in the national
// service: the NHS number and date of birth, or the names, date of birth and
// postcode.
type PDSRegistration struct {
	NHSNumber *string
	// BirthDate is a date, or nothing when the caller does not know it: then
	// nobody's identity can be confirmed.
	BirthDate                   *string
	Forename, Surname, Postcode *string
	Sex                         *Sex
	EHRPartner, EHRPartnerID    *string
}

// sought is a PDSRegistration that makes sense.
type sought struct {
	number             string
	born               input.Date // NoDate when the caller does not know
	trace              Trace
	partner, partnerID string
}

// check reads what was sent.
func (r PDSRegistration) check(today input.Date) (sought, error) {
	var in input.Checks
	var out sought
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return strings.TrimSpace(*s)
	}
	if born := text(r.BirthDate); born != "" {
		out.born = BirthDate(&in, "dob", born, today)
	} else {
		out.born = input.NoDate
	}
	required := func(field string, value *string, limit int) string {
		typed := text(value)
		if field == "postcode" {
			typed = input.Visible(typed)
		}
		if r.NHSNumber != nil {
			return in.Text(field, typed, limit)
		}
		return in.Required(field, typed, limit)
	}
	if r.NHSNumber != nil {
		if text(r.NHSNumber) == "" {
			in.Wrong("nhs_number", input.CodeSmall, "an NHS number of ten digits", "This may not be empty.")
		}
		out.number = nhsNumber(&in, "nhs_number", *r.NHSNumber)
	}
	out.trace = Trace{
		FirstName: required("forename", r.Forename, MaxName), LastName: required("surname", r.Surname, MaxName), BirthDate: out.born,
		Postcode: required("postcode", r.Postcode, 20),
	}
	out.trace.Postcode = in.Postcode("postcode", out.trace.Postcode)
	if r.Sex != nil && *r.Sex != "" {
		out.trace.Sex = input.Choice(&in, "sex", *r.Sex, Sexes)
	}
	out.partner = in.Text("ehr_partner", text(r.EHRPartner), 100)
	out.partnerID = in.Text("ehr_partner_id", input.Visible(text(r.EHRPartnerID)), 100)
	return out, in.Err()
}

// agrees reports whether a person of the national service is certainly the one
// sought.
func (q sought) agrees(p Person) bool { return len(q.differs(p)) == 0 }

// differs names what is not the same: the birth date, and the surname, the
// forename and the sex when they were given. Twins have one birth date and one
// surname.
func (q sought) differs(p Person) []string {
	var out []string
	if q.born == input.NoDate || p.BirthDate != q.born {
		out = append(out, "dob")
	}
	key := names.Key(q.trace.LastName)
	if q.trace.LastName != "" && !slices.ContainsFunc(append([]string{p.LastName}, p.OtherNames...), func(name string) bool { return names.Key(name) == key }) {
		out = append(out, "surname")
	}
	if !names.SameForename(q.trace.FirstName, p.FirstName) {
		out = append(out, "forename")
	}
	if otherSex(q.trace.Sex, p.Sex) {
		out = append(out, "sex")
	}
	return out
}

// Registered is how a registration through the national service ended: with a
// patient, or with a page for somebody who could not be identified.
type Registered struct {
	ID ID
	// Check is the page, when ID is 0.
	Check IdentityCheck
}

// StillKnown is how long a reading of the national service stands in for it
// while it is down.
const StillKnown = 24 * time.Hour

// RegisterPDS finds a person in the national service and keeps them as a
// patient of the group, with the service's details. Somebody who is a patient
// already is brought up to date and keeps the id. A person whose birth date or
// surname is not what the caller said is not told of: the answer is a page that
// says how to confirm who they are. Errors: ErrNotTraced, ErrNumberInvalid,
// ErrNHSNumberTaken, ErrNoDemographics, ErrDemographicsDown, and field faults.
func (s *Service) RegisterPDS(ctx context.Context, r PDSRegistration) (Registered, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return Registered{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	q, err := r.check(input.DateOf(now.UTC()))
	if err != nil {
		return Registered{}, err
	}
	if err := issued(ctx, s.Store, who.Group, "nhs_number", q.number); err != nil {
		return Registered{}, err
	}
	if q.born == input.NoDate {
		return s.unsure(ctx, who, now, q, "no_birth_date")
	}
	p, err := s.seek(ctx, who, q)
	switch {
	case errors.Is(err, ErrSeveralTraced):
		return s.unsure(ctx, who, now, q, "several_match")
	case errors.Is(err, ErrDemographicsDown):
		id, known := s.known(ctx, who.Group, q, now)
		if known {
			return Registered{ID: id}, nil
		}
		return Registered{}, err
	case err != nil:
		return Registered{}, err
	case !q.agrees(p):
		return s.unsure(ctx, who, now, q, "details_differ", q.differs(p)...)
	}
	var id ID
	err = s.Store.Do(ctx, func(tx Tx) (err error) {
		id, err = s.keep(ctx, tx, who, p, q, now)
		return err
	})
	if err == nil && id == 0 {
		err = ErrDetailsDiffer
	}
	return Registered{ID: id}, err
}

// seek asks the national service, and notes in the audit trail that it was asked
// about whom, and what came of it.
func (s *Service) seek(ctx context.Context, who access.Caller, q sought) (Person, error) {
	name, action := "read "+q.number, "pds.read"
	if q.number == "" {
		name, action = string(audit.Snapshot(q.trace)), "pds.trace"
	}
	return idempotency.Outside(ctx, name, func(ctx context.Context) (Person, error) {
		var p Person
		var err error
		if q.number != "" {
			p, err = s.Demographics.Read(ctx, who.Group, q.number)
		} else {
			p, err = s.Demographics.Trace(ctx, who.Group, q.trace)
		}
		outcome := "found"
		if err != nil {
			outcome = fault.Of(err).Code
		}
		asked := struct {
			Number  string `json:"nhs_number,omitempty"`
			Found   string `json:"found,omitempty"`
			Outcome string `json:"outcome"`
		}{q.number, p.NHSNumber, outcome}
		noted := s.Store.Do(ctx, func(tx Tx) error {
			return tx.Audit(ctx, who.Audit(s.Now(), action, "demographics", 0, nil, asked))
		})
		if errors.Is(err, ErrNumberInvalid) {
			noted = errors.Join(noted, s.mark(ctx, who, q.number, NumberWithdrawn))
		}
		return p, errors.Join(err, noted)
	})
}

// known finds a patient whose national record was read lately, by the same
// details the service would have been asked for.
func (s *Service) known(ctx context.Context, group practice.ID, q sought, now time.Time) (ID, bool) {
	fresh := func(p Patient) bool {
		person := Person{BirthDate: p.BirthDate, FirstName: p.FirstName, LastName: p.LastName, Sex: p.Sex}
		return p.NumberStatus == NumberVerified && now.Sub(p.SyncedAt) <= StillKnown && q.agrees(person)
	}
	if q.number != "" {
		p, err := holder(ctx, s.Store, group, q.number)
		return p.ID, err == nil && fresh(p)
	}
	born, _, err := s.Store.Patients(ctx, group, Query{Field: FieldBirthDate, Value: q.born.String(), Limit: 1000})
	if err != nil {
		return 0, false
	}
	var found []ID
	for _, p := range born {
		if fresh(p) && names.Key(p.FirstName) == names.Key(q.trace.FirstName) && p.Address.Postcode == q.trace.Postcode {
			found = append(found, p.ID)
		}
	}
	if len(found) != 1 {
		return 0, false
	}
	return found[0], true
}

// keep makes a person of the national service a patient, or brings the patient
// with that number up to date. The id is 0 when that patient has another forename
// or sex, and the service has not verified them: then staff are asked.
func (s *Service) keep(ctx context.Context, tx Tx, who access.Caller, p Person, q sought, now time.Time) (ID, error) {
	if q.number != "" && q.number != p.NHSNumber {
		if err := s.supersede(ctx, tx, who, q.number, p, now); err != nil {
			return 0, err
		}
	}
	fresh := Patient{ID: ID(s.NewID()), Status: Unarchived, BirthDate: p.BirthDate, Version: 1, CreatedAt: now, UpdatedAt: now}
	contacts := fresh.adopt(p, nil, now)
	fresh.connect(q)
	added, before, contacts, err := s.addOrLock(ctx, tx, who, fresh, contacts)
	if err != nil {
		return 0, err
	}
	if before.BirthDate != p.BirthDate {
		return 0, ErrNHSNumberTaken
	}
	if q.number != "" && q.number != p.NHSNumber {
		if err := tx.SaveFormerNumber(ctx, who.Group, FormerNumber{s.NewID(), before.ID, q.number, now}); err != nil {
			return 0, err
		}
	}
	if added {
		return fresh.ID, nil
	}
	if differs := p.said().differs(before, false); before.NumberStatus != NumberVerified && len(differs) > 0 {
		return 0, s.contest(ctx, tx, who, now, before, p.said(), differs)
	}
	return before.ID, s.refresh(ctx, tx, who, before, contacts, p, q, now)
}

func (p Person) said() said { return said{p.FirstName, p.LastName, p.BirthDate, p.Sex} }

// connect keeps what the caller said of the practice's own record system.
func (p *Patient) connect(q sought) {
	if q.partnerID != "" {
		p.EHRPartnerID = q.partnerID
	}
	if q.partner != "" {
		p.EHRPartner = q.partner
	}
}

// adopt takes over what the national service says of a person, and gives the
// contacts there are then.
func (p *Patient) adopt(n Person, c Contacts, now time.Time) Contacts {
	take := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	p.NHSNumber, p.NumberStatus, p.SupersededBy = n.NHSNumber, NumberVerified, ""
	take(&p.Title, n.Title)
	take(&p.FirstName, n.FirstName)
	take(&p.LastName, n.LastName)
	take((*string)(&p.Sex), string(n.Sex))
	if n.BirthDate != input.NoDate {
		p.BirthDate = n.BirthDate
	}
	p.Restricted = n.Restricted
	switch {
	case !n.DeceasedAt.IsZero():
		p.DeceasedAt, p.DeathSource = n.DeceasedAt.UTC(), FromPDS
	case p.DeathSource == FromPDS: // it was an error; what the practice knows stands
		p.DeceasedAt, p.DeathSource = time.Time{}, ""
	}
	p.Source, p.PDSVersion, p.SyncedAt = SourcePDS, n.Version, now
	said := Patient{Mobile: n.Mobile, Landline: n.Landline, Email: n.Email, Address: n.Address}
	return p.use(c.putAll(FromPDS, said, now))
}

// refresh brings a patient up to date with the national service, and tells of
// what changed. The caller has locked the patient.
func (s *Service) refresh(ctx context.Context, tx Tx, who access.Caller, before Patient, was Contacts, n Person, q sought, now time.Time) error {
	after := before
	is := after.adopt(n, was, now)
	after.connect(q)
	if len(changes(before, after, was, is)) == 0 && after.EHRPartner == before.EHRPartner && after.EHRPartnerID == before.EHRPartnerID &&
		after.NumberStatus == before.NumberStatus && after.Source == before.Source {
		return tx.Synced(ctx, who.Group, before.ID, n.Version, now)
	}
	if err := s.save(ctx, tx, who, now, "patient.refresh", before, &after, was, is); err != nil {
		return err
	}
	if err := recordChange(ctx, tx, who, now, Full{Patient: before}, Full{Patient: after}, was, is); err != nil || before.Dead() || !after.Dead() {
		return err
	}
	return s.died(ctx, tx, who, now, after, 0)
}

// FormerNumber is an NHS number that another has replaced, and whose it was.
type FormerNumber struct {
	ID      int64
	Patient ID
	Number  string
	At      time.Time
}

// supersede follows the national service where a number has been replaced by
// another. The patient with the old number gets the new one. When another
// patient has that already, two records stand for one person: the old one keeps
// neither number, says which it is, and waits for somebody to merge them. The
// old number finds the patient with the new one from then on.
func (s *Service) supersede(ctx context.Context, tx Tx, who access.Caller, old string, p Person, now time.Time) error {
	known, err := tx.PatientByNHSNumber(ctx, who.Group, old)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if known.BirthDate != p.BirthDate {
		return ErrNHSNumberTaken
	}
	other, err := tx.PatientByNHSNumber(ctx, who.Group, p.NHSNumber)
	taken := err == nil && other.ID != known.ID
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	before, contacts, err := lock(ctx, tx, who.Group, known.ID)
	if err != nil || before.NHSNumber != old {
		return err
	}
	after, holder := before, before.ID
	after.NHSNumber = p.NHSNumber
	if taken {
		after.NHSNumber, after.NumberStatus, after.SupersededBy, holder = "", "", p.NHSNumber, other.ID
	}
	if err := s.save(ctx, tx, who, now, "patient.supersede", before, &after, contacts, contacts); err != nil {
		return err
	}
	if err := tx.SaveFormerNumber(ctx, who.Group, FormerNumber{s.NewID(), holder, old, now}); err != nil {
		return err
	}
	return recordChange(ctx, tx, who, now, Full{Patient: before}, Full{Patient: after}, nil, nil)
}

// mark notes what is known of a number some patient has.
func (s *Service) mark(ctx context.Context, who access.Caller, number string, status NumberStatus) error {
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		known, err := tx.PatientByNHSNumber(ctx, who.Group, number)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		before, contacts, err := lock(ctx, tx, who.Group, known.ID)
		if err != nil || before.NHSNumber != number {
			return err
		}
		after := before
		after.NumberStatus, after.SyncedAt = status, now
		if err := s.save(ctx, tx, who, now, "patient.number", before, &after, contacts, contacts); err != nil {
			return err
		}
		return recordChange(ctx, tx, who, now, Full{Patient: before}, Full{Patient: after}, nil, nil)
	})
}
