package fill

import (
	"context"
	"net/http"
	"strconv"

	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/practice"
	"frontdesk/pages/words"
)

// stepView is one page of a form.
type stepView struct {
	site               *Site
	Group              practice.Group
	At, Title, Back    string
	Page, Number, Last int
	Section            form.Section
	Fields             []Field
	Draft              string
}

// wrongs are the fields with an error.
func (v stepView) wrongs() (out []Field) {
	for _, f := range v.Fields {
		if f.Error != "" {
			out = append(out, f)
		}
	}
	return out
}

// files reports whether the page takes a file.
func (v stepView) files() bool {
	return len(v.Fields) == 1 && v.Fields[0].Kind == form.AskFile
}

// heading is what the page is called.
func (v stepView) heading() string {
	if v.Section.Title != "" {
		return v.Section.Title
	}
	return v.Title
}

// answersView is what a patient checks before it is sent.
type answersView struct {
	site                   *Site
	Group                  practice.Group
	At, Title, Back, Draft string
	Groups                 []answerGroup
}

type answerGroup struct {
	Title string
	Rows  []answerRow
}

type answerRow struct {
	Question, Change string
	Answer           []string
}

// startView is the first page of a form.
type startView struct {
	site                    *Site
	Group                   practice.Group
	At, Title, About, Until string
	Again                   bool
}

// stepViewOf is a page of the form with what was answered before.
func (s *Site) stepViewOf(r *http.Request, p formlink.Page, step int) stepView {
	v := stepView{site: s, Group: p.Group, At: formAt(r), Title: p.Form.Shown(), Page: step + 1, Back: formAt(r),
		Section: p.Steps[step].Section, Draft: strconv.FormatInt(p.ID, 10)}
	if p.ID == 0 || p.Before(step) < 0 {
		v.Back = ""
	} else {
		v.Back = stepAt(r, p.Before(step))
	}
	for i := range p.Steps {
		if len(p.Asked(i)) == 0 {
			continue
		}
		if v.Last++; i <= step {
			v.Number++
		}
	}
	for _, q := range p.Asked(step) {
		f := Of(q, p.Given[q.ID])
		for _, file := range p.Files {
			if file.Question == q.ID {
				f.Files = append(f.Files, File{ID: strconv.FormatInt(file.ID, 10), Name: file.Name,
					Size: words.FileSize(r.Context(), file.Size)})
			}
		}
		v.Fields = append(v.Fields, f)
	}
	v.alone()
	return v
}

// alone makes the only question of a page its heading.
func (v *stepView) alone() {
	if len(v.Fields) == 1 {
		v.Fields[0].Alone = true
	}
}

func (s *Site) answersOf(r *http.Request, p formlink.Page) answersView {
	v := answersView{site: s, Group: p.Group, At: formAt(r), Title: p.Form.Shown(), Draft: strconv.FormatInt(p.ID, 10)}
	if last := p.Before(len(p.Steps)); last >= 0 {
		v.Back = stepAt(r, last)
	}
	section := int64(0)
	for i, step := range p.Steps {
		asked := p.Asked(i)
		if len(asked) == 0 {
			continue
		}
		if section != step.Section.ID || len(v.Groups) == 0 {
			v.Groups = append(v.Groups, answerGroup{Title: step.Section.Title})
		}
		section = step.Section.ID
		group := &v.Groups[len(v.Groups)-1]
		for _, q := range asked {
			group.Rows = append(group.Rows, answerRow{Question: q.Title, Change: stepAt(r, i),
				Answer: shown(r.Context(), q, s.Core.Form.Words(q, p.Given[q.ID]))})
		}
	}
	return v
}

// title is the page's title, which begins with the word when there is an error on it.
func (v stepView) title(ctx context.Context) string {
	title := words.Say(ctx, "fill.step_title", "Page", v.Number, "Pages", v.Last)
	if len(v.wrongs()) > 0 {
		title = words.Say(ctx, "page.error", "Title", title)
	}
	return title
}
