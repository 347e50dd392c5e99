// Package words is what pages say to patients, in English and in Welsh: one catalogue for each language, and dates as
// each language writes them.
package words

import (
	"context"
	"embed"
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/a-h/templ"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed en.toml cy.toml
var files embed.FS

// English and Welsh are the languages there are, as HTML names them (BCP 47).
const (
	English = "en-GB"
	Welsh   = "cy"
)

var (
	bundle  = load()
	matcher = language.NewMatcher([]language.Tag{language.BritishEnglish, language.MustParse(Welsh)})
	// speakers say texts in each language.
	speakers = map[string]*i18n.Localizer{
		English: i18n.NewLocalizer(bundle, "en"), Welsh: i18n.NewLocalizer(bundle, Welsh, "en"),
	}
)

func load() *i18n.Bundle {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, name := range []string{"en.toml", "cy.toml"} {
		if _, err := b.LoadMessageFileFS(files, name); err != nil {
			panic(err) // the files are part of the program
		}
	}
	return b
}

// Choose is the language for a reader: the one that was chosen, or else the first that a browser asks for
// (Accept-Language, RFC 9110).
func Choose(chosen, accepted string) string {
	if chosen == English || chosen == Welsh {
		return chosen
	}
	wanted, _, err := language.ParseAcceptLanguage(accepted)
	if err != nil || len(wanted) == 0 {
		return English
	}
	if _, index, sure := matcher.Match(wanted...); index == 1 && sure >= language.High {
		return Welsh
	}
	return English
}

type tongue struct{}

// With has what is said in a context be in a language.
func With(ctx context.Context, lang string) context.Context {
	return context.WithValue(ctx, tongue{}, lang)
}

// Language is the language of a context; English where none was chosen.
func Language(ctx context.Context) string {
	if lang, ok := ctx.Value(tongue{}).(string); ok {
		return lang
	}
	return English
}

// Say is a text of the catalogue. Values are names of its placeholders, each with what stands there; Count also
// chooses between the forms that a language has for numbers. A text that does not exist is its own name, which the
// tests find.
func Say(ctx context.Context, id string, values ...any) string {
	text, ok := find(ctx, id, values)
	if !ok {
		return id
	}
	return text
}

// Fault is what a fault says, by its code; the message it has where the catalogue knows no other.
func Fault(ctx context.Context, code, message string) string {
	if text, ok := find(ctx, "fault."+code, nil); ok {
		return text
	}
	return message
}

func find(ctx context.Context, id string, values []any) (string, bool) {
	c := &i18n.LocalizeConfig{MessageID: id}
	if len(values) > 0 {
		data := make(map[string]any, len(values)/2)
		for i := 0; i+1 < len(values); i += 2 {
			data[values[i].(string)] = values[i+1]
		}
		c.TemplateData, c.PluralCount = data, data["Count"]
	}
	text, err := speakers[Language(ctx)].Localize(c)
	return text, err == nil && text != ""
}

// Tell is Say for a page, where a value may be a part of the page itself: a link or a time in the middle of a sentence.
func Tell(id string, values ...any) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		plain := make([]any, len(values))
		parts := map[string]templ.Component{}
		for i, v := range values {
			plain[i] = v
			if part, ok := v.(templ.Component); ok && i%2 == 1 {
				mark := fmt.Sprintf("\x00%d\x00", i)
				plain[i], parts[mark[1:len(mark)-1]] = mark, part
			}
		}
		for i, piece := range strings.Split(Say(ctx, id, plain...), "\x00") {
			if part := parts[piece]; i%2 == 1 && part != nil {
				if err := part.Render(ctx, w); err != nil {
					return err
				}
				continue
			}
			if _, err := io.WriteString(w, html.EscapeString(piece)); err != nil {
				return err
			}
		}
		return nil
	})
}

// DayAndMonth is a day without its year: Monday 2 January.
func DayAndMonth(ctx context.Context, t time.Time) string {
	return Say(ctx, "date.day_month", "Weekday", Say(ctx, "weekday."+strings.ToLower(t.Weekday().String())),
		"Day", t.Day(), "Month", Say(ctx, "month."+strings.ToLower(t.Month().String())))
}

// Day is a day: Monday 2 January 2006.
func Day(ctx context.Context, t time.Time) string {
	return fmt.Sprintf("%s %d", DayAndMonth(ctx, t), t.Year())
}

// Moment is a day and a time: Monday 2 January 2006 at 15:04.
func Moment(ctx context.Context, t time.Time) string {
	return Say(ctx, "date.moment", "Date", Day(ctx, t), "Time", t.Format("15:04"))
}

// FileSize is the size of a file.
func FileSize(ctx context.Context, bytes int64) string {
	switch {
	case bytes < 1000:
		return Say(ctx, "file.bytes", "Number", bytes)
	case bytes < 1000*1000:
		return fmt.Sprintf("%d KB", (bytes+500)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}
