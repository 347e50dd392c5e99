package patient

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/contactpoint"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// Changes are what to set of a patient; nil leaves a thing as it is.
type Changes struct {
	NHSNumber, EHRPartnerID          *string
	Title, FirstName, LastName       *string
	BirthDate                        *input.Date // NoDate is not known
	Sex                              *Sex
	Mobile, Landline, Email          *string
	Line1, Line2, Line3, Town        *string
	County, Country, Postcode, Notes *string
	CountryCode                      *string // Country, as two letters of ISO 3166-1
	Source                           *Source

	Gender, PaymentReference, BirthSurname, BirthName, BirthNames   *string
	BirthPlace, BirthPlaceCode, SocialSecurityNumber, PrivacyPolicy *string
	// INS is an object with what is to be set of it; null takes it away.
	INS                                                   *json.RawMessage
	ReceiveEmail, ReceiveSMS, Marketing, PaymentReminders **bool
}

// ErrCountry is the fault of a country that is no code.
var ErrCountry = fault.New(fault.Invalid, "country_code", "Country must be two letters of ISO 3166-1.")

// lettersSSN is what the French social security number is made of, besides digits.
const lettersSSN = "AB"

const maxNotes = 10_000

// apply sets what is given, and checks the whole record.
func (c Changes) apply(p *Patient, in *input.Checks, today input.Date) {
	a := &p.Address
	for to, from := range map[*string]*string{
		&p.NHSNumber: c.NHSNumber, &p.EHRPartnerID: c.EHRPartnerID, &p.Title: c.Title, &p.FirstName: c.FirstName,
		&p.LastName: c.LastName, &p.Mobile: c.Mobile, &p.Landline: c.Landline, &p.Email: c.Email, &a.Line1: c.Line1,
		&a.Line2: c.Line2, &a.Line3: c.Line3, &a.Town: c.Town, &a.County: c.County, &a.Country: c.Country,
		&a.Postcode: c.Postcode,
	} {
		input.Set(to, from)
	}
	input.Set(&p.Sex, c.Sex)
	input.Set(&p.Source, c.Source)
	if c.Notes != nil {
		p.Notes = in.Lines("comments", *c.Notes, maxNotes)
	}
	if c.CountryCode != nil {
		a.Country = strings.ToUpper(strings.TrimSpace(*c.CountryCode))
	}
	if c.BirthDate != nil {
		if p.BirthDate = *c.BirthDate; p.BirthDate != input.NoDate {
			p.BirthDate = BirthDate(in, "birth_date", p.BirthDate, today)
		}
	}
	c.particulars(&p.Particulars, in)
	p.check(in)
}

func (c Changes) particulars(x *Particulars, in *input.Checks) {
	for _, f := range []struct {
		name     string
		to, from *string
	}{
		{"gender", &x.Gender, c.Gender}, {"payment_reference", &x.PaymentReference, c.PaymentReference},
		{"birth_surname", &x.BirthSurname, c.BirthSurname}, {"birth_name", &x.BirthName, c.BirthName},
		{"birth_names", &x.BirthNames, c.BirthNames}, {"birth_place.name", &x.BirthPlace, c.BirthPlace},
		{"birth_place.code", &x.BirthPlaceCode, c.BirthPlaceCode}, {"privacy_policy", &x.PrivacyPolicy,
			c.PrivacyPolicy},
	} {
		if f.from != nil {
			*f.to = in.Text(f.name, *f.from, MaxName)
		}
	}
	if c.SocialSecurityNumber != nil {
		x.SocialSecurityNumber = strings.ToUpper(input.Bare(*c.SocialSecurityNumber))
		if n := x.SocialSecurityNumber; n != "" && (len(n) != 15 || strings.Trim(n, "0123456789"+lettersSSN) != "") {
			in.Wrong("social_security_number", input.CodeString, "15 characters: digits, A and B",
				"This is not a social security number.")
		}
	}
	if c.INS != nil {
		x.INS = merged(x.INS, *c.INS)
	}
	input.Set(&x.ReceiveEmail, c.ReceiveEmail)
	input.Set(&x.ReceiveSMS, c.ReceiveSMS)
	input.Set(&x.Marketing, c.Marketing)
	input.Set(&x.PaymentReminders, c.PaymentReminders)
}

// check tidies a record.
func (p *Patient) check(in *input.Checks) {
	p.NHSNumber = in.NHSNumber("nhs_number", p.NHSNumber)
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
	p.Source = input.Choice(in, "source", p.Source, Sources)
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

// checkCountry makes sure that a country code is one. Error: ErrCountry.
func (c Changes) checkCountry() error {
	if c.CountryCode == nil {
		return nil
	}
	code := strings.ToUpper(strings.TrimSpace(*c.CountryCode))
	if code == "" || len(code) == 2 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return nil
	}
	return ErrCountry
}

// merged is an object with some of its fields set, and those that are null taken away.
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

// gives reports whether the changes say something of a way to reach the patient.
func (c Changes) gives(kind contactpoint.Kind) bool {
	switch kind {
	case contactpoint.Mobile:
		return c.Mobile != nil
	case contactpoint.Landline:
		return c.Landline != nil
	case contactpoint.Email:
		return c.Email != nil
	}
	for _, x := range []*string{c.Line1, c.Line2, c.Line3, c.Town, c.County, c.Country, c.CountryCode, c.Postcode} {
		if x != nil {
			return true
		}
	}
	return false
}

// Change changes a patient. What is said of how to reach them is the practice's own word when a member of staff signed
// in, and a partner's else. Errors: ErrNotFound, ErrRestricted, ErrVerified, ErrCountry, field faults.
func (s *Service) Change(ctx context.Context, id ID, c Changes) (Patient, error) {
	now := s.now()
	return Edit(ctx, s.Store.Do, now, id, func(tx Tx, who access.Caller, p Patient) error {
		return change(ctx, tx, who, p, c, now)
	})
}

// change changes a patient whom the transaction has locked.
func change(ctx context.Context, tx ChangeTx, who access.Caller, p Patient, c Changes, now time.Time) error {
	if err := p.ReadPoints(ctx, tx, who.Group); err != nil {
		return err
	}
	before := p
	var in input.Checks
	in.Keep(p.Email, p.Mobile, p.Landline)
	if err := c.checkCountry(); err != nil {
		return err
	}
	c.apply(&p, &in, input.DateOf(now.UTC()))
	if err := in.Err(); err != nil {
		return err
	}
	source := contactpoint.FromCaller
	if who.Staff != 0 {
		source = contactpoint.FromPractice
	}
	points := p.ContactPoints
	for _, kind := range contactpoint.Kinds {
		if !c.gives(kind) {
			continue
		}
		if p.Restricted {
			return ErrRestricted
		}
		value, from := p.detail(kind), source
		if used, ok := points.Used(kind); value == "" && ok {
			from = used.Source // a detail is removed, whatever its source
		}
		points = points.Put(kind, from, value, now)
	}
	if err := p.keepVerified(before); err != nil {
		return err
	}
	p.Use(points)
	return Keep(ctx, tx, who, now, "patient.update", before, p)
}

// edit changes a patient's own record for callers with a permission; asked is what was wrong with what they asked for.
func (s *Service) edit(
	ctx context.Context, permission access.Permission, id ID, action string, asked error,
	change func(tx Tx, who access.Caller, p *Patient, now time.Time) error,
) (Patient, error) {
	who, err := access.Require(ctx, permission)
	if err == nil {
		err = asked
	}
	if err != nil {
		return Patient{}, err
	}
	now := s.now()
	var p Patient
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, err := Lock(ctx, tx, who.Group, id)
		if err != nil {
			return err
		}
		p = before
		if err := change(tx, who, &p, now); err != nil {
			return err
		}
		return Keep(ctx, tx, who, now, action, before, p)
	})
	if err != nil {
		return Patient{}, err
	}
	return s.Patient(ctx, p.ID, WithContactPoints)
}

// Keep keeps a changed patient, if anything has changed, with its event and audit
// entry. The transaction has locked the patient.
func Keep(ctx context.Context, tx KeepTx, who access.Caller, now time.Time, action string, before,
	after Patient) error {
	if before.same(after) {
		return nil
	}
	after.UpdatedAt = now
	if err := tx.SavePatient(ctx, who.Group, after); err != nil {
		return err
	}
	after.Version++
	if !before.Particulars.same(after.Particulars) {
		if err := tx.SaveParticulars(ctx, who.Group, after.ID, after.Particulars); err != nil {
			return err
		}
	}
	if err := after.SavePoints(ctx, tx, who.Group, before.ContactPoints); err != nil {
		return err
	}
	if err := tx.Audit(ctx, who.Audit(now, action, "patient", int64(after.ID), before, after)); err != nil {
		return err
	}
	return recordChange(ctx, tx, who, now, before, after)
}

// ErrEHRTaken is returned when another patient has the practice record system's id already.
var ErrEHRTaken = fault.New(fault.Conflict, "ehr_partner_id_taken",
	"Another patient has this id of the practice's record system. Merge the two if they are one person.")

// Connect keeps which record of the practice's record system is this patient's.
// Errors: ErrNotFound, ErrEHRTaken, and field faults.
func (s *Service) Connect(ctx context.Context, id ID, partnerID string) (Patient, error) {
	var in input.Checks
	partnerID = in.Required("ehr_partner_id", partnerID, 100)
	return s.edit(ctx, access.MergePatients, id, "patient.connect", in.Err(),
		func(tx Tx, who access.Caller, p *Patient, _ time.Time) error {
			q := Query{Count: true, Limit: 2, Lookup: Lookup{Field: FieldEHRPartnerID, Value: partnerID}}
			others, _, err := tx.Patients(ctx, who.Group, q)
			if err == nil && slices.ContainsFunc(others, func(o Patient) bool { return o.ID != p.ID }) {
				err = ErrEHRTaken
			}
			p.EHRPartnerID = partnerID
			return err
		})
}
