package merge

import (
	"context"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/patient"
)

// candidateLimit is how many candidates are shown at most.
const candidateLimit = 50

// mayBe reports whether two records may be one person: different NHS numbers
// are different people, however alike the rest.
func mayBe(a, b patient.Patient) bool {
	return a.ID != b.ID && (a.NHSNumber == "" || b.NHSNumber == "" || a.NHSNumber == b.NHSNumber)
}

// Candidates lists the group's patients who may be the same person as this one: the same birth date with either name,
// the same telephone number or e-mail address, or the NHS number this person has now. None of it is certain. Error:
// patient.ErrNotFound.
func (s *Service) Candidates(ctx context.Context, id patient.ID) ([]patient.Patient, error) {
	who, err := access.Require(ctx, access.MergePatients)
	if err != nil {
		return nil, err
	}
	p, err := patient.Current(ctx, s.Store, who.Group, id)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Alike(ctx, who.Group, p, candidateLimit)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(q patient.Patient) bool { return !mayBe(p, q) })
	audit.Seen(ctx, audit.Person(p.ID)) // even one with no candidates
	audit.Seen(ctx, found...)
	return found, nil
}
