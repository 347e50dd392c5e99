package pathway

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// Change is what to set of a pathway; nil leaves a thing as it is.
type Change struct {
	StartDate *input.Date
	Status    *Status
	Product   *ProductID
	Diagnosis *string
	// Clinician is who is responsible for it; 0 is none.
	Clinician *account.StaffID
}

// apply changes a pathway. A product and a clinician that it is given anew must be there.
func (c Change) apply(ctx context.Context, e write.Edit[Tx], p *Pathway) error {
	before := *p
	input.Set(&p.StartDate, c.StartDate)
	input.Set(&p.Status, c.Status)
	input.Set(&p.Product, c.Product)
	input.Set(&p.Diagnosis, c.Diagnosis)
	input.Set(&p.Clinician, c.Clinician)
	var in input.Checks
	p.Status = input.Choice(&in, "status", p.Status, Statuses)
	p.Diagnosis = in.Required("diagnosis_code", p.Diagnosis, mostDiagnosis)
	if p.StartDate = in.Day("start_date", p.StartDate); p.StartDate == input.NoDate {
		in.Wrong("start_date", input.CodeDate, "a date", "This is not a date.")
	}
	if err := in.Err(); err != nil {
		return err
	}
	if p.Product != before.Product || p.Product == 0 {
		offered, err := e.Tx.Offered(ctx, e.Group(), p.Product)
		if err == nil && !offered {
			err = errProduct
		}
		if err != nil {
			return err
		}
	}
	if p.Clinician == 0 || p.Clinician == before.Clinician {
		return nil
	}
	known, err := e.Tx.Assignable(ctx, e.Group(), assignee.ToStaff(p.Clinician))
	if err == nil && !known {
		return errClinician
	}
	return err
}

var errProduct = fault.Wrong("product_type", input.CodeChoice, "a product that is offered",
	"This practice group does not offer such a product.")

var errClinician = fault.Wrong("assigned_clinician", input.CodeChoice, "a member of staff who has not left",
	"This practice group has no such member of staff.")

var pathways = write.Kind[Tx, ID, Pathway]{Needs: access.EditRecords, Lock: lock, Save: Tx.SavePathway}

// lock is LockPathway for those that were not deleted.
func lock(tx Tx, ctx context.Context, group access.GroupID, id ID) (Pathway, error) {
	p, err := tx.LockPathway(ctx, group, id)
	if err == nil && p.Deleted() {
		return Pathway{}, ErrNotFound
	}
	return p, err
}

// Create makes a pathway of an episode, with what another program keeps with it. Errors: field faults,
// episode.ErrNotFound, ErrMany, and those of SetMetadata.
func (s *Service) Create(ctx context.Context, of episode.ID, c Change, with []practice.Metadata) (Pathway, error) {
	id := ID(s.NewID())
	return pathways.Add(ctx, s.Now, s.Store.Do, "pathway.create", id, func(e write.Edit[Tx], p *Pathway) error {
		ep, err := e.Tx.LockEpisode(ctx, e.Group(), of)
		if err != nil {
			return err
		}
		have, err := e.Tx.PathwaysOf(ctx, e.Group(), of, mostPathways)
		if err == nil && len(have) == mostPathways {
			err = ErrMany
		}
		if err != nil {
			return err
		}
		*p = Pathway{ID: id, Episode: of, Patient: ep.Patient, CreatedBy: account.StaffID(e.Who.Staff), Version: 1,
			CreatedAt: e.Now, UpdatedAt: e.Now}
		if err := c.apply(ctx, e, p); err != nil {
			return err
		}
		return keep(ctx, e, id, with)
	})
}

// Update changes a pathway. Errors: field faults, ErrNotFound.
func (s *Service) Update(ctx context.Context, id ID, c Change) (Pathway, error) {
	return pathways.Change(ctx, s.Now, s.Store.Do, "pathway.update", id, func(e write.Edit[Tx], p *Pathway) error {
		before := *p
		if err := c.apply(ctx, e, p); err != nil {
			return err
		}
		if *p == before {
			return write.ErrSame
		}
		p.Version, p.UpdatedAt = before.Version+1, e.Now
		return nil
	})
}

// Delete deletes a pathway: it is kept, and not shown any more. Error: ErrNotFound.
func (s *Service) Delete(ctx context.Context, id ID) (Pathway, error) {
	return pathways.Change(ctx, s.Now, s.Store.Do, "pathway.delete", id, func(e write.Edit[Tx], p *Pathway) error {
		p.DeletedAt, p.Version, p.UpdatedAt = e.Now, p.Version+1, e.Now
		return nil
	})
}

// SetMetadata keeps values of another program with a pathway: all of them, or none. Errors: ErrNotFound, ErrNoValue,
// and those of practice.SetMetadata.
func (s *Service) SetMetadata(ctx context.Context, id ID, all []practice.Metadata) (Pathway, error) {
	return write.Do(ctx, access.EditRecords, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Pathway, error) {
		p, err := lock(e.Tx, ctx, e.Group(), id)
		if err != nil || len(all) == 0 {
			return p, err
		}
		if err := keep(ctx, e, id, all); err != nil {
			return p, err
		}
		return p, e.Audit(ctx, "pathway.metadata", int64(id), nil, all)
	})
}

// keep keeps values of another program with a pathway.
func keep(ctx context.Context, e write.Edit[Tx], id ID, all []practice.Metadata) error {
	if len(all) > mostEntries {
		return practice.ErrManyKeys
	}
	for _, m := range all {
		if m.Value == "" {
			return ErrNoValue
		}
		if err := practice.SetMetadata(ctx, e.Tx, e.Group(), practice.OfPathway, int64(id), m, e.Now); err != nil {
			return err
		}
	}
	return nil
}
