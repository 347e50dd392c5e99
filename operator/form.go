package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strconv"

	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/input"
)

// Form is a form that patients can be asked to fill in, as the command line shows it.
type Form struct {
	ID    string `json:"form_id"`
	Title string `json:"title"`
}

// maxForm is how long the file of a form may be, in bytes.
const maxForm = 1 << 20

// AddForm keeps a form that is written in JSON, as docs/links.md says.
func (o *Operator) AddForm(ctx context.Context, group string, text []byte) (Form, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return Form{}, err
	}
	if len(text) > maxForm {
		return Form{}, fault.Wrong("form", input.CodeBig, "a file of at most 1 MiB", "This file is too large.")
	}
	var q form.Questionnaire
	read := json.NewDecoder(bytes.NewReader(text))
	read.DisallowUnknownFields()
	if err := read.Decode(&q); err != nil {
		return Form{}, fault.Wrong("form", input.CodeString, "a form in JSON", "This cannot be read: "+err.Error()+".")
	}
	made, err := o.Core.Form.Import(ctx, form.Questionnaire{Token: q.Token, Title: q.Title, Content: q.Content})
	return formOf(made), err
}

// Forms lists the forms of a group.
func (o *Operator) Forms(ctx context.Context, group string) ([]Form, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return nil, err
	}
	all, _, err := o.Core.Form.All(ctx, form.Filter{}, 0, math.MaxInt)
	out := make([]Form, len(all))
	for i, q := range all {
		out[i] = formOf(q)
	}
	return out, err
}

func formOf(q form.Questionnaire) Form { return Form{strconv.FormatInt(int64(q.ID), 10), q.Title} }
