package form_test

import (
	"reflect"
	"strings"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/input"
)

// wellbeing is a questionnaire with a question of every kind, of which the second
// section's are asked of smokers alone.
func wellbeing() form.Questionnaire {
	return form.Questionnaire{Token: "wellbeing", Title: "Wellbeing", Content: form.Content{
		Confirmation: "Thank you.", Styling: form.Styling{MainFont: "#212b32"},
		Settings: form.Settings{ShowLogo: true},
		Sections: []form.Section{
			{Title: "You", Questions: []form.Question{
				{ID: 1, Title: "Do you smoke?", Kind: form.AskOption, Required: true, Choices: []string{"Yes",
					"No"}},
				{ID: 2, Title: "What do you like?", Kind: form.AskOption, Multiple: true, Choices: []string{"Tea",
					"Coffee"}},
				{ID: 3, Title: "Your work", Kind: form.AskText},
				{ID: 4, Title: "Anything else?", Kind: form.AskLines},
				{ID: 5, Title: "Allergies", Kind: form.AskTerm, Becomes: clinical.Allergy, Multiple: true},
				{ID: 6, Title: "Since when?", Kind: form.AskDate},
				{ID: 7, Title: "Next of kin", Kind: form.AskRelationship, Relationship: "Emergency_Contact",
					Capture: form.Capture{Phone: true}},
				{ID: 8, Title: "A picture", Kind: form.AskFile},
				{ID: 9, Title: "Signed", Kind: form.AskSignature},
				{ID: 12, Title: "Instead of coffee?", Kind: form.AskText, Required: true,
					DependsOn: &form.Dependency{Question: 2, Answer: "Coffee", Negate: true}},
			}},
			{Title: "Smoking", DependsOn: &form.Dependency{Question: 1, Answer: "Yes"},
				Questions: []form.Question{
					{ID: 10, Title: "How many a day?", Kind: form.AskText, Required: true},
					{ID: 11, Title: "Pipe or cigarette?", Kind: form.AskText, Required: true,
						DependsOn: &form.Dependency{Question: 10, Answer: "none", Negate: true}},
				}},
		},
	}}
}

func (d *kit) questionnaire() form.Questionnaire {
	d.Helper()
	q, err := d.forms.Import(d.operator, wellbeing())
	d.must(err)
	return q
}

func TestAQuestionnaireIsReadAsItWasImported(t *testing.T) {
	each(t, func(d *kit) {
		made := d.questionnaire()
		found, err := d.forms.Find(d.ctx, made.ID)
		if err != nil || !reflect.DeepEqual(found, made) || found.Title != "Wellbeing" ||
			found.Content.Confirmation != "Thank you." {
			d.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		first, second := found.Content.Sections[0], found.Content.Sections[1]
		if first.ID == 0 || first.Questions[0].ID < 1000 || second.DependsOn.Question != first.Questions[0].ID ||
			second.Questions[1].DependsOn.Question != second.Questions[0].ID {
			d.Fatalf("got %+v", found.Content)
		}
		if got, more, err := d.forms.List(d.ctx, clinical.Query{}); err != nil || more || len(got) != 1 ||
			got[0].Title != "Wellbeing" {
			d.Fatalf("got %+v, %v, %v", got, more, err)
		}
		after := clinical.Query{Cursor: &input.Cursor{From: int64(made.ID)}}
		if got, more, err := d.forms.List(d.ctx, after); err != nil || more || len(got) != 0 {
			d.Fatalf("got %+v, %v, %v", got, more, err)
		}
		for name, change := range map[string]func(*form.Questionnaire){
			"no title":               func(q *form.Questionnaire) { q.Title = "" },
			"an unknown kind":        func(q *form.Questionnaire) { q.Content.Sections[0].Questions[2].Kind = "essay" },
			"nothing to choose from": func(q *form.Questionnaire) { q.Content.Sections[0].Questions[0].Choices = nil },
			"a term that is nothing": func(q *form.Questionnaire) { q.Content.Sections[0].Questions[4].Becomes = "" },
			"a dependency on two":    func(q *form.Questionnaire) { q.Content.Sections[0].Questions[2].ID = 1 },
			"a dependency on itself": func(q *form.Questionnaire) {
				q.Content.Sections[1].Questions[0].DependsOn = &form.Dependency{Question: 10, Answer: "ten"}
			},
			"a circle": func(q *form.Questionnaire) {
				q.Content.Sections[0].Questions[0].DependsOn = &form.Dependency{Question: 11, Answer: "Pipe"}
			},
			"a long section title": func(q *form.Questionnaire) {
				q.Content.Sections[0].Title = strings.Repeat("x",
					201)
			},
			"a long question": func(q *form.Questionnaire) {
				q.Content.Sections[0].Questions[3].Title = strings.Repeat("x", 2001)
			},
			"a question that is blank": func(q *form.Questionnaire) { q.Content.Sections[0].Questions[3].Title = " " },
			"a choice that is blank":   func(q *form.Questionnaire) { q.Content.Sections[0].Questions[0].Choices[1] = " " },
			"the same choice twice":    func(q *form.Questionnaire) { q.Content.Sections[0].Questions[0].Choices[1] = "Yes" },
			"an unknown dependency":    func(q *form.Questionnaire) { q.Content.Sections[1].DependsOn.Question = 99 },
		} {
			q := wellbeing()
			change(&q)
			if _, err := d.forms.Import(d.operator, q); fault.Of(err).Kind != fault.Invalid {
				d.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestImportNeedsItsPermissionBeforeAllElse(t *testing.T) {
	each(t, func(d *kit) {
		for _, q := range []form.Questionnaire{wellbeing(), {}} {
			_, err := d.forms.Import(d.ctx, q)
			d.want(err, access.ErrPermission)
		}
	})
}

func TestAnotherPracticeFindsNoQuestionnaire(t *testing.T) {
	each(t, func(d *kit) {
		_, err := d.forms.Find(d.other, d.questionnaire().ID)
		d.want(err, form.ErrNotFound)
		if found, _, err := d.forms.List(d.other, clinical.Query{}); err != nil || len(found) != 0 {
			d.Errorf("got %+v, %v", found, err)
		}
	})
}

func TestRolesDecideWhoSeesQuestionnaires(t *testing.T) {
	each(t, func(d *kit) {
		q := d.questionnaire()
		all := []access.Permission{access.SeeQuestionnaires, access.FillQuestionnaires, access.SeeRecords}
		for i, see := range []func(...access.Permission) error{
			func(has ...access.Permission) error { _, err := d.forms.Find(as(d.group, has...), q.ID); return err },
			func(has ...access.Permission) error {
				_, _, err := d.forms.List(as(d.group, has...), clinical.Query{})
				return err
			},
		} {
			d.must(see(all[0]))
			if err := see(all[1:]...); fault.Of(err).Message != "Missing permission seeQuestionnaires" {
				d.Errorf("%d: got %v", i, err)
			}
		}
	})
}
