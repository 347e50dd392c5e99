package clinical

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/core/access"
	"frontdesk/core/document"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// addresses are where a document's file can be put and fetched; nothing for what
// the caller's role does not let it do.
func (d Resolver) addresses(ctx context.Context, doc document.Document) (up, down *string, err error) {
	for _, a := range []struct {
		to   **string
		make func(context.Context, document.Document) (string, error)
	}{{&up, d.Core.Document.UploadAddress}, {&down, d.Core.Document.DownloadAddress}} {
		address, err := a.make(ctx, doc)
		if err != nil && !errors.Is(err, access.ErrPermission) {
			return nil, nil, err
		}
		*a.to = wire.Text(address)
	}
	return up, down, nil
}

// paths are the folders some documents are in.
func (d Resolver) paths(ctx context.Context, all []document.Document) ([]document.Folder, error) {
	folders := wire.Loader(ctx, "folders", d.Core.Document.Folders)
	var ids []document.FolderID
	for _, doc := range all {
		if doc.Folder != 0 {
			ids = append(ids, doc.Folder)
		}
	}
	found, err := wire.LoadAll(ctx, folders, ids)
	out := make([]document.Folder, len(all))
	for i, doc := range all {
		if doc.Folder != 0 && err == nil {
			out[i], found = found[0], found[1:]
		}
	}
	return out, err
}

func (d Resolver) filesOf(ctx context.Context, all []document.Document) ([]*gql.PatientDocument, error) {
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
			ID: wire.Encode(wire.KindDocument, doc.ID), Title: wire.Text(doc.Title), Path: wire.Text(folders[i].Path),
			Name:   wire.Text(doc.Name),
			Type:   wire.Text(doc.MediaType),
			Parent: wire.IDOrNull(wire.KindFolder, doc.Folder), Deleted: new(doc.Deleted()),
			DateShared:   scalar.Of(doc.SharedAt),
			DateCreated:  scalar.Of(doc.CreatedAt),
			DateModified: scalar.Of(doc.UpdatedAt), UploadURL: up, DownloadURL: down, PatientID: int64(doc.Patient),
		}
	}
	return out, nil
}

func (d Resolver) templates(ctx context.Context, all []document.Document) ([]*gql.PracticeTemplateDocument, error) {
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
			ID: wire.Encode(wire.KindTemplate, doc.ID), Path: wire.Text(folders[i].Path), Name: wire.Text(doc.Name),
			Type: wire.Text(doc.MediaType), Deleted: new(doc.Deleted()),
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
func (q Query) PatientDocument(ctx context.Context, id string) (*gql.PatientDocument, error) {
	n, err := wire.Known[document.ID](wire.KindDocument, id)
	if err != nil {
		return nil, err
	}
	doc, err := q.Core.Document.Find(ctx, n)
	if err != nil {
		return wire.Absent(&gql.PatientDocument{}, err, document.ErrNotFound)
	}
	return first(q.filesOf(ctx, []document.Document{doc}))
}

// PatientDocuments lists patients' documents.
func (q Query) PatientDocuments(
	ctx context.Context, pagination *gql.Pagination, options *gql.QueryOptions,
) (*gql.PatientDocumentData, error) {
	at, l, err := q.Listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	all, more, err := q.Core.Document.List(ctx, document.Query{Listing: l})
	if err != nil {
		return nil, err
	}
	data, err := q.filesOf(ctx, all)
	return &gql.PatientDocumentData{Data: data, PageInfo: at.Info(more)}, err
}

// PracticeTemplateDocument finds one document others are made from, deleted or
// not.
func (q Query) PracticeTemplateDocument(ctx context.Context, id string) (*gql.PracticeTemplateDocument, error) {
	n, err := wire.Known[document.ID](wire.KindTemplate, id)
	if err != nil {
		return nil, err
	}
	doc, err := q.Core.Document.Template(ctx, n)
	if err != nil {
		return wire.Absent(&gql.PracticeTemplateDocument{}, err, document.ErrNotFound)
	}
	return first(q.templates(ctx, []document.Document{doc}))
}

// PracticeTemplateDocuments lists documents others are made from.
func (q Query) PracticeTemplateDocuments(
	ctx context.Context, pagination *gql.Pagination, options *gql.QueryOptions,
) (*gql.PracticeTemplateDocumentData, error) {
	at, l, err := q.Listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	all, more, err := q.Core.Document.List(ctx, document.Query{Listing: l, Templates: true})
	if err != nil {
		return nil, err
	}
	data, err := q.templates(ctx, all)
	return &gql.PracticeTemplateDocumentData{Data: data, PageInfo: at.Info(more)}, err
}

// CreatePatientDocument makes room for a patient's file.
func (m Mutation) CreatePatientDocument(
	ctx context.Context, of, name, mediaType string,
) (*gql.NewPatientDocumentPayload, error) {
	id, err := wire.Known[patient.ID](wire.KindPatient, of)
	if err != nil {
		return nil, err
	}
	doc, err := m.Core.Document.Create(ctx, document.New{Patient: id, Name: name, MediaType: mediaType})
	if err != nil {
		return nil, err
	}
	data, err := first(m.filesOf(ctx, []document.Document{doc}))
	return &gql.NewPatientDocumentPayload{Data: data}, err
}

// CreatePracticeTemplateDocument makes room for a file others are made from.
func (m Mutation) CreatePracticeTemplateDocument(
	ctx context.Context, name, mediaType string,
) (*gql.NewPracticeTemplateDocumentPayload, error) {
	doc, err := m.Core.Document.CreateTemplate(ctx, document.New{Name: name, MediaType: mediaType})
	if err != nil {
		return nil, err
	}
	data, err := first(m.templates(ctx, []document.Document{doc}))
	return &gql.NewPracticeTemplateDocumentPayload{Data: data}, err
}

// Patient is whose document it is.
func (f DocumentFields) Patient(ctx context.Context, obj *gql.PatientDocument) (*gql.Patient, error) {
	return f.PatientByID(ctx, patient.ID(obj.PatientID))
}

// ShareDetails are the recipients a document was shared with.
func (f DocumentFields) ShareDetails(
	ctx context.Context, obj *gql.PatientDocument, includeDeleted *bool, dateRange *gql.DateRange,
) ([]*gql.SharingRecipient, error) {
	when, err := f.Span(ctx, dateRange)
	if err != nil {
		return nil, err
	}
	deleted := wire.Deref(includeDeleted)
	_, n, _ := wire.Decode(obj.ID)
	all, err := wire.Loader(ctx, fmt.Sprint("shares ", deleted, when), func(ctx context.Context,
		ids []int64) (map[int64][]document.Share, error) {
		return f.Core.Share.Of(ctx, document.KindDocument, ids, deleted, when)
	}).Load(ctx, n)
	return wire.Map(all, func(s document.Share) *gql.SharingRecipient {
		return &gql.SharingRecipient{
			ID: wire.Encode(wire.KindShare, s.ID), Kind: gql.SharingRecipientKind(s.Recipient),
			Email: wire.Text(s.Email),
			Name:  wire.Text(s.Name), SharedAt: scalar.Of(s.At),
			ShareMethod: wire.Enum[gql.SharingMethod](s.Method),
		}
	}), err
}

// PatientDocuments are a patient's.
func (f PatientFields) PatientDocuments(
	ctx context.Context, obj *gql.Patient, number, size *int,
) (*gql.PatientDocumentData, error) {
	p, at, err := wire.Part(ctx, "documents", obj.ID, number, size, f.Core.Document.OfPatients)
	if err != nil {
		return nil, err
	}
	data, err := f.filesOf(ctx, p.Items)
	return &gql.PatientDocumentData{Data: data, PageInfo: at.Info(p.More)}, err
}

// The kinds of what can be shared.
var sharedKinds = map[document.Kind]wire.Kind{
	document.KindLetter: wire.KindLetter, document.KindLab: wire.KindLab,
	document.KindPrescription: wire.KindPrescription,
	document.KindDocument:     wire.KindDocument,
	document.KindConsultation: wire.KindConsultation,
}

// DocumentsSharedWithPatient are what a patient was sent.
func (f PatientFields) DocumentsSharedWithPatient(
	ctx context.Context, obj *gql.Patient, number, size *int,
) (*gql.PatientDocumentSharingsData, error) {
	p, at, err := wire.Part(ctx, "shared with", obj.ID, number, size, f.Core.Share.With)
	if err != nil {
		return nil, err
	}
	return &gql.PatientDocumentSharingsData{Data: wire.Map(p.Items, shared), PageInfo: at.Info(p.More)}, nil
}

func shared(s document.Share) *gql.PatientDocumentSharing {
	out := &gql.PatientDocumentSharing{Title: wire.Text(s.Title),
		Type:     wire.Enum[gql.PatientSharedDocumentKind](s.Kind),
		SharedAt: *scalar.Of(s.At), RecordIds: []string{}}
	if id := new(wire.Encode(sharedKinds[s.Kind], s.Subject)); s.Kind == document.KindConsultation {
		out.ConsultationID = id
	} else {
		out.DocumentID = id
	}
	for _, r := range s.Records {
		out.RecordIds = append(out.RecordIds, wire.Encode(wire.KindRecord, r))
	}
	return out
}
