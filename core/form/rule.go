package form

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/task"
)

// OutcomeKind is what the answers to a care navigation form lead to.
type OutcomeKind string

// The kinds of outcome.
const (
	Books   OutcomeKind = "appointment" // the patient books
	Raises  OutcomeKind = "task"        // staff get a task
	Advises OutcomeKind = "advice"      // the patient reads what to do
)

// OutcomeKinds are all the kinds of outcome.
var OutcomeKinds = []OutcomeKind{Books, Raises, Advises}

// Outcome is what answers lead to.
type Outcome struct {
	Kind OutcomeKind `json:"type"`
	// Heading and Text are what the patient reads; advice has both.
	Heading string `json:"heading,omitempty"`
	Text    string `json:"text,omitempty"`
	// Urgent says that the advice cannot wait: a red flag.
	Urgent bool `json:"urgent,omitempty"`
	// Type is what the patient books.
	Type diary.TypeID `json:"appointment_type_id,omitempty"`
	// Task is what staff read of the task, and Assignee whose it is.
	Task     string        `json:"task_text,omitempty"`
	Priority task.Priority `json:"priority,omitempty"`
	Assignee assignee.Ref  `json:"assignee,omitzero"`
}

// Condition is about the answer to one question.
type Condition struct {
	Question int64 `json:"question"`
	// Answer is the answer it must have; of a number it is AtLeast and AtMost that say so.
	Answer  string   `json:"answer,omitempty"`
	AtLeast *float64 `json:"at_least,omitempty"`
	AtMost  *float64 `json:"at_most,omitempty"`
	// Negate says that it must be another answer.
	Negate bool `json:"negate,omitempty"`
	// Key names the question where a form is written: see Field.
	Key string `json:"-"`
}

// Rule is the outcome of answers that meet all its conditions.
type Rule struct {
	When    []Condition `json:"when"`
	Outcome Outcome     `json:"outcome"`
}

// Decision is what the answers of one response led to.
type Decision struct {
	Outcome Outcome `json:"outcome"`
	// Rule is the first that the answers met, counted from 1; 0 is that they met none.
	Rule int `json:"rule"`
	// Replaced says that the type of appointment was not offered any more, so that staff have a task.
	Replaced bool `json:"replaced,omitempty"`
	// Task is the task that staff have, and Link the link by which the patient books; 0 is none.
	Task task.ID `json:"task_id,omitempty"`
	Link int64   `json:"booking_link_id,omitempty"`
}

// Bookable reads the types of appointment that rules lead to.
type Bookable interface {
	// AppointmentType finds a type, or returns diary.ErrTypeNotFound.
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
}

// met reports whether answers to the question meet the condition. A question that was not answered meets none.
func (c Condition) met(values []value) bool {
	if len(values) == 0 {
		return false
	}
	return c.Negate != slices.ContainsFunc(values, func(v value) bool {
		if c.numbers() {
			return (c.AtLeast == nil || v.number >= *c.AtLeast) && (c.AtMost == nil || v.number <= *c.AtMost)
		}
		return v.text == c.Answer
	})
}

// numbers reports a condition on a number.
func (c Condition) numbers() bool { return c.AtLeast != nil || c.AtMost != nil }

// outcome is what answers lead to: of the rules whose conditions they all meet the first, or what is left.
func (c Content) outcome(given []answered) *Decision {
	if c.Otherwise == nil {
		return nil
	}
	said := map[int64][]value{}
	for _, a := range given {
		said[a.question.ID] = a.values
	}
	for i, r := range c.Rules {
		if !slices.ContainsFunc(r.When, func(c Condition) bool { return !c.met(said[c.Question]) }) {
			return &Decision{Outcome: r.Outcome, Rule: i + 1}
		}
	}
	return &Decision{Outcome: *c.Otherwise}
}

// decide finds what the answers to a care navigation form lead to, and has it happen in their transaction. Where the
// type of appointment is not offered any more, staff have a task instead.
func (s *Service) decide(
	ctx context.Context, tx Keeper, who access.Caller, q Questionnaire, r *Response, given []answered, f Filling,
	now time.Time,
) error {
	if q.Type != Navigates {
		return nil
	}
	d := q.Content.outcome(given)
	if d == nil {
		return nil
	}
	r.Decision = d
	if d.Outcome.Kind == Books {
		t, err := tx.AppointmentType(ctx, who.Group, d.Outcome.Type)
		switch {
		case err == nil && t.Active:
			if f.Offer != nil {
				d.Link, err = f.Offer(ctx, t.ID)
			}
			return err
		case err != nil && fault.Of(err).Code != diary.ErrTypeNotFound.Code:
			return err
		}
		d.Replaced = true
		d.Outcome = Outcome{Kind: Raises, Priority: task.High,
			Task: "The answers lead to a type of appointment that is not offered any more. Contact the patient."}
	}
	if d.Outcome.Kind != Raises {
		return nil
	}
	return s.raise(ctx, tx, who, q, r, now)
}

// raise gives staff the task that the answers lead to. A member of staff or a team that is gone is not given it.
func (s *Service) raise(
	ctx context.Context, tx Keeper, who access.Caller, q Questionnaire, r *Response, now time.Time,
) error {
	d := r.Decision
	to, err := assignee.IfThere(ctx, tx, who.Group, d.Outcome.Assignee)
	if err != nil {
		return err
	}
	d.Outcome.Assignee = to
	today, err := practice.Today(ctx, tx, who.Group, now)
	if err != nil {
		return err
	}
	d.Task = task.ID(s.NewID())
	return task.Raise(ctx, tx, who, now, task.Task{ID: d.Task, Patient: r.Patient, Assignee: d.Outcome.Assignee,
		Kind: task.General, Priority: d.Outcome.Priority, Due: today, Subject: "Care navigation: " + q.Title,
		Comments: d.Outcome.Task + "\nThe answers are consultation " + r.ID.String() + "."})
}

// checkOutcome checks an outcome as far as it is right by itself.
func (o *Outcome) check(in *input.Checks) {
	o.Kind = input.Choice(in, "type", o.Kind, OutcomeKinds)
	o.Heading, o.Text = in.Text("heading", o.Heading, 200), in.Lines("text", o.Text, 5000)
	o.Task = in.Lines("task_text", o.Task, 2000)
	if o.Kind == Raises && o.Priority == "" {
		o.Priority = task.Medium
	}
	if o.Priority != "" {
		o.Priority = input.Choice(in, "priority", o.Priority, task.Priorities)
	}
	wrong := func(is bool, field, expected, message string) {
		if is {
			in.Wrong(field, input.CodeRequired, expected, message)
		}
	}
	wrong(o.Kind == Advises && o.Heading == "", "heading", "a heading", "Advice has a heading that the patient reads.")
	wrong(o.Kind == Advises && o.Text == "", "text", "a text", "Advice has a text that the patient reads.")
	wrong(o.Kind == Raises && o.Task == "", "task_text", "a text", "Say what staff are to do.")
	wrong(o.Kind == Books && o.Type == 0, "appointment_type", "the id of a type of appointment",
		"Say what the patient books.")
	if o.Urgent && o.Kind != Advises {
		in.Wrong("urgent", input.CodeChoice, "false, or an outcome of the type `advice`", "Only advice is urgent.")
	}
}
