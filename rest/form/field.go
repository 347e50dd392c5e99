package form

import (
	"frontdesk/core/clinical"
	"frontdesk/core/form"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// fieldOf is a question as a caller writes it.
func fieldOf(in *oas.FormField) form.Field {
	f := form.Field{Key: in.FormQuestionID, Section: in.Section.Value, About: in.SectionDescription.Value,
		SectionIf: dependencyOf(in.SectionCondition), If: dependencyOf(in.Condition),
		Question: form.Question{Title: in.Name, Kind: form.QuestionKind(in.Kind), Required: in.Required.Value,
			Multiple: in.Multiple.Value, Hint: in.Hint.Value, Choices: in.Options, Longest: in.Longest.Value,
			Code: in.SnomedCode.Value, Term: in.SnomedTerm.Value, Becomes: clinical.Kind(in.RecordType.Value),
			Relationship: in.Relationship.Value}}
	if n := in.Number; n.Set {
		f.Number = &form.Bounds{Low: n.Value.Low, High: n.Value.High, Decimals: n.Value.Decimals.Value,
			Unit: n.Value.Unit.Value}
	}
	asked := captures(&f.Capture)
	for _, what := range in.Capture {
		*asked[what] = true
	}
	return f
}

// captures are what a question about a person asks for, by their names here.
func captures(c *form.Capture) map[oas.FormFieldCaptureItem]*bool {
	return map[oas.FormFieldCaptureItem]*bool{
		oas.FormFieldCaptureItemCompany: &c.Company, oas.FormFieldCaptureItemEmail: &c.Email,
		oas.FormFieldCaptureItemPhone: &c.Phone, oas.FormFieldCaptureItemAddress: &c.Address,
		oas.FormFieldCaptureItemPolicyNumber:  &c.PolicyNumber,
		oas.FormFieldCaptureItemAuthorisation: &c.Authorisation,
	}
}

func dependencyOf(in oas.OptFormCondition) *form.Dependency {
	if !in.Set {
		return nil
	}
	return &form.Dependency{Key: in.Value.FormQuestionID, Answer: in.Value.Answer, Negate: in.Value.Negate.Value}
}

func dependency(d *form.Dependency) oas.OptFormCondition {
	if d == nil {
		return oas.OptFormCondition{}
	}
	out := oas.FormCondition{FormQuestionID: d.Key, Answer: d.Answer}
	if d.Negate {
		out.Negate = oas.NewOptBool(true)
	}
	return oas.NewOptFormCondition(out)
}

// field shows a question.
func field(f form.Field) oas.FormField {
	out := oas.FormField{FormQuestionID: f.Key, Name: f.Title, Kind: oas.FormFieldKind(f.Kind),
		Required: oas.NewOptBool(f.Required), Multiple: oas.NewOptBool(f.Multiple), Options: f.Choices,
		Condition: dependency(f.If), SectionCondition: dependency(f.SectionIf)}
	for _, text := range []struct {
		to   *oas.OptString
		from string
	}{
		{&out.Hint, f.Hint}, {&out.SnomedCode, f.Code}, {&out.SnomedTerm, f.Term},
		{&out.RecordType, string(f.Becomes)}, {&out.Relationship, f.Relationship}, {&out.Section, f.Section},
		{&out.SectionDescription, f.About},
	} {
		if text.from != "" {
			*text.to = wire.String(text.from)
		}
	}
	if b := f.Number; b != nil {
		n := oas.FormNumber{Low: b.Low, High: b.High, Decimals: oas.NewOptInt(b.Decimals)}
		if b.Unit != "" {
			n.Unit = wire.String(b.Unit)
		}
		out.Number = oas.NewOptFormNumber(n)
	}
	if f.Longest > 0 {
		out.Longest = oas.NewOptInt(f.Longest)
	}
	asked := captures(&f.Capture)
	for _, what := range oas.FormFieldCaptureItem("").AllValues() {
		if *asked[what] {
			out.Capture = append(out.Capture, what)
		}
	}
	return out
}
