package graph

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

// membership is the one a patient has; the zero value is none.
func (f patientFields) membership(ctx context.Context, obj *gql.Patient) (billing.Membership, error) {
	m, err := loaderOf(ctx, "memberships", f.core.Billing.Memberships).Load(ctx, obj.Of.ID)
	if m.ID == 0 {
		m.Start = input.NoDate
	}
	return m, err
}

// MembershipName is what a patient is a member of.
func (f patientFields) MembershipName(ctx context.Context, obj *gql.Patient) (*string, error) {
	m, err := f.membership(ctx, obj)
	return text(m.Name), err
}

// MembershipStartDate is when it began, as it was given.
func (f patientFields) MembershipStartDate(ctx context.Context, obj *gql.Patient) (*string, error) {
	m, err := f.membership(ctx, obj)
	return text(m.Said), err
}

// MembershipStartDateFormatted is when it began.
func (f patientFields) MembershipStartDateFormatted(ctx context.Context, obj *gql.Patient) (*scalar.Moment, error) {
	m, err := f.membership(ctx, obj)
	return on(m.Start), err
}

// AddPatientMembership makes a patient a member.
func (m mutation) AddPatientMembership(ctx context.Context, patientID, membershipID string, start,
	comments *string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := productID(membershipID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Billing.AddMembership(ctx, id, billing.Subscription{Product: n, Start: deref(start),
			Comments: deref(comments)})
	})
}

// RemovePatientMembership ends a patient's membership.
func (m mutation) RemovePatientMembership(ctx context.Context, patientID,
	membershipID string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := productID(membershipID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Billing.RemoveMembership(ctx, id, n)
	})
}
