package patient

import (
	"context"
	"encoding/base64"
	"strconv"
	"time"

	"frontdesk/core/attachment"
	"frontdesk/core/contactpoint"
	"frontdesk/core/demographics"
	"frontdesk/core/input"
	"frontdesk/core/merge"
	"frontdesk/core/patient"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// RegisterPatient adds a patient or updates one that is registered.
func (o Operations) RegisterPatient(ctx context.Context, in *oas.PatientRegistration,
	_ oas.RegisterPatientParams) (*oas.RegisterPatientOK, error) {
	p, err := o.Core.Patient.Register(ctx, registration(in))
	if err != nil {
		return nil, err
	}
	return &oas.RegisterPatientOK{PatientID: p.ID.String()}, nil
}

// registration is what a body asks to register.
func registration(in *oas.PatientRegistration) patient.Registration {
	return patient.Registration{Changes: patient.Changes{
		NHSNumber: wire.Ptr(in.NhsNumber.Get()), EHRPartnerID: wire.Ptr(in.EhrPartnerID.Get()),
		Title:    wire.As[string](in.Title.Get()),
		Landline: wire.Ptr(in.Landline.Get()), Mobile: wire.Ptr(in.Mobile.Get()), Email: wire.Ptr(in.Email.Get()),
		Source: wire.As[patient.Source](in.DataSource.Get()), BirthDate: new(patient.ReadBirthDate(in.Dob)),
		FirstName: &in.FirstName,
		LastName:  &in.LastName, Sex: wire.As[patient.Sex](in.Sex.Get()), Line1: wire.Ptr(in.AddressLine1.Get()),
		Line2: wire.Ptr(in.AddressLine2.Get()), Line3: wire.Ptr(in.AddressLine3.Get()), Town: wire.Ptr(in.Town.Get()),
		County: wire.Ptr(in.County.Get()), Country: wire.Ptr(in.Country.Get()), Postcode: wire.Ptr(in.Postcode.Get()),
	}}
}

func patientOf(p patient.Patient) *oas.Patient {
	a := p.Address
	out := &oas.Patient{
		ID: wire.Digits(p.ID), UID: wire.Text(""), EmisID: wire.Text(p.EMISID), EhrPartnerID: wire.Text(p.EHRPartnerID),
		Dob: oas.NilDateTime{Null: true}, DeceasedAt: wire.OptInstant(p.DeceasedAt),
		Title: oas.OptNilTitle{Value: oas.Title(p.Title), Set: true, Null: p.Title == ""},
		Sex:   oas.OptNilSex{Value: oas.Sex(p.Sex), Set: true, Null: p.Sex == ""}, FirstName: wire.Text(p.FirstName),
		LastName: wire.Text(p.LastName), NhsNumber: wire.Text(p.NHSNumber), Email: wire.Text(p.Email),
		Emails: oas.OptNilStringArray{Value: []string{}, Set: true}, Mobile: wire.Text(p.Mobile),
		AddressLine1: wire.Text(a.Line1), AddressLine2: wire.Text(a.Line2), AddressLine3: wire.Text(a.Line3),
		Country:  wire.Text(a.Country),
		Postcode: wire.Text(a.Postcode), Town: wire.Text(a.Town), County: wire.Text(a.County),
		Notes:                   wire.Text(p.Notes),
		VerificationCredentials: oas.OptNilStringArray{Value: []string{}, Set: true},
		DataSource:              oas.DataSource(p.Source), Restricted: oas.NewOptBool(p.Restricted),
		SexChangedAt: oas.OptNilDateTime{Set: true, Null: true}, Status: oas.PatientStatus(p.Status),
	}
	if p.BirthDate != input.NoDate {
		out.Dob = oas.NewNilDateTime(p.BirthDate.UTC())
	}
	out.LastSyncAt = wire.OptInstant(p.SyncedAt)
	if p.Email != "" {
		out.Emails.Value = append(out.Emails.Value, p.Email)
	}
	return out
}

// GetPatientById finds one patient.
func (o Operations) GetPatientById(ctx context.Context, p oas.GetPatientByIdParams) (*oas.Patient, error) {
	found, err := o.Core.Patient.Patient(ctx, wire.ID[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	out := patientOf(found)
	out.MergedInto = moved(p.ID, found.ID)
	return out, nil
}

// moved is the id a patient has now, when that is not the one asked for.
func moved(asked string, now patient.ID) oas.OptNilString {
	if asked == now.String() {
		return wire.Text("")
	}
	return wire.Text(now.String())
}

// searched are the fields that a search looks at, by this API's names; none is any of them.
var searched = map[oas.ListPatientsField]patient.Field{
	oas.ListPatientsFieldEmisID:       patient.FieldEMISID,
	oas.ListPatientsFieldEhrPartnerID: patient.FieldEHRPartnerID,
	oas.ListPatientsFieldNhsNumber:    patient.FieldNHSNumber,
	oas.ListPatientsFieldFirstName:    patient.FieldFirstName,
	oas.ListPatientsFieldLastName:     patient.FieldLastName,
	oas.ListPatientsFieldFullName:     patient.FieldFullName,
	oas.ListPatientsFieldEmail:        patient.FieldEmail,
	oas.ListPatientsFieldMobile:       patient.FieldMobile,
	oas.ListPatientsFieldDob:          patient.FieldBirthDate,
}

// ListPatients searches patients.
func (o Operations) ListPatients(ctx context.Context, p oas.ListPatientsParams) (*oas.ListPatientsOK, error) {
	found, count, err := o.Core.Patient.List(ctx, patient.Query{
		Field: searched[p.Field.Value], Text: p.Search.Value, Count: true,
		Offset: p.PageIndex.Value * p.PageSize.Value,
		Limit:  p.PageSize.Value,
	})
	if err != nil {
		return nil, err
	}
	out := &oas.ListPatientsOK{Data: make([]oas.Patient, len(found)), Count: float64(count)}
	for i, q := range found {
		out.Data[i] = *patientOf(q)
	}
	return out, nil
}

// unconfirmed answers in place of a patient.
const unconfirmed = "We could not confirm this person's identity from the details given. Ask them to open " +
	"login_url, then register them again."

// RegisterPatientPds finds a person in the national service and adds them.
func (o Operations) RegisterPatientPds(
	ctx context.Context, in *oas.PDSRegistration, _ oas.RegisterPatientPdsParams,
) (oas.RegisterPatientPdsOK, error) {
	got, err := o.Core.Demographics.Register(ctx, demographics.Registration{
		NHSNumber: wire.Ptr(in.NhsNumber.Get()), BirthDate: new(patient.ReadBirthDate(in.Dob.Value)),
		Forename: wire.Ptr(in.Forename.Get()),
		Surname:  wire.Ptr(in.Surname.Get()), Postcode: wire.Ptr(in.Postcode.Get()),
		Sex:        wire.As[patient.Sex](in.Sex.Get()),
		EHRPartner: wire.Ptr(in.EhrPartner.Get()), EHRPartnerID: wire.Ptr(in.EhrPartnerID.Get()),
	})
	if err != nil {
		return oas.RegisterPatientPdsOK{}, err
	}
	out := oas.NewPatientRegisteredRegisterPatientPdsOK(oas.PatientRegistered{PatientID: got.ID.String()})
	if got.ID == 0 {
		page := oas.IdentityUnconfirmed{Message: unconfirmed, LoginURL: got.Check.URL}
		out = oas.NewIdentityUnconfirmedRegisterPatientPdsOK(page)
	}
	return out, nil
}

// GetPatientByIdV2 finds one patient with all identifiers and contact details.
func (o Operations) GetPatientByIdV2(ctx context.Context, p oas.GetPatientByIdV2Params) (*oas.PatientV2, error) {
	found, err := o.Core.Patient.Patient(ctx, wire.ID[patient.ID](p.ID), patient.WithContactPoints)
	if err == nil && p.DataSource.Value == oas.GetPatientByIdV2DataSourceEhr {
		err = found.Connected()
	}
	if err != nil {
		return nil, err
	}
	out := profileOf(found)
	out.MergedInto = moved(p.ID, found.ID)
	return out, nil
}

func profileOf(p patient.Patient) *oas.PatientV2 {
	a := p.Address
	out := &oas.PatientV2{
		EhrPartnerID: wire.Text(p.EHRPartnerID), EmisID: wire.Text(p.EMISID), DeceasedAt: wire.Moment(p.DeceasedAt),
		Dob: oas.NilString{Null: true}, Title: wire.Text(p.Title), FirstName: wire.Text(p.FirstName),
		LastName: wire.Text(p.LastName),
		Sex:      wire.Text(string(p.Sex)), NhsNumber: wire.Text(p.NHSNumber), Email: wire.Text(p.Email),
		Mobile:   wire.Text(p.Mobile),
		Landline: wire.Text(p.Landline), LastSyncAt: wire.Moment(p.SyncedAt),
		DataSource: oas.NewOptNilDataSource(oas.DataSource(p.Source)), Restricted: oas.NewOptBool(p.Restricted),
		Line1: wire.Text(a.Line1), Line2: wire.Text(a.Line2), Line3: wire.Text(a.Line3), Town: wire.Text(a.Town),
		County:   wire.Text(a.County),
		Postcode: wire.Text(a.Postcode), HeroID: wire.Text(p.ID.String()), HeroUID: wire.Text(""),
		Identifiers: []oas.PatientIdentifier{},
		// A patient without a connection may be registered there all the same.
		EhrRegistered: oas.NilBool{Value: true, Null: p.EHRPartnerID == ""},
		MergedInto:    wire.Text(""), MergedPatientIds: make([]oas.ID, len(p.Merged)),
		MobileShared: oas.NewOptBool(p.SharedMobile), SupersededBy: wire.Text(p.SupersededBy),
		ContactDetails: make([]oas.ContactDetail, len(p.ContactPoints)),
		NhsNumberStatus: oas.OptNilPatientV2NhsNumberStatus{Value: oas.PatientV2NhsNumberStatus(p.NumberStatus),
			Set: true, Null: p.NumberStatus == ""},
	}
	if p.BirthDate != input.NoDate {
		out.Dob = oas.NilString{Value: p.BirthDate.UTC().Format(time.RFC3339)}
	}
	if p.NHSNumber != "" {
		out.Identifiers = append(out.Identifiers, oas.PatientIdentifier{
			Source: oas.PatientIdentifierSourceNhs, Name: oas.PatientIdentifierNameNhsNumber,
			Role:  oas.PatientIdentifierRoleMain,
			Label: oas.PatientIdentifierLabelNHS, Value: p.NHSNumber,
		})
	}
	if p.EHRPartnerID != "" {
		out.Identifiers = append(out.Identifiers, oas.PatientIdentifier{
			Source: oas.PatientIdentifierSourceEhrPartner, Name: oas.PatientIdentifierNameEhrPartnerID,
			Role:  oas.PatientIdentifierRoleMain,
			Label: recordSystems[p.RecordSystem()], Value: p.EHRPartnerID,
		})
	}
	if p.ID != 0 {
		out.Identifiers = append(out.Identifiers, heroID(p.ID, oas.PatientIdentifierRoleMain))
	}
	for i, id := range p.Merged {
		out.MergedPatientIds[i] = wire.Digits(id)
		out.Identifiers = append(out.Identifiers, heroID(id, oas.PatientIdentifierRoleSecondary))
	}
	for i, c := range p.ContactPoints {
		out.ContactDetails[i] = contactOf(c, p.ContactPoints)
	}
	return out
}

// Summary is a patient as other things show one: without the details of each source.
func Summary(p patient.Patient) oas.PatientV2 {
	out := profileOf(p)
	out.ContactDetails = nil
	return *out
}

// recordSystems are the contract's names of record systems.
var recordSystems = map[patient.Source]oas.PatientIdentifierLabel{
	patient.SourceEMIS: oas.PatientIdentifierLabelEMIS, patient.SourceSystmOne: oas.PatientIdentifierLabelSystmOne,
}

func heroID(id patient.ID, role oas.PatientIdentifierRole) oas.PatientIdentifier {
	return oas.PatientIdentifier{
		Source: oas.PatientIdentifierSourceHero, Name: oas.PatientIdentifierNameHeroID, Role: role,
		Label: oas.PatientIdentifierLabelHero, Value: id.String(),
	}
}

func contactOf(c contactpoint.Point, all contactpoint.Points) oas.ContactDetail {
	used, _ := all.Used(c.Kind)
	out := oas.ContactDetail{
		Kind: oas.ContactKind(c.Kind), Source: oas.ContactDetailSource(c.Source), RecordedAt: c.RecordedAt.UTC(),
		Verified: !c.VerifiedAt.IsZero(), VerifiedAt: wire.OptInstant(c.VerifiedAt), InUse: used.Source == c.Source,
	}
	if c.Kind != contactpoint.Postal {
		out.Value = wire.String(c.Value)
		return out
	}
	a := patient.PostalAddress(c)
	out.Address = oas.NewOptPostalAddress(oas.PostalAddress{
		Line1: wire.String(a.Line1), Line2: wire.String(a.Line2), Line3: wire.String(a.Line3),
		Town: wire.String(a.Town), County: wire.String(a.County),
		Country: wire.String(a.Country), Postcode: wire.String(a.Postcode),
	})
	return out
}

// SetPatientContactDetail keeps what the practice knows of a way to reach a
// patient.
func (o Operations) SetPatientContactDetail(ctx context.Context, in *oas.SetPatientContactDetailReq,
	p oas.SetPatientContactDetailParams) (*oas.PatientV2, error) {
	change := patient.PointChange{Value: wire.Ptr(in.Value.Get()), Verified: wire.Ptr(in.Verified.Get())}
	if a, ok := in.Address.Get(); ok {
		change.Address = &patient.Address{
			Line1: a.Line1.Value, Line2: a.Line2.Value, Line3: a.Line3.Value, Town: a.Town.Value,
			County: a.County.Value, Country: a.Country.Value, Postcode: a.Postcode.Value,
		}
	}
	found, err := o.Core.Patient.SetContactPoint(ctx, wire.ID[patient.ID](p.ID), contactpoint.Kind(p.Kind), change)
	if err != nil {
		return nil, err
	}
	return profileOf(found), nil
}

// ListPatientEhrCandidates lists who may be the same person.
func (o Operations) ListPatientEhrCandidates(ctx context.Context,
	p oas.ListPatientEhrCandidatesParams) (*oas.ListPatientEhrCandidatesOK, error) {
	found, err := o.Core.Merge.Candidates(ctx, wire.ID[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	out := &oas.ListPatientEhrCandidatesOK{Data: make([]oas.PatientV2, len(found)), Count: float64(len(found))}
	for i, q := range found {
		out.Data[i] = *profileOf(q)
	}
	return out, nil
}

// ConnectPatientEhr keeps which record of the record system is a patient's.
func (o Operations) ConnectPatientEhr(ctx context.Context, in *oas.ConnectPatientEhrReq,
	p oas.ConnectPatientEhrParams) (*oas.PatientV2, error) {
	found, err := o.Core.Patient.Connect(ctx, wire.ID[patient.ID](p.ID), in.EhrPartnerID)
	if err != nil {
		return nil, err
	}
	return profileOf(found), nil
}

// PreviewPatientMerge shows what a merge would do.
func (o Operations) PreviewPatientMerge(ctx context.Context, in *oas.PreviewPatientMergeReq,
	p oas.PreviewPatientMergeParams) (*oas.MergePreview, error) {
	var check input.Checks
	from := wire.FieldID[patient.ID](&check, "patient_id", string(in.PatientID))
	if err := check.Err(); err != nil {
		return nil, err
	}
	got, err := o.Core.Merge.Preview(ctx, wire.ID[patient.ID](p.ID), from)
	if err != nil {
		return nil, err
	}
	out := &oas.MergePreview{
		MergeToken: got.Token, ExpiresAt: got.ExpiresAt.UTC(), Patient: *profileOf(got.Kept),
		OtherPatient: *profileOf(got.Other), MergedPatient: *profileOf(got.Result),
		Warnings: make([]oas.MergePreviewWarningsItem, len(got.Warnings)), Moves: oas.Moved(got.Moves),
	}
	for i, w := range got.Warnings {
		out.Warnings[i] = oas.MergePreviewWarningsItem(w)
	}
	return out, nil
}

// MergePatients merges two patients.
func (o Operations) MergePatients(ctx context.Context, in *oas.MergePatientsReq,
	p oas.MergePatientsParams) (*oas.PatientMerge, error) {
	var check input.Checks
	from := wire.FieldID[patient.ID](&check, "patient_id", string(in.PatientID))
	if err := check.Err(); err != nil {
		return nil, err
	}
	m, err := o.Core.Merge.Merge(ctx, wire.ID[patient.ID](p.ID), from, in.MergeToken)
	if err != nil {
		return nil, err
	}
	return mergeOf(m), nil
}

// UnmergePatients undoes a merge.
func (o Operations) UnmergePatients(ctx context.Context, in oas.OptUnmergePatientsReq,
	p oas.UnmergePatientsParams) (*oas.PatientMerge, error) {
	var check input.Checks
	merge := wire.FilterID[int64](&check, "merge_id", in.Value.MergeID)
	if err := check.Err(); err != nil {
		return nil, err
	}
	m, err := o.Core.Merge.Unmerge(ctx, wire.ID[patient.ID](p.ID), merge)
	if err != nil {
		return nil, err
	}
	return mergeOf(m), nil
}

func mergeOf(m merge.Merge) *oas.PatientMerge {
	return &oas.PatientMerge{
		MergeID: oas.ID(strconv.FormatInt(m.ID, 10)), PatientID: wire.Digits(m.Keep),
		MergedPatientID: wire.Digits(m.From),
		Moved:           oas.Moved(m.Moved),
	}
}

// CreatePatientAttachment keeps a file with a patient.
func (o Operations) CreatePatientAttachment(ctx context.Context, in *oas.CreatePatientAttachmentReq,
	p oas.CreatePatientAttachmentParams) (*oas.Attachment, error) {
	a, err := o.Core.Attachment.Attach(ctx, wire.ID[patient.ID](p.ID), in.FileName, in.FileData)
	if err != nil {
		return nil, err
	}
	return attachmentOf(a), nil
}

// ListPatientAttachments lists a patient's files.
func (o Operations) ListPatientAttachments(ctx context.Context,
	p oas.ListPatientAttachmentsParams) (*oas.ListPatientAttachmentsOK, error) {
	found, err := o.Core.Attachment.Attachments(ctx, wire.ID[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	out := &oas.ListPatientAttachmentsOK{Data: make([]oas.Attachment, len(found)), Count: float64(len(found))}
	for i, a := range found {
		out.Data[i] = *attachmentOf(a)
	}
	return out, nil
}

// GetPatientAttachment gives one file with its content.
func (o Operations) GetPatientAttachment(ctx context.Context,
	p oas.GetPatientAttachmentParams) (*oas.Attachment, error) {
	a, err := o.Core.Attachment.Attachment(ctx, wire.ID[patient.ID](p.ID), wire.ID[int64](string(p.AttachmentID)))
	if err != nil {
		return nil, err
	}
	out := attachmentOf(a)
	out.FileData = wire.String(base64.StdEncoding.EncodeToString(a.Content))
	return out, nil
}

func attachmentOf(a attachment.Attachment) *oas.Attachment {
	text := strconv.FormatInt(a.ID, 10)
	return &oas.Attachment{ID: oas.ID(text), EhrFileID: text, FileName: a.FileName, MediaType: a.MediaType,
		Size: int(a.Size), CreatedAt: a.CreatedAt.UTC()}
}
