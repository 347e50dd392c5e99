package patient

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/identifier"
	"frontdesk/core/input"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	practicegraph "frontdesk/graph/practice"
	"frontdesk/graph/wire"
)

// Phones are a patient's telephone numbers: the mobile and the landline that
// messages and calls go to, then the others.
func (f Fields) Phones(ctx context.Context, obj *gql.Patient) ([]*gql.Phone, error) {
	p := obj.Of
	all, err := wire.Loader(ctx, "phones", f.Core.Patient.Phones).Load(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return phones(p, all), nil
}

func phones(p *patient.Patient, more []patient.Phone) []*gql.Phone {
	out := []*gql.Phone{}
	if p.Mobile != "" {
		out = append(out, &gql.Phone{PhoneID: new(wire.Encode(wire.KindMobile, p.ID)),
			PhoneType:   new(string(input.MobilePhone)),
			PhoneNumber: &p.Mobile})
	}
	if p.Landline != "" {
		out = append(out, &gql.Phone{PhoneID: new(wire.Encode(wire.KindLandline, p.ID)),
			PhoneType:   new(string(input.HomePhone)),
			PhoneNumber: &p.Landline})
	}
	for _, n := range more {
		out = append(out, &gql.Phone{PhoneID: new(wire.Encode(wire.KindPhone, n.ID)), PhoneType: new(string(n.Kind)),
			PhoneNumber: &n.Number})
	}
	return out
}

// AddPatientPhoneNumber adds a telephone number.
func (m Mutation) AddPatientPhoneNumber(ctx context.Context, patientID string,
	in gql.AddPhoneData) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		return m.Core.Patient.AddPhone(ctx, id, patient.Phone{Kind: input.PhoneKind(in.PhoneType),
			Number: in.PhoneNumber})
	})
}

// which reads which of a patient's telephone numbers an id names.
func which(of patient.ID, s string) (patient.Which, error) {
	if !wire.IsHex(s) {
		return patient.Which{}, wire.ErrCast(s)
	}
	switch k, id, ok := wire.Decode(s); {
	case ok && k == wire.KindPhone:
		return patient.Which{Row: patient.PhoneID(id)}, nil
	case ok && k == wire.KindMobile && patient.ID(id) == of:
		return patient.Which{Mobile: true}, nil
	case ok && k == wire.KindLandline && patient.ID(id) == of:
		return patient.Which{Landline: true}, nil
	}
	return patient.Which{}, patient.ErrNoPhone
}

// UpdatePatientPhoneNumber changes a telephone number.
func (m Mutation) UpdatePatientPhoneNumber(ctx context.Context, patientID, phoneID string,
	in *gql.UpdatePhoneData) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		w, err := which(id, phoneID)
		if err != nil {
			return patient.Patient{}, err
		}
		if in == nil {
			in = &gql.UpdatePhoneData{}
		}
		return m.Core.Patient.ChangePhone(ctx, id, w, (*input.PhoneKind)(in.PhoneType.Value()), in.PhoneNumber.Value())
	})
}

// RemovePatientPhoneNumber forgets a telephone number.
func (m Mutation) RemovePatientPhoneNumber(ctx context.Context, patientID,
	phoneID string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		w, err := which(id, phoneID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.RemovePhone(ctx, id, w)
	})
}

// Numbers are what a patient is known by: always this program's own number, the
// NHS number, then the practice's.
func (f Fields) Numbers(ctx context.Context, obj *gql.Patient) ([]*gql.PatientNumber, error) {
	p := obj.Of
	out := []*gql.PatientNumber{{
		ID: wire.Encode(wire.KindOwnNumber, p.ID), ReferenceID: wire.Encode(wire.KindDefinition, patient.SystemNumber),
		Name:  new("System"),
		Value: new(patient.SystemValue(p.ID)),
	}}
	if p.NHSNumber != "" {
		out = append(out, &gql.PatientNumber{
			ID: wire.Encode(wire.KindNHSNumber, p.ID), ReferenceID: wire.Encode(wire.KindDefinition, patient.NHSNumber),
			Name: new("NHS number"), Value: &p.NHSNumber,
		})
	}
	all, err := wire.Loader(ctx, "numbers", f.Core.Patient.Numbers).Load(ctx, p.ID)
	for _, n := range all {
		out = append(out, &gql.PatientNumber{ID: wire.Encode(wire.KindNumber, n.ID),
			ReferenceID: wire.Encode(wire.KindDefinition,
				n.Definition), Name: &n.Name, Value: &n.Value})
	}
	return out, err
}

// AddPatientNumber gives a patient a number.
func (m Mutation) AddPatientNumber(ctx context.Context, patientID string,
	in gql.AddPatientNumberData) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		of, err := wire.Known[patient.DefinitionID](wire.KindDefinition, in.NumberID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.AddNumber(ctx, id, of, in.Value)
	})
}

// numberOf reads which of a patient's numbers an id names.
func numberOf(of patient.ID, s string) (id patient.NumberID, nhs bool, err error) {
	if !wire.IsHex(s) {
		return 0, false, wire.ErrCast(s)
	}
	switch k, n, ok := wire.Decode(s); {
	case ok && k == wire.KindNumber:
		return patient.NumberID(n), false, nil
	case ok && k == wire.KindNHSNumber && patient.ID(n) == of:
		return 0, true, nil
	case ok && k == wire.KindOwnNumber && patient.ID(n) == of:
		return 0, false, patient.ErrFixedNumber
	}
	return 0, false, patient.ErrNoNumber
}

// UpdatePatientNumber changes a number.
func (m Mutation) UpdatePatientNumber(ctx context.Context, patientID, patientNumberID string,
	value *string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, nhs, err := numberOf(id, patientNumberID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.ChangeNumber(ctx, id, n, nhs, value)
	})
}

// RemovePatientNumber forgets a number.
func (m Mutation) RemovePatientNumber(ctx context.Context, patientID,
	patientNumberID string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, nhs, err := numberOf(id, patientNumberID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.RemoveNumber(ctx, id, n, nhs)
	})
}

func definition(d identifier.Definition) *gql.PracticeNumbers {
	return &gql.PracticeNumbers{
		ID: wire.Encode(wire.KindDefinition, d.ID), Name: &d.Name, Primary: &d.Primary,
		IDType:  new(wire.Upper[gql.IDType](d.Type)),
		Deleted: new(!d.DeletedAt.IsZero()),
	}
}

// PracticeNumbers are the kinds of numbers patients are known by.
func (f PracticeFields) PracticeNumbers(ctx context.Context, _ *gql.Practice) ([]*gql.PracticeNumbers, error) {
	all, err := f.Core.Identifier.List(ctx)
	out := []*gql.PracticeNumbers{}
	for _, d := range all {
		if d.DeletedAt.IsZero() {
			out = append(out, definition(d))
		}
	}
	return out, err
}

// CreatePatientNumber adds a kind of number.
func (m Mutation) CreatePatientNumber(ctx context.Context,
	in gql.CreatePatientNumberInput) (*gql.PracticeNumberResponsePayload, error) {
	d, err := m.Core.Identifier.Save(ctx, 0, identifier.Change{Name: &in.Name,
		Primary: in.Primary.Value(), Type: wire.Lower[identifier.Type](wire.Deref(in.IDType.Value()))})
	return &gql.PracticeNumberResponsePayload{Data: definition(d)}, err
}

// UpdatePatientNumberDefinition changes a kind of number.
func (m Mutation) UpdatePatientNumberDefinition(ctx context.Context, id string,
	in gql.UpdatePatientNumberDefinitionInput) (*gql.PracticeNumberResponsePayload, error) {
	n, err := wire.Known[patient.DefinitionID](wire.KindDefinition, id)
	if err == nil && n == 0 {
		err = patient.ErrNoDefinition
	}
	if err != nil {
		return nil, err
	}
	d, err := m.Core.Identifier.Save(ctx, n, identifier.Change{Name: in.Name.Value(),
		Primary: in.Primary.Value()})
	return &gql.PracticeNumberResponsePayload{Data: definition(d)}, err
}

// DeletePatientNumberDefinition marks a kind of number as deleted.
func (m Mutation) DeletePatientNumberDefinition(ctx context.Context,
	id string) (*gql.PracticeNumberResponsePayload, error) {
	n, err := wire.Known[patient.DefinitionID](wire.KindDefinition, id)
	if err != nil {
		return nil, err
	}
	d, err := m.Core.Identifier.Delete(ctx, n)
	return &gql.PracticeNumberResponsePayload{Data: definition(d)}, err
}

// CustomAttributes are what was asked of a patient, and answered.
func (f Fields) CustomAttributes(ctx context.Context, obj *gql.Patient) ([]*gql.CustomAttribute, error) {
	all, err := wire.Loader(ctx, "attributes", f.Core.Patient.Attributes).Load(ctx, obj.Of.ID)
	out := make([]*gql.CustomAttribute, len(all))
	for i, a := range all {
		out[i] = &gql.CustomAttribute{ID: new(wire.Encode(wire.KindAttribute, a.ID)), Title: &a.Title, Text: &a.Text,
			Response: &a.Response, Required: new(false)}
	}
	return out, err
}

// AddPatientAttribute keeps an answer.
func (m Mutation) AddPatientAttribute(ctx context.Context, patientID string,
	in gql.AddCustomAttributeData) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		return m.Core.Patient.AddAttribute(ctx, id, patient.Attribute{Title: in.Title, Text: in.Text,
			Response: in.Response})
	})
}

// UpdatePatientAttribute changes an answer.
func (m Mutation) UpdatePatientAttribute(ctx context.Context, patientID, attributeID string,
	in gql.UpdateCustomAttributeData) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := wire.Known[patient.AttributeID](wire.KindAttribute, attributeID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.ChangeAttribute(ctx, id, n, patient.AttributeChange{Title: in.Title.Value(),
			Text: wire.Change(in.Text), Response: wire.Change(in.Response)})
	})
}

// RemovePatientAttribute forgets an answer.
func (m Mutation) RemovePatientAttribute(ctx context.Context, patientID,
	attributeID string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := wire.Known[patient.AttributeID](wire.KindAttribute, attributeID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.RemoveAttribute(ctx, id, n)
	})
}

// Labels are those on a patient.
func (f Fields) Labels(ctx context.Context, obj *gql.Patient) ([]*gql.PatientLabel, error) {
	all, err := wire.Loader(ctx, "labels", f.Core.Patient.LabelsOn).Load(ctx, obj.Of.ID)
	out := make([]*gql.PatientLabel, len(all))
	for i, u := range all {
		out[i] = &gql.PatientLabel{ID: wire.Encode(wire.KindLabelUse, u.ID), ReferenceID: wire.Encode(wire.KindLabel,
			u.Label.ID),
			Text: &u.Label.Title, Color: wire.Text(u.Label.Colour)}
	}
	return out, err
}

// AddPatientLabel puts a label on a patient.
func (m Mutation) AddPatientLabel(ctx context.Context, patientID,
	labelReferenceID string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := wire.Known[label.ID](wire.KindLabel, labelReferenceID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.AddLabel(ctx, id, n)
	})
}

// RemovePatientLabel takes a label off a patient: by the id it has there, or the
// practice's own.
func (m Mutation) RemovePatientLabel(ctx context.Context, patientID,
	labelID string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		use, of, err := practicegraph.LabelOn(labelID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.RemoveLabel(ctx, id, use, of)
	})
}

// AccessGroups are the groups that care for a patient.
func (f Fields) AccessGroups(ctx context.Context, obj *gql.Patient) ([]*gql.PatientAccessGroup, error) {
	all, err := wire.Loader(ctx, "groups of patients", f.Core.Patient.AccessGroups).Load(ctx, obj.Of.ID)
	out := make([]*gql.PatientAccessGroup, len(all))
	for i, g := range all {
		out[i] = &gql.PatientAccessGroup{ID: wire.Encode(wire.KindAccessGroup, g.ID), Name: g.Name, Label: g.Label}
	}
	return out, err
}

// AddPatientAccessGroup lets an access group care for a patient.
func (m Mutation) AddPatientAccessGroup(ctx context.Context, patientID,
	accessGroupID string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := wire.Known[account.GroupID](wire.KindAccessGroup, accessGroupID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.JoinAccessGroup(ctx, id, n)
	})
}

// RemovePatientAccessGroup ends that.
func (m Mutation) RemovePatientAccessGroup(ctx context.Context, patientID,
	accessGroupID string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := wire.Known[account.GroupID](wire.KindAccessGroup, accessGroupID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Patient.LeaveAccessGroup(ctx, id, n)
	})
}
