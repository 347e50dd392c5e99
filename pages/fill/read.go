package fill

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/pages/words"
)

// Read reads what a browser sent for a question: the field to show again, and the answers. Error is set when it is a
// date that cannot be read. month reads a month by its number or its name.
func Read(
	ctx context.Context, q form.Question, sent url.Values, month func(string) (int, bool),
) (f Field, answers []any) {
	f = Field{Question: q, Person: map[string]string{}}
	for _, v := range sent[f.Name()] {
		v = strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\r", "\n")
		f.Values = append(f.Values, v)
	}
	switch q.Kind {
	case form.AskFile:
		return f, nil
	case form.AskDate:
		return f.readDate(ctx, sent, month)
	case form.AskRelationship:
		return f.readPerson(ctx, sent)
	case form.AskSignature:
		if name := strings.TrimSpace(f.text()); name != "" {
			answers = []any{map[string]any{"typed": name}}
		}
		return f, answers
	}
	values := f.Values
	if f.lines() && q.Kind != form.AskLines {
		values = strings.Split(f.text(), "\n")
	}
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			answers = append(answers, v)
		}
	}
	return f, answers
}

func (f Field) readDate(ctx context.Context, sent url.Values, month func(string) (int, bool)) (Field, []any) {
	text := func(part string) string { return strings.TrimSpace(sent.Get(f.Name() + "-" + part)) }
	f.Day, f.Month, f.Year = text("day"), text("month"), text("year")
	boxes := []string{f.Day, f.Month, f.Year}
	if f.Day+f.Month+f.Year == "" {
		return f, nil
	}
	for i, what := range []string{"day", "month", "year"} {
		if boxes[i] == "" {
			f.Error = words.Say(ctx, "fill.missing_"+what)
			return f, nil
		}
	}
	day, err := strconv.ParseUint(f.Day, 10, 8)
	n, known := month(f.Month)
	year, err2 := strconv.ParseUint(f.Year, 10, 16)
	if err == nil && err2 == nil && known && len(f.Year) == 4 {
		if d, real := input.ParseDate(fmt.Sprintf("%04d-%02d-%02d", year, n, day)); real {
			return f, []any{d.String()}
		}
	}
	f.Error = words.Say(ctx, "fill.bad_date")
	return f, nil
}

func (f Field) readPerson(ctx context.Context, sent url.Values) (Field, []any) {
	person := map[string]any{}
	for _, p := range f.parts() {
		if text := strings.TrimSpace(sent.Get(f.partName(p.key))); text != "" {
			f.Person[p.key], person[p.key] = text, text
		}
	}
	if len(person) == 0 {
		return f, nil
	}
	if person["name"] == nil {
		f.Error = words.Say(ctx, "fill.enter_name")
	}
	return f, []any{person}
}
