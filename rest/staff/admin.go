package staff

import (
	"context"
	"encoding/base64"
	"strconv"

	"frontdesk/core/account"
	"frontdesk/core/input"
	"frontdesk/core/prescriber"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// ListAdmins lists members of staff.
func (o Operations) ListAdmins(ctx context.Context, p oas.ListAdminsParams) (*oas.ListAdminsOK, error) {
	var wrong input.Checks
	index := pageNumber(&wrong, "page_index", p.PageIndex.Value, 0, 1_000_000)
	size := pageNumber(&wrong, "page_size", p.PageSize.Value, 1, 500)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	found, count, err := o.Core.Prescriber.List(ctx, prescriber.Query{
		ByFirstName: p.OrderBy.Value == oas.ListAdminsOrderByFirstName, Descending: p.OrderDescending.Value,
		Offset: index * size, Limit: size})
	if err != nil {
		return nil, err
	}
	out := &oas.ListAdminsOK{Data: make([]oas.Admin, len(found)), Count: float64(count)}
	for i, a := range found {
		external := a.Prescriber.ExternalID
		out.Data[i] = oas.Admin{ID: wire.Digits(a.ID), FirstName: a.FirstName, LastName: a.LastName, Email: a.Email,
			ExternalPrescriberID: oas.NilString{Value: external, Null: external == ""},
			PrescriberDetails:    detailsOf(a.Prescriber.Details)}
	}
	return out, nil
}

// pageNumber reads a number of a list that this operation takes as text.
func pageNumber(wrong *input.Checks, field, text string, from, to int) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		n = -1
	}
	return wrong.Between(field, n, from, to)
}

func detailsOf(d *prescriber.Details) oas.OptNilPrescriberDetails {
	if d == nil {
		return oas.OptNilPrescriberDetails{Set: true, Null: true}
	}
	given := func(s string) oas.OptString { return oas.OptString{Value: s, Set: s != ""} }
	return oas.NewOptNilPrescriberDetails(oas.PrescriberDetails{Name: given(d.Name), Email: given(d.Email),
		RegistrationCode: given(d.Registration)})
}

// UpdateAdmin says by what other systems know a member of staff.
func (o Operations) UpdateAdmin(
	ctx context.Context, in *oas.AdminUpdate, p oas.UpdateAdminParams,
) (*oas.AdminReference, error) {
	var c prescriber.Change
	if in.ExternalPrescriberID.Set {
		c.ExternalID = new(wire.Ptr(in.ExternalPrescriberID.Get()))
	}
	if in.PrescriberDetails.Set {
		var to *prescriber.Details
		if d, ok := in.PrescriberDetails.Get(); ok {
			to = &prescriber.Details{Name: d.Name.Value, Email: d.Email.Value, Registration: d.RegistrationCode.Value}
		}
		c.Details = &to
	}
	changed, err := o.Core.Prescriber.Update(ctx, wire.ID[account.StaffID](p.ID), c)
	if err != nil {
		return nil, err
	}
	return &oas.AdminReference{AdminID: changed.Staff.String()}, nil
}

// UpsertAdminSignature sets the signature of a member of staff.
func (o Operations) UpsertAdminSignature(
	ctx context.Context, in *oas.UpsertAdminSignatureReq, p oas.UpsertAdminSignatureParams,
) (*oas.AdminReference, error) {
	s, err := o.Core.Prescriber.Sign(ctx, wire.ID[account.StaffID](p.ID), in.Signature)
	if err != nil {
		return nil, err
	}
	return &oas.AdminReference{AdminID: s.Staff.String()}, nil
}

// GetAdminSignature opens the signature of a member of staff.
func (o Operations) GetAdminSignature(
	ctx context.Context, p oas.GetAdminSignatureParams,
) (*oas.AdminSignature, error) {
	s, err := o.Core.Prescriber.Signed(ctx, wire.ID[account.StaffID](p.ID))
	if err != nil {
		return nil, err
	}
	text := string(s.Content)
	if s.MediaType != "text/plain" {
		text = "data:" + s.MediaType + ";base64," + base64.StdEncoding.EncodeToString(s.Content)
	}
	return &oas.AdminSignature{AdminID: wire.Digits(s.Staff), MediaType: oas.AdminSignatureMediaType(s.MediaType),
		Signature: text, UpdatedAt: s.UpdatedAt.UTC()}, nil
}
