package graph

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/input"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
)

// Phones are a patient's telephone numbers: the mobile and the landline that
// messages and calls go to, then the others.
func (f patientFields) Phones(ctx context.Context, obj *gql.Patient) ([]*gql.Phone, error) {
	p := obj.Of
	all, err := loaderOf(ctx, "phones", f.core.Patient.Phones).Load(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return phones(p, all), nil
}

func phones(p *patient.Patient, more []patient.Phone) []*gql.Phone {
	out := []*gql.Phone{}
	if p.Mobile != "" {
		out = append(out, &gql.Phone{PhoneID: new(encode(kindMobile, p.ID)), PhoneType: new(string(input.MobilePhone)),
			PhoneNumber: &p.Mobile})
	}
	if p.Landline != "" {
		out = append(out, &gql.Phone{PhoneID: new(encode(kindLandline, p.ID)), PhoneType: new(string(input.HomePhone)),
			PhoneNumber: &p.Landline})
	}
	for _, n := range more {
		out = append(out, &gql.Phone{PhoneID: new(encode(kindPhone, n.ID)), PhoneType: new(string(n.Kind)),
			PhoneNumber: &n.Number})
	}
	return out
}

// AddPatientPhoneNumber adds a telephone number.
func (m mutation) AddPatientPhoneNumber(ctx context.Context, patientID string,
	in gql.AddPhoneData) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		return m.core.Patient.AddPhone(ctx, id, patient.Phone{Kind: input.PhoneKind(in.PhoneType),
			Number: in.PhoneNumber})
	})
}

// which reads which of a patient's telephone numbers an id names.
func which(of patient.ID, s string) (patient.Which, error) {
	if !isHex(s) {
		return patient.Which{}, errCast(s)
	}
	switch k, id, ok := decode(s); {
	case ok && k == kindPhone:
		return patient.Which{Row: patient.PhoneID(id)}, nil
	case ok && k == kindMobile && patient.ID(id) == of:
		return patient.Which{Mobile: true}, nil
	case ok && k == kindLandline && patient.ID(id) == of:
		return patient.Which{Landline: true}, nil
	}
	return patient.Which{}, patient.ErrNoPhone
}

// UpdatePatientPhoneNumber changes a telephone number.
func (m mutation) UpdatePatientPhoneNumber(ctx context.Context, patientID, phoneID string,
	in *gql.UpdatePhoneData) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		w, err := which(id, phoneID)
		if err != nil {
			return patient.Patient{}, err
		}
		if in == nil {
			in = &gql.UpdatePhoneData{}
		}
		return m.core.Patient.ChangePhone(ctx, id, w, (*input.PhoneKind)(in.PhoneType.Value()), in.PhoneNumber.Value())
	})
}

// RemovePatientPhoneNumber forgets a telephone number.
func (m mutation) RemovePatientPhoneNumber(ctx context.Context, patientID,
	phoneID string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		w, err := which(id, phoneID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.RemovePhone(ctx, id, w)
	})
}

// Numbers are what a patient is known by: always this program's own number, the
// NHS number, then the practice's.
func (f patientFields) Numbers(ctx context.Context, obj *gql.Patient) ([]*gql.PatientNumber, error) {
	p := obj.Of
	out := []*gql.PatientNumber{{
		ID: encode(kindOwnNumber, p.ID), ReferenceID: encode(kindDefinition, patient.SystemNumber), Name: new("System"),
		Value: new(patient.SystemValue(p.ID)),
	}}
	if p.NHSNumber != "" {
		out = append(out, &gql.PatientNumber{
			ID: encode(kindNHSNumber, p.ID), ReferenceID: encode(kindDefinition, patient.NHSNumber),
			Name: new("NHS number"), Value: &p.NHSNumber,
		})
	}
	all, err := loaderOf(ctx, "numbers", f.core.Patient.Numbers).Load(ctx, p.ID)
	for _, n := range all {
		out = append(out, &gql.PatientNumber{ID: encode(kindNumber, n.ID), ReferenceID: encode(kindDefinition,
			n.Definition), Name: &n.Name, Value: &n.Value})
	}
	return out, err
}

// AddPatientNumber gives a patient a number.
func (m mutation) AddPatientNumber(ctx context.Context, patientID string,
	in gql.AddPatientNumberData) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		of, err := known[patient.DefinitionID](kindDefinition, in.NumberID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.AddNumber(ctx, id, of, in.Value)
	})
}

// numberOf reads which of a patient's numbers an id names.
func numberOf(of patient.ID, s string) (id patient.NumberID, nhs bool, err error) {
	if !isHex(s) {
		return 0, false, errCast(s)
	}
	switch k, n, ok := decode(s); {
	case ok && k == kindNumber:
		return patient.NumberID(n), false, nil
	case ok && k == kindNHSNumber && patient.ID(n) == of:
		return 0, true, nil
	case ok && k == kindOwnNumber && patient.ID(n) == of:
		return 0, false, patient.ErrFixedNumber
	}
	return 0, false, patient.ErrNoNumber
}

// UpdatePatientNumber changes a number.
func (m mutation) UpdatePatientNumber(ctx context.Context, patientID, patientNumberID string,
	value *string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, nhs, err := numberOf(id, patientNumberID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.ChangeNumber(ctx, id, n, nhs, value)
	})
}

// RemovePatientNumber forgets a number.
func (m mutation) RemovePatientNumber(ctx context.Context, patientID,
	patientNumberID string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, nhs, err := numberOf(id, patientNumberID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.RemoveNumber(ctx, id, n, nhs)
	})
}

func definition(d patient.Definition) *gql.PracticeNumbers {
	return &gql.PracticeNumbers{
		ID: encode(kindDefinition, d.ID), Name: &d.Name, Primary: &d.Primary, IDType: new(capitals[gql.IDType](d.Type)),
		Deleted: new(!d.DeletedAt.IsZero()),
	}
}

// PracticeNumbers are the kinds of numbers patients are known by.
func (f practiceFields) PracticeNumbers(ctx context.Context, _ *gql.Practice) ([]*gql.PracticeNumbers, error) {
	all, err := f.core.Patient.NumberDefinitions(ctx)
	out := []*gql.PracticeNumbers{}
	for _, d := range all {
		if d.DeletedAt.IsZero() {
			out = append(out, definition(d))
		}
	}
	return out, err
}

// CreatePatientNumber adds a kind of number.
func (m mutation) CreatePatientNumber(ctx context.Context,
	in gql.CreatePatientNumberInput) (*gql.PracticeNumberResponsePayload, error) {
	d, err := m.core.Patient.SaveNumberDefinition(ctx, 0, patient.DefinitionChange{Name: &in.Name,
		Primary: in.Primary.Value(), Type: small[patient.NumberType](deref(in.IDType.Value()))})
	return &gql.PracticeNumberResponsePayload{Data: definition(d)}, err
}

// UpdatePatientNumberDefinition changes a kind of number.
func (m mutation) UpdatePatientNumberDefinition(ctx context.Context, id string,
	in gql.UpdatePatientNumberDefinitionInput) (*gql.PracticeNumberResponsePayload, error) {
	n, err := known[patient.DefinitionID](kindDefinition, id)
	if err == nil && n == 0 {
		err = patient.ErrNoDefinition
	}
	if err != nil {
		return nil, err
	}
	d, err := m.core.Patient.SaveNumberDefinition(ctx, n, patient.DefinitionChange{Name: in.Name.Value(),
		Primary: in.Primary.Value()})
	return &gql.PracticeNumberResponsePayload{Data: definition(d)}, err
}

// DeletePatientNumberDefinition marks a kind of number as deleted.
func (m mutation) DeletePatientNumberDefinition(ctx context.Context,
	id string) (*gql.PracticeNumberResponsePayload, error) {
	n, err := known[patient.DefinitionID](kindDefinition, id)
	if err != nil {
		return nil, err
	}
	d, err := m.core.Patient.DeleteNumberDefinition(ctx, n)
	return &gql.PracticeNumberResponsePayload{Data: definition(d)}, err
}

// CustomAttributes are what was asked of a patient, and answered.
func (f patientFields) CustomAttributes(ctx context.Context, obj *gql.Patient) ([]*gql.CustomAttribute, error) {
	all, err := loaderOf(ctx, "attributes", f.core.Patient.Attributes).Load(ctx, obj.Of.ID)
	out := make([]*gql.CustomAttribute, len(all))
	for i, a := range all {
		out[i] = &gql.CustomAttribute{ID: new(encode(kindAttribute, a.ID)), Title: &a.Title, Text: &a.Text,
			Response: &a.Response, Required: new(false)}
	}
	return out, err
}

// AddPatientAttribute keeps an answer.
func (m mutation) AddPatientAttribute(ctx context.Context, patientID string,
	in gql.AddCustomAttributeData) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		return m.core.Patient.AddAttribute(ctx, id, patient.Attribute{Title: in.Title, Text: in.Text,
			Response: in.Response})
	})
}

// UpdatePatientAttribute changes an answer.
func (m mutation) UpdatePatientAttribute(ctx context.Context, patientID, attributeID string,
	in gql.UpdateCustomAttributeData) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := known[patient.AttributeID](kindAttribute, attributeID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.ChangeAttribute(ctx, id, n, patient.AttributeChange{Title: in.Title.Value(),
			Text: change(in.Text), Response: change(in.Response)})
	})
}

// RemovePatientAttribute forgets an answer.
func (m mutation) RemovePatientAttribute(ctx context.Context, patientID,
	attributeID string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := known[patient.AttributeID](kindAttribute, attributeID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.RemoveAttribute(ctx, id, n)
	})
}

// Labels are those on a patient.
func (f patientFields) Labels(ctx context.Context, obj *gql.Patient) ([]*gql.PatientLabel, error) {
	all, err := loaderOf(ctx, "labels", f.core.Patient.LabelsOn).Load(ctx, obj.Of.ID)
	out := make([]*gql.PatientLabel, len(all))
	for i, u := range all {
		out[i] = &gql.PatientLabel{ID: encode(kindLabelUse, u.ID), ReferenceID: encode(kindLabel, u.Label.ID),
			Text: &u.Label.Title, Color: text(u.Label.Colour)}
	}
	return out, err
}

// AddPatientLabel puts a label on a patient.
func (m mutation) AddPatientLabel(ctx context.Context, patientID,
	labelReferenceID string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := known[label.ID](kindLabel, labelReferenceID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.AddLabel(ctx, id, n)
	})
}

// RemovePatientLabel takes a label off a patient: by the id it has there, or the
// practice's own.
func (m mutation) RemovePatientLabel(ctx context.Context, patientID,
	labelID string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		use, of, err := labelOn(labelID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.RemoveLabel(ctx, id, use, of)
	})
}

// AccessGroups are those who look after a patient.
func (f patientFields) AccessGroups(ctx context.Context, obj *gql.Patient) ([]*gql.PatientAccessGroup, error) {
	all, err := loaderOf(ctx, "groups of patients", f.core.Patient.AccessGroups).Load(ctx, obj.Of.ID)
	out := make([]*gql.PatientAccessGroup, len(all))
	for i, g := range all {
		out[i] = &gql.PatientAccessGroup{ID: encode(kindAccessGroup, g.ID), Name: g.Name, Label: g.Label}
	}
	return out, err
}

// AddPatientAccessGroup lets an access group look after a patient.
func (m mutation) AddPatientAccessGroup(ctx context.Context, patientID,
	accessGroupID string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := known[account.GroupID](kindAccessGroup, accessGroupID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.JoinAccessGroup(ctx, id, n)
	})
}

// RemovePatientAccessGroup ends that.
func (m mutation) RemovePatientAccessGroup(ctx context.Context, patientID,
	accessGroupID string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := known[account.GroupID](kindAccessGroup, accessGroupID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Patient.LeaveAccessGroup(ctx, id, n)
	})
}
