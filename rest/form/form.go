// Package form translates the forms of a practice, and the responses to them, for the REST API.
//
//	form.go      forms listed, shown, made, changed and published
//	field.go     their questions
//	rule.go      what the answers to a care navigation form lead to
//	response.go  responses
package form

import (
	"context"
	"strconv"

	"frontdesk/core"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// Operations are the operations of forms.
type Operations struct{ Core *core.Core }

// digits is an id as text.
func digits[T ~int64](id T) oas.ID { return oas.ID(strconv.FormatInt(int64(id), 10)) }

func orNull(text string) oas.NilString { return oas.NilString{Value: text, Null: text == ""} }

// ListForms lists the forms of the practice.
func (o Operations) ListForms(ctx context.Context, p oas.ListFormsParams) (*oas.ListFormsOK, error) {
	all, count, err := o.Core.Form.All(ctx, form.Filter{Search: p.Search.Value, Type: form.Type(p.FormType.Value),
		Reply: wire.Ptr(p.ReplyForm.Value, p.ReplyForm.Set), Drafts: p.IncludeDrafts.Value},
		p.PageIndex.Value*p.PageSize.Value, p.PageSize.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListFormsOK{Data: make([]oas.FormSummary, len(all)), Count: float64(count)}
	for i, q := range all {
		if q.Published == 0 {
			q = q.Edited()
		}
		out.Data[i] = oas.FormSummary{ID: digits(q.ID), Title: q.Title, Description: q.About(),
			PatientTitle: orNull(q.Content.PatientTitle), PatientDescription: orNull(q.Content.Header),
			ReplyForm: q.Type == form.Replies, FormType: oas.FormType(q.Type), SnomedCode: orNull(q.Concept().Code),
			Version: oas.NewOptFloat64(float64(q.Published)), Draft: oas.NewOptBool(q.Draft != nil)}
	}
	return out, nil
}

// GetForm finds a form, as it was published last or as its caller asks for.
func (o Operations) GetForm(ctx context.Context, p oas.GetFormParams) (*oas.Form, error) {
	id := wire.ID[form.ID](p.ID)
	switch number, _ := input.Digits(p.Version.Value); {
	case !p.Version.Set:
		return formOf(o.Core.Form.Form(ctx, id))
	case number != 0:
		return formOf(o.Core.Form.Version(ctx, id, number))
	}
	return formOf(o.Core.Form.Edit(ctx, id))
}

// CreateForm makes a form.
func (o Operations) CreateForm(
	ctx context.Context, in *oas.FormRequest, _ oas.CreateFormParams,
) (*oas.Form, error) {
	c, err := changeOf(&oas.FormUpdate{Title: oas.NewOptString(in.Title),
		FormType: in.FormType, Description: in.Description, PatientTitle: in.PatientTitle,
		PatientDescription: in.PatientDescription, Confirmation: in.Confirmation, SnomedCode: in.SnomedCode,
		SnomedTerm: in.SnomedTerm, Fields: in.Fields, Rules: in.Rules, DefaultOutcome: in.DefaultOutcome})
	if err != nil {
		return nil, err
	}
	return formOf(o.Core.Form.Create(ctx, c))
}

// UpdateForm changes a form as it is edited.
func (o Operations) UpdateForm(
	ctx context.Context, in *oas.FormUpdate, p oas.UpdateFormParams,
) (*oas.Form, error) {
	c, err := changeOf(in)
	if err != nil {
		return nil, err
	}
	return formOf(o.Core.Form.Change(ctx, wire.ID[form.ID](p.ID), c))
}

// PublishForm publishes a version of a form.
func (o Operations) PublishForm(
	ctx context.Context, in oas.OptFormUpdate, p oas.PublishFormParams,
) (*oas.Form, error) {
	c, err := changeOf(&in.Value)
	if err != nil {
		return nil, err
	}
	return formOf(o.Core.Form.Publish(ctx, wire.ID[form.ID](p.ID), c))
}

// ListFormVersions lists the versions of a form.
func (o Operations) ListFormVersions(
	ctx context.Context, p oas.ListFormVersionsParams,
) (*oas.ListFormVersionsOK, error) {
	all, err := o.Core.Form.Versions(ctx, wire.ID[form.ID](p.ID))
	if err != nil {
		return nil, err
	}
	out := &oas.ListFormVersionsOK{Data: make([]oas.FormVersion, len(all)), Count: float64(len(all))}
	for i, v := range all {
		out.Data[i] = oas.FormVersion{Version: float64(v.Number), Title: v.Title, PublishedBy: orNull(v.By),
			PublishedAt: v.At.UTC()}
	}
	return out, nil
}

// changeOf is what to set of a form.
func changeOf(in *oas.FormUpdate) (form.Change, error) {
	var wrong input.Checks
	text := func(s oas.OptString) *string { return wire.Ptr(s.Value, s.Set) }
	c := form.Change{Type: wire.As[form.Type](in.FormType.Value, in.FormType.Set), Title: text(in.Title),
		About: text(in.Description), PatientTitle: text(in.PatientTitle), Header: text(in.PatientDescription),
		Confirmation: text(in.Confirmation), Code: text(in.SnomedCode), Term: text(in.SnomedTerm)}
	if in.Fields != nil {
		fields := make([]form.Field, len(in.Fields))
		for i := range in.Fields {
			fields[i] = fieldOf(&in.Fields[i])
		}
		c.Fields = &fields
	}
	if in.Rules != nil {
		rules := make([]form.Rule, len(in.Rules))
		for i, r := range in.Rules {
			rules[i] = form.Rule{When: make([]form.Condition, len(r.Conditions)), Outcome: outcomeOf(&wrong, r.Outcome)}
			for j, on := range r.Conditions {
				rules[i].When[j] = conditionOf(on)
			}
		}
		c.Rules = &rules
	}
	if in.DefaultOutcome.Set {
		o := outcomeOf(&wrong, in.DefaultOutcome.Value)
		c.Otherwise = &o
	}
	return c, wrong.Err()
}

// formOf shows a form with its questions.
func formOf(q form.Questionnaire, err error) (*oas.Form, error) {
	if err != nil {
		return nil, err
	}
	concept := q.Concept()
	out := &oas.Form{ID: digits(q.ID), FormType: oas.FormType(q.Type), Title: q.Title, Description: q.About(),
		PatientTitle: orNull(q.Content.PatientTitle), PatientDescription: orNull(q.Content.Header),
		SnomedCode: orNull(concept.Code), SnomedTerm: wire.String(concept.Term),
		ReplyForm: oas.NewOptBool(q.Type == form.Replies), Confirmation: wire.String(q.Content.Confirmation),
		Version: oas.NewOptFloat64(float64(q.Published)), Draft: oas.NewOptBool(q.Draft != nil),
		UpdatedAt: oas.NewOptDateTime(q.UpdatedAt.UTC())}
	fields := q.Content.Fields()
	out.Fields = make([]oas.FormField, len(fields))
	for i, f := range fields {
		out.Fields[i] = field(f)
	}
	for _, r := range q.Content.Rules {
		out.Rules = append(out.Rules, rule(r))
	}
	if o := q.Content.Otherwise; o != nil {
		out.DefaultOutcome = oas.NewOptFormOutcome(outcome(*o))
	}
	return out, nil
}
