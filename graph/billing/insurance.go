package billing

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/pathway"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// inProcess is the one status with Healthcode that this API and what is kept spell differently.
const inProcess billing.ClaimStatus = "In-process"

func accountID(a billing.Account) *string {
	if a.Contact != 0 {
		return wire.IDOrNull(wire.KindContact, a.Contact)
	}
	return wire.IDOrNull(wire.KindPatient, a.Patient)
}

func dateOrNull(d input.Date) *scalar.Moment {
	if d == input.NoDate {
		return nil
	}
	return wire.Date(d)
}

func insuranceOf(i billing.Insurance) *gql.InvoiceInsuranceDetails {
	if i == (billing.Insurance{}) {
		return nil
	}
	return &gql.InvoiceInsuranceDetails{Name: wire.Text(i.Insurer), RegistrationNumber: wire.Text(i.PolicyNumber),
		AuthorizationCode: wire.Text(i.Authorisation)}
}

func claimOf(c billing.Claim) *gql.InvoiceHealthcodeStatus {
	if c == (billing.Claim{}) {
		return nil
	}
	return &gql.InvoiceHealthcodeStatus{Status: wire.Text(string(c.Status)), ProviderReference: wire.Text(c.Reference),
		UpdatedAt: scalar.Of(c.UpdatedAt)}
}

func insuranceChange(in *gql.InvoiceInsuranceDetailsInput) *billing.InsuranceChange {
	if in == nil {
		return nil
	}
	return &billing.InsuranceChange{Insurer: wire.Change(in.Name), PolicyNumber: wire.Change(in.RegistrationNumber),
		Authorisation: wire.Change(in.AuthorizationCode)}
}

func claimStatus(s gql.HealthcodeBillStatus) billing.ClaimStatus {
	if s == gql.HealthcodeBillStatusInprocess {
		return inProcess
	}
	return billing.ClaimStatus(s)
}

func claimChange(in *gql.UpdateInvoiceHealthcodeInput) *billing.ClaimChange {
	if in == nil {
		return nil
	}
	ch := &billing.ClaimChange{Reference: in.ProviderReference.Value()}
	if s := in.Status.Value(); s != nil {
		ch.Status = new(claimStatus(*s))
	}
	return ch
}

func invoiceFilter(in *gql.InvoicesQueryFilters) (f billing.InvoiceFilter, err error) {
	if in == nil {
		return f, nil
	}
	for _, n := range in.InvoiceNumbers.Value() {
		f.Numbers = append(f.Numbers, int64(n))
	}
	if m := in.Metadata.Value(); m != nil {
		if f.Key, f.Value = m.Key, m.Value.Value(); f.Key == "" {
			return f, practice.ErrKeyLength
		}
	}
	of, err := wire.OptionalID[pathway.ID](wire.KindPathway, in.ClinicalPathwayID.Value(), true)
	if err != nil {
		return f, err
	}
	f.Pathway = *of
	f.Submitted = in.SubmittedToHealthcode.Value()
	if s := in.HealthcodeStatus.Value(); s != nil {
		f.Claims, f.NoClaims = wire.Map(s.In.Value(), claimStatus), wire.Map(s.NotIn.Value(), claimStatus)
	}
	return f, nil
}

// Metadata is what other programs keep with an invoice.
func (f InvoiceFields) Metadata(ctx context.Context, obj *gql.Invoice) ([]gql.MetadataEntry, error) {
	all, err := f.MetadataOf(ctx, practice.OfInvoice, obj.ID)
	return wire.Map(all, func(m *gql.MetadataEntry) gql.MetadataEntry { return *m }), err
}

// UpdateInvoiceMetadata keeps a value with an invoice.
func (m Mutation) UpdateInvoiceMetadata(
	ctx context.Context, invoiceID, key, value string,
) (*gql.NewInvoiceResponsePayload, error) {
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.Core.InvoiceMetadata.Set(ctx, id, practice.Metadata{Key: key, Value: value})
	})
}

// DeleteInvoiceMetadata forgets a value.
func (m Mutation) DeleteInvoiceMetadata(
	ctx context.Context, invoiceID, key string,
) (*gql.NewInvoiceResponsePayload, error) {
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.Core.InvoiceMetadata.Drop(ctx, id, key)
	})
}
