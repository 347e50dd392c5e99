package clinical

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/account"
	"frontdesk/core/clinical"
	"frontdesk/core/contact"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/relationship"
	"frontdesk/graph/gql"
	practicegraph "frontdesk/graph/practice"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// The kinds of recipients of letters.
var recipientKinds = map[clinical.RecipientKind]wire.Kind{
	clinical.ToPatient: wire.KindPatient, clinical.ToContact: wire.KindContact,
	clinical.ToRelationship: wire.KindRelationship,
}

func letter(l clinical.Letter) *gql.Letter {
	out := &gql.Letter{
		ID: wire.Encode(wire.KindLetter, l.ID), Deleted: new(l.Deleted()),
		ReviewStatus: new(gql.ReviewStatus(l.Review)),
		Date:         wire.Date(l.Date), Title: wire.Text(l.Title),
		Body: wire.Text(l.Body), DateShared: scalar.Of(l.SharedAt), CreatedAt: scalar.Of(l.CreatedAt),
		UpdatedAt: scalar.Of(l.UpdatedAt),
		PatientID: int64(l.Patient), DoctorID: int64(l.Doctor),
	}
	if k, ok := recipientKinds[l.Recipient.Kind]; ok {
		out.RecipientID = wire.Encode(k, l.Recipient.ID)
	}
	return out
}

// Letter finds one letter, deleted or not.
func (q Query) Letter(ctx context.Context, id string) (*gql.Letter, error) {
	n, err := wire.Known[clinical.LetterID](wire.KindLetter, id)
	if err != nil {
		return nil, err
	}
	l, err := q.Core.Letter.Find(ctx, n)
	return wire.Absent(letter(l), err, clinical.ErrNoLetter)
}

// Letters lists letters.
func (q Query) Letters(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination, options *gql.QueryOptions,
) (*gql.LetterData, error) {
	at, l, err := q.Listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	ask := clinical.Query{Listing: l}
	if ask.Dated, err = wire.OptionalDays(dateRange); err != nil {
		return nil, err
	}
	all, more, err := q.Core.Letter.List(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.LetterData{Data: wire.Map(all, letter), PageInfo: at.Info(more)}, nil
}

// Patient is the patient a letter is about.
func (f LetterFields) Patient(ctx context.Context, obj *gql.Letter) (*gql.Patient, error) {
	return f.PatientByID(ctx, patient.ID(obj.PatientID))
}

// Doctor is who wrote it.
func (f LetterFields) Doctor(ctx context.Context, obj *gql.Letter) (*gql.User, error) {
	return f.UserByID(ctx, account.StaffID(obj.DoctorID))
}

// Contact is the recipient, when that is a contact.
func (f LetterFields) Contact(ctx context.Context, obj *gql.Letter) (*gql.LetterContact, error) {
	r, err := f.Recipient(ctx, obj)
	if err != nil || r == nil || *r.Kind != gql.LetterRecipientTypeContact {
		return nil, err
	}
	return &gql.LetterContact{ID: r.ID, Name: r.Name, Email: r.Email}, nil
}

// Recipient is the recipient.
func (f LetterFields) Recipient(ctx context.Context, obj *gql.Letter) (*gql.LetterRecipient, error) {
	k, n, ok := wire.Decode(obj.RecipientID)
	if !ok {
		return nil, nil
	}
	out := &gql.LetterRecipient{ID: &obj.RecipientID}
	switch k {
	case wire.KindPatient:
		out.Kind = new(gql.LetterRecipientTypePatient)
		p, err := f.PatientByID(ctx, patient.ID(n))
		if err != nil || p == nil {
			return out, err
		}
		out.Name, out.Email = p.FullName, p.Email
	case wire.KindContact:
		out.Kind = new(gql.LetterRecipientTypeContact)
		c, err := f.ContactByID(ctx, contact.ID(n))
		if err != nil || c == nil {
			return out, err
		}
		out.Name, out.Email = c.FullName, c.Email
	case wire.KindRelationship:
		out.Kind = new(gql.LetterRecipientTypePatientRelationship)
		var err error
		out.Name, out.Email, err = f.Related(ctx, relationship.ID(n))
		return out, err
	}
	return out, nil
}

// addressee is the recipient of a letter: nil leaves it as it is. The contact is
// an older word for the recipient, which goes before it.
func addressee(contactID, recipient graphql.Omittable[*string]) (*clinical.Recipient, error) {
	v, set := recipient.ValueOK()
	if !set {
		if v, set = contactID.ValueOK(); !set {
			return nil, nil
		}
		if v != nil && *v != "" {
			id, err := wire.IDOrUnknown[contact.ID](wire.KindContact, *v)
			return &clinical.Recipient{Kind: clinical.ToContact, ID: int64(id)}, err
		}
	}
	if v == nil || *v == "" {
		return &clinical.Recipient{}, nil
	}
	if !wire.IsHex(*v) {
		return nil, wire.ErrCast(*v)
	}
	k, n, _ := wire.Decode(*v)
	for to, of := range recipientKinds {
		if of == k {
			return &clinical.Recipient{Kind: to, ID: n}, nil
		}
	}
	return nil, clinical.ErrNoRecipient
}

// letterChange reads what to set of a letter.
func letterChange(in gql.UpdateLetterDataInput) (c clinical.LetterChange, err error) {
	if v := in.Patient.Value(); v != nil {
		id, err := wire.Known[patient.ID](wire.KindPatient, *v)
		if err != nil {
			return c, err
		}
		c.Patient = &id
	}
	if c.Recipient, err = addressee(in.Contact, in.Recipient); err != nil {
		return c, err
	}
	doctor, set := in.Doctor.ValueOK()
	if c.Doctor, err = wire.OptionalID[practice.PractitionerID](wire.KindUser, doctor, set); err != nil {
		return c, err
	}
	if v, set := in.Location.ValueOK(); set {
		c.Location = new(practice.LocationID(0))
		if v != nil && *v != "" {
			if *c.Location, err = practicegraph.Place(*v); err != nil {
				return c, err
			}
			if *c.Location == 0 {
				*c.Location = wire.Unknown
			}
		}
	}
	if v := in.Date.Value(); v != nil && !v.IsZero() {
		c.Date = new(wire.DateOf(v))
	}
	if v := in.ReviewStatus.Value(); v != nil {
		c.Review = new(clinical.Review(*v))
	}
	c.Title, c.Body = in.Title.Value(), wire.Change(in.Body)
	return c, nil
}

// CreateLetter writes a letter.
func (m Mutation) CreateLetter(ctx context.Context, in gql.CreateLetterDataInput) (*gql.LetterResponsePayload, error) {
	c, err := letterChange(gql.UpdateLetterDataInput{
		Patient: graphql.OmittableOf(&in.Patient), Contact: in.Contact, Recipient: in.Recipient, Location: in.Location,
		Doctor: in.Doctor,
		Title:  graphql.OmittableOf(&in.Title), Body: graphql.OmittableOf(&in.Body), Date: in.Date,
		ReviewStatus: in.ReviewStatus,
	})
	if err != nil {
		return nil, err
	}
	l, err := m.Core.Letter.Create(ctx, c)
	return &gql.LetterResponsePayload{Data: letter(l)}, err
}

// UpdateLetter changes a letter.
func (m Mutation) UpdateLetter(
	ctx context.Context, id string, in gql.UpdateLetterDataInput,
) (*gql.LetterResponsePayload, error) {
	n, err := wire.Known[clinical.LetterID](wire.KindLetter, id)
	if err != nil {
		return nil, err
	}
	c, err := letterChange(in)
	if err != nil {
		return nil, err
	}
	l, err := m.Core.Letter.Update(ctx, n, c)
	return &gql.LetterResponsePayload{Data: letter(l)}, err
}

// DeleteLetter deletes a letter.
func (m Mutation) DeleteLetter(ctx context.Context, id string) (*gql.LetterResponsePayload, error) {
	n, err := wire.Known[clinical.LetterID](wire.KindLetter, id)
	if err != nil {
		return nil, err
	}
	l, err := m.Core.Letter.Delete(ctx, n)
	return &gql.LetterResponsePayload{Data: letter(l)}, err
}

// Letters are those about a patient.
func (f PatientFields) Letters(ctx context.Context, obj *gql.Patient) ([]*gql.Letter, error) {
	_, n, _ := wire.Decode(obj.ID)
	all, err := wire.Loader(ctx, "letters", f.Core.Letter.OfPatients).Load(ctx, patient.ID(n))
	return wire.Map(all, letter), err
}

// Letters are those a member of staff wrote.
func (f UserFields) Letters(ctx context.Context, obj *gql.User, number, size *int) (*gql.LetterData, error) {
	p, at, err := wire.Part(ctx, "letters by", obj.ID, number, size, f.Core.Letter.By)
	if err != nil {
		return nil, err
	}
	return &gql.LetterData{Data: wire.Map(p.Items, letter), PageInfo: at.Info(p.More)}, nil
}
