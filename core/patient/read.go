package patient

import (
	"context"
	"maps"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/audit"
	"frontdesk/core/label"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// Part is what is read of patients besides their own record.
type Part int

// The parts.
const (
	// WithContactPoints reads what each source says of how to reach them, whether
	// another patient has the mobile number, and who was merged into them.
	WithContactPoints Part = iota
	// WithParticulars reads what else is known of them.
	WithParticulars
	// WithDeleted finds deleted patients too, without their names.
	WithDeleted
)

// Patient finds one patient. A patient who has been merged into another is found as that other. Error: ErrNotFound.
func (s *Service) Patient(ctx context.Context, id ID, with ...Part) (Patient, error) {
	who, err := access.Require(ctx, access.SeePatients)
	if err != nil {
		return Patient{}, err
	}
	if slices.Contains(with, WithParticulars) || slices.Contains(with, WithDeleted) {
		all, err := s.Patients(ctx, []ID{id}, with...)
		if p, ok := all[id]; ok || err != nil {
			return p, err
		}
		return Patient{}, ErrNotFound
	}
	p, err := Current(ctx, s.Store, who.Group, id)
	if err == nil && slices.Contains(with, WithContactPoints) {
		err = s.readAround(ctx, who.Group, &p)
	}
	if err == nil {
		audit.Seen(ctx, p)
	}
	return p, err
}

// AuditSubject says what a patient is in the audit trail.
func (p Patient) AuditSubject() audit.Subject { return audit.Person(p.ID) }

// Connected makes sure that the patient is connected to the practice's record system. Error: ErrNotInEHR.
func (p Patient) Connected() error {
	if p.EHRPartnerID == "" {
		return ErrNotInEHR
	}
	return nil
}

// Patients finds patients by id; one who was merged is found as who they are now.
// Those the practice lacks are left out.
func (s *Service) Patients(ctx context.Context, ids []ID, with ...Part) (map[ID]Patient, error) {
	who, err := access.Require(ctx, access.SeePatients)
	if err != nil {
		return nil, err
	}
	out := make(map[ID]Patient, len(ids))
	// asked are the ids as they were given, by who they stand for.
	asked := make(map[ID][]ID, len(ids))
	for _, id := range ids {
		asked[id] = append(asked[id], id)
	}
	for len(asked) > 0 {
		look := make([]ID, 0, len(asked))
		for id := range asked {
			look = append(look, id)
		}
		found, err := s.Store.PatientsByID(ctx, who.Group, look)
		if err != nil {
			return nil, err
		}
		next := map[ID][]ID{}
		for _, p := range found {
			switch {
			case !p.Live():
				next[p.MergedInto] = append(next[p.MergedInto], asked[p.ID]...)
				continue
			case p.Deleted() && !slices.Contains(with, WithDeleted):
				continue
			case p.Deleted():
				p = p.unnamed()
			}
			if slices.Contains(with, WithContactPoints) {
				if err := s.readAround(ctx, who.Group, &p); err != nil {
					return nil, err
				}
			}
			for _, id := range asked[p.ID] {
				out[id] = p.shownTo(who)
			}
		}
		asked = next // a merge needs two live records, so this ends
	}
	audit.SeenEach(ctx, maps.Values(out))
	return out, nil
}

func (s *Service) readAround(ctx context.Context, group practice.ID, p *Patient) (err error) {
	if err := p.ReadPoints(ctx, s.Store, group); err != nil {
		return err
	}
	if p.Mobile != "" {
		if p.SharedMobile, err = s.Store.SharedMobile(ctx, group, p.ID, p.Mobile); err != nil {
			return err
		}
	}
	p.Merged, err = s.Store.MergedIDs(ctx, group, p.ID)
	return err
}

// Phones are the other telephone numbers of some patients.
func (s *Service) Phones(ctx context.Context, of []ID) (map[ID][]Phone, error) {
	return read.Of(ctx, access.SeePatients, of, s.Belongings.Phones)
}

// Numbers are the numbers of the practice's own that some patients are known by.
func (s *Service) Numbers(ctx context.Context, of []ID) (map[ID][]Number, error) {
	return read.Of(ctx, access.SeePatients, of, s.Belongings.Numbers)
}

// Attributes are what was asked of some patients, and answered.
func (s *Service) Attributes(ctx context.Context, of []ID) (map[ID][]Attribute, error) {
	return read.Of(ctx, access.SeePatients, of, s.Belongings.Attributes)
}

// AccessGroups are those who look after some patients.
func (s *Service) AccessGroups(ctx context.Context, of []ID) (map[ID][]account.AccessGroup, error) {
	return read.Of(ctx, access.SeePatients, of, s.Belongings.AccessGroupsOfPatients)
}

// LabelsOn are the labels on some patients. Callers who may not see labels see none, without an error.
func (s *Service) LabelsOn(ctx context.Context, of []ID) (map[ID][]label.Use, error) {
	if who, ok := access.From(ctx); ok && !who.May(access.SeeLabels) {
		of = nil
	}
	return read.Of(ctx, access.SeePatients, of, s.Belongings.LabelsOn)
}
