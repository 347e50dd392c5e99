package form

import (
	"strconv"

	"frontdesk/core/diary"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/core/task"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

func conditionOf(in oas.FormRuleCondition) form.Condition {
	return form.Condition{Key: in.FormQuestionID, Answer: in.Answer.Value, Negate: in.Negate.Value,
		AtLeast: wire.Ptr(in.AtLeast.Value, in.AtLeast.Set), AtMost: wire.Ptr(in.AtMost.Value, in.AtMost.Set)}
}

// outcomeOf is an outcome as a caller writes it.
func outcomeOf(wrong *input.Checks, in oas.FormOutcome) form.Outcome {
	return form.Outcome{Kind: form.OutcomeKind(in.Type), Heading: in.Heading.Value, Text: in.Text.Value,
		Urgent: in.Urgent.Value, Type: wire.FilterID[diary.TypeID](wrong, "appointment_type_id", in.AppointmentTypeID),
		Task: in.TaskText.Value, Priority: task.Priority(in.Priority.Value),
		Assignee: wire.Assignee(wrong, in.AssigneeType.Value, in.AssigneeID.Value)}
}

func rule(r form.Rule) oas.FormRule {
	out := oas.FormRule{Conditions: make([]oas.FormRuleCondition, len(r.When)), Outcome: outcome(r.Outcome)}
	for i, on := range r.When {
		shown := oas.FormRuleCondition{FormQuestionID: strconv.FormatInt(on.Question, 10), Answer: optText(on.Answer),
			Negate: optFlag(on.Negate)}
		if on.AtLeast != nil {
			shown.AtLeast = oas.NewOptFloat64(*on.AtLeast)
		}
		if on.AtMost != nil {
			shown.AtMost = oas.NewOptFloat64(*on.AtMost)
		}
		out.Conditions[i] = shown
	}
	return out
}

func outcome(o form.Outcome) oas.FormOutcome {
	out := oas.FormOutcome{Type: oas.FormOutcomeType(o.Kind), Heading: optText(o.Heading), Text: optText(o.Text),
		Urgent: optFlag(o.Urgent), AppointmentTypeID: optID(o.Type), TaskText: optText(o.Task),
		AssigneeID: optText(wire.AssigneeID(o.Assignee).Value), AssigneeType: oas.OptFormOutcomeAssigneeType{
			Value: oas.FormOutcomeAssigneeType(o.Assignee.Kind), Set: !o.Assignee.IsZero()}}
	if o.Priority != "" {
		out.Priority = oas.NewOptFormOutcomePriority(oas.FormOutcomePriority(o.Priority))
	}
	return out
}

func decision(d form.Decision) oas.FormDecision {
	o := d.Outcome
	return oas.FormDecision{Type: oas.FormDecisionType(o.Kind), Rule: float64(d.Rule), Heading: optText(o.Heading),
		Text: optText(o.Text), Urgent: optFlag(o.Urgent), AppointmentTypeID: optID(o.Type),
		BookingLinkID: optID(d.Link), TaskID: optID(d.Task), Replaced: optFlag(d.Replaced)}
}

func optText(text string) oas.OptString { return oas.OptString{Value: text, Set: text != ""} }

func optFlag(yes bool) oas.OptBool { return oas.OptBool{Value: yes, Set: yes} }

func optID[T ~int64](id T) oas.OptID { return oas.OptID{Value: digits(id), Set: id != 0} }
