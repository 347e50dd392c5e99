package form_test

import (
	"fmt"
	"strings"
	"testing"

	"frontdesk/core/assignee"
	"frontdesk/core/diary"
	"frontdesk/core/form"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	diarystore "frontdesk/store/diary"
	practicestore "frontdesk/store/practice"
)

// types adds two types of appointment, of which the second is not offered any more.
func (d *kit) types() (offered, not diary.TypeID) {
	d.Helper()
	s := &diary.Service{Store: diarystore.New(d.db), Practice: practicestore.New(d.db), Now: d.forms.Now,
		NewID: d.db.NewID}
	make := func(name string) diary.TypeID {
		t, err := s.CreateType(d.operator, diary.TypeChange{Name: &name, Minutes: new(10),
			Profession: new(practice.Professions[0]), Sector: new(practice.Sectors[0]), InPerson: new(true)})
		d.must(err)
		return t.ID
	}
	offered, not = make("Review"), make("Old")
	_, err := s.UpdateType(d.operator, not, diary.TypeChange{Active: new(false)})
	d.must(err)
	return offered, not
}

// chest is a care navigation form: red flags first, then an appointment, a task, and advice for what is left.
func chest(review diary.TypeID) form.Change {
	on := func(key, answer string) form.Condition { return form.Condition{Key: key, Answer: answer} }
	return form.Change{Title: new("Chest pain"), Type: new(form.Navigates), Fields: &[]form.Field{
		{Key: "pain", Question: form.Question{Title: "Do you have pain now?", Kind: form.AskOption, Required: true,
			Choices: []string{"Yes", "No"}}},
		{Key: "signs", If: &form.Dependency{Key: "pain", Answer: "Yes"}, Question: form.Question{Title: "What else?",
			Kind: form.AskOption, Multiple: true, Choices: []string{"Sweating", "Breathless", "None"}}},
		{Key: "days", Question: form.Question{Title: "For how many days?", Kind: form.AskText,
			Number: &form.Bounds{Low: 0, High: 365, Unit: "days"}}},
		{Key: "note", Question: form.Question{Title: "Anything else?", Kind: form.AskLines}},
	}, Rules: &[]form.Rule{
		{When: []form.Condition{on("pain", "Yes"), on("signs", "Sweating")},
			Outcome: form.Outcome{Kind: form.Advises, Urgent: true, Heading: "Call 999 now", Text: "Do not wait."}},
		{When: []form.Condition{{Key: "days", AtLeast: new(7.0)}},
			Outcome: form.Outcome{Kind: form.Books, Type: review}},
		{When: []form.Condition{{Key: "pain", Answer: "No", Negate: true}},
			Outcome: form.Outcome{Kind: form.Raises, Task: "Ring the patient", Priority: task.High}},
	}, Otherwise: &form.Outcome{Kind: form.Advises, Heading: "Look after yourself", Text: "Rest."}}
}

func TestAnswersLeadToTheFirstRuleTheyMeet(t *testing.T) {
	each(t, func(d *kit) {
		ctx, _ := d.practice()
		review, _ := d.types()
		made, err := d.forms.Create(ctx, chest(review))
		d.must(err)
		q, err := d.forms.Publish(ctx, made.ID, form.Change{})
		d.must(err)
		if q.Concept().Code != "1068881000000101" {
			d.Errorf("got %+v", q.Concept())
		}
		fields := q.Content.Fields()
		for _, c := range []struct {
			name string
			says []any // by question; nil leaves it out
			want string
		}{
			{"a red flag comes before an appointment", []any{"Yes", []any{"Breathless", "Sweating"}, "30"}, "1 advice true"},
			{"a number that is enough", []any{"No", nil, "7"}, "2 appointment false"},
			{"a number that is not enough", []any{"No", nil, "6"}, "0 advice false"},
			{"another answer", []any{"Yes", "None", "6"}, "3 task false"},
			{"what is not asked counts for nothing", []any{"No", nil, nil}, "0 advice false"},
		} {
			var given []form.Answer
			for i, says := range c.says {
				if says != nil {
					given = append(given, form.Answer{Question: fields[i].ID, Value: says})
				}
			}
			filled, err := d.forms.Fill(ctx, made.ID, d.ada, given)
			d.must(err)
			r, err := d.forms.Response(ctx, filled.Consultation.ID)
			d.must(err)
			got := fmt.Sprintf("%d %s %t", r.Decision.Rule, r.Decision.Outcome.Kind, r.Decision.Outcome.Urgent)
			if got != c.want || (r.Decision.Task != 0) != strings.Contains(c.want, "task") {
				d.Errorf("%s: got %s %+v, want %s", c.name, got, r.Decision, c.want)
			}
		}
		var n int
		_, err = d.db.Conn().One(d.ctx, `SELECT count(*) FROM task WHERE subject = 'Care navigation: Chest pain'
			AND priority = 'high'`, nil, &n)
		d.must(err)
		if n != 1 {
			d.Errorf("%d tasks", n)
		}
	})
}

func TestAnAppointmentThatIsNotOfferedAnyMoreBecomesATask(t *testing.T) {
	each(t, func(d *kit) {
		ctx, _ := d.practice()
		review, _ := d.types()
		made, err := d.forms.Create(ctx, chest(review))
		d.must(err)
		q, err := d.forms.Publish(ctx, made.ID, form.Change{})
		d.must(err)
		_, err = (&diary.Service{Store: diarystore.New(d.db), Practice: practicestore.New(d.db), Now: d.forms.Now,
			NewID: d.db.NewID}).UpdateType(d.operator, review, diary.TypeChange{Active: new(false)})
		d.must(err)
		fields := q.Content.Fields()
		filled, err := d.forms.Fill(ctx, made.ID, d.ada, []form.Answer{{Question: fields[0].ID, Value: "No"},
			{Question: fields[2].ID, Value: "9"}})
		d.must(err)
		r, err := d.forms.Response(ctx, filled.Consultation.ID)
		d.must(err)
		if dec := r.Decision; !dec.Replaced || dec.Rule != 2 || dec.Outcome.Kind != form.Raises || dec.Task == 0 {
			d.Fatalf("got %+v", dec)
		}
	})
}

func TestRulesThatLeadNowhereAreNotPublished(t *testing.T) {
	each(t, func(d *kit) {
		ctx, _ := d.practice()
		review, old := d.types()
		set := func(i int, when ...form.Condition) func(*form.Change) {
			return func(c *form.Change) { (*c.Rules)[i].When = when }
		}
		outcome := func(i int, o form.Outcome) func(*form.Change) {
			return func(c *form.Change) { (*c.Rules)[i].Outcome = o }
		}
		yes, no := form.Condition{Key: "pain", Answer: "Yes"}, form.Condition{Key: "pain", Answer: "No"}
		urgent := form.Outcome{Kind: form.Advises, Urgent: true, Heading: "Call 999", Text: "Now."}
		for name, c := range map[string]struct {
			change func(*form.Change)
			path   string
		}{
			"no default":    {func(c *form.Change) { c.Otherwise = nil }, "default_outcome"},
			"another type":  {func(c *form.Change) { c.Type = new(form.Asks) }, "form_type"},
			"no conditions": {set(0), "rules.0.conditions"},
			"a type that is gone": {outcome(1, form.Outcome{Kind: form.Books, Type: old}),
				"rules.1.outcome.appointment_type"},
			"an unknown type": {outcome(1, form.Outcome{Kind: form.Books, Type: 1}), "rules.1.outcome.appointment_type"},
			"an unknown member of staff": {outcome(2, form.Outcome{Kind: form.Raises, Task: "x",
				Assignee: assignee.ToStaff[int64](1)}),
				"rules.2.outcome.assignee"},
			"urgent after an appointment": {outcome(2, urgent), "rules.2.outcome.urgent"},
			"an unknown answer": {set(0, form.Condition{Key: "pain", Answer: "Perhaps"}),
				"rules.0.conditions.0.answer"},
			"no answer": {set(0, form.Condition{Key: "pain"}), "rules.0.conditions.0.answer"},
			"a number compared as words": {set(0, form.Condition{Key: "days", Answer: "7 days"}),
				"rules.0.conditions.0.at_least"},
			"a number out of bounds": {set(0, form.Condition{Key: "days", AtLeast: new(366.0)}),
				"rules.0.conditions.0.at_least"},
			"a number below bounds": {set(0, form.Condition{Key: "days", AtMost: new(-1.0)}),
				"rules.0.conditions.0.at_most"},
			"words compared as a number": {set(0, form.Condition{Key: "note", AtLeast: new(1.0)}),
				"rules.0.conditions.0.form_question_id"},
			"two answers of one": {set(0, yes, no), "rules.0.conditions"},
			"an answer and not it": {set(0, yes, form.Condition{Key: "pain", Answer: "Yes", Negate: true}),
				"rules.0.conditions"},
			"all ruled out": {set(0, form.Condition{Key: "pain", Answer: "Yes", Negate: true},
				form.Condition{Key: "pain", Answer: "No", Negate: true}), "rules.0.conditions"},
			"numbers that do not meet": {set(0, form.Condition{Key: "days", AtLeast: new(9.0)},
				form.Condition{Key: "days", AtMost: new(8.0)}), "rules.0.conditions"},
			"a question that is not asked then": {set(0, no, form.Condition{Key: "signs", Answer: "None"}),
				"rules.0.conditions"},
			"one that an earlier one has": {set(1, yes, form.Condition{Key: "signs", Answer: "Sweating"},
				form.Condition{Key: "days", AtMost: new(3.0)}), "rules.1.conditions"},
			"one that an earlier one has with wider bounds": {func(c *form.Change) {
				set(0, form.Condition{Key: "days", AtLeast: new(1.0)})(c)
				set(1, form.Condition{Key: "days", AtLeast: new(7.0)}, yes)(c)
			}, "rules.1.conditions"},
			"one that an earlier one has in other words": {func(c *form.Change) {
				set(0, yes)(c)
				set(1, form.Condition{Key: "pain", Answer: "No", Negate: true})(c)
			}, "rules.1.conditions"},
			"bounds that rule out all": {set(0, form.Condition{Key: "days", AtLeast: new(5.0)},
				form.Condition{Key: "days", AtLeast: new(3.0), Negate: true}), "rules.0.conditions"},
		} {
			written := chest(review)
			c.change(&written)
			made, err := d.forms.Create(ctx, written)
			if err == nil {
				_, err = d.forms.Publish(ctx, made.ID, form.Change{})
			}
			if got, _, _ := strings.Cut(pathsOf(err), " "); got != c.path {
				d.Errorf("%s: got %q, want %q: %v", name, got, c.path, err)
			}
		}
		for path, change := range map[string]func(*form.Change){
			"rules.0.conditions.0.form_question_id": set(0, form.Condition{Key: "weight", Answer: "x"}),
			"rules.0.outcome.type":                  outcome(0, form.Outcome{Kind: "refer"}),
			"rules.0.outcome.text":                  outcome(0, form.Outcome{Kind: form.Advises, Heading: "x"}),
			"rules.0.outcome.urgent": outcome(0, form.Outcome{Kind: form.Raises, Task: "x",
				Urgent: true}),
			"rules.0.outcome.priority":  outcome(0, form.Outcome{Kind: form.Raises, Task: "x", Priority: "soon"}),
			"default_outcome.task_text": func(c *form.Change) { c.Otherwise = &form.Outcome{Kind: form.Raises} },
		} {
			written := chest(review)
			change(&written)
			_, err := d.forms.Create(ctx, written)
			if got, _, _ := strings.Cut(pathsOf(err), " "); got != path {
				d.Errorf("got %q, want %q: %v", got, path, err)
			}
		}
	})
}
