package pages

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/pages/words"
)

// birth is a date of birth, as it was typed.
type birth struct {
	Day, Month, Year box
	// Error is what is wrong with it.
	Error string
}

// box is what was typed into one box, and whether that is wrong.
type box struct {
	Text  string
	Wrong bool
}

func birthOf(r *http.Request) birth {
	read := func(name string) box { return box{Text: strings.TrimSpace(r.PostForm.Get(name))} }
	return birth{Day: read("day"), Month: read("month"), Year: read("year")}
}

// mark says what is wrong, by the name of a text, and in which boxes.
func (b *birth) mark(ctx context.Context, text string, boxes ...*box) {
	b.Error = words.Say(ctx, "birth."+text)
	for _, x := range boxes {
		x.Wrong = true
	}
}

// all are the boxes.
func (b *birth) all() []*box { return []*box{&b.Day, &b.Month, &b.Year} }

// date is the date, unless it is none.
func (b *birth) date(ctx context.Context) (input.Date, bool) {
	var empty []*box
	var missing []string
	for i, x := range b.all() {
		if x.Text == "" {
			empty, missing = append(empty, x), append(missing, []string{"day", "month", "year"}[i])
		}
	}
	switch len(empty) {
	case 0:
	case 3:
		b.mark(ctx, "empty", empty...)
		return input.NoDate, false
	default:
		b.mark(ctx, "missing_"+strings.Join(missing, "_"), empty...)
		return input.NoDate, false
	}
	day, inMonth := number(b.Day.Text, 31)
	month, inYear := monthOf(b.Month.Text)
	year, fourDigits := number(b.Year.Text, 9999)
	switch {
	case !inMonth:
		b.mark(ctx, "bad_day", &b.Day)
	case !inYear:
		b.mark(ctx, "bad_month", &b.Month)
	case !fourDigits || len(b.Year.Text) != 4:
		b.mark(ctx, "bad_year", &b.Year)
	default:
		text := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
		if d, real := input.ParseDate(text); real {
			return d, true
		}
		b.mark(ctx, "not_real", b.all()...)
	}
	return input.NoDate, false
}

// number reads a whole number from 1 to a limit.
func number(text string, limit int) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err == nil && n >= 1 && n <= uint64(limit)
}

// months are their names in English and in Welsh.
var months = [12][2]string{
	{"january", "ionawr"}, {"february", "chwefror"}, {"march", "mawrth"}, {"april", "ebrill"}, {"may", "mai"},
	{"june", "mehefin"},
	{"july", "gorffennaf"}, {"august", "awst"}, {"september", "medi"}, {"october", "hydref"}, {"november", "tachwedd"},
	{"december", "rhagfyr"},
}

// shortest is how much of a month's name is enough: no two begin with the same
// three letters.
const shortest = 3

// monthOf reads a month: its number, or its name, whole or shortened.
func monthOf(text string) (int, bool) {
	if n, ok := number(text, 12); ok {
		return n, true
	}
	name := strings.ToLower(strings.TrimSuffix(text, "."))
	if len(name) < shortest {
		return 0, false
	}
	for i, names := range months {
		for _, whole := range names {
			if strings.HasPrefix(whole, name) {
				return i + 1, true
			}
		}
	}
	return 0, false
}

// refused says what core found wrong with a date.
func (b *birth) refused(ctx context.Context, f *fault.Error) {
	text := "not_real"
	for _, field := range f.Fields {
		switch field.Code {
		case input.CodeBig:
			text = "future"
		case input.CodeSmall:
			text = "too_early"
		}
	}
	b.mark(ctx, text, b.all()...)
}

// first is the first box that is wrong, for the link that leads to it.
func (b birth) first() string {
	switch {
	case b.Day.Wrong:
		return "#day"
	case b.Month.Wrong:
		return "#month"
	case b.Year.Wrong:
		return "#year"
	}
	return "#day"
}
