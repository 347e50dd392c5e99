package form_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"frontdesk/core/clinical"
	"frontdesk/core/form"
	"frontdesk/core/seal"
	"frontdesk/store"
	"frontdesk/store/storetest"
)

// asking is a questionnaire of one section.
func (d *kit) asking(questions ...form.Question) form.Questionnaire {
	d.Helper()
	q, err := d.forms.Import(d.operator, form.Questionnaire{Title: "Asked",
		Content: form.Content{Sections: []form.Section{{Title: "All", Questions: questions}}}})
	d.must(err)
	return q
}

// TestAnswersOfTheWrongTypeAreRefused gives each kind of question what JSON can hold and the question cannot: an answer
// is kept whole or refused, and never in part.
func TestAnswersOfTheWrongTypeAreRefused(t *testing.T) {
	d := open(t, storetest.Open(t, storetest.SQLite(t)))
	object := func(pairs ...any) map[string]any {
		out := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i].(string)] = pairs[i+1]
		}
		return out
	}
	scalars := []any{json.Number("7"), 7.0, true, []any{[]any{"x"}}, object("name", "x")}
	for _, c := range []struct {
		name     string
		question form.Question
		wrong    []any
		right    any
	}{
		{"option", form.Question{Kind: form.AskOption, Choices: []string{"Yes", "7"}},
			append([]any{"yes", " Yes", "Yes "}, scalars...), "7"},
		{"text", form.Question{Kind: form.AskText},
			append([]any{strings.Repeat("x", 2001), "a\nb", "a\x00b", "\xff"}, scalars...), strings.Repeat("é", 2000)},
		{"lines", form.Question{Kind: form.AskLines},
			append([]any{strings.Repeat("x", 20_001), "a\x00b"}, scalars...), strings.Repeat("é", 20_000)},
		{"date", form.Question{Kind: form.AskDate},
			append([]any{"2031-02-30", "31/12/2030", "2031", "2031-01-01 10:00"}, scalars...), "2031-01-01"},
		{"term", form.Question{Kind: form.AskTerm, Becomes: clinical.Allergy},
			append([]any{strings.Repeat("x", 501), object("term", 7.0), object("code", "91936005"),
				object("code", json.Number("91936005"), "term", "Allergy to penicillin"),
				object("code", true, "term", "Allergy to penicillin"),
				object("code", "abc", "term", "Allergy to penicillin")}, scalars...), "Nuts"},
		{"signature", form.Question{Kind: form.AskSignature},
			append([]any{"x", "data:image/png;base64,", "data:image/png;base64", "aGVsbG8="}, scalars...),
			"iVBORw0KGgo="},
		{"file", form.Question{Kind: form.AskFile},
			[]any{"x", 7.0, true, object("name", "x.pdf"), object("type", "application/pdf"),
				object("name", 7.0, "type", "application/pdf"), object("name", "x.pdf", "type", 7.0),
				object("name", strings.Repeat("x", 129), "type", "application/pdf")},
			object("name", "x.pdf", "type", "application/pdf")},
		{"relationship", form.Question{Kind: form.AskRelationship},
			[]any{"Ben", 7.0, true, object(), object("name", nil), object("name", 7.0), object("", "Ben"),
				object(" ", "Ben"), object("name", "Ben", "phone", 7.0), object("name", strings.Repeat("x", 501)),
				object(strings.Repeat("x", 51), "Ben"), object("name", object("first", "Ben"))},
			object("name", "Ben", "phone", nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.question.ID, c.question.Title = 1, "Asked"
			q := d.asking(c.question)
			before := d.kept()
			for _, v := range c.wrong {
				_, err := d.forms.Fill(d.ctx, q.ID, d.ada, answers(q, map[string]any{"Asked": v}))
				if !errors.Is(err, form.ErrAnswer) || !strings.Contains(messageOf(err), `"Asked" takes `) {
					t.Errorf("%.60v: got %v", v, err)
				}
			}
			if d.kept() != before {
				t.Error("something was kept of what was refused")
			}
			if _, err := d.forms.Fill(d.ctx, q.ID, d.ada, answers(q, map[string]any{"Asked": c.right})); err != nil {
				t.Errorf("got %v: %s", err, messageOf(err))
			}
		})
	}
}

// TestAnswersAreCountedAndBoundTogether gives a question more than one answer may be, each of which fits by itself.
func TestAnswersAreCountedAndBoundTogether(t *testing.T) {
	d := open(t, storetest.Open(t, storetest.SQLite(t)))
	q := d.asking(form.Question{ID: 1, Title: "Notes", Kind: form.AskLines, Multiple: true},
		form.Question{ID: 2, Title: "One", Kind: form.AskText},
		form.Question{ID: 3, Title: "Allergies", Kind: form.AskTerm, Becomes: clinical.Allergy, Multiple: true})
	many := func(n int, text string) (out []any) {
		for range n {
			out = append(out, text)
		}
		return out
	}
	notes, one, allergies := q.Content.Sections[0].Questions[0].ID, q.Content.Sections[0].Questions[1].ID,
		q.Content.Sections[0].Questions[2].ID
	long := strings.Repeat("x", 20_000)
	for _, c := range []struct {
		name  string
		given []form.Answer
		says  string
	}{
		{"as many as fit", []form.Answer{{Question: notes, Value: many(2, long)}}, ""},
		{"a hundred short ones", []form.Answer{{Question: notes, Value: many(100, "x")}}, ""},
		{"a hundred entries of their own", []form.Answer{{Question: allergies, Value: many(100,
			strings.Repeat("x", 500))}}, ""},
		{"too long together", []form.Answer{{Question: notes, Value: many(3, long)}},
			`"Notes" takes answers of at most 50,000 characters together.`},
		{"too many", []form.Answer{{Question: notes, Value: many(101, "x")}}, `"Notes" takes at most 100 answers.`},
		{"too many in two parts", []form.Answer{{Question: notes, Value: many(60, "x")},
			{Question: notes, Value: many(60, "x")}}, `"Notes" takes at most 100 answers.`},
		{"one twice", []form.Answer{{Question: one, Value: "a"}, {Question: one, Value: "b"}},
			`"One" takes one answer.`},
		{"one, and empty ones", []form.Answer{{Question: one, Value: []any{"", "a", nil, " "}}}, ""},
		{"an empty list", []form.Answer{{Question: one, Value: []any{}}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			filled, err := d.forms.Fill(d.ctx, q.ID, d.ada, c.given)
			if messageOf(err) != c.says || (err == nil) != (c.says == "") {
				t.Fatalf("got %v: %s", err, messageOf(err))
			}
			if err != nil {
				return
			}
			// What was entered can be edited like any other entry.
			for _, r := range d.entered(filled.Consultation.ID) {
				if r.Kind == clinical.FreeText {
					_, err := d.records.UpdateFreeText(d.ctx, r.ID, clinical.FreeTextChange{Question: new("Remarks")})
					d.must(err)
				}
			}
		})
	}
	_, err := d.forms.Fill(d.ctx, q.ID, d.ada, []form.Answer{{Question: 1, Value: []any{}}})
	d.want(err, form.ErrNoQuestion)
}

// TestOnlyAskedQuestionsMustBeAnswered has questions that depend on answers of several kinds, before and after them.
func TestOnlyAskedQuestionsMustBeAnswered(t *testing.T) {
	d := open(t, storetest.Open(t, storetest.SQLite(t)))
	on := func(question int64, answer string, negate bool) *form.Dependency {
		return &form.Dependency{Question: question, Answer: answer, Negate: negate}
	}
	q := d.asking(
		form.Question{ID: 1, Title: "why", Kind: form.AskText, Required: true, DependsOn: on(2, "Yes", false)},
		form.Question{ID: 2, Title: "smoke", Kind: form.AskOption, Choices: []string{"Yes", "No"}},
		form.Question{ID: 3, Title: "drink", Kind: form.AskOption, Multiple: true,
			Choices: []string{"Tea", "Gin", "Rum"}},
		form.Question{ID: 4, Title: "units", Kind: form.AskText, Required: true, DependsOn: on(3, "Gin", false)},
		form.Question{ID: 5, Title: "no gin", Kind: form.AskText, Required: true, DependsOn: on(3, "Gin", true)},
		form.Question{ID: 6, Title: "much", Kind: form.AskText, Required: true, DependsOn: on(4, "40", false)},
		form.Question{ID: 7, Title: "since", Kind: form.AskDate},
		form.Question{ID: 8, Title: "long", Kind: form.AskText, Required: true, DependsOn: on(7, "2031-01-01", false)},
	)
	for _, c := range []struct {
		given   map[string]any
		missing string
	}{
		{nil, ""},
		{map[string]any{"smoke": "No"}, ""},
		{map[string]any{"smoke": "Yes"}, "why"},
		{map[string]any{"smoke": "Yes", "why": " "}, "why"},
		{map[string]any{"smoke": "Yes", "why": "x"}, ""},
		{map[string]any{"drink": []any{"Tea", "Gin"}}, "units"},
		{map[string]any{"drink": []any{"Tea", "Rum"}}, "no gin"},
		{map[string]any{"drink": []any{"Tea", "Rum"}, "no gin": "x"}, ""},
		{map[string]any{"drink": []any{"Gin"}, "units": "40"}, "much"},
		{map[string]any{"drink": []any{"Gin"}, "units": "4"}, ""},
		// What is not asked is not counted on, though it was answered.
		{map[string]any{"drink": []any{"Tea"}, "no gin": "x", "units": "40"}, ""},
		{map[string]any{"since": "2031-01-01T10:00:00Z"}, "long"},
		{map[string]any{"since": "2031-01-02"}, ""},
	} {
		_, err := d.forms.Fill(d.ctx, q.ID, d.ada, answers(q, c.given))
		switch {
		case c.missing == "" && err != nil:
			t.Errorf("%v: got %v: %s", c.given, err, messageOf(err))
		case c.missing != "" && (!errors.Is(err, form.ErrUnanswered) ||
			messageOf(err) != fmt.Sprintf("%q must be answered.", c.missing)):
			t.Errorf("%v: got %v: %s", c.given, err, messageOf(err))
		}
	}
}

// TestNothingIsKeptWhenAFileHasNoAddress has lost the key that addresses are signed with: who fills a questionnaire in
// again must not have filled it in twice.
func TestNothingIsKeptWhenAFileHasNoAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db)
		q := d.asking(form.Question{ID: 1, Title: "Picture", Kind: form.AskFile})
		lost := errors.New("no key")
		d.box = func() (*seal.Box, error) { return nil, lost }
		_, err := d.forms.Fill(d.ctx, q.ID, d.ada,
			answers(q, map[string]any{"Picture": map[string]any{"name": "x.jpg", "type": "image/jpeg"}}))
		d.want(err, lost)
		if got := d.kept(); got != 0 {
			t.Errorf("%d consultations", got)
		}
	})
}

func TestDeletedQuestionnairesAreNotFilledIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db)
		q := wellbeing()
		q.DeletedAt = d.forms.Now()
		q, err := d.forms.Import(d.operator, q)
		d.must(err)
		_, err = d.forms.Fill(d.ctx, q.ID, d.ada, answers(q, map[string]any{"Do you smoke?": "No"}))
		d.want(err, form.ErrNotFound)
	})
}
