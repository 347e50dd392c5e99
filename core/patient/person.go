package patient

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// Particulars are what else is known of a patient. Empty text means not known,
// and nil that nobody has said.
type Particulars struct {
	Gender               string          `json:"gender"`
	Occupation           string          `json:"occupation"`
	PaymentReference     string          `json:"payment_reference"`
	BirthSurname         string          `json:"birth_surname"`
	BirthName            string          `json:"birth_name"`
	BirthNames           string          `json:"birth_names"`
	BirthPlace           string          `json:"birth_place"`
	BirthPlaceCode       string          `json:"birth_place_code"`
	SocialSecurityNumber string          `json:"social_security_number"`
	INS                  json.RawMessage `json:"ins,omitempty"` // of the French health identity
	ReceiveEmail         *bool           `json:"receive_email"`
	ReceiveSMS           *bool           `json:"receive_sms"`
	Marketing            *bool           `json:"marketing"`
	PaymentReminders     *bool           `json:"payment_reminders"`
	PrivacyPolicy        string          `json:"privacy_policy"`
	OnHold               bool            `json:"on_hold"`

	ArchivedAt       time.Time `json:"archived_at,omitzero"`
	ArchivedBy       int64     `json:"archived_by,omitempty"` // a member of staff
	ArchivedReason   string    `json:"archived_reason"`
	ArchivedComments string    `json:"archived_comments"`
	UnarchivedAt     time.Time `json:"unarchived_at,omitzero"`
	UnarchivedBy     int64     `json:"unarchived_by,omitempty"`
	UnarchivedReason string    `json:"unarchived_reason"`
}

// Full is a patient with what else is known of them.
type Full struct {
	Patient
	Particulars
}

// Unnamed is a patient as they are told of after they were deleted: without a
// name.
func (p Full) Unnamed() Full {
	p.Title, p.FirstName, p.LastName, p.BirthSurname, p.BirthName, p.BirthNames = "", "", "", "", "", ""
	return p
}

// FullName is title, given names and surname.
func (p Patient) FullName() string {
	return strings.Join(strings.Fields(p.Title+" "+p.FirstName+" "+p.LastName), " ")
}

// PeopleQuery says which patients to list. Zero values ask for all.
type PeopleQuery struct {
	// Search is the beginning of a name or of a further part of one, an address of
	// e-mail, a date of birth or any number. What is found is in the order of names,
	// and else of ids.
	Search                    string
	Birth                     input.Date // Search as a date
	Numbers                   Numbers    // Search as a number
	Deleted                   bool       // deleted ones, too
	CreatedFrom, CreatedUntil time.Time  // the second included
	UpdatedFrom, UpdatedUntil time.Time
	After                     ID // only ids beyond it
	Before                    ID // only ids before it, the last of them first
	Backwards                 bool
	Offset, Limit             int
	// Bare leaves out the particulars, which are not always wanted, unless the
	// list is searched.
	Bare bool
}

// People finds patients with what else is known of them, by id; a patient who was
// merged is found as who they are now. Those the practice lacks, and deleted ones
// unless asked for, are left out.
func (s *Service) People(ctx context.Context, ids []ID, deleted bool) (map[ID]Full, error) {
	who, err := access.Require(ctx, access.SeePatients)
	if err != nil {
		return nil, err
	}
	out := make(map[ID]Full, len(ids))
	// asked are the ids as they were given, by who they stand for.
	asked := make(map[ID][]ID, len(ids))
	for _, id := range ids {
		asked[id] = append(asked[id], id)
	}
	for len(asked) > 0 {
		look := make([]ID, 0, len(asked))
		for id := range asked {
			look = append(look, id)
		}
		found, err := s.Store.People(ctx, who.Group, look)
		if err != nil {
			return nil, err
		}
		next := map[ID][]ID{}
		for _, p := range found {
			switch {
			case !p.Live():
				next[p.MergedInto] = append(next[p.MergedInto], asked[p.ID]...)
			case !p.Deleted() || deleted:
				if p.Deleted() {
					p = p.Unnamed()
				}
				for _, id := range asked[p.ID] {
					out[id] = p
				}
			}
		}
		asked = next // a merge needs two live records, so this ends
	}
	return out, nil
}

// PeopleList lists patients.
func (s *Service) PeopleList(ctx context.Context, q PeopleQuery) ([]Full, error) {
	who, err := access.Require(ctx, access.SeePatients)
	if err != nil {
		return nil, err
	}
	var in input.Checks
	q.Search = in.Text("search", input.Visible(q.Search), MaxName)
	if err := in.Err(); err != nil {
		return nil, err
	}
	if d, ok := input.ParseDate(q.Search); ok {
		q.Birth = d
	}
	q.Numbers = numbersOf(q.Search)
	found, err := s.Store.PeopleList(ctx, who.Group, q)
	for i, p := range found {
		if p.Deleted() {
			found[i] = p.Unnamed()
		}
	}
	return found, err
}

// Changes are what to set of a person; nil leaves a thing as it is.
type Changes struct {
	Title, FirstName, LastName, Email, Notes *string
	Street, Town, Postcode, Country          *string
	Mobile, Landline                         *string
	BirthDate                                *input.Date
	Sex                                      *Sex

	Gender, PaymentReference, BirthSurname, BirthName, BirthNames *string
	BirthPlace, BirthPlaceCode, SocialSecurityNumber, Privacy     *string
	// INS is an object with what is to be set of it; null takes it away.
	INS                                                   *json.RawMessage
	ReceiveEmail, ReceiveSMS, Marketing, PaymentReminders **bool
}

// ErrCountry is the fault of a country that is no code.
var ErrCountry = fault.New(fault.Invalid, "country_code", "Country must be two letters of ISO 3166-1.")

// lettersSSN is what the French social security number is made of, besides digits.
const lettersSSN = "AB"

func (c Changes) apply(p *Full, today input.Date) error {
	var in input.Checks
	in.Keep(p.Email, p.Mobile, p.Landline)
	a := &p.Address
	set(&p.Title, c.Title)
	set(&p.FirstName, c.FirstName)
	set(&p.LastName, c.LastName)
	set(&p.Email, c.Email)
	set(&p.Sex, c.Sex)
	set(&p.Mobile, c.Mobile)
	set(&p.Landline, c.Landline)
	set(&a.Town, c.Town)
	set(&a.Postcode, c.Postcode)
	if c.Notes != nil {
		p.Notes = in.Lines("comments", *c.Notes, maxNotes)
	}
	if c.Street != nil {
		a.Line1, a.Line2, a.Line3 = lines(*c.Street)
	}
	if c.Country != nil {
		code := strings.ToUpper(strings.TrimSpace(*c.Country))
		if code != "" && !twoLetters(code) {
			return ErrCountry
		}
		a.Country = code
	}
	if c.BirthDate != nil {
		p.BirthDate = *c.BirthDate
		if d := p.BirthDate; d != input.NoDate && (d > today || d < oldest) {
			in.Wrong("dob", input.CodeDate, "a date from 1875-01-01 to today", "This is not a date of birth.")
		}
	}
	for _, x := range []struct {
		name     string
		to, from *string
	}{
		{"gender", &p.Gender, c.Gender}, {"paymentReference", &p.PaymentReference, c.PaymentReference}, {"birthSurname", &p.BirthSurname, c.BirthSurname},
		{"birthName", &p.BirthName, c.BirthName}, {"birthNames", &p.BirthNames, c.BirthNames}, {"placeOfBirth.name", &p.BirthPlace, c.BirthPlace},
		{"placeOfBirth.code", &p.BirthPlaceCode, c.BirthPlaceCode}, {"privacyPolicy", &p.PrivacyPolicy, c.Privacy},
	} {
		if x.from != nil {
			*x.to = in.Text(x.name, *x.from, MaxName)
		}
	}
	if c.SocialSecurityNumber != nil {
		p.SocialSecurityNumber = strings.ToUpper(input.Bare(*c.SocialSecurityNumber))
		if n := p.SocialSecurityNumber; n != "" && (len(n) != 15 || strings.Trim(n, "0123456789"+lettersSSN) != "") {
			in.Wrong("socialSecurityNumber", input.CodeString, "15 characters: digits, A and B", "This is not a social security number.")
		}
	}
	if c.INS != nil {
		p.INS = merged(p.INS, *c.INS)
	}
	set(&p.ReceiveEmail, c.ReceiveEmail)
	set(&p.ReceiveSMS, c.ReceiveSMS)
	set(&p.Marketing, c.Marketing)
	set(&p.PaymentReminders, c.PaymentReminders)
	p.check(&in)
	return in.Err()
}

// merged is an object with some of its fields set, and those that are null taken
// away.
func merged(was, set json.RawMessage) json.RawMessage {
	all, some := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if json.Unmarshal(set, &some) != nil || some == nil {
		return nil
	}
	if len(was) > 0 && json.Unmarshal(was, &all) != nil {
		all = some // it was no object
	}
	maps.Copy(all, some)
	maps.DeleteFunc(all, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	out, err := json.Marshal(all)
	if err != nil {
		panic(err) // it was read as JSON
	}
	return out
}

const maxNotes = 10_000

func twoLetters(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// lines takes a street apart at the ends of lines, or at commas when there are
// none; what is left stands in the third.
func lines(street string) (one, two, three string) {
	split := strings.FieldsFunc(street, func(r rune) bool { return r == '\n' || r == '\r' })
	sep := ", "
	if len(split) == 1 {
		split = strings.Split(street, ",")
	}
	var parts []string
	for _, s := range split {
		if s = strings.TrimSpace(s); s != "" {
			parts = append(parts, s)
		}
	}
	switch len(parts) {
	case 0:
		return "", "", ""
	case 1:
		return parts[0], "", ""
	case 2:
		return parts[0], parts[1], ""
	}
	return parts[0], parts[1], strings.Join(parts[2:], sep)
}

// given are the ways to reach a patient that the changes say something of.
func (c Changes) given(kind ContactKind) bool {
	switch kind {
	case ContactMobile:
		return c.Mobile != nil
	case ContactLandline:
		return c.Landline != nil
	case ContactEmail:
		return c.Email != nil
	}
	return c.Street != nil || c.Town != nil || c.Postcode != nil || c.Country != nil
}

// Admit adds a person inside a transaction of another capability: a name is
// needed, and nothing else. Errors: field faults, ErrCountry.
func (s *Service) Admit(ctx context.Context, tx Tx, who access.Caller, c Changes, now time.Time) (Full, error) {
	p := Full{Patient: Patient{ID: ID(s.NewID()), BirthDate: input.NoDate, Source: SourceHero, Status: Unarchived, Version: 1, CreatedAt: now, UpdatedAt: now}}
	if err := c.apply(&p, input.DateOf(now.UTC())); err != nil {
		return p, err
	}
	var contacts Contacts
	for _, kind := range ContactKinds {
		if c.given(kind) {
			contacts = contacts.put(kind, FromCaller, p.detail(kind), now)
		}
	}
	added, err := s.add(ctx, tx, who, p.Patient, contacts)
	if err == nil && !added {
		err = fmt.Errorf("patient %s is there already", p.ID)
	}
	if err != nil {
		return p, err
	}
	return p, tx.SaveParticulars(ctx, who.Group, p.ID, p.Particulars)
}

// Amend changes a person inside a transaction that has locked them. What is said
// of how to reach them is the practice's own word when a member of staff signed
// in, and a partner's else. Errors: ErrRestricted, ErrVerified, ErrCountry, field
// faults.
func (s *Service) Amend(ctx context.Context, tx Tx, who access.Caller, p Full, c Changes, now time.Time) (Full, error) {
	before := p
	contacts, err := contactsOf(ctx, tx, who.Group, p.Patient)
	if err != nil {
		return p, err
	}
	if err := c.apply(&p, input.DateOf(now.UTC())); err != nil {
		return p, err
	}
	source := FromCaller
	if who.Staff != 0 {
		source = FromPractice
	}
	next := contacts
	for _, kind := range ContactKinds {
		if !c.given(kind) {
			continue
		}
		if p.Restricted {
			return p, ErrRestricted
		}
		value := p.detail(kind)
		if used, ok := next.Used(kind); value == "" && ok {
			// What somebody asks to be forgotten is forgotten, whoever said it.
			source := used.Source
			next = next.put(kind, source, "", now)
		} else {
			next = next.put(kind, source, value, now)
		}
	}
	if err := p.keepVerified(before.Patient); err != nil {
		return p, err
	}
	next = p.use(next)
	if err := s.save(ctx, tx, who, now, "patient.update", before.Patient, &p.Patient, contacts, next); err != nil {
		return p, err
	}
	if err := tx.SaveParticulars(ctx, who.Group, p.ID, p.Particulars); err != nil {
		return p, err
	}
	return p, recordChange(ctx, tx, who, now, before, p, contacts, next)
}

// Reasons of archiving and of taking that back, spelt as https://docs.semble.io
// has them.
type Reasons struct{ Reason, Comments string }

// Deceased is the reason of archiving somebody who has died.
const Deceased = "DECEASED_PATIENT"

// Stays reports whether archiving for a reason changes nothing: the patient is
// archived, and has not died since.
func (p Full) Stays(r Reasons) bool {
	return p.Status == Archived && (r.Reason != Deceased || p.Dead())
}

// SetAside reports whether a patient counts as archived: those who have died do,
// where the national service says so as well as where the practice has.
func (p Patient) SetAside() bool {
	return p.Status == Archived || p.Dead() && p.DeathSource == FromPDS
}

// Archive sets a patient aside inside a transaction that has locked them, after
// so many of their appointments were cancelled. Archiving twice is archiving
// once. Whoever is archived as deceased has died; staff are given what is open.
func (s *Service) Archive(ctx context.Context, tx Tx, who access.Caller, p Full, r Reasons, cancelled int, now time.Time) error {
	if p.Stays(r) {
		return nil
	}
	before := p
	var in input.Checks
	p.ArchivedComments = in.Lines("comments", r.Comments, maxNotes)
	if err := in.Err(); err != nil {
		return err
	}
	p.Status, p.ArchivedAt, p.ArchivedBy, p.ArchivedReason, p.UpdatedAt = Archived, now, who.Staff, r.Reason, now
	if r.Reason == Deceased && !p.Dead() {
		p.DeceasedAt, p.DeathSource = now, FromPractice
	}
	if err := stand(ctx, tx, who, now, event.PatientArchived, before, p); err != nil || before.Dead() || !p.Dead() {
		return err
	}
	return s.died(ctx, tx, who, now, p.Patient, cancelled)
}

// stand keeps whether a patient is archived, and records it.
func stand(ctx context.Context, tx Tx, who access.Caller, now time.Time, of event.Type, before, p Full) error {
	if err := tx.SavePatient(ctx, who.Group, p.Patient); err != nil {
		return err
	}
	if err := tx.SaveParticulars(ctx, who.Group, p.ID, p.Particulars); err != nil {
		return err
	}
	fact := Fact(of, p.ID, nil)
	if before.DeceasedAt.Equal(p.DeceasedAt) {
		return Record(ctx, tx, who, now, fact)
	}
	return RecordCounted(ctx, tx, who, now, event.DemographicsUpdated, p.ID, updated{p.ID.String(), []string{"deceased_at"}}, fact)
}

// Unarchive takes that back. Somebody who is an active patient, or of whom no
// reason is given, has not died after all, unless the national service says so.
func (s *Service) Unarchive(ctx context.Context, tx Tx, who access.Caller, p Full, reason string, now time.Time) error {
	if p.Status != Archived {
		return nil
	}
	before := p
	if p.DeathSource == FromPractice && (reason == "" || reason == "ACTIVE_PATIENT") {
		p.DeceasedAt, p.DeathSource = time.Time{}, ""
	}
	p.Status, p.UnarchivedAt, p.UnarchivedBy, p.UnarchivedReason, p.UpdatedAt = Unarchived, now, who.Staff, reason, now
	return stand(ctx, tx, who, now, event.PatientUnarchived, before, p)
}

// Delete marks a patient as deleted inside a transaction that has locked them.
// The NHS number is given up, so that the person can be registered again.
func (s *Service) Delete(ctx context.Context, tx Tx, who access.Caller, p Full, now time.Time) error {
	p.DeletedAt, p.UpdatedAt, p.NHSNumber, p.NumberStatus = now, now, "", ""
	if err := tx.SavePatient(ctx, who.Group, p.Patient); err != nil {
		return err
	}
	return Record(ctx, tx, who, now, Fact(event.PatientDeleted, p.ID, nil))
}

// SetNHSNumber sets the NHS number inside a transaction that has locked the
// patient; the empty one removes it. Errors: ErrNHSNumberTaken, a field fault.
func (s *Service) SetNHSNumber(ctx context.Context, tx Tx, who access.Caller, p Full, number string, now time.Time) error {
	var in input.Checks
	number = nhsNumber(&in, "value", number)
	if err := in.Err(); err != nil {
		return err
	}
	if number == p.NHSNumber {
		return nil
	}
	if err := issued(ctx, tx, who.Group, "value", number); err != nil {
		return err
	}
	if number != "" {
		other, err := holder(ctx, tx, who.Group, number)
		if err == nil && other.ID != p.ID {
			return ErrNHSNumberTaken
		}
		if err != nil && fault.Of(err).Code != ErrNotFound.Code {
			return err
		}
	}
	before := p
	p.NHSNumber, p.NumberStatus, p.UpdatedAt = number, "", now
	if err := tx.SavePatient(ctx, who.Group, p.Patient); err != nil {
		return err
	}
	return recordChange(ctx, tx, who, now, before, p, nil, nil)
}
