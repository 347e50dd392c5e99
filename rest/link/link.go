// Package link has the operations on short links.
package link

import (
	"context"
	"strconv"
	"strings"

	"frontdesk/core"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }

// CreateAttachmentLink makes a link to a file.
func (o Operations) CreateAttachmentLink(
	ctx context.Context, in *oas.CreateAttachmentLinkReq, _ oas.CreateAttachmentLinkParams,
) (*oas.CreateAttachmentLinkOK, error) {
	var wrong input.Checks
	want := link.ToFile{
		Patient: wire.ID[patient.ID](string(in.PatientID)),
		File:    wire.OptionalID[int64](&wrong, "ehr_file_id", in.EhrFileID),
		Name:    in.FileName.Value, Data: in.FileData.Value,
		Expires: input.ReadBound(in.ExpiryDate.Value),
		MaxUses: wire.Ptr(in.MaximumUseCount.Value, in.MaximumUseCount.Set),
	}
	if in.EhrFileID.Set && in.FileData.Set {
		wrong.Wrong("ehr_file_id", input.CodeChoice, "`ehr_file_id` or `file_data`", "Give one file, not two.")
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	l, err := o.Core.Link.CreateAttachment(ctx, want)
	if err != nil {
		return nil, err
	}
	return &oas.CreateAttachmentLinkOK{
		AttachmentLink: l.URL, AttachmentUUID: l.UUID, ID: wire.Digits(l.ID), ExpiryDate: l.ExpiresAt.UTC(),
	}, nil
}

// GetLinkStatus says whether a link was opened and used.
func (o Operations) GetLinkStatus(ctx context.Context, p oas.GetLinkStatusParams) (*oas.LinkStatus, error) {
	id := wire.ID[link.ID](string(p.ID.Value))
	if p.ID.Set && id == 0 {
		return nil, link.ErrNotFound // it is too large, or zero
	}
	return statusOf(o.Core.Link.Find(ctx, id, strings.TrimSpace(p.URL.Value)))
}

// WithdrawLink ends a link.
func (o Operations) WithdrawLink(ctx context.Context, p oas.WithdrawLinkParams) (*oas.LinkStatus, error) {
	return statusOf(o.Core.Link.Withdraw(ctx, wire.ID[link.ID](p.ID)))
}

// ReissueLink gives a link a new address.
func (o Operations) ReissueLink(ctx context.Context, p oas.ReissueLinkParams) (*oas.LinkStatus, error) {
	return statusOf(o.Core.Link.Reissue(ctx, wire.ID[link.ID](p.ID)))
}

func statusOf(l link.Link, err error) (*oas.LinkStatus, error) {
	if err != nil {
		return nil, err
	}
	out := &oas.LinkStatus{
		Status: oas.LinkStatusStatus(l.Status), Type: oas.LinkStatusType(l.Kind), ID: wire.Digits(l.ID), URL: l.URL,
		AttachmentUUID: wire.String(l.UUID), ExpiryDate: l.ExpiresAt.UTC(), NumberOfUses: float64(l.Uses),
		OpenCount: float64(l.Opens), Reference: []oas.LinkStatusReferenceItem{},
	}
	if !l.Anyone() {
		out.Reference = append(out.Reference, oas.LinkStatusReferenceItem{Type: oas.LinkStatusReferenceItemTypePatient,
			ID: wire.Digits(l.Patient)})
	}
	out.MaximumUseCount.SetToNull()
	if l.MaxUses != nil {
		out.MaximumUseCount.SetTo(float64(*l.MaxUses))
	}
	if l.File != 0 {
		out.Reference = append(out.Reference,
			oas.LinkStatusReferenceItem{Type: oas.LinkStatusReferenceItemTypeAttachment,
				ID: oas.ID(strconv.FormatInt(l.File, 10))})
	}
	for _, of := range []struct {
		kind oas.LinkStatusReferenceItemType
		id   int64
	}{
		{oas.LinkStatusReferenceItemTypeAppointment, l.Appointment},
		{oas.LinkStatusReferenceItemTypeForm, l.Questionnaire},
		{oas.LinkStatusReferenceItemTypeFormResponse, l.Response},
	} {
		if of.id != 0 {
			out.Reference = append(out.Reference, oas.LinkStatusReferenceItem{Type: of.kind,
				ID: oas.ID(strconv.FormatInt(of.id, 10))})
		}
	}
	return out, nil
}
