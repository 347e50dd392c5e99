package billing

import (
	"context"
	"strconv"

	"frontdesk/core/account"
	"frontdesk/core/billing"
	"frontdesk/core/episode"
	"frontdesk/core/pathway"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	practicegraph "frontdesk/graph/practice"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// episodeID reads the id of an episode: the digits it has in the REST API, which alone makes and lists episodes.
func episodeID(s string) (episode.ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, wire.ErrCast(s)
	}
	return episode.ID(n), nil
}

func (d Resolver) pathwayOf(p pathway.Pathway) gql.ClinicalPathway {
	return gql.ClinicalPathway{
		ID: wire.Encode(wire.KindPathway, p.ID), EpisodeID: new(p.Episode.String()),
		PatientID: wire.IDOrNull(wire.KindPatient, p.Patient), Status: gql.EpisodeStatus(p.Status),
		StartDate: *wire.Date(p.StartDate), ProductTypeID: wire.IDOrNull(wire.KindProduct, p.Product),
		DiagnosisCode:           p.Diagnosis,
		AssignedClinicianUserID: wire.IDOrNull(wire.KindUser, p.Clinician),
		CreatedByUserID:         wire.IDOrNull(wire.KindUser, p.CreatedBy), Deleted: new(p.Deleted()),
		CreatedAt: scalar.Of(p.CreatedAt), UpdatedAt: scalar.Of(p.UpdatedAt),
	}
}

// ClinicalPathway finds one pathway that was not deleted.
func (q Query) ClinicalPathway(ctx context.Context, id string) (*gql.ClinicalPathway, error) {
	n, err := wire.Known[pathway.ID](wire.KindPathway, id)
	if err != nil {
		return nil, err
	}
	p, err := q.Core.Pathway.Find(ctx, n)
	return wire.Absent(new(q.pathwayOf(p)), err, pathway.ErrNotFound)
}

// ClinicalPathways lists the pathways of an episode.
func (q Query) ClinicalPathways(ctx context.Context, id string) ([]gql.ClinicalPathway, error) {
	n, err := episodeID(id)
	if err != nil {
		return nil, err
	}
	all, err := q.Core.Pathway.Of(ctx, n)
	return wire.Map(all, q.pathwayOf), err
}

// CreateClinicalPathway makes a pathway.
func (m Mutation) CreateClinicalPathway(
	ctx context.Context, id string, in gql.CreateClinicalPathwayDataInput,
) (*gql.ClinicalPathwayResponsePayload, error) {
	of, err := episodeID(id)
	if err != nil {
		return nil, err
	}
	c, err := pathwayChange(gql.UpdateClinicalPathwayDataInput{AssignedClinician: in.AssignedClinician})
	if err != nil {
		return nil, err
	}
	product, err := ProductID(in.ProductType)
	if err != nil {
		return nil, err
	}
	c.StartDate, c.Status = new(wire.DateOf(&in.StartDate)), new(pathway.Status(in.Status))
	c.Product, c.Diagnosis = new(pathway.ProductID(product)), &in.DiagnosisCode
	p, err := m.Core.Pathway.Create(ctx, of, c, entries(in.Metadata.Value()))
	return m.pathwayPayload(p, err)
}

// UpdateClinicalPathway changes a pathway.
func (m Mutation) UpdateClinicalPathway(
	ctx context.Context, id string, in gql.UpdateClinicalPathwayDataInput,
) (*gql.ClinicalPathwayResponsePayload, error) {
	c, err := pathwayChange(in)
	if err != nil {
		return nil, err
	}
	return m.withPathway(ctx, id, func(ctx context.Context, id pathway.ID) (pathway.Pathway, error) {
		return m.Core.Pathway.Update(ctx, id, c)
	})
}

// pathwayChange reads what to set of a pathway.
func pathwayChange(in gql.UpdateClinicalPathwayDataInput) (c pathway.Change, err error) {
	if v := in.StartDate.Value(); v != nil {
		c.StartDate = new(wire.DateOf(v))
	}
	if v := in.Status.Value(); v != nil {
		c.Status = new(pathway.Status(*v))
	}
	c.Diagnosis = in.DiagnosisCode.Value()
	clinician, set := in.AssignedClinician.ValueOK()
	if c.Clinician, err = wire.OptionalID[account.StaffID](wire.KindUser, clinician, set); err != nil {
		return c, err
	}
	if v := in.ProductType.Value(); v != nil {
		id, err := ProductID(*v)
		if err != nil {
			return c, err
		}
		c.Product = new(pathway.ProductID(id))
	}
	return c, nil
}

// DeleteClinicalPathway deletes a pathway.
func (m Mutation) DeleteClinicalPathway(ctx context.Context, id string) (*gql.ClinicalPathwayResponsePayload, error) {
	return m.withPathway(ctx, id, m.Core.Pathway.Delete)
}

// UpdatePathwayMetadata keeps values with a pathway.
func (m Mutation) UpdatePathwayMetadata(
	ctx context.Context, id string, all []gql.MetadataEntryInput,
) (*gql.ClinicalPathwayResponsePayload, error) {
	return m.withPathway(ctx, id, func(ctx context.Context, id pathway.ID) (pathway.Pathway, error) {
		return m.Core.Pathway.SetMetadata(ctx, id, entries(all))
	})
}

func entries(all []gql.MetadataEntryInput) []practice.Metadata {
	return wire.Map(all, func(e gql.MetadataEntryInput) practice.Metadata { return practice.Metadata(e) })
}

func (m Mutation) withPathway(
	ctx context.Context, id string, do func(context.Context, pathway.ID) (pathway.Pathway, error),
) (*gql.ClinicalPathwayResponsePayload, error) {
	n, err := wire.Known[pathway.ID](wire.KindPathway, id)
	if err != nil {
		return nil, err
	}
	p, err := do(ctx, n)
	return m.pathwayPayload(p, err)
}

func (m Mutation) pathwayPayload(p pathway.Pathway, err error) (*gql.ClinicalPathwayResponsePayload, error) {
	if err != nil {
		return nil, err
	}
	return &gql.ClinicalPathwayResponsePayload{Data: new(m.pathwayOf(p))}, nil
}

// Patient is whose a pathway is.
func (f PathwayFields) Patient(ctx context.Context, obj *gql.ClinicalPathway) (*gql.Patient, error) {
	return f.PatientByID(ctx, wire.Decoded[patient.ID](obj.PatientID))
}

// Practice is the practice.
func (f PathwayFields) Practice(ctx context.Context, _ *gql.ClinicalPathway) (*gql.Practice, error) {
	return wire.Loader(ctx, "the practice of pathways", func(ctx context.Context,
		ids []int64) (map[int64]*gql.Practice, error) {
		own, err := practicegraph.Query{Resolver: f.Resolver.Resolver.Resolver}.Practice(ctx)
		return map[int64]*gql.Practice{ids[0]: own}, err
	}).Load(ctx, 0)
}

// ProductType is the product a pathway is for.
func (f PathwayFields) ProductType(ctx context.Context, obj *gql.ClinicalPathway) (*gql.Product, error) {
	all, err := f.productsByID(ctx, []billing.ProductID{wire.Decoded[billing.ProductID](obj.ProductTypeID)})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// AssignedClinician is who is responsible for a pathway.
func (f PathwayFields) AssignedClinician(ctx context.Context, obj *gql.ClinicalPathway) (*gql.User, error) {
	return f.UserByID(ctx, wire.Decoded[account.StaffID](obj.AssignedClinicianUserID))
}

// CreatedBy is who made a pathway.
func (f PathwayFields) CreatedBy(ctx context.Context, obj *gql.ClinicalPathway) (*gql.User, error) {
	return f.UserByID(ctx, wire.Decoded[account.StaffID](obj.CreatedByUserID))
}

// Metadata is what other programs keep with a pathway.
func (f PathwayFields) Metadata(ctx context.Context, obj *gql.ClinicalPathway) ([]*gql.MetadataEntry, error) {
	return f.MetadataOf(ctx, practice.OfPathway, obj.ID)
}

// ClinicalPathway is the pathway an invoice belongs to, unless it was deleted.
func (f InvoiceFields) ClinicalPathway(ctx context.Context, obj *gql.Invoice) (*gql.ClinicalPathway, error) {
	id := wire.Decoded[pathway.ID](obj.ClinicalPathwayID)
	if id == 0 {
		return nil, nil
	}
	return wire.Loader(ctx, "pathways of invoices", func(ctx context.Context,
		ids []pathway.ID) (map[pathway.ID]*gql.ClinicalPathway, error) {
		all, err := f.Core.Pathway.ByID(ctx, ids)
		out := make(map[pathway.ID]*gql.ClinicalPathway, len(all))
		for id, p := range all {
			out[id] = new(f.pathwayOf(p))
		}
		return out, err
	}).Load(ctx, id)
}
