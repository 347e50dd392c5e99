package form

import (
	"context"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/patient"
)

// Given are answers that wait to be sent, by question. A question with no answers was seen and left out.
type Given map[int64][]any

// Step is questions that are asked together.
type Step struct {
	Section   Section
	Questions []Question
}

// perStep is how many questions are asked together.
const perStep = 5

// Steps are the pages on which a questionnaire is filled in. Whether a question is asked depends on pages before its
// own alone, so that nothing has to change on the page a patient has open. Questions about a person and those for a
// file have a page of their own.
func (c Content) Steps() []Step {
	needs := c.dependencies()
	placed := map[int64]bool{}
	var out []Step
	for left := true; left; {
		left = false
		for _, section := range c.Sections {
			for _, q := range section.Questions {
				ready := !slices.ContainsFunc(needs[q.ID], func(d *Dependency) bool { return !placed[d.Question] })
				switch {
				case placed[q.ID]:
				case ready:
					placed[q.ID] = true
					out = place(out, section, q, needs[q.ID])
				default:
					left = true // until what it depends on is placed; a questionnaire has no circles
				}
			}
		}
	}
	return out
}

// place puts a question on the last page, or on a new one.
func place(steps []Step, section Section, q Question, needs []*Dependency) []Step {
	alone := func(q Question) bool { return q.Kind == AskFile || q.Kind == AskRelationship }
	if len(steps) > 0 {
		last := &steps[len(steps)-1]
		waits := slices.ContainsFunc(last.Questions, func(on Question) bool {
			return alone(on) || slices.ContainsFunc(needs, func(d *Dependency) bool { return d.Question == on.ID })
		})
		if last.Section.ID == section.ID && len(last.Questions) < perStep && !waits && !alone(q) {
			last.Questions = append(last.Questions, q)
			return steps
		}
	}
	return append(steps, Step{Section: section, Questions: []Question{q}})
}

// Asked tells which questions are asked, by the answers given so far.
func (s *Service) Asked(c Content, given Given) func(question int64) bool {
	said := map[int64][]value{}
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			said[q.ID], _ = q.read(given[q.ID], s.MediaType)
		}
	}
	asked := c.asked(said)
	known := map[int64]bool{}
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			known[q.ID] = asked(q.ID)
		}
	}
	return func(question int64) bool { return known[question] }
}

// Problem is what is wrong with the answer to a question.
type Problem struct {
	Question Question
	// Missing says that it must be answered; otherwise Expected is what would be an answer.
	Missing  bool
	Expected string
}

// Check holds the answers to one question against it; nil is that they can be kept.
func (s *Service) Check(q Question, answers []any) *Problem {
	values, err := q.read(answers, s.MediaType)
	switch {
	case err != nil:
		return &Problem{Question: q, Expected: q.expects(answers, s.MediaType)}
	case q.Required && len(values) == 0:
		return &Problem{Question: q, Missing: true}
	}
	return nil
}

// expects is what would be an answer.
func (q Question) expects(answers []any, mediaType func([]byte) string) string {
	for _, v := range answers {
		if text, ok := v.(string); ok && strings.TrimSpace(text) == "" || v == nil {
			continue
		}
		if _, wrong := q.value(v, mediaType); wrong != "" {
			return wrong
		}
	}
	return "fewer or shorter answers"
}

// Words are the answers to a question in words, each one.
func (s *Service) Words(q Question, answers []any) []string {
	values, err := q.read(answers, s.MediaType)
	if err != nil {
		return nil
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.text
	}
	return out
}

// Complete are answers that can be kept.
type Complete struct{ given []answered }

// Complete holds all that was given against a questionnaire. What is not asked, because of another answer, is left
// out; files are named, and kept by others. Error: ErrUnanswered, ErrAnswer.
func (s *Service) Complete(q Questionnaire, given Given) (Complete, error) {
	asked := s.Asked(q.Content, given)
	var answers []Answer
	for id, values := range given {
		if asked(id) {
			answers = append(answers, Answer{Question: id, Value: values})
		}
	}
	read, err := s.read(q, answers, s.Now())
	if err != nil {
		return Complete{}, err
	}
	for _, a := range read {
		if a.question.Kind != AskFile {
			continue
		}
		for i := range a.values {
			a.values[i].file = nil
		}
	}
	return Complete{read}, nil
}

// Text is the answers in words, with the codes of those that have one.
func (c Complete) Text() string {
	var b strings.Builder
	section := int64(0)
	for _, a := range c.given {
		if a.section.ID != section && a.section.Title != "" {
			b.WriteString("\n" + a.section.Title + "\n")
		}
		section = a.section.ID
		b.WriteString(a.question.Title)
		if a.question.Code != "" {
			b.WriteString(" (SNOMED CT " + a.question.Code + ", " + a.question.Term + ")")
		}
		var texts []string
		for _, v := range a.values {
			text := strings.ReplaceAll(v.text, "\n", ", ")
			if v.code != "" {
				text += " (SNOMED CT " + v.code + ")"
			}
			texts = append(texts, text)
		}
		b.WriteString(": " + strings.Join(texts, between) + "\n")
	}
	return strings.TrimSpace(b.String())
}

// Enter keeps answers as a consultation of a patient, whom the transaction has locked against a merge. The caller
// records the event. f says how it came about.
func (s *Service) Enter(
	ctx context.Context, tx Keeper, who access.Caller, q Questionnaire, held patient.ID, c Complete, f Filling,
	now time.Time,
) (Entered, error) {
	return s.enter(ctx, tx, who, q, held, c.given, f, now)
}
