package form_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/store"
)

// asthma is a form as it is written: what another question decides, and two sections.
func asthma() form.Change {
	return form.Change{Title: new("Asthma review"), Header: new("Before your review"), Fields: &[]form.Field{
		{Key: "smokes", Section: "You", Question: form.Question{Title: "Do you smoke?", Kind: form.AskOption,
			Required: true, Choices: []string{"Yes", "No"}}},
		{Key: "many", Section: "You", If: &form.Dependency{Key: "smokes", Answer: "Yes"},
			Question: form.Question{Title: "How many a day?", Kind: form.AskText,
				Number: &form.Bounds{Low: 1, High: 100}}},
		{Key: "quit", Section: "Quitting", SectionIf: &form.Dependency{Key: "smokes", Answer: "No", Negate: true},
			Question: form.Question{Title: "Would you quit?", Kind: form.AskText}},
	}}
}

func (d *kit) practice() (ctx, other context.Context) {
	d.Helper()
	g := as(d.group, access.SeeQuestionnaires, access.SettingsGeneral, access.SeeRecords, access.FillQuestionnaires)
	return g, d.other
}

func TestAFormIsEditedAsADraftAndAPublishedVersionStays(t *testing.T) {
	each(t, func(d *kit) {
		ctx, _ := d.practice()
		made, err := d.forms.Create(ctx, asthma())
		d.must(err)
		if len(made.Content.Sections) != 2 || made.Published != 0 || made.Type != form.Asks {
			d.Fatalf("got %+v", made)
		}
		// Nothing asks for it before it is published.
		_, err = d.forms.Find(ctx, made.ID)
		d.want(err, form.ErrNotFound)
		_, err = d.forms.Fill(ctx, made.ID, d.ada, nil)
		d.want(err, form.ErrNotFound)
		if all, _, err := d.forms.All(ctx, form.Filter{}, 0, 10); err != nil || len(all) != 0 {
			d.Fatalf("got %+v, %v", all, err)
		}
		if all, _, err := d.forms.All(ctx, form.Filter{Drafts: true, Search: "ASTHMA"}, 0, 10); err != nil || len(all) != 1 {
			d.Fatalf("got %+v, %v", all, err)
		}
		first, err := d.forms.Publish(ctx, made.ID, form.Change{})
		d.must(err)
		again, err := d.forms.Publish(ctx, made.ID, form.Change{})
		d.must(err)
		if first.Published != 1 || again.Published != 1 || again.Draft != nil {
			d.Fatalf("got %+v, %+v", first, again)
		}
		// A question that keeps its id is the same question; one that is new gets an id.
		fields := first.Content.Fields()
		fields[0].Title = "Do you smoke or vape?"
		fields = append(fields[:2], form.Field{Key: "new", Section: "You",
			Question: form.Question{Title: "Since when?", Kind: form.AskDate}})
		edited, err := d.forms.Change(ctx, made.ID, form.Change{Fields: &fields})
		d.must(err)
		found, err := d.forms.Form(ctx, made.ID)
		d.must(err)
		if found.Content.Fields()[0].Title != "Do you smoke?" || len(found.Content.Fields()) != 3 {
			d.Fatalf("the published version changed: %+v", found.Content)
		}
		second, err := d.forms.Publish(ctx, made.ID, form.Change{})
		d.must(err)
		now, was := second.Content.Fields(), first.Content.Fields()
		if second.Published != 2 || now[0].Key != was[0].Key || now[1].Key != was[1].Key || now[2].Key == was[2].Key ||
			now[1].If.Question != now[0].ID || !reflect.DeepEqual(edited.Content, second.Content) {
			d.Fatalf("got %+v", now)
		}
		old, err := d.forms.Version(ctx, made.ID, 1)
		d.must(err)
		if !reflect.DeepEqual(old.Content, first.Content) || old.Published != 1 {
			d.Fatalf("got %+v\nwant %+v", old.Content, first.Content)
		}
		all, err := d.forms.Versions(ctx, made.ID)
		d.must(err)
		if len(all) != 2 || all[0].Number != 2 || all[1].Number != 1 || all[0].By != "Partner" {
			d.Fatalf("got %+v", all)
		}
		_, err = d.forms.Version(ctx, made.ID, 3)
		d.want(err, form.ErrNoVersion)
	})
}

func TestWhatIsWrongWithAFormIsNamedByItsPlace(t *testing.T) {
	each(t, func(d *kit) {
		ctx, _ := d.practice()
		for path, change := range map[string]func(*form.Change){
			"title":                     func(c *form.Change) { c.Title = new(" ") },
			"form_type":                 func(c *form.Change) { c.Type = new(form.Type("quiz")) },
			"snomed_code":               func(c *form.Change) { c.Code, c.Term = new("12"), new("x") },
			"fields.0.choices":          func(c *form.Change) { (*c.Fields)[0].Choices = nil },
			"fields.1.number":           func(c *form.Change) { (*c.Fields)[1].Number.Low = 101 },
			"fields.1.form_question_id": func(c *form.Change) { (*c.Fields)[1].Key = "smokes" },
			"fields.2.question":         func(c *form.Change) { (*c.Fields)[2].Title = "" },
			"fields.2.kind":             func(c *form.Change) { (*c.Fields)[2].Kind = "essay" },
			"fields.1.condition.answer": func(c *form.Change) { (*c.Fields)[1].If.Answer = "Perhaps" },
			"fields.0.condition.form_question_id": func(c *form.Change) {
				(*c.Fields)[0].If = &form.Dependency{Key: "quit", Answer: "x"}
			},
			"fields.2.condition.answer": func(c *form.Change) {
				(*c.Fields)[2].If = &form.Dependency{Key: "many", Answer: "7"}
			},
			"fields.2.section_condition.form_question_id": func(c *form.Change) { (*c.Fields)[2].SectionIf.Key = "x" },
			"fields.2.section": func(c *form.Change) {
				(*c.Fields)[2].Section = strings.Repeat("x", 201)
			},
		} {
			c := asthma()
			change(&c)
			_, err := d.forms.Create(ctx, c)
			if got, _, _ := strings.Cut(pathsOf(err), " "); got != path {
				d.Errorf("got %q, want %q: %v", got, path, err)
			}
		}
		empty, err := d.forms.Create(ctx, form.Change{Title: new("Empty")})
		d.must(err)
		if _, err := d.forms.Publish(ctx, empty.ID, form.Change{}); pathsOf(err) != "fields" {
			d.Errorf("got %v", err)
		}
	})
}

// pathsOf are where a refusal says something is wrong.
func pathsOf(err error) string {
	var out []string
	if err != nil {
		for _, f := range fault.Of(err).Fields {
			out = append(out, strings.Join(f.Path, "."))
		}
	}
	return strings.Join(out, " ")
}

func TestFormsAreThePracticesOwnAndEditedByThoseWhoMay(t *testing.T) {
	each(t, func(d *kit) {
		ctx, _ := d.practice()
		made, err := d.forms.Create(ctx, asthma())
		d.must(err)
		_, err = d.forms.Publish(ctx, made.ID, form.Change{})
		d.must(err)
		elsewhere := as(d.group+1<<40, access.SeeQuestionnaires, access.SettingsGeneral, access.SeeRecords)
		for name, ask := range map[string]func(context.Context) error{
			"form":     func(ctx context.Context) error { _, err := d.forms.Form(ctx, made.ID); return err },
			"edit":     func(ctx context.Context) error { _, err := d.forms.Edit(ctx, made.ID); return err },
			"version":  func(ctx context.Context) error { _, err := d.forms.Version(ctx, made.ID, 1); return err },
			"versions": func(ctx context.Context) error { _, err := d.forms.Versions(ctx, made.ID); return err },
			"change":   func(ctx context.Context) error { _, err := d.forms.Change(ctx, made.ID, form.Change{}); return err },
			"publish":  func(ctx context.Context) error { _, err := d.forms.Publish(ctx, made.ID, form.Change{}); return err },
		} {
			if err := ask(elsewhere); fault.Of(err).Code != form.ErrNoForm.Code {
				d.Errorf("%s: another practice got %v", name, err)
			}
			d.want(ask(as(d.group)), access.ErrPermission)
		}
		_, err = d.forms.Create(as(d.group, access.SeeQuestionnaires), asthma())
		d.want(err, access.ErrPermission)
	})
}

func TestFormsAreListedInPages(t *testing.T) {
	each(t, func(d *kit) {
		ctx, _ := d.practice()
		var made []form.ID
		for i := range 2*form.Chunk + 3 {
			c := form.Change{Title: new("Asthma")}
			if i%2 == 1 {
				c.Title = new("Diet")
			}
			one, err := d.forms.Create(ctx, c)
			d.must(err)
			if i%2 == 1 {
				made = append(made, one.ID)
			}
		}
		var listed []form.ID
		for at := 0; at < len(made); at += 70 {
			page, count, err := d.forms.All(ctx, form.Filter{Drafts: true, Search: "diet"}, at, 70)
			if d.must(err); count != len(made) || len(page) > 70 {
				d.Fatalf("got %d of %d, want %d", len(page), count, len(made))
			}
			for _, q := range page {
				listed = append(listed, q.ID)
			}
		}
		if !slices.Equal(listed, made) {
			d.Fatalf("the pages have %d forms, want %d", len(listed), len(made))
		}
		if page, count, err := d.forms.All(ctx, form.Filter{Drafts: true}, 1000, 70); err != nil || len(page) != 0 ||
			count != 2*form.Chunk+3 {
			d.Errorf("beyond the end: %d of %d, %v", len(page), count, err)
		}
	})
}

// TestAListOfResponsesTakesAFixedNumberOfStatements lists one response with its answers, and then many.
func TestAListOfResponsesTakesAFixedNumberOfStatements(t *testing.T) {
	each(t, func(d *kit) {
		ctx, _ := d.practice()
		made, err := d.forms.Create(ctx, asthma())
		d.must(err)
		q, err := d.forms.Publish(ctx, made.ID, form.Change{})
		d.must(err)
		count := func(want int) int64 {
			counting, n := store.Counting(ctx)
			all, _, err := d.forms.Responses(counting, form.ResponseQuery{Limit: 100})
			if d.must(err); len(all) != want || len(all[want-1].Entries) != 3 {
				d.Fatalf("got %d, want %d: %+v", len(all), want, all)
			}
			return n()
		}
		fill := func() {
			_, err := d.forms.Fill(ctx, made.ID, d.ada,
				answers(q, map[string]any{"Do you smoke?": "Yes", "How many a day?": "10", "Would you quit?": "No"}))
			d.must(err)
		}
		fill()
		one := count(1)
		for range 15 {
			fill()
		}
		if many := count(16); many != one || one > 4 {
			d.Fatalf("one response takes %d statements, and 16 take %d", one, many)
		}
	})
}

func TestAnswersNameTheVersionTheyWereGivenTo(t *testing.T) {
	each(t, func(d *kit) {
		ctx, other := d.practice()
		made, err := d.forms.Create(ctx, asthma())
		d.must(err)
		answer := func() clinical.ConsultationID {
			q, err := d.forms.Publish(ctx, made.ID, form.Change{})
			d.must(err)
			filled, err := d.forms.Fill(ctx, made.ID, d.ada, []form.Answer{
				{Question: q.Content.Fields()[0].ID, Value: "No"}})
			d.must(err)
			return filled.Consultation.ID
		}
		first := answer()
		fields := made.Content.Fields()
		fields[0].Title = "Do you smoke or vape?"
		_, err = d.forms.Change(ctx, made.ID, form.Change{Fields: &fields})
		d.must(err)
		second := answer()
		all, n, err := d.forms.Responses(ctx, form.ResponseQuery{Form: made.ID, Limit: 10})
		d.must(err)
		var got []string
		for _, r := range all {
			got = append(got, fmt.Sprintf("%d %s %s %t", r.Version, r.Entries[0].Title, r.Entries[0].Term,
				r.Entries[0].Detail.Question == fields[0].ID))
		}
		if n != 2 || strings.Join(got, "|") != "1 Do you smoke? No true|2 Do you smoke or vape? No true" {
			d.Fatalf("got %d %q", n, got)
		}
		_, err = d.forms.Response(other, first)
		d.want(err, form.ErrNoResponse)
		_, err = d.forms.Hide(other, first, true)
		d.want(err, form.ErrNoResponse)
		hidden, err := d.forms.Hide(ctx, first, true)
		d.must(err)
		count := func(q form.ResponseQuery) int {
			q.Limit = 10
			found, n, err := d.forms.Responses(ctx, q)
			d.must(err)
			if n != len(found) {
				d.Errorf("%d are counted, %d listed", n, len(found))
			}
			return n
		}
		for _, c := range []struct {
			q    form.ResponseQuery
			want int
		}{
			{form.ResponseQuery{}, 1}, {form.ResponseQuery{Hidden: true}, 2}, {form.ResponseQuery{Patient: d.ada}, 1},
			{form.ResponseQuery{Patient: d.ada, Form: made.ID, Hidden: true}, 2},
			{form.ResponseQuery{Patient: d.ada, Form: 1, Hidden: true}, 0},
			{form.ResponseQuery{Since: hidden.CreatedAt.Add(1000), Hidden: true}, 0},
			{form.ResponseQuery{Since: hidden.CreatedAt, Hidden: true}, 2},
		} {
			if got := count(c.q); got != c.want {
				d.Errorf("%+v: %d, not %d", c.q, got, c.want)
			}
		}
		// A response whose consultation was deleted is gone.
		_, err = d.records.DeleteConsultation(as(d.group, access.EditRecords, access.SeeRecords), d.ada, second)
		d.must(err)
		_, err = d.forms.Response(ctx, second)
		d.want(err, form.ErrNoResponse)
	})
}
