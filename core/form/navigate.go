package form

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"

	"frontdesk/core/assignee"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/write"
)

// mostRules is how many rules a form may have, and mostConditions how many conditions a rule.
const (
	mostRules      = 50
	mostConditions = 10
)

// rules sets the rules and the default outcome that are written. Their keys name questions of the form.
func (w *writing) rules(c *Content, to Change) {
	if to.Rules != nil {
		if w.ids == nil {
			w.ids = map[string]int64{}
			for _, f := range c.Fields() {
				w.ids[f.Key] = f.ID
			}
		}
		if len(*to.Rules) > mostRules {
			w.check(func(in *input.Checks) {
				in.Wrong("rules", input.CodeBig, "at most "+strconv.Itoa(mostRules)+" rules", "These are too many rules.")
			})
			return
		}
		c.Rules = slices.Clone(*to.Rules)
		for i := range c.Rules {
			r, at := &c.Rules[i], []string{"rules", strconv.Itoa(i)}
			r.When = slices.Clone(r.When)
			for j := range r.When {
				on := slices.Concat(at, []string{"conditions", strconv.Itoa(j)})
				r.When[j].Question, r.When[j].Key = w.name(r.When[j].Key, on...), ""
			}
			w.check(r.Outcome.check, slices.Concat(at, []string{"outcome"})...)
		}
	}
	if to.Otherwise != nil {
		o := *to.Otherwise
		w.check(o.check, "default_outcome")
		c.Otherwise = &o
	}
}

// navigates checks that answers to a care navigation form lead somewhere: every rule can be met and is reached, what
// outcomes name is there, urgent advice comes before appointments, and there is an outcome for what is left.
func (s *Service) navigates(ctx context.Context, e write.Edit[Tx], w *writing, q Questionnaire) error {
	c := q.Draft.Content
	if q.Type != Navigates {
		if len(c.Rules) > 0 || c.Otherwise != nil {
			w.check(func(in *input.Checks) {
				in.Wrong("form_type", input.CodeChoice, "`care_navigation`, or a form without rules and without a default outcome",
					"Only care navigation forms have outcomes.")
			})
		}
		return nil
	}
	if c.Otherwise == nil {
		w.check(func(in *input.Checks) {
			in.Wrong("default_outcome", input.CodeRequired, "an outcome",
				"Say what comes of answers that meet no rule.")
		})
		return nil
	}
	if err := s.named(ctx, e, w, *c.Otherwise, "default_outcome"); err != nil {
		return err
	}
	asked := questionsOf(c)
	books := false
	for i, r := range c.Rules {
		at := []string{"rules", strconv.Itoa(i)}
		w.meets(c, asked, i, at)
		books = books || r.Outcome.Kind == Books
		if books && r.Outcome.Urgent {
			w.check(func(in *input.Checks) {
				in.Wrong("urgent", input.CodeChoice, "urgent advice before all rules that lead to an appointment",
					"A patient who needs urgent advice must not be led to an appointment first.")
			}, slices.Concat(at, []string{"outcome"})...)
		}
		if err := s.named(ctx, e, w, r.Outcome, slices.Concat(at, []string{"outcome"})...); err != nil {
			return err
		}
	}
	return nil
}

// questionsOf are the questions of a form by id.
func questionsOf(c Content) map[int64]Question {
	out := map[int64]Question{}
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			out[q.ID] = q
		}
	}
	return out
}

// named notes what an outcome names and the practice does not have.
func (s *Service) named(ctx context.Context, e write.Edit[Tx], w *writing, o Outcome, path ...string) error {
	if o.Kind == Books {
		t, err := e.Tx.AppointmentType(ctx, e.Group(), o.Type)
		if err != nil && !errors.Is(err, diary.ErrTypeNotFound) {
			return err
		}
		if err != nil || !t.Active {
			w.check(func(in *input.Checks) {
				in.Wrong("appointment_type", diary.ErrTypeNotFound.Code, "a type of appointment that the practice offers",
					"This practice group offers no such type of appointment.")
			}, path...)
		}
	}
	if o.Kind != Raises || o.Assignee.IsZero() {
		return nil
	}
	err := assignee.Check(ctx, e.Tx, e.Group(), o.Assignee)
	if errors.Is(err, assignee.ErrNotFound) {
		w.at(err, path...)
		return nil
	}
	return err
}

// meets notes what keeps answers from meeting the conditions of a rule, or from reaching it.
func (w *writing) meets(c Content, asked map[int64]Question, i int, at []string) {
	r := c.Rules[i]
	if len(r.When) == 0 || len(r.When) > mostConditions {
		w.check(func(in *input.Checks) {
			in.Wrong("conditions", input.CodeSmall, "from 1 to "+strconv.Itoa(mostConditions)+" conditions",
				"A rule has conditions. What has none is the default outcome.")
		}, at...)
		return
	}
	fine := true
	for j, on := range r.When {
		field, expected := on.impossible(asked)
		if field != "" {
			fine = false
			w.check(func(in *input.Checks) {
				in.Wrong(field, input.CodeChoice, expected, "No answers meet this condition.")
			}, slices.Concat(at, []string{"conditions", strconv.Itoa(j)})...)
		}
	}
	if !fine {
		return
	}
	wrong := func(expected, message string) {
		w.check(func(in *input.Checks) { in.Wrong("conditions", input.CodeChoice, expected, message) }, at...)
	}
	if contradict(c.implied(r.When), asked) {
		wrong("conditions that the same answers can meet", "No answers meet all these conditions.")
		return
	}
	all := c.implied(r.When)
	for _, earlier := range c.Rules[:i] {
		if len(earlier.When) > 0 && !slices.ContainsFunc(earlier.When, func(e Condition) bool {
			return !e.follows(r.When, all, asked[e.Question])
		}) {
			wrong("a rule that comes before, or has fewer conditions than, the one before it",
				"An earlier rule has all answers that meet this one.")
			return
		}
	}
}

// same reports whether two conditions ask for the same.
func (c Condition) same(d Condition) bool {
	number := func(n *float64) string {
		if n == nil {
			return ""
		}
		return plain(*n)
	}
	return c.Question == d.Question && c.Answer == d.Answer && c.Negate == d.Negate &&
		number(c.AtLeast) == number(d.AtLeast) && number(c.AtMost) == number(d.AtMost)
}

// impossible is what no answer can meet in a condition, by itself: the field, and what was expected.
func (c Condition) impossible(asked map[int64]Question) (field, expected string) {
	q, ok := asked[c.Question]
	switch {
	case !ok:
		return "form_question_id", "a question of this form"
	case q.Number != nil && (c.Answer != "" || !c.numbers()):
		return "at_least", "`at_least` or `at_most`, for a question whose answer is a number"
	case q.Number != nil:
		if c.AtLeast != nil && (*c.AtLeast > q.Number.High || c.AtMost != nil && *c.AtLeast > *c.AtMost) {
			return "at_least", "a number of at most " + plain(q.Number.High) + ", and no more than `at_most`"
		}
		if c.AtMost != nil && *c.AtMost < q.Number.Low {
			return "at_most", "a number of at least " + plain(q.Number.Low)
		}
		return "", ""
	case c.numbers():
		return "form_question_id", "a question whose answer is a number"
	case c.Answer == "":
		return "answer", "an answer to the question"
	}
	if expected := q.never(c.Answer); expected != "" {
		return "answer", expected
	}
	return "", ""
}

// implied are conditions with those that decide whether their questions are asked, and so on.
func (c Content) implied(when []Condition) []Condition {
	needs := c.dependencies()
	out := slices.Clone(when)
	for i := 0; i < len(out); i++ {
		for _, d := range needs[out[i].Question] {
			on := Condition{Question: d.Question, Answer: d.Answer, Negate: d.Negate}
			if !slices.ContainsFunc(out, on.same) {
				out = append(out, on)
			}
		}
	}
	return out
}

// contradict reports whether no answers can meet all of some conditions: of a question that takes one answer two
// are asked for, or all are ruled out, or no number is left.
func contradict(all []Condition, asked map[int64]Question) bool {
	for id, q := range asked {
		if q.Number != nil {
			if none(all, q) {
				return true
			}
			continue
		}
		must, not := said(all, id)
		for answer := range must {
			if not[answer] || len(must) > 1 && !q.Multiple {
				return true
			}
		}
		if q.Kind == AskOption && len(not) > 0 && len(not) == len(q.Choices) {
			return true
		}
	}
	return false
}

// follows reports whether all answers that meet a rule's conditions meet this one too: it is on the question q, and all
// are those conditions with what they imply.
func (c Condition) follows(when, all []Condition, q Question) bool {
	if slices.ContainsFunc(when, c.same) {
		return true
	}
	if !slices.ContainsFunc(when, func(on Condition) bool { return on.Question == c.Question }) {
		return false // it may go without an answer, which meets nothing
	}
	if q.Number != nil {
		low, high := left(all, q)
		from, to := c.steps(q)
		if c.Negate {
			return high < from || low > to
		}
		return low >= from && high <= to
	}
	must, not := said(all, c.Question)
	switch {
	case c.Negate && (not[c.Answer] || !q.Multiple && len(must) > 0 && !must[c.Answer]):
		return true
	case c.Negate:
		return false
	case must[c.Answer]:
		return true
	}
	// An option is left when all others are ruled out.
	return q.Kind == AskOption && len(not) == len(q.Choices)-1 && !not[c.Answer]
}

// said are the answers to a question that conditions ask for, and those they rule out.
func said(all []Condition, id int64) (must, not map[string]bool) {
	must, not = map[string]bool{}, map[string]bool{}
	for _, c := range all {
		switch {
		case c.Question != id:
		case c.Negate:
			not[c.Answer] = true
		default:
			must[c.Answer] = true
		}
	}
	return must, not
}

// steps are the bounds of a condition on a number, in units of the last decimal place that answers can have.
func (c Condition) steps(q Question) (from, to float64) {
	const slip = 1e-6 // 1.1 times 10 is a little more than 11
	unit := math.Pow10(q.Number.Decimals)
	from, to = math.Inf(-1), math.Inf(1)
	if c.AtLeast != nil {
		from = math.Ceil(*c.AtLeast*unit - slip)
	}
	if c.AtMost != nil {
		to = math.Floor(*c.AtMost*unit + slip)
	}
	return from, to
}

// left are the lowest and the highest number that conditions leave, in the same units; high is less than low when they
// leave none.
func left(all []Condition, q Question) (low, high float64) {
	low, high = Condition{AtLeast: &q.Number.Low, AtMost: &q.Number.High}.steps(q)
	var not []Condition
	for _, c := range all {
		if c.Question != q.ID || !c.numbers() {
			continue
		}
		if c.Negate {
			not = append(not, c)
			continue
		}
		from, to := c.steps(q)
		low, high = max(low, from), min(high, to)
	}
	for range not { // each can take away what lets another one do so
		for _, c := range not {
			from, to := c.steps(q)
			if from <= low && low <= to {
				low = to + 1
			}
			if from <= high && high <= to {
				high = from - 1
			}
		}
	}
	return low, high
}

// none reports whether conditions on a number leave none.
func none(all []Condition, q Question) bool {
	low, high := left(all, q)
	return low > high
}
