package payment

import (
	"context"
	"errors"
	"slices"
	"strings"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/relationship"
)

// Info is who pays for a patient, where their bills go, and what is still to be paid.
type Info struct {
	Patient patient.ID
	// Payer is the patient who pays; 0 is a person or a company of whom only the details are kept.
	Payer       patient.ID
	Name, Email string
	Address     patient.Address
	// Customer is the provider's id of the payer; empty is none.
	Customer string
	// Outstanding is what is still to be paid on Open, the invoices about the patient, in the order of their dates.
	Outstanding billing.Pence
	Open        []billing.InvoiceID
}

// paysFor is the kind of a relationship with the one who pays for a patient.
const paysFor relationship.Kind = "payer"

// Info finds who pays for a patient: the newest of the patient's relationships that is a payer, leaving aside patients
// who were deleted, and the patient where there is none. Error: patient.ErrNotFound.
func (s *Service) Info(ctx context.Context, of patient.ID) (Info, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return Info{}, err
	}
	p, err := patient.Current(ctx, s.Store, who.Group, of)
	if err != nil {
		return Info{}, err
	}
	audit.Seen(ctx, p)
	i, err := s.payer(ctx, who.Group, p)
	if err != nil {
		return Info{}, err
	}
	i.Patient = p.ID
	if i.Payer != 0 {
		known, err := s.Store.CustomersOf(ctx, who.Group, i.Payer)
		if err != nil {
			return Info{}, err
		}
		if len(known) > 0 {
			i.Customer = known[0].ExternalID
		}
	}
	all, err := s.Invoices.OfPatients(ctx, []patient.ID{p.ID}, input.DayOf(1, 1, 1), input.DayOf(9999, 12, 31))
	for _, one := range all[p.ID] {
		if due := one.Outstanding(); due > 0 {
			i.Outstanding, i.Open = i.Outstanding+due, append(i.Open, one.ID)
		}
	}
	return i, err
}

func (s *Service) payer(ctx context.Context, group practice.ID, p patient.Patient) (Info, error) {
	around, err := s.Store.Relationships(ctx, group, []patient.ID{p.ID})
	if err != nil {
		return Info{}, err
	}
	for _, r := range slices.Backward(around[p.ID]) {
		if r.Kind != paysFor {
			continue
		}
		i, err := s.related(ctx, group, r)
		if !errors.Is(err, patient.ErrNotFound) {
			return i, err
		}
	}
	return ofPatient(p), nil
}

// related is the one whom a relationship leads to. Error: patient.ErrNotFound.
func (s *Service) related(ctx context.Context, group practice.ID, r relationship.Relationship) (Info, error) {
	if r.Other != 0 {
		p, err := patient.Current(ctx, s.Store, group, r.Other)
		if err == nil {
			audit.Seen(ctx, p)
		}
		return ofPatient(p), err
	}
	d := r.Details
	i := Info{Name: words(d.Title, d.FirstName, d.LastName), Email: d.Email,
		Address: patient.Address{Line1: d.Street, Town: d.Town, Postcode: d.Postcode, Country: d.Country}}
	if i.Name == "" {
		i.Name = d.Company
	}
	return i, nil
}

func ofPatient(p patient.Patient) Info {
	return Info{Payer: p.ID, Name: words(p.Title, p.FirstName, p.LastName), Email: p.Email,
		Address: p.Address}
}

func words(all ...string) string { return strings.Join(strings.Fields(strings.Join(all, " ")), " ") }
