package demographics

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
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Registration is what a caller knows of a person to be found in the national service: the NHS number and date of
// birth, or the names, date of birth and postcode.
type Registration struct {
	NHSNumber *string
	// BirthDate is nil or NoDate when the caller does not know it: then the person's identity cannot be confirmed.
	BirthDate                   *input.Date
	Forename, Surname, Postcode *string
	Sex                         *patient.Sex
	EHRPartner, EHRPartnerID    *string
}

// sought is a Registration that was checked.
type sought struct {
	number             string
	born               input.Date // NoDate when the caller does not know
	trace              Trace
	partner, partnerID string
	// visitor is a person who says all this of themselves; nil is a caller who says it of another.
	visitor *Visitor
}

// check reads what was sent.
func (r Registration) check(today input.Date) (sought, error) {
	var in input.Checks
	out := sought{born: input.NoDate}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return strings.TrimSpace(*s)
	}
	if r.BirthDate != nil && *r.BirthDate != input.NoDate {
		out.born = patient.BirthDate(&in, "birth_date", *r.BirthDate, today)
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
		out.number = in.NHSNumber("nhs_number", *r.NHSNumber)
	}
	out.trace = Trace{
		FirstName: required("forename", r.Forename, patient.MaxName), LastName: required("surname", r.Surname,
			patient.MaxName), BirthDate: out.born,
		Postcode: required("postcode", r.Postcode, 20),
	}
	out.trace.Postcode = in.Postcode("postcode", out.trace.Postcode)
	if r.Sex != nil && *r.Sex != "" {
		out.trace.Sex = input.Choice(&in, "sex", *r.Sex, patient.Sexes)
	}
	out.partner = in.Text("ehr_partner", text(r.EHRPartner), 100)
	out.partnerID = in.Text("ehr_partner_id", input.Visible(text(r.EHRPartnerID)), 100)
	return out, in.Err()
}

// agrees reports whether a person of the national service is certainly the one sought.
func (q sought) agrees(p Person) bool { return len(q.differs(p)) == 0 }

// differs names what is not the same: the birth date, and the surname, the forename and the sex when they were given.
// Twins have one birth date and one surname.
func (q sought) differs(p Person) []string {
	var out []string
	if q.born == input.NoDate || p.BirthDate != q.born {
		out = append(out, "dob")
	}
	key := names.Key(q.trace.LastName)
	if q.trace.LastName != "" && !slices.ContainsFunc(append([]string{p.LastName}, p.OtherNames...),
		func(name string) bool { return names.Key(name) == key }) {
		out = append(out, "surname")
	}
	if !names.SameForename(q.trace.FirstName, p.FirstName) {
		out = append(out, "forename")
	}
	if patient.SexDiffers(q.trace.Sex, p.Sex) {
		out = append(out, "sex")
	}
	return out
}

// Registered is how a registration through the national service ended: with a
// patient, or with a page for a person who could not be identified.
type Registered struct {
	ID patient.ID
	// Check is the page, when ID is 0.
	Check IdentityCheck
}

// StillKnown is how long a reading of the national service stands in for it while it is down.
const StillKnown = 24 * time.Hour

// Register finds a person in the national service and keeps them as a patient of the group, with the service's details.
// An existing patient is brought up to date and keeps the id. Where the birth date or the surname is not what the
// caller said, the answer shows nothing of the person: it is a page that says how to confirm who they are. Errors:
// ErrNotTraced, ErrNumberInvalid, patient.ErrNHSNumberTaken, ErrNotSetUp, ErrDown, and field faults.
func (s *Service) Register(ctx context.Context, r Registration) (Registered, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return Registered{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	q, err := r.check(input.DateOf(now.UTC()))
	if err != nil {
		return Registered{}, err
	}
	if err := patient.Issued(ctx, s.Store, who.Group, "nhs_number", q.number); err != nil {
		return Registered{}, err
	}
	if q.born == input.NoDate {
		return s.unsure(ctx, who, now, q, "no_birth_date")
	}
	p, err := s.seek(ctx, who, q)
	switch {
	case errors.Is(err, ErrSeveralTraced):
		return s.unsure(ctx, who, now, q, "several_match")
	case errors.Is(err, ErrDown):
		id, known := s.known(ctx, who.Group, q, fresh(now))
		if known {
			return Registered{ID: id}, nil
		}
		return Registered{}, err
	case err != nil:
		return Registered{}, err
	case !q.agrees(p):
		return s.unsure(ctx, who, now, q, "details_differ", q.differs(p)...)
	}
	var id patient.ID
	err = s.Store.Do(ctx, func(tx Tx) (err error) {
		id, err = s.keep(ctx, tx, who, p, q, now)
		return err
	})
	if err == nil && id == 0 {
		err = patient.ErrDetailsDiffer
	}
	return Registered{ID: id}, err
}

// seek asks the national service, and notes in the audit trail that it was asked about whom, and what came of it.
func (s *Service) seek(ctx context.Context, who access.Caller, q sought) (Person, error) {
	name, action := "read "+q.number, "pds.read"
	if q.number == "" {
		name, action = string(audit.Snapshot(q.trace)), "pds.trace"
	}
	return idempotency.Outside(ctx, name, func(ctx context.Context) (Person, error) {
		var p Person
		var err error
		if q.number != "" {
			p, err = s.PDS.Read(ctx, who.Group, q.number)
		} else {
			p, err = s.PDS.Trace(ctx, who.Group, q.trace)
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
			noted = errors.Join(noted, s.mark(ctx, who, q.number, patient.NumberWithdrawn))
		}
		return p, errors.Join(err, noted)
	})
}

// fresh accepts patients whose national record was read lately.
func fresh(now time.Time) func(patient.Patient) bool {
	return func(p patient.Patient) bool {
		return p.NumberStatus == patient.NumberVerified && now.Sub(p.SyncedAt) <= StillKnown
	}
}

// known finds the one patient who is accepted, by the same details the service would have been asked for.
func (s *Service) known(
	ctx context.Context, group practice.ID, q sought, accept func(patient.Patient) bool,
) (patient.ID, bool) {
	agrees := func(p patient.Patient) bool {
		person := Person{BirthDate: p.BirthDate, FirstName: p.FirstName, LastName: p.LastName, Sex: p.Sex}
		return q.agrees(person) && accept(p)
	}
	if q.number != "" {
		p, err := s.Store.Holder(ctx, group, q.number)
		return p.ID, err == nil && agrees(p)
	}
	born, _, err := s.Store.Patients(ctx, group, patient.Query{
		Count: true, Limit: 1000, Lookup: patient.Lookup{Field: patient.FieldBirthDate, Value: q.born.String()},
	})
	if err != nil {
		return 0, false
	}
	var found []patient.ID
	for _, p := range born {
		if agrees(p) && names.Key(p.FirstName) == names.Key(q.trace.FirstName) &&
			p.Address.Postcode == q.trace.Postcode {
			found = append(found, p.ID)
		}
	}
	if len(found) != 1 {
		return 0, false
	}
	return found[0], true
}

// keep makes a person of the national service a patient, or brings the patient with that number up to date. The id is 0
// when that patient has another forename or sex, and the service has not verified them: then staff are asked.
func (s *Service) keep(ctx context.Context, tx Tx, who access.Caller, p Person, q sought,
	now time.Time) (patient.ID, error) {
	replaced := q.number != "" && q.number != p.NHSNumber
	if replaced {
		if err := s.supersede(ctx, tx, who, q.number, p, now); err != nil {
			return 0, err
		}
	}
	fresh := patient.Patient{
		ID: patient.ID(s.NewID()), Status: patient.Unarchived, BirthDate: p.BirthDate, Version: 1, CreatedAt: now,
		UpdatedAt: now,
	}
	p.adoptedBy(&fresh, now)
	q.connect(&fresh)
	added, before, err := patient.AddOrLock(ctx, tx, who, fresh)
	if err != nil {
		return 0, err
	}
	if before.BirthDate != p.BirthDate {
		return 0, patient.ErrNHSNumberTaken
	}
	if reason := q.refuses(p, before, added); reason != "" {
		return 0, refusal(reason)
	}
	if replaced {
		if err := tx.SaveFormerNumber(ctx, who.Group, FormerNumber{s.NewID(), before.ID, q.number, now}); err != nil {
			return 0, err
		}
	}
	if added {
		return fresh.ID, nil
	}
	as := p.description()
	if differs := as.Differs(before, false); before.NumberStatus != patient.NumberVerified && len(differs) > 0 {
		return 0, patient.Contest(ctx, tx, s.NewID(), who, now, before, as, differs)
	}
	return before.ID, s.refresh(ctx, tx, who, before, p, q, now)
}
