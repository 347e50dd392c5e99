package billing

import (
	"context"
	"strings"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/membership"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// membership is the one a patient has; the zero value is no membership.
func (f PatientFields) membership(ctx context.Context, obj *gql.Patient) (membership.Membership, error) {
	m, err := wire.Loader(ctx, "memberships", f.Core.Membership.Of).Load(ctx, obj.Of.ID)
	if m.ID == 0 {
		m.Start = input.NoDate
	}
	return m, err
}

// MembershipName is what a patient is a member of.
func (f PatientFields) MembershipName(ctx context.Context, obj *gql.Patient) (*string, error) {
	m, err := f.membership(ctx, obj)
	return wire.Text(m.Name), err
}

// MembershipStartDate is when it began, as it was given.
func (f PatientFields) MembershipStartDate(ctx context.Context, obj *gql.Patient) (*string, error) {
	m, err := f.membership(ctx, obj)
	return wire.Text(m.Said), err
}

// MembershipStartDateFormatted is when it began.
func (f PatientFields) MembershipStartDateFormatted(ctx context.Context, obj *gql.Patient) (*scalar.Moment, error) {
	m, err := f.membership(ctx, obj)
	return wire.Date(m.Start), err
}

// AddPatientMembership makes a patient a member.
func (m Mutation) AddPatientMembership(ctx context.Context, patientID, membershipID string, start,
	comments *string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := ProductID(membershipID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Membership.Add(ctx, id, membership.Subscription{Product: n, Start: dateWritten(wire.Deref(start)),
			Said: wire.Deref(start), Comments: wire.Deref(comments)})
	})
}

// dateWritten reads a date, or an instant, whose date is taken as it is written.
func dateWritten(text string) input.Date {
	text = strings.TrimSpace(text)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		text = input.DateOf(at).String()
	}
	if d, ok := input.ParseDate(text); ok {
		return d
	}
	return input.NotADate
}

// RemovePatientMembership ends a patient's membership.
func (m Mutation) RemovePatientMembership(ctx context.Context, patientID,
	membershipID string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := ProductID(membershipID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Membership.Remove(ctx, id, n)
	})
}
