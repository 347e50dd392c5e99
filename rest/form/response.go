package form

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// GetFormResponse finds a response.
func (o Operations) GetFormResponse(ctx context.Context, p oas.GetFormResponseParams) (*oas.FormResponse, error) {
	return responseOf(ctx)(o.Core.Form.Response(ctx, wire.ID[clinical.ConsultationID](p.ID)))
}

// UpdateFormResponse hides a response, or shows it again.
func (o Operations) UpdateFormResponse(
	ctx context.Context, in *oas.FormResponseUpdate, p oas.UpdateFormResponseParams,
) (*oas.FormResponse, error) {
	return responseOf(ctx)(o.Core.Form.Hide(ctx, wire.ID[clinical.ConsultationID](p.ID), in.Hidden))
}

// ListFormResponses lists responses.
func (o Operations) ListFormResponses(
	ctx context.Context, p oas.ListFormResponsesParams,
) (*oas.ListFormResponsesOK, error) {
	var wrong input.Checks
	q := form.ResponseQuery{Form: wire.FilterID[form.ID](&wrong, "form_id", p.FormID),
		Patient: wire.FilterID[patient.ID](&wrong, "patient_id", p.PatientID), Since: p.Since.Value,
		Hidden: p.IncludeHidden.Value, Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	all, count, err := o.Core.Form.Responses(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.ListFormResponsesOK{Data: make([]oas.FormResponse, len(all)), Count: float64(count)}
	for i, r := range all {
		one, err := responseOf(ctx)(r, nil)
		if err != nil {
			return nil, err
		}
		out.Data[i] = *one
	}
	return out, nil
}

// number is an id as a number, which holds every id whole: see docs/decisions/ids.md.
func number[T ~int64](id T) oas.NilFloat64 { return oas.NilFloat64{Value: float64(id), Null: id == 0} }

// responseOf shows a response of the caller's practice group.
func responseOf(ctx context.Context) func(form.Answered, error) (*oas.FormResponse, error) {
	return func(r form.Answered, err error) (*oas.FormResponse, error) {
		if err != nil {
			return nil, err
		}
		who, err := access.Who(ctx)
		if err != nil {
			return nil, err
		}
		out := &oas.FormResponse{ID: float64(r.ID), FormID: float64(r.Form), ClientID: float64(r.Patient),
			AppointmentID: number(r.Appointment), InvoiceID: oas.NilFloat64{Null: true},
			PracticeGroupID: float64(who.Group), ShortLinkID: number(r.Link), AdminID: number(r.Admin),
			CreatedAt: r.CreatedAt.UTC(), UpdatedAt: instant(r.UpdatedAt), Hidden: r.Hidden,
			EmisFileRecordAt: orNull(instant(r.FiledAt)), WriteToRecordError: orNull(r.FileError),
			Version: oas.NewOptFloat64(float64(r.Version)), Answers: make([]oas.FormAnswer, len(r.Entries))}
		if r.Decision != nil {
			out.Outcome = oas.NewOptFormDecision(decision(*r.Decision))
		}
		for i, e := range r.Entries {
			out.Answers[i] = oas.FormAnswer{Section: e.SectionTitle, Question: e.Title, Answer: e.Term,
				FormQuestionID: oas.NilString{Null: e.Detail.Question == 0}, SnomedCode: orNull(e.Code)}
			if e.Detail.Question != 0 {
				out.Answers[i].FormQuestionID.Value = strconv.FormatInt(e.Detail.Question, 10)
			}
		}
		return out, nil
	}
}

// instant is a time as text; empty is none.
func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}
