package graph

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/chart"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
)

// Phones are a patient's telephone numbers: the mobile and the landline that
// messages and calls go to, then the others.
func (f patientFields) Phones(ctx context.Context, obj *gql.Patient) ([]*gql.Phone, error) {
	p := obj.Of
	all, err := loaderOf(ctx, "phones", f.core.Chart.Phones).Load(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return phones(p, all), nil
}

func phones(p *patient.Full, more []chart.Phone) []*gql.Phone {
	out := []*gql.Phone{}
	if p.Mobile != "" {
		out = append(out,
			&gql.Phone{PhoneID: ptr(encode(kindMobile, p.ID)), PhoneType: ptr(chart.Mobile), PhoneNumber: &p.Mobile})
	}
	if p.Landline != "" {
		out = append(out,
			&gql.Phone{PhoneID: ptr(encode(kindLandline, p.ID)), PhoneType: ptr(chart.Home), PhoneNumber: &p.Landline})
	}
	for _, n := range more {
		out = append(out, &gql.Phone{PhoneID: ptr(encode(kindPhone, n.ID)), PhoneType: &n.Kind, PhoneNumber: &n.Number})
	}
	return out
}

// AddPatientPhoneNumber adds a telephone number.
func (m mutation) AddPatientPhoneNumber(
	ctx context.Context, patientID string, in gql.AddPhoneData,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		return m.core.Chart.AddPhone(ctx, id, in.PhoneType, in.PhoneNumber)
	})
}

// which reads which of a patient's telephone numbers an id names.
func which(of patient.ID, s string) (chart.Which, error) {
	if !isHex(s) {
		return chart.Which{}, errCast(s)
	}
	switch k, id, ok := decode(s); {
	case ok && k == kindPhone:
		return chart.Which{Row: chart.PhoneID(id)}, nil
	case ok && k == kindMobile && patient.ID(id) == of:
		return chart.Which{Mobile: true}, nil
	case ok && k == kindLandline && patient.ID(id) == of:
		return chart.Which{Landline: true}, nil
	}
	return chart.Which{}, chart.ErrNoPhone
}

// UpdatePatientPhoneNumber changes a telephone number.
func (m mutation) UpdatePatientPhoneNumber(
	ctx context.Context, patientID, phoneID string, in *gql.UpdatePhoneData,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		w, err := which(id, phoneID)
		if err != nil {
			return patient.Full{}, err
		}
		if in == nil {
			in = &gql.UpdatePhoneData{}
		}
		return m.core.Chart.ChangePhone(ctx, id, w, in.PhoneType.Value(), in.PhoneNumber.Value())
	})
}

// RemovePatientPhoneNumber forgets a telephone number.
func (m mutation) RemovePatientPhoneNumber(
	ctx context.Context, patientID, phoneID string,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		w, err := which(id, phoneID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.RemovePhone(ctx, id, w)
	})
}

// Numbers are what a patient is known by: always this program's own number, the
// NHS number, then the practice's.
func (f patientFields) Numbers(ctx context.Context, obj *gql.Patient) ([]*gql.PatientNumber, error) {
	p := obj.Of
	out := []*gql.PatientNumber{{
		ID: encode(kindOwnNumber, p.ID), ReferenceID: encode(kindDefinition, chart.SystemNumber), Name: ptr("System"),
		Value: ptr(chart.SystemValue(p.ID)),
	}}
	if p.NHSNumber != "" {
		out = append(out, &gql.PatientNumber{
			ID: encode(kindNHSNumber, p.ID), ReferenceID: encode(kindDefinition, chart.NHSNumber), Name: ptr("NHS number"),
			Value: &p.NHSNumber,
		})
	}
	all, err := loaderOf(ctx, "numbers", f.core.Chart.Numbers).Load(ctx, p.ID)
	for _, n := range all {
		out = append(out,
			&gql.PatientNumber{ID: encode(kindNumber, n.ID), ReferenceID: encode(kindDefinition, n.Definition), Name: &n.Name,
				Value: &n.Value})
	}
	return out, err
}

// AddPatientNumber gives a patient a number.
func (m mutation) AddPatientNumber(
	ctx context.Context, patientID string, in gql.AddPatientNumberData,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		of, err := known[chart.DefinitionID](kindDefinition, in.NumberID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.AddNumber(ctx, id, of, in.Value)
	})
}

// numberOf reads which of a patient's numbers an id names.
func numberOf(of patient.ID, s string) (id chart.NumberID, nhs bool, err error) {
	if !isHex(s) {
		return 0, false, errCast(s)
	}
	switch k, n, ok := decode(s); {
	case ok && k == kindNumber:
		return chart.NumberID(n), false, nil
	case ok && k == kindNHSNumber && patient.ID(n) == of:
		return 0, true, nil
	case ok && k == kindOwnNumber && patient.ID(n) == of:
		return 0, false, chart.ErrFixedNumber
	}
	return 0, false, chart.ErrNoNumber
}

// UpdatePatientNumber changes a number.
func (m mutation) UpdatePatientNumber(
	ctx context.Context, patientID, patientNumberID string, value *string,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		n, nhs, err := numberOf(id, patientNumberID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.ChangeNumber(ctx, id, n, nhs, value)
	})
}

// RemovePatientNumber forgets a number.
func (m mutation) RemovePatientNumber(
	ctx context.Context, patientID, patientNumberID string,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		n, nhs, err := numberOf(id, patientNumberID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.RemoveNumber(ctx, id, n, nhs)
	})
}

func definition(d chart.Definition) *gql.PracticeNumbers {
	return &gql.PracticeNumbers{
		ID: encode(kindDefinition, d.ID), Name: &d.Name, Primary: &d.Primary, IDType: ptr(gql.IDType(d.Type)),
		Deleted: ptr(!d.DeletedAt.IsZero()),
	}
}

// PracticeNumbers are the kinds of numbers patients are known by.
func (f practiceFields) PracticeNumbers(ctx context.Context, _ *gql.Practice) ([]*gql.PracticeNumbers, error) {
	all, err := f.core.Chart.Definitions(ctx)
	out := []*gql.PracticeNumbers{}
	for _, d := range all {
		if d.DeletedAt.IsZero() {
			out = append(out, definition(d))
		}
	}
	return out, err
}

// CreatePatientNumber adds a kind of number.
func (m mutation) CreatePatientNumber(
	ctx context.Context, in gql.CreatePatientNumberInput,
) (*gql.PracticeNumberResponsePayload, error) {
	d, err := m.core.Chart.SaveDefinition(ctx, 0,
		chart.DefinitionChange{Name: &in.Name, Primary: in.Primary.Value(), Type: string(deref(in.IDType.Value()))})
	return &gql.PracticeNumberResponsePayload{Data: definition(d)}, err
}

// UpdatePatientNumberDefinition changes a kind of number.
func (m mutation) UpdatePatientNumberDefinition(
	ctx context.Context, id string, in gql.UpdatePatientNumberDefinitionInput,
) (*gql.PracticeNumberResponsePayload, error) {
	n, err := known[chart.DefinitionID](kindDefinition, id)
	if err == nil && n == 0 {
		err = chart.ErrNoDefinition
	}
	if err != nil {
		return nil, err
	}
	d, err := m.core.Chart.SaveDefinition(ctx, n,
		chart.DefinitionChange{Name: in.Name.Value(), Primary: in.Primary.Value()})
	return &gql.PracticeNumberResponsePayload{Data: definition(d)}, err
}

// DeletePatientNumberDefinition marks a kind of number as deleted.
func (m mutation) DeletePatientNumberDefinition(
	ctx context.Context, id string,
) (*gql.PracticeNumberResponsePayload, error) {
	n, err := known[chart.DefinitionID](kindDefinition, id)
	if err != nil {
		return nil, err
	}
	d, err := m.core.Chart.DeleteDefinition(ctx, n)
	return &gql.PracticeNumberResponsePayload{Data: definition(d)}, err
}

// CustomAttributes are what was asked of a patient, and answered.
func (f patientFields) CustomAttributes(ctx context.Context, obj *gql.Patient) ([]*gql.CustomAttribute, error) {
	all, err := loaderOf(ctx, "attributes", f.core.Chart.Attributes).Load(ctx, obj.Of.ID)
	out := make([]*gql.CustomAttribute, len(all))
	for i, a := range all {
		out[i] = &gql.CustomAttribute{ID: ptr(encode(kindAttribute, a.ID)), Title: &a.Title, Text: &a.Text,
			Response: &a.Response, Required: ptr(false)}
	}
	return out, err
}

// AddPatientAttribute keeps an answer.
func (m mutation) AddPatientAttribute(
	ctx context.Context, patientID string, in gql.AddCustomAttributeData,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		return m.core.Chart.AddAttribute(ctx, id, chart.Attribute{Title: in.Title, Text: in.Text, Response: in.Response})
	})
}

// UpdatePatientAttribute changes an answer.
func (m mutation) UpdatePatientAttribute(
	ctx context.Context, patientID, attributeID string, in gql.UpdateCustomAttributeData,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		n, err := known[chart.AttributeID](kindAttribute, attributeID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.ChangeAttribute(ctx, id, n,
			chart.AttributeChange{Title: in.Title.Value(), Text: change(in.Text), Response: change(in.Response)})
	})
}

// RemovePatientAttribute forgets an answer.
func (m mutation) RemovePatientAttribute(
	ctx context.Context, patientID, attributeID string,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		n, err := known[chart.AttributeID](kindAttribute, attributeID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.RemoveAttribute(ctx, id, n)
	})
}

// Labels are those on a patient.
func (f patientFields) Labels(ctx context.Context, obj *gql.Patient) ([]*gql.PatientLabel, error) {
	all, err := loaderOf(ctx, "labels", f.core.Chart.LabelsOn).Load(ctx, obj.Of.ID)
	out := make([]*gql.PatientLabel, len(all))
	for i, u := range all {
		out[i] = &gql.PatientLabel{ID: encode(kindLabelUse, u.ID), ReferenceID: encode(kindLabel, u.Label.ID),
			Text: &u.Label.Title, Color: text(u.Label.Colour)}
	}
	return out, err
}

// AddPatientLabel puts a label on a patient.
func (m mutation) AddPatientLabel(
	ctx context.Context, patientID, labelReferenceID string,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		n, err := known[label.ID](kindLabel, labelReferenceID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.AddLabel(ctx, id, n)
	})
}

// RemovePatientLabel takes a label off a patient: by the id it has there, or the
// practice's own.
func (m mutation) RemovePatientLabel(
	ctx context.Context, patientID, labelID string,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		use, of, err := labelOn(labelID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.RemoveLabel(ctx, id, use, of)
	})
}

// AccessGroups are those who look after a patient.
func (f patientFields) AccessGroups(ctx context.Context, obj *gql.Patient) ([]*gql.PatientAccessGroup, error) {
	all, err := loaderOf(ctx, "groups of patients", f.core.Chart.AccessGroups).Load(ctx, obj.Of.ID)
	out := make([]*gql.PatientAccessGroup, len(all))
	for i, g := range all {
		out[i] = &gql.PatientAccessGroup{ID: encode(kindAccessGroup, g.ID), Name: g.Name, Label: g.Label}
	}
	return out, err
}

// AddPatientAccessGroup lets an access group look after a patient.
func (m mutation) AddPatientAccessGroup(
	ctx context.Context, patientID, accessGroupID string,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		n, err := known[account.GroupID](kindAccessGroup, accessGroupID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.JoinAccessGroup(ctx, id, n)
	})
}

// RemovePatientAccessGroup ends that.
func (m mutation) RemovePatientAccessGroup(
	ctx context.Context, patientID, accessGroupID string,
) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Full, error) {
		n, err := known[account.GroupID](kindAccessGroup, accessGroupID)
		if err != nil {
			return patient.Full{}, err
		}
		return m.core.Chart.LeaveAccessGroup(ctx, id, n)
	})
}
