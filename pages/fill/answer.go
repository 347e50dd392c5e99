package fill

import (
	"context"
	"strconv"
	"strings"

	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/pages/words"
)

// Field is a question on a page.
type Field struct {
	form.Question
	// Values is what was typed or chosen, and Person what was typed about a person, by what it is.
	Values []string
	Person map[string]string
	// Day, Month and Year are the boxes of a date.
	Day, Month, Year string
	// Error is what is wrong, and what to do.
	Error string
	// Alone says that it is the only question of its page, and so the page's heading.
	Alone bool
	Files []File
}

// File is a file that was sent already.
type File struct{ ID, Name, Size string }

// Name is the field's name in a browser.
func (f Field) Name() string { return "q" + strconv.FormatInt(f.ID, 10) }

// At is the first box of the field, for a link to it.
func (f Field) At() string {
	switch f.Kind {
	case form.AskDate:
		return f.Name() + "-day"
	case form.AskOption:
		return f.Name() + "-0"
	case form.AskRelationship:
		return f.Name() + "-name"
	}
	return f.Name()
}

// asks is the question, which says so when it can be left out.
func (f Field) asks(ctx context.Context) string {
	if f.Required {
		return f.Title
	}
	return words.Say(ctx, "fill.optional", "Question", f.Title)
}

// help is what helps to answer.
func (f Field) help(ctx context.Context) string {
	help := f.Hint
	switch {
	case f.Kind == form.AskDate && f.Hint == "":
		help = words.Say(ctx, "fill.hint_date")
	case f.Kind == form.AskOption && f.Multiple:
		help += " " + words.Say(ctx, "fill.hint_some")
	case f.Kind == form.AskText && f.Number != nil:
		help += " " + words.Say(ctx, "fill.hint_number", "Low", number(f.Number.Low), "High", number(f.Number.High))
	case (f.Kind == form.AskText || f.Kind == form.AskTerm) && f.Multiple:
		help += " " + words.Say(ctx, "fill.hint_lines")
	case f.Kind == form.AskSignature:
		help += " " + words.Say(ctx, "fill.hint_sign")
	case f.Kind == form.AskFile && f.Multiple:
		help += " " + words.Say(ctx, "fill.hint_files")
	case f.Kind == form.AskFile:
		help += " " + words.Say(ctx, "fill.hint_file")
	case f.Longest > 0:
		help += " " + words.Say(ctx, "fill.hint_longest", "Number", f.Longest)
	}
	return strings.TrimSpace(help)
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// described are the ids of what describes the field's boxes.
func (f Field) described(ctx context.Context) string {
	var ids []string
	if f.help(ctx) != "" {
		ids = append(ids, f.Name()+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.Name()+"-error")
	}
	return strings.Join(ids, " ")
}

// text is what was typed, as lines.
func (f Field) text() string { return strings.Join(f.Values, "\n") }

func (f Field) has(choice string) bool {
	for _, v := range f.Values {
		if v == choice {
			return true
		}
	}
	return false
}

// lines reports whether the field is a box of several lines.
func (f Field) lines() bool {
	return f.Kind == form.AskLines || f.Multiple && (f.Kind == form.AskText && f.Number == nil || f.Kind == form.AskTerm)
}

// part is a box about a person: what it is called among the answers, the name of its label, and its type in HTML.
type part struct{ key, label, kind string }

// parts are what is asked about a person.
func (f Field) parts() []part {
	out := []part{{"name", "fill.name", "text"}}
	for _, p := range []struct {
		asked bool
		part
	}{
		{f.Capture.Company, part{"company", "fill.company", "text"}},
		{f.Capture.Email, part{"email", "fill.email", "email"}},
		{f.Capture.Phone, part{"phone", "fill.phone", "tel"}},
		{f.Capture.Address, part{"address", "fill.address", "text"}},
		{f.Capture.PolicyNumber, part{"policy number", "fill.policy", "text"}},
		{f.Capture.Authorisation, part{"may speak about the patient", "fill.speaks", "checkbox"}},
	} {
		if p.asked {
			out = append(out, p.part)
		}
	}
	return out
}

func (f Field) partName(key string) string { return f.Name() + "-" + strings.ReplaceAll(key, " ", "_") }

// Of is a question with what was answered before.
func Of(q form.Question, given []any) Field {
	f := Field{Question: q, Person: map[string]string{}}
	for _, v := range given {
		switch v := v.(type) {
		case string:
			f.Values = append(f.Values, v)
		case map[string]any:
			for key, text := range v {
				f.Person[key], _ = text.(string)
			}
			if typed, ok := v["typed"].(string); ok {
				f.Values = append(f.Values, typed)
			}
		}
	}
	if d, ok := input.ParseDate(f.text()); ok && q.Kind == form.AskDate {
		day := d.UTC()
		f.Day, f.Month, f.Year = strconv.Itoa(day.Day()), strconv.Itoa(int(day.Month())), strconv.Itoa(day.Year())
	}
	return f
}

// mark says what is wrong with the field.
func (f *Field) mark(ctx context.Context, p form.Problem) { f.Error = f.wrong(ctx, p.Missing) }

func (f *Field) wrong(ctx context.Context, missing bool) string {
	say := func(id string, values ...any) string { return words.Say(ctx, id, values...) }
	switch f.Kind {
	case form.AskOption:
		if f.Multiple {
			return say("fill.choose_some")
		}
		return say("fill.choose")
	case form.AskDate:
		return say("fill.enter_date")
	case form.AskFile:
		return say("fill.add_file")
	case form.AskSignature:
		return say("fill.sign")
	case form.AskRelationship:
		return say("fill.enter_name")
	}
	switch {
	case missing && f.Number != nil:
		return say("fill.enter_number")
	case missing:
		return say("fill.enter")
	case f.Number != nil && f.Number.Decimals > 0:
		return say("fill.enter_between", "Low", number(f.Number.Low), "High", number(f.Number.High))
	case f.Number != nil:
		return say("fill.enter_whole", "Low", number(f.Number.Low), "High", number(f.Number.High))
	}
	return say("fill.enter_shorter", "Number", f.Most())
}

// shown is an answer in words, as a patient reads it.
func shown(ctx context.Context, q form.Question, texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		switch q.Kind {
		case form.AskRelationship:
			for _, p := range (Field{Question: q}).parts() {
				text = strings.Replace("\n"+text, "\n"+p.key+": ", "\n"+words.Say(ctx, p.label)+": ", 1)[1:]
			}
		case form.AskSignature:
			text = strings.TrimPrefix(text, form.Typed)
		}
		if d, ok := input.ParseDate(text); ok && q.Kind == form.AskDate {
			day := d.UTC()
			text = words.Say(ctx, "fill.date", "Day", day.Day(), "Month",
				words.Say(ctx, "month."+strings.ToLower(day.Month().String())), "Year", day.Year())
		}
		out[i] = text
	}
	return out
}
