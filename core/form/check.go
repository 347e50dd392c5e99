package form

import (
	"math"
	"slices"
	"unicode/utf8"

	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/record"
)

// circular reports whether a question depends on itself, by way of others or not.
func (c Content) circular() bool {
	needs := c.dependencies()
	open, over := map[int64]bool{}, map[int64]bool{}
	var circle func(question int64) bool
	circle = func(question int64) bool {
		if open[question] || over[question] {
			return !over[question]
		}
		open[question] = true
		if slices.ContainsFunc(needs[question], func(d *Dependency) bool { return circle(d.Question) }) {
			return true
		}
		over[question] = true
		return false
	}
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			if circle(q.ID) {
				return true
			}
		}
	}
	return false
}

// check checks a question as far as it is right by itself.
func (q *Question) check(in *input.Checks) {
	q.Title = in.Required("question", q.Title, 2000)
	q.Kind = input.Choice(in, "kind", q.Kind, QuestionKinds)
	if q.Kind == AskOption && len(q.Choices) == 0 {
		in.Wrong("choices", input.CodeSmall, "at least one answer", "There is nothing to choose from.")
	}
	for i, choice := range q.Choices {
		if in.Required("choices", choice, 2000) != choice || slices.Contains(q.Choices[:i], choice) {
			in.Wrong("choices", input.CodeString, "answers that differ, without spaces around them",
				"These are not answers to choose from.")
		}
	}
	q.checkBounds(in)
	if q.Kind == AskTerm {
		q.Becomes = input.Choice(in, "record_type", q.Becomes, []clinical.Kind{clinical.Allergy,
			clinical.Condition, clinical.FamilyHistory, clinical.Medication, clinical.Procedure})
	}
}

// checkBounds checks what an answer must be within, and what it is called in SNOMED CT.
func (q *Question) checkBounds(in *input.Checks) {
	q.Hint = in.Text("hint", q.Hint, 500)
	if b := q.Number; b != nil {
		b.Unit = in.Text("unit", b.Unit, 50)
		in.Between("decimals", b.Decimals, 0, maxDecimals)
		if q.Kind != AskText || !(b.Low <= b.High) || math.Abs(b.Low) >= tooMuch || math.Abs(b.High) >= tooMuch {
			in.Wrong("number", input.CodeString, "the lowest and the highest number, for a question of type `text`",
				"These are no bounds for this question.")
		}
	}
	in.Between("longest", q.Longest, 0, maxLines)
	if q.Code = in.Text("snomed_code", q.Code, 18); q.Code == "" {
		q.Term = ""
		return
	}
	if q.Term = in.Required("snomed_term", q.Term, 255); !record.IsConcept(q.Code) {
		in.Wrong("snomed_code", input.CodeString, "the id of a SNOMED CT concept, such as 27113001",
			"This is not the id of a SNOMED CT concept.")
	}
}

// never says what would be an answer to the question, where a text cannot be one; empty is that it can.
func (q Question) never(answer string) string {
	switch q.Kind {
	case AskOption:
		if !slices.Contains(q.Choices, answer) {
			return "one of the answers that the question gives"
		}
	case AskDate:
		if _, ok := input.ParseDate(answer); !ok {
			return "a date as YYYY-MM-DD"
		}
	case AskText, AskLines:
		if q.Number != nil {
			return "a question whose answers are words: a number is compared by the rules of a care navigation form"
		}
		if utf8.RuneCountInString(answer) > q.Most() {
			return "an answer of at most " + thousands(q.Most()) + " characters"
		}
	default:
		return "a question for an option, a date or a text"
	}
	return ""
}
