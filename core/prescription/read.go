package prescription

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/read"
)

// Find finds a prescription, whichever system made it. Error: clinical.ErrNoPrescription.
func (s *Service) Find(ctx context.Context, id clinical.PrescriptionID) (clinical.Prescription, error) {
	return read.One(ctx, access.SeePrescriptions, id, s.Store.Prescription)
}

// List lists prescriptions by id, and counts them.
func (s *Service) List(ctx context.Context, q Query) ([]clinical.Prescription, int, error) {
	who, err := access.Require(ctx, access.SeePrescriptions)
	if err != nil {
		return nil, 0, err
	}
	found, n, err := s.Store.Prescriptions(ctx, who.Group, q)
	if err == nil {
		audit.Seen(ctx, found...)
	}
	return found, n, err
}
