package graph

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/core/access"
	"frontdesk/core/document"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

// addresses are where a document's file can be put and fetched; nothing for what
// the caller's role does not let it do.
func (d *resolver) addresses(ctx context.Context, doc document.Document) (up, down *string, err error) {
	for _, a := range []struct {
		to   **string
		make func(context.Context, document.Document) (string, error)
	}{{&up, d.core.Document.UploadAddress}, {&down, d.core.Document.DownloadAddress}} {
		address, err := a.make(ctx, doc)
		if err != nil && !errors.Is(err, access.ErrPermission) {
			return nil, nil, err
		}
		*a.to = text(address)
	}
	return up, down, nil
}

// paths are the folders some documents are in.
func (d *resolver) paths(ctx context.Context, all []document.Document) ([]document.Folder, error) {
	folders := loaderOf(ctx, "folders", d.core.Document.Folders)
	var ids []document.FolderID
	for _, doc := range all {
		if doc.Folder != 0 {
			ids = append(ids, doc.Folder)
		}
	}
	found, err := loaded(ctx, folders, ids)
	out := make([]document.Folder, len(all))
	for i, doc := range all {
		if doc.Folder != 0 && err == nil {
			out[i], found = found[0], found[1:]
		}
	}
	return out, err
}

func (d *resolver) filesOf(ctx context.Context, all []document.Document) ([]*gql.PatientDocument, error) {
	folders, err := d.paths(ctx, all)
	if err != nil {
		return nil, err
	}
	out := make([]*gql.PatientDocument, len(all))
	for i, doc := range all {
		up, down, err := d.addresses(ctx, doc)
		if err != nil {
			return nil, err
		}
		out[i] = &gql.PatientDocument{
			ID: encode(kindDocument, doc.ID), Title: text(doc.Title), Path: text(folders[i].Path), Name: text(doc.Name),
			Type:   text(doc.MediaType),
			Parent: idOrNull(kindFolder, doc.Folder), Deleted: new(doc.Deleted()), DateShared: scalar.Of(doc.SharedAt),
			DateCreated:  scalar.Of(doc.CreatedAt),
			DateModified: scalar.Of(doc.UpdatedAt), UploadURL: up, DownloadURL: down, PatientID: int64(doc.Patient),
		}
	}
	return out, nil
}

func (d *resolver) templates(ctx context.Context, all []document.Document) ([]*gql.PracticeTemplateDocument, error) {
	folders, err := d.paths(ctx, all)
	if err != nil {
		return nil, err
	}
	out := make([]*gql.PracticeTemplateDocument, len(all))
	for i, doc := range all {
		up, down, err := d.addresses(ctx, doc)
		if err != nil {
			return nil, err
		}
		out[i] = &gql.PracticeTemplateDocument{
			ID: encode(kindTemplate, doc.ID), Path: text(folders[i].Path), Name: text(doc.Name),
			Type: text(doc.MediaType), Deleted: new(doc.Deleted()),
			DateCreated: scalar.Of(doc.CreatedAt), DateModified: scalar.Of(doc.UpdatedAt), UploadURL: up,
			DownloadURL: down,
		}
	}
	return out, nil
}

// first is the only one of a list, or null.
func first[T any](all []*T, err error) (*T, error) {
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// PatientDocument finds one document of a patient, deleted or not.
func (q query) PatientDocument(ctx context.Context, id string) (*gql.PatientDocument, error) {
	n, err := known[document.ID](kindDocument, id)
	if err != nil {
		return nil, err
	}
	doc, err := q.core.Document.Document(ctx, n)
	if err != nil {
		return absent(&gql.PatientDocument{}, err, document.ErrNotFound)
	}
	return first(q.filesOf(ctx, []document.Document{doc}))
}

// PatientDocuments lists patients' documents.
func (q query) PatientDocuments(
	ctx context.Context, pagination *gql.Pagination, options *gql.QueryOptions,
) (*gql.PatientDocumentData, error) {
	at, l, err := q.listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	all, more, err := q.core.Document.Documents(ctx, l)
	if err != nil {
		return nil, err
	}
	data, err := q.filesOf(ctx, all)
	return &gql.PatientDocumentData{Data: data, PageInfo: at.info(more)}, err
}

// PracticeTemplateDocument finds one document others are made from, deleted or
// not.
func (q query) PracticeTemplateDocument(ctx context.Context, id string) (*gql.PracticeTemplateDocument, error) {
	n, err := known[document.ID](kindTemplate, id)
	if err != nil {
		return nil, err
	}
	doc, err := q.core.Document.Template(ctx, n)
	if err != nil {
		return absent(&gql.PracticeTemplateDocument{}, err, document.ErrNotFound)
	}
	return first(q.templates(ctx, []document.Document{doc}))
}

// PracticeTemplateDocuments lists documents others are made from.
func (q query) PracticeTemplateDocuments(
	ctx context.Context, pagination *gql.Pagination, options *gql.QueryOptions,
) (*gql.PracticeTemplateDocumentData, error) {
	at, l, err := q.listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	all, more, err := q.core.Document.Templates(ctx, l)
	if err != nil {
		return nil, err
	}
	data, err := q.templates(ctx, all)
	return &gql.PracticeTemplateDocumentData{Data: data, PageInfo: at.info(more)}, err
}

// CreatePatientDocument makes room for a patient's file.
func (m mutation) CreatePatientDocument(
	ctx context.Context, of, name, mediaType string,
) (*gql.NewPatientDocumentPayload, error) {
	id, err := known[patient.ID](kindPatient, of)
	if err != nil {
		return nil, err
	}
	doc, err := m.core.Document.Create(ctx, document.New{Patient: id, Name: name, MediaType: mediaType})
	if err != nil {
		return nil, err
	}
	data, err := first(m.filesOf(ctx, []document.Document{doc}))
	return &gql.NewPatientDocumentPayload{Data: data}, err
}

// CreatePracticeTemplateDocument makes room for a file others are made from.
func (m mutation) CreatePracticeTemplateDocument(
	ctx context.Context, name, mediaType string,
) (*gql.NewPracticeTemplateDocumentPayload, error) {
	doc, err := m.core.Document.CreateTemplate(ctx, document.New{Name: name, MediaType: mediaType})
	if err != nil {
		return nil, err
	}
	data, err := first(m.templates(ctx, []document.Document{doc}))
	return &gql.NewPracticeTemplateDocumentPayload{Data: data}, err
}

// Patient is whose document it is.
func (f documentFields) Patient(ctx context.Context, obj *gql.PatientDocument) (*gql.Patient, error) {
	return f.patientByID(ctx, patient.ID(obj.PatientID))
}

// ShareDetails are with whom a document was shared.
func (f documentFields) ShareDetails(
	ctx context.Context, obj *gql.PatientDocument, includeDeleted *bool, dateRange *gql.DateRange,
) ([]*gql.SharingRecipient, error) {
	when, err := f.span(ctx, dateRange)
	if err != nil {
		return nil, err
	}
	deleted := deref(includeDeleted)
	_, n, _ := decode(obj.ID)
	all, err := loaderOf(ctx, fmt.Sprint("shares ", deleted, when), func(ctx context.Context,
		ids []int64) (map[int64][]document.Share, error) {
		return f.core.Document.SharesOf(ctx, document.KindDocument, ids, deleted, when)
	}).Load(ctx, n)
	return mapped(all, func(s document.Share) *gql.SharingRecipient {
		return &gql.SharingRecipient{
			ID: encode(kindShare, s.ID), Kind: gql.SharingRecipientKind(s.Recipient), Email: text(s.Email),
			Name: text(s.Name), SharedAt: scalar.Of(s.At),
			ShareMethod: choice[gql.SharingMethod](s.Method),
		}
	}), err
}

// PatientDocuments are a patient's.
func (f patientFields) PatientDocuments(
	ctx context.Context, obj *gql.Patient, number, size *int,
) (*gql.PatientDocumentData, error) {
	p, at, err := part(ctx, "documents", obj.ID, number, size, f.core.Document.DocumentsOf)
	if err != nil {
		return nil, err
	}
	data, err := f.filesOf(ctx, p.Items)
	return &gql.PatientDocumentData{Data: data, PageInfo: at.info(p.More)}, err
}

// The kinds of what can be shared.
var sharedKinds = map[document.Kind]kind{
	document.KindLetter: kindLetter, document.KindLab: kindLab, document.KindPrescription: kindPrescription,
	document.KindDocument:     kindDocument,
	document.KindConsultation: kindConsultation,
}

// DocumentsSharedWithPatient are what a patient was sent.
func (f patientFields) DocumentsSharedWithPatient(
	ctx context.Context, obj *gql.Patient, number, size *int,
) (*gql.PatientDocumentSharingsData, error) {
	p, at, err := part(ctx, "shared with", obj.ID, number, size, f.core.Document.SharedWith)
	if err != nil {
		return nil, err
	}
	return &gql.PatientDocumentSharingsData{Data: mapped(p.Items, shared), PageInfo: at.info(p.More)}, nil
}

func shared(s document.Share) *gql.PatientDocumentSharing {
	out := &gql.PatientDocumentSharing{Title: text(s.Title), Type: choice[gql.PatientSharedDocumentKind](s.Kind),
		SharedAt: *scalar.Of(s.At), RecordIds: []string{}}
	if id := new(encode(sharedKinds[s.Kind], s.Subject)); s.Kind == document.KindConsultation {
		out.ConsultationID = id
	} else {
		out.DocumentID = id
	}
	for _, r := range s.Records {
		out.RecordIds = append(out.RecordIds, encode(kindRecord, r))
	}
	return out
}
