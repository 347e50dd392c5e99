package form

import (
	"slices"
	"strconv"

	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// Field is a question as a form is written: the questions follow one another, and each says which section it is in.
type Field struct {
	// Key is what conditions and rules name the question by: the id of a question the form has already, which it keeps,
	// or any other word for a new one.
	Key string
	// Section is the title of the section, and About what it says; fields in a row that have the same of both, and the
	// same SectionIf, are one section.
	Section, About string
	SectionIf      *Dependency
	// If decides whether it is asked. It takes the place of the question's own.
	If *Dependency
	Question
}

// Fields are the questions of a form, as it would be written.
func (c Content) Fields() []Field {
	key := func(d *Dependency) *Dependency {
		if d == nil {
			return nil
		}
		named := *d
		named.Key = keyOf(d.Question)
		return &named
	}
	var out []Field
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			out = append(out, Field{Key: keyOf(q.ID), Section: section.Title, About: section.Plain,
				SectionIf: key(section.DependsOn), If: key(q.DependsOn), Question: q})
		}
	}
	return out
}

func keyOf(question int64) string { return strconv.FormatInt(question, 10) }

// mostFields is how many questions a form may have.
const mostFields = 200

// writing is a form being written: what is wrong with it so far, and what its questions are named by.
type writing struct {
	wrong []fault.Field
	ids   map[string]int64 // 0 is a key that several questions have
}

// at notes what is wrong with a part of the form.
func (w *writing) at(err error, path ...string) {
	if err != nil {
		w.wrong = append(w.wrong, fault.Of(fault.Within(err, path...)).Fields...)
	}
}

// check notes what some checks of a part of the form found.
func (w *writing) check(check func(in *input.Checks), path ...string) {
	var in input.Checks
	check(&in)
	w.at(in.Err(), path...)
}

func (w *writing) err() error {
	if len(w.wrong) == 0 {
		return nil
	}
	return fault.Input(w.wrong...)
}

// name finds the question that a key names.
func (w *writing) name(key string, path ...string) int64 {
	id, ok := w.ids[key]
	if ok && id != 0 {
		return id
	}
	w.check(func(in *input.Checks) {
		in.Wrong("form_question_id", input.CodeChoice, "the `form_question_id` of one field of this form",
			"There is no such question, or more than one.")
	}, path...)
	return 0
}

// fields makes sections of what is written. Questions that the form has keep their ids, new ones get ids of newID.
func (w *writing) fields(fields []Field, had Content, newID func() int64) []Section {
	if len(fields) > mostFields {
		w.check(func(in *input.Checks) {
			in.Wrong("fields", input.CodeBig, "at most "+strconv.Itoa(mostFields)+" questions", "These are too many questions.")
		})
		return nil
	}
	has := map[string]bool{}
	for _, f := range had.Fields() {
		has[f.Key] = true
	}
	w.ids = map[string]int64{}
	for i := range fields {
		f := &fields[i]
		f.ID = 0
		if id, err := strconv.ParseInt(f.Key, 10, 64); err == nil && has[f.Key] {
			f.ID = id
		} else {
			f.ID = newID()
		}
		if _, twice := w.ids[f.Key]; twice && f.Key != "" {
			w.ids[f.Key] = 0
			w.check(func(in *input.Checks) {
				in.Wrong("form_question_id", input.CodeChoice, "a `form_question_id` that no other field has",
					"Another field has the same.")
			}, "fields", strconv.Itoa(i))
			continue
		}
		if f.Key != "" {
			w.ids[f.Key] = f.ID
		}
	}
	return w.sections(fields, had, newID)
}

// sections puts fields that follow one another into sections.
func (w *writing) sections(fields []Field, had Content, newID func() int64) []Section {
	out := []Section{}
	same := func(a, b *Dependency) bool { return a == b || a != nil && b != nil && *a == *b }
	for i, f := range fields {
		at := []string{"fields", strconv.Itoa(i)}
		if i == 0 || f.Section != fields[i-1].Section || f.About != fields[i-1].About ||
			!same(f.SectionIf, fields[i-1].SectionIf) {
			section := Section{Questions: []Question{}}
			w.check(func(in *input.Checks) {
				section.Title = in.Text("section", f.Section, 200)
				section.Plain = in.Lines("section_description", f.About, 5000)
			}, at...)
			section.DependsOn = w.dependency(f.SectionIf, slices.Concat(at, []string{"section_condition"})...)
			section.ID = sectionID(had, section.Title, out, newID)
			out = append(out, section)
		}
		q := f.Question
		w.check(q.check, at...)
		q.DependsOn = w.dependency(f.If, slices.Concat(at, []string{"condition"})...)
		last := &out[len(out)-1]
		last.Questions = append(last.Questions, q)
	}
	return out
}

// sectionID is the id of the section that had the title before, unless another has taken it, or a new one.
func sectionID(had Content, title string, taken []Section, newID func() int64) int64 {
	for _, s := range had.Sections {
		if s.Title == title && !slices.ContainsFunc(taken, func(t Section) bool { return t.ID == s.ID }) {
			return s.ID
		}
	}
	return newID()
}

// dependency finds the question that something depends on.
func (w *writing) dependency(d *Dependency, path ...string) *Dependency {
	if d == nil {
		return nil
	}
	out := Dependency{Question: w.name(d.Key, path...), Negate: d.Negate}
	w.check(func(in *input.Checks) { out.Answer = in.Required("answer", d.Answer, 2000) }, path...)
	return &out
}

// order notes conditions that no answers can meet: each names an answer to a question that comes earlier.
func (w *writing) order(c Content) {
	before := map[int64]Question{}
	i := 0
	for _, section := range c.Sections {
		for j, q := range section.Questions {
			at := strconv.Itoa(i)
			if j == 0 {
				w.possible(section.DependsOn, before, "fields", at, "section_condition")
			}
			w.possible(q.DependsOn, before, "fields", at, "condition")
			i++
			before[q.ID] = q
		}
		// What a section depends on stands before the section.
	}
}

// possible notes a condition on a question that comes later, or on an answer it does not take.
func (w *writing) possible(d *Dependency, before map[int64]Question, path ...string) {
	if d == nil || d.Question == 0 {
		return
	}
	q, ok := before[d.Question]
	w.check(func(in *input.Checks) {
		if !ok {
			in.Wrong("form_question_id", input.CodeChoice, "a question that comes earlier",
				"A question can depend on earlier questions alone.")
			return
		}
		if wrong := q.never(d.Answer); wrong != "" {
			in.Wrong("answer", input.CodeChoice, wrong, "This question never has this answer.")
		}
	}, path...)
}
