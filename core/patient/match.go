package patient

import (
	"context"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// The faults of matching.
var (
	// ErrRestricted is returned when a contact detail is given for somebody
	// whose whereabouts may not be told.
	ErrRestricted = fault.New(fault.Conflict, "patient_restricted", "This is a restricted record: no address, telephone number or e-mail address is kept.")
	// ErrEHRTaken is returned when another patient has the practice record
	// system's id already.
	ErrEHRTaken = fault.New(fault.Conflict, "ehr_partner_id_taken", "Another patient has this id of the practice's record system. Merge the two if they are one person.")
)

// candidateLimit is how many candidates are shown at most.
const candidateLimit = 50

// mayBe reports whether two records may be one person: different NHS numbers
// are different people, however alike the rest.
func mayBe(a, b Patient) bool {
	return a.ID != b.ID && (a.NHSNumber == "" || b.NHSNumber == "" || a.NHSNumber == b.NHSNumber)
}

// Candidates lists the group's patients who may be the same person as this one:
// the same birth date with either name, the same telephone number or e-mail
// address, or the NHS number this person has now. None of it is certain, so it
// needs the permission access.Staff. Error: ErrNotFound.
func (s *Service) Candidates(ctx context.Context, id ID) ([]Profile, error) {
	who, err := access.Require(ctx, access.MergePatients)
	if err != nil {
		return nil, err
	}
	p, err := Current(ctx, s.Store, who.Group, id)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Alike(ctx, who.Group, p, candidateLimit)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(q Patient) bool { return !mayBe(p, q) })
	out := make([]Profile, len(found))
	for i, q := range found {
		out[i].Patient = q
	}
	now := s.Now()
	err = s.Store.Do(ctx, func(tx Tx) error {
		ids := make([]string, len(found))
		for i, q := range found {
			ids[i] = q.ID.String()
		}
		return tx.Audit(ctx, who.Audit(now, "patient.candidates", "patient", int64(p.ID), nil, map[string][]string{"shown": ids}))
	})
	return out, err
}

// Connect keeps which record of the practice's record system is this patient's.
// Errors: ErrNotFound, ErrEHRTaken, and field faults. It needs the permission
// access.Staff.
func (s *Service) Connect(ctx context.Context, id ID, partnerID string) (Profile, error) {
	who, err := access.Require(ctx, access.MergePatients)
	if err != nil {
		return Profile{}, err
	}
	var in input.Checks
	partnerID = in.Required("ehr_partner_id", partnerID, 100)
	if err := in.Err(); err != nil {
		return Profile{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var after Patient
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, contacts, err := lock(ctx, tx, who.Group, id)
		if err != nil {
			return err
		}
		others, _, err := tx.Patients(ctx, who.Group, Query{Field: FieldEHRPartnerID, Value: partnerID, Limit: 2})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(others, func(o Patient) bool { return o.ID != before.ID }) {
			return ErrEHRTaken
		}
		after = before
		after.EHRPartnerID = partnerID
		return s.save(ctx, tx, who, now, "patient.connect", before, &after, contacts, contacts)
	})
	if err != nil {
		return Profile{}, err
	}
	return s.profile(ctx, after)
}

// RecordSystem is what the contract calls the practice's record system: the
// word given with the patient's id there decides.
func (p Patient) RecordSystem() string {
	name := strings.ToLower(p.EHRPartner)
	if strings.Contains(name, "systm") || strings.Contains(name, "tpp") || p.Source == SourceSystmOne {
		return "Systm One"
	}
	return "EMIS"
}
