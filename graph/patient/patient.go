package patient

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vikstrous/dataloadgen"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/archive"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// person is a patient as this API shows one.
func person(ctx context.Context, p patient.Patient) *gql.Patient {
	a := p.Address
	out := &gql.Patient{
		Of: &p, ID: wire.Encode(wire.KindPatient, p.ID), Title: wire.Text(p.Title), Status: new("active"),
		FirstName: wire.Text(p.FirstName), LastName: wire.Text(p.LastName),
		FullName: wire.Text(p.FullName()), BirthSurname: wire.Text(p.BirthSurname), BirthName: wire.Text(p.BirthName),
		BirthNames: wire.Text(p.BirthNames),
		Dob:        wire.Date(p.BirthDate), Gender: wire.Text(p.Gender), Sex: wire.Text(string(p.Sex)),
		Email:            wire.Text(p.Email),
		PaymentReference: wire.Text(p.PaymentReference),
		Occupation:       wire.Text(p.Occupation), SocialSecurityNumber: wire.Text(p.SocialSecurityNumber),
		CreatedAt: scalar.Of(p.CreatedAt),
		UpdatedAt: scalar.Of(p.UpdatedAt), Comments: wire.Text(p.Notes), OnHold: &p.OnHold, Archived: new(p.SetAside()),
		Address: &gql.Address{Address: wire.Street(a.Line1, a.Line2, a.Line3), City: wire.Text(a.Town),
			Postcode: wire.Text(a.Postcode), Country: wire.Text(a.Country)},
		CommunicationPreferences: &gql.CommunicationPreferences{
			ReceiveEmail: p.ReceiveEmail, ReceiveSms: p.ReceiveSMS, PromotionalMarketing: p.Marketing,
			PaymentReminders: p.PaymentReminders,
		},
	}
	if p.PrivacyPolicy != "" {
		out.CommunicationPreferences.PrivacyPolicy = &gql.PrivacyPolicy{Response: &p.PrivacyPolicy}
	}
	switch {
	case p.Deleted():
		out.Status = new("deleted")
	case p.SetAside():
		out.Status = new("archived")
	}
	if p.BirthPlace != "" || p.BirthPlaceCode != "" {
		out.PlaceOfBirth = &gql.PlaceOfBirth{Name: wire.Text(p.BirthPlace), Code: wire.Text(p.BirthPlaceCode)}
	}
	if len(p.INS) > 0 {
		var ins gql.Ins
		if json.Unmarshal(p.INS, &ins) == nil { // only ever written by insOf
			out.Ins = &ins
		}
	}
	audit.Seen(ctx, audit.Person(p.ID)) // several fields may have loaded it together
	return out
}

// PatientByID finds a patient along with others that are asked for; deleted ones
// too, since what belongs to them is shown.
func (d Resolver) PatientByID(ctx context.Context, id patient.ID) (*gql.Patient, error) {
	if id == 0 {
		return nil, nil
	}
	p, err := d.people(ctx).Load(ctx, id)
	if err != nil || p == nil {
		return nil, err
	}
	return person(ctx, *p), nil
}

// people are patients that are asked for one by one.
func (d Resolver) people(ctx context.Context) *dataloadgen.Loader[patient.ID, *patient.Patient] {
	return wire.Loader(ctx, "patients", func(ctx context.Context,
		ids []patient.ID) (map[patient.ID]*patient.Patient, error) {
		all, err := d.Core.Patient.Patients(ctx, ids, patient.WithParticulars, patient.WithDeleted)
		out := make(map[patient.ID]*patient.Patient, len(all))
		for id, p := range all {
			out[id] = &p
		}
		return out, err
	})
}

// Patient finds one patient; deleted ones are not found.
func (q Query) Patient(ctx context.Context, id string) (*gql.Patient, error) {
	n, err := wire.Known[patient.ID](wire.KindPatient, id)
	if err != nil {
		return nil, err
	}
	p, err := q.Core.Patient.Patient(ctx, n, patient.WithParticulars)
	if err != nil {
		return wire.Absent[gql.Patient](nil, err, patient.ErrNotFound)
	}
	return person(ctx, p), nil
}

// particulars are the fields of a patient that are kept apart from the rest.
var particulars = []string{
	"gender", "occupation", "paymentReference", "birthSurname", "birthName", "birthNames", "placeOfBirth",
	"socialSecurityNumber", "ins",
	"communicationPreferences", "onHold", "archivedInfo", "membershipName", "membershipStartDate",
	"membershipStartDateFormatted",
}

// Patients lists patients.
func (q Query) Patients(ctx context.Context, search *string, pagination *gql.Pagination, options *gql.QueryOptions,
	cursorPagination *gql.CursorPagination) (*gql.PatientData, error) {
	p, l, err := q.Listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	ask := patient.Query{
		Field: patient.FieldAny, Text: wire.Deref(search), Deleted: l.Deleted, CreatedFrom: l.Created.From,
		CreatedUntil: l.Created.Until,
		UpdatedFrom:  l.Updated.From, UpdatedUntil: l.Updated.Until,
	}
	if cursorPagination != nil {
		if pagination != nil {
			return nil, wire.ErrPagedTwice
		}
		if ask.Text != "" {
			return nil, fault.New(fault.Invalid, "cursor_of_search", "What a search finds is in the order of names: "+
				"use pagination.")
		}
		p = wire.Numbered(nil, cursorPagination.PageSize.Value())
		var at patient.ID
		if c := wire.Word(cursorPagination.Cursor); c != "" {
			if at, err = wire.Known[patient.ID](wire.KindPatient, c); err != nil {
				return nil, err
			}
		}
		if d := cursorPagination.Direction.Value(); d != nil && *d == gql.CursorPaginationDirectionPrevious {
			ask.Before, ask.Backwards = at, true
		} else {
			ask.After = at
		}
	}
	ask.Offset, ask.Limit = p.Offset(), p.More()
	ask.Particulars = wire.FieldsAsked(ctx, "data").Any(particulars...)
	all, _, err := q.Core.Patient.List(ctx, ask)
	if err != nil {
		return nil, err
	}
	all, more := wire.Cut(all, p.Size)
	out := &gql.PatientData{Data: make([]*gql.Patient, len(all)), PageInfo: p.Info(more)}
	for i, one := range all {
		out.Data[i] = person(ctx, one)
	}
	return out, nil
}

// ErrBothForms is the fault of arguments and an input object that disagree.
var ErrBothForms = fault.New(fault.Invalid, "arguments_disagree", "Give patientData, or the other arguments, not both.")

// sexes are how programs write a person's sex, and how it is kept.
var sexes = map[string]patient.Sex{
	"": "", "m": patient.Male, "male": patient.Male, "f": patient.Female, "female": patient.Female,
	"o":     patient.SexOther,
	"other": patient.SexOther, "indeterminate": patient.SexOther, "u": patient.SexNotKnown,
	"unknown":   patient.SexNotKnown,
	"not known": patient.SexNotKnown, "notknown": patient.SexNotKnown, "not specified": patient.SexNotSpecified,
	"notspecified": patient.SexNotSpecified,
}

func sexOf(s *string) (*patient.Sex, error) {
	if s == nil {
		return nil, nil
	}
	v, ok := sexes[strings.ToLower(strings.TrimSpace(*s))]
	if !ok {
		return nil, fault.Wrong("sex", input.CodeChoice, "male, female, other, not known or not specified",
			"This is not a sex that can be kept.")
	}
	return &v, nil
}

// CreatePatient adds a patient, from the input object or from arguments, or from
// both where they agree.
func (m Mutation) CreatePatient(ctx context.Context, title, first, last, email *string, dob *scalar.Moment, gender, sex,
	address, city, postcode, country, phoneType, phoneNumber *string, in *gql.CreatePatientDataInput,
	insData *gql.INSInput) (*gql.PatientResponsePayload, error) {
	if in == nil {
		in = &gql.CreatePatientDataInput{}
	}
	for _, f := range []struct {
		flat *string
		in   *graphql.Omittable[*string]
	}{
		{title, &in.Title}, {first, &in.First}, {last, &in.Last}, {email, &in.Email}, {gender, &in.Gender},
		{sex, &in.Sex}, {address, &in.Address},
		{city, &in.City}, {postcode, &in.Postcode}, {country, &in.Country}, {phoneType, &in.PhoneType},
		{phoneNumber, &in.PhoneNumber},
	} {
		if f.flat == nil {
			continue
		}
		if had := f.in.Value(); had != nil && *had != *f.flat {
			return nil, ErrBothForms
		}
		*f.in = graphql.OmittableOf(f.flat)
	}
	if dob != nil {
		if had := in.Dob.Value(); had != nil && wire.DateOf(had) != wire.DateOf(dob) {
			return nil, ErrBothForms
		}
		in.Dob = graphql.OmittableOf(dob)
	}
	r, err := registration(in, insData)
	if err != nil {
		return nil, err
	}
	p, err := m.Core.Patient.Register(ctx, r)
	return payloadOf(ctx, p, err)
}

// registration is the patient that the input describes.
func registration(in *gql.CreatePatientDataInput, insData *gql.INSInput) (patient.Registration, error) {
	sort, err := sexOf(in.Sex.Value())
	if err != nil {
		return patient.Registration{}, err
	}
	r := patient.Registration{
		NameOnly: true, Phone: patient.Phone{Kind: input.PhoneKind(wire.Word(in.PhoneType)),
			Number: wire.Word(in.PhoneNumber)},
	}
	r.Changes = patient.Changes{
		Title: in.Title.Value(), FirstName: in.First.Value(), LastName: in.Last.Value(), Email: in.Email.Value(),
		Notes: in.Comments.Value(),
		Town:  in.City.Value(), Postcode: in.Postcode.Value(), CountryCode: in.Country.Value(), Sex: sort,
		Gender: in.Gender.Value(), PaymentReference: in.PaymentReference.Value(), BirthSurname: in.BirthSurname.Value(),
		BirthName: in.BirthName.Value(), BirthNames: in.BirthNames.Value(),
		SocialSecurityNumber: in.SocialSecurityNumber.Value(),
	}
	r.Line1, r.Line2, r.Line3 = streetLines(in.Address.Value())
	if d := in.Dob.Value(); d != nil && !d.IsZero() {
		r.BirthDate = new(wire.DateOf(d))
	}
	if p := in.PlaceOfBirth.Value(); p != nil {
		r.BirthPlace, r.BirthPlaceCode = p.Name.Value(), p.Code.Value()
	}
	preferences(&r.Changes, in.CommunicationPreferences.Value())
	insOf(&r.Changes, insData, insData != nil)
	for _, l := range in.Labels.Value() {
		id, err := wire.Known[label.ID](wire.KindLabel, l)
		if err != nil {
			return r, err
		}
		r.Labels = append(r.Labels, id)
	}
	for _, x := range in.CustomAttributes.Value() {
		if x != nil {
			r.Attributes = append(r.Attributes, patient.Attribute{Title: x.Title, Text: x.Text, Response: x.Response})
		}
	}
	return r, nil
}

// payloadOf is a patient after a change.
func payloadOf(ctx context.Context, p patient.Patient, err error) (*gql.PatientResponsePayload, error) {
	if err != nil {
		return nil, err
	}
	return &gql.PatientResponsePayload{Data: person(ctx, p)}, nil
}

func preferences(c *patient.Changes, in *gql.PatientCommunicationPreferencesInput) {
	if in == nil {
		return
	}
	c.ReceiveEmail, c.ReceiveSMS, c.Marketing = truth(in.ReceiveEmail), truth(in.ReceiveSms),
		truth(in.PromotionalMarketing)
	c.PaymentReminders, c.PrivacyPolicy = truth(in.PaymentReminders), wire.Change(in.PrivacyPolicy)
}

// truth is a truth to set: null means that the patient was not asked.
func truth(o graphql.Omittable[*bool]) **bool {
	v, set := o.ValueOK()
	if !set {
		return nil
	}
	return &v
}

// insOf is what to set of the French health identity: null clears it.
func insOf(c *patient.Changes, in *gql.INSInput, set bool) {
	if !set {
		return
	}
	some := map[string]any{}
	if in == nil {
		some = nil
	} else {
		put(some, "number", in.Number)
		put(some, "oid", in.Oid)
		put(some, "manualIdentification", in.ManualIdentification)
		put(some, "identityAlertStatus", in.IdentityAlertStatus)
		put(some, "identityAlertComment", in.IdentityAlertComment)
		put(some, "status", in.Status)
		put(some, "identityDocument", in.IdentityDocument)
	}
	b := json.RawMessage(wire.JSON(some))
	c.INS = &b
}

// put keeps a field of an input that was given, null too.
func put[T any](in map[string]any, name string, o graphql.Omittable[*T]) {
	if v, set := o.ValueOK(); set {
		in[name] = v
	}
}

// UpdatePatient changes a patient: what is left out stays, and null clears.
func (m Mutation) UpdatePatient(ctx context.Context, id string,
	in gql.UpdatePatientDataInput) (*gql.PatientResponsePayload, error) {
	n, err := wire.Known[patient.ID](wire.KindPatient, id)
	if err != nil {
		return nil, err
	}
	sort, err := sexOf(wire.Change(in.Sex))
	if err != nil {
		return nil, err
	}
	c := patient.Changes{
		Title: wire.Change(in.Title), FirstName: wire.Change(in.First), LastName: wire.Change(in.Last),
		Email: wire.Change(in.Email),
		Notes: wire.Change(in.Comments),
		Town:  wire.Change(in.City), Postcode: wire.Change(in.Postcode), CountryCode: wire.Change(in.Country),
		Sex:    sort,
		Gender: wire.Change(in.Gender), PaymentReference: wire.Change(in.PaymentReference),
		BirthSurname: wire.Change(in.BirthSurname),
		BirthName:    wire.Change(in.BirthName), BirthNames: wire.Change(in.BirthNames),
		SocialSecurityNumber: wire.Change(in.SocialSecurityNumber),
	}
	c.Line1, c.Line2, c.Line3 = streetLines(wire.Change(in.Address))
	if d, set := in.Dob.ValueOK(); set {
		c.BirthDate = new(wire.DateOf(d))
	}
	if p, set := in.PlaceOfBirth.ValueOK(); set {
		c.BirthPlace, c.BirthPlaceCode = new(""), new("")
		if p != nil {
			c.BirthPlace, c.BirthPlaceCode = wire.Change(p.Name), wire.Change(p.Code)
		}
	}
	preferences(&c, in.CommunicationPreferences.Value())
	ins, set := in.Ins.ValueOK()
	insOf(&c, ins, set)
	p, err := m.Core.Patient.Change(ctx, n, c)
	return payloadOf(ctx, p, err)
}

// DeletePatient marks a patient as deleted.
func (m Mutation) DeletePatient(ctx context.Context, id string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, id, m.Core.Archive.Delete)
}

// WithPatient makes a change of the patient an id names, and answers with the patient.
func (d Resolver) WithPatient(ctx context.Context, id string, do func(context.Context,
	patient.ID) (patient.Patient, error)) (*gql.PatientResponsePayload, error) {
	n, err := wire.Known[patient.ID](wire.KindPatient, id)
	if err != nil {
		return nil, err
	}
	p, err := do(ctx, n)
	return payloadOf(ctx, p, err)
}

// ArchivePatient sets a patient aside.
func (m Mutation) ArchivePatient(ctx context.Context, patientID string, reason gql.PatientArchiveReason,
	comments *string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		return m.Core.Archive.Archive(ctx, id, archive.Reasons{Reason: wire.Lower[patient.ArchiveReason](reason),
			Comments: wire.Deref(comments)})
	})
}

// UnarchivePatient takes that back.
func (m Mutation) UnarchivePatient(ctx context.Context, patientID string,
	reason *gql.PatientUnarchiveReason) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		return m.Core.Archive.Unarchive(ctx, id, wire.Lower[patient.ArchiveReason](wire.Deref(reason)))
	})
}

// ArchivedInfo is when and why a patient was set aside; null when never.
func (f Fields) ArchivedInfo(ctx context.Context, obj *gql.Patient) (*gql.PatientArchivedInfo, error) {
	p := obj.Of
	if p.ArchivedAt.IsZero() && p.Dead() { // as the national service says
		return &gql.PatientArchivedInfo{ArchivedAt: scalar.Of(p.DeceasedAt),
			ArchivedReason: new(gql.PatientArchiveReasonDeceasedPatient)}, nil
	}
	if p.ArchivedAt.IsZero() {
		return nil, nil
	}
	out := &gql.PatientArchivedInfo{
		ArchivedAt:       scalar.Of(p.ArchivedAt),
		ArchivedReason:   new(wire.Upper[gql.PatientArchiveReason](p.ArchivedReason)),
		ArchivedComments: wire.Text(p.ArchivedComments),
		UnarchivedAt:     scalar.Of(p.UnarchivedAt),
	}
	if p.UnarchivedReason != "" {
		out.UnarchivedReason = new(wire.Upper[gql.PatientUnarchiveReason](p.UnarchivedReason))
	}
	who, _ := access.From(ctx)
	if !who.May(access.SettingsSeeUsers) {
		return out, nil
	}
	var err error
	if out.ArchivedBy, err = f.UserByID(ctx, account.StaffID(p.ArchivedBy)); err != nil {
		return nil, err
	}
	out.UnarchivedBy, err = f.UserByID(ctx, account.StaffID(p.UnarchivedBy))
	return out, err
}

// streetLines splits the one text this API has for house and street at line breaks, or
// at commas without line breaks; the third line has the rest.
func streetLines(street *string) (one, two, three *string) {
	if street == nil {
		return nil, nil, nil
	}
	split := strings.FieldsFunc(*street, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(split) == 1 {
		split = strings.Split(*street, ",")
	}
	parts := make([]string, 0, 3)
	for _, s := range split {
		if s = strings.TrimSpace(s); s != "" {
			parts = append(parts, s)
		}
	}
	whole := append(parts, "", "", "")
	three = new(strings.Join(parts[min(2, len(parts)):], ", "))
	return &whole[0], &whole[1], three
}
