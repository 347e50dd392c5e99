package form

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/record"
	"frontdesk/core/write"
)

// Draft is a form as it is edited: it becomes the next version.
type Draft struct {
	Title     string    `json:"title"`
	Content   Content   `json:"content"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Version is a form as it was published. It never changes.
type Version struct {
	Form ID `json:"form_id"`
	// Number counts the versions of a form from 1.
	Number  int64     `json:"number"`
	Title   string    `json:"title"`
	Content Content   `json:"content"`
	By      string    `json:"published_by"` // empty is not known
	At      time.Time `json:"published_at"`
}

// VersionStore reads versions.
type VersionStore interface {
	// Version finds a version, or returns ErrNoVersion.
	Version(ctx context.Context, group practice.ID, id ID, number int64) (Version, error)
	// Versions lists the versions of a form without their content, newest first.
	Versions(ctx context.Context, group practice.ID, id ID, most int) ([]Version, error)
}

// The faults of forms that a practice writes.
var (
	ErrNoForm    = fault.New(fault.NotFound, "form_not_found", "This practice group has no such form.")
	ErrNoVersion = fault.New(fault.NotFound, "form_version_not_found", "This form has no such version.")
)

// Change is what to set of a form; nil leaves a thing as it is.
type Change struct {
	Type *Type
	// Title and About are for staff, PatientTitle, Header and Confirmation for patients.
	Title, About, PatientTitle, Header, Confirmation *string
	// Code and Term are the concept that answers are kept with; empty is that of the type.
	Code, Term *string
	Fields     *[]Field
	// Rules and Otherwise are what the answers to a care navigation form lead to.
	Rules     *[]Rule
	Otherwise *Outcome
}

// Edited is the form as it is edited, for those who edit it.
func (q Questionnaire) Edited() Questionnaire {
	if q.Draft != nil {
		q.Title, q.Content, q.UpdatedAt = q.Draft.Title, q.Draft.Content, q.Draft.UpdatedAt
	}
	return q
}

// as is the form as a version of it was.
func (q Questionnaire) as(v Version) Questionnaire {
	q.Title, q.Content, q.Published, q.Draft, q.UpdatedAt = v.Title, v.Content, v.Number, nil, v.At
	return q
}

// Filter says which forms to list.
type Filter struct {
	Search string // in the title
	Type   Type   // empty is any
	Reply  *bool  // those that answer messages, or those that do not
	Drafts bool   // those that were never published, too
}

// Chunk is how many forms All reads at a time.
const Chunk = 200

// All lists the forms that are not deleted and are asked for, in the order of their ids, and how many there are.
func (s *Service) All(ctx context.Context, f Filter, offset, limit int) (page []Questionnaire, count int, err error) {
	var in input.Checks
	if f.Type != "" {
		input.Choice(&in, "form_type", f.Type, Types)
	}
	if err := in.Err(); err != nil {
		return nil, 0, err
	}
	who, err := access.Require(ctx, access.SeeQuestionnaires)
	if err != nil {
		return nil, 0, err
	}
	for after, more := ID(0), true; more; {
		some, err := s.Store.Forms(ctx, who.Group, f.Drafts, after, Chunk)
		if err != nil {
			return nil, 0, err
		}
		for _, q := range some {
			after = q.ID
			if !f.has(q) {
				continue
			}
			if count >= offset && len(page) < limit {
				page = append(page, q)
			}
			count++
		}
		more = len(some) == Chunk
	}
	audit.Seen(ctx, page...)
	return page, count, nil
}

// has reports whether a form is asked for.
func (f Filter) has(q Questionnaire) bool {
	if q.Published == 0 {
		q = q.Edited()
	}
	return (f.Type == "" || f.Type == q.Type) && (f.Reply == nil || *f.Reply == (q.Type == Replies)) &&
		contains(q.Title, f.Search)
}

// Form finds a form that was not deleted: its published version, or as it is edited when none was published. Error:
// ErrNoForm.
func (s *Service) Form(ctx context.Context, id ID) (Questionnaire, error) {
	q, err := read.One(ctx, access.SeeQuestionnaires, id, s.Store.Questionnaire)
	if q, err = live(q, err); err == nil && q.Published == 0 {
		q = q.Edited()
	}
	return q, err
}

// Edit finds a form as it is edited. Error: ErrNoForm.
func (s *Service) Edit(ctx context.Context, id ID) (Questionnaire, error) {
	q, err := live(read.One(ctx, access.SeeQuestionnaires, id, s.Store.Questionnaire))
	return q.Edited(), err
}

// Version finds a form as a version of it was. Errors: ErrNoForm, ErrNoVersion.
func (s *Service) Version(ctx context.Context, id ID, number int64) (Questionnaire, error) {
	q, err := live(read.One(ctx, access.SeeQuestionnaires, id, s.Store.Questionnaire))
	if err != nil {
		return q, err
	}
	v, err := read.Of(ctx, access.SeeQuestionnaires, number,
		func(ctx context.Context, group practice.ID, number int64) (Version, error) {
			return s.Store.Version(ctx, group, id, number)
		})
	return q.as(v), err
}

// Asking finds a form that was not deleted as it is asked: a version of it, or for 0 the one that is published, for
// our own use. Errors: ErrNoForm, ErrNoVersion.
func (s *Service) Asking(ctx context.Context, group practice.ID, id ID, number int64) (Questionnaire, error) {
	q, err := live(s.Store.Questionnaire(ctx, group, id))
	if err != nil || number == 0 || number == q.Published {
		return q, err
	}
	v, err := s.Store.Version(ctx, group, id, number)
	return q.as(v), err
}

// mostVersions is how many versions of a form are listed.
const mostVersions = 1000

// Versions lists the versions of a form without their content, newest first. Error: ErrNoForm.
func (s *Service) Versions(ctx context.Context, id ID) ([]Version, error) {
	if _, err := live(read.One(ctx, access.SeeQuestionnaires, id, s.Store.Questionnaire)); err != nil {
		return nil, err
	}
	return read.Of(ctx, access.SeeQuestionnaires, id,
		func(ctx context.Context, group practice.ID, id ID) ([]Version, error) {
			return s.Store.Versions(ctx, group, id, mostVersions)
		})
}

// live is a form that was found and not deleted. Error: ErrNoForm.
func live(q Questionnaire, err error) (Questionnaire, error) {
	if err == nil && q.Deleted() || fault.Of(err).Code == ErrNotFound.Code {
		err = ErrNoForm
	}
	return q, err
}

// forms says how forms are changed.
var forms = write.Kind[Tx, ID, Questionnaire]{Needs: access.SettingsGeneral, Lock: lockForm, Save: Tx.SaveQuestionnaire}

func lockForm(tx Tx, ctx context.Context, group practice.ID, id ID) (Questionnaire, error) {
	return live(tx.LockQuestionnaire(ctx, group, id))
}

// Create makes a form, which nothing asks for before it is published. Error: field faults.
func (s *Service) Create(ctx context.Context, c Change) (Questionnaire, error) {
	id := ID(s.NewID())
	q, err := forms.Add(ctx, s.Now, s.Store.Do, "questionnaire.create", id,
		func(e write.Edit[Tx], q *Questionnaire) error {
			q.ID, q.Type, q.Version, q.CreatedAt, q.UpdatedAt = id, Asks, 1, e.Now, e.Now
			q.Content.Sections = []Section{}
			return s.change(q, c, e.Now)
		})
	return q.Edited(), err
}

// Change changes a form as it is edited. What is published stays as it is. Errors: ErrNoForm, field faults.
func (s *Service) Change(ctx context.Context, id ID, c Change) (Questionnaire, error) {
	q, err := forms.Change(ctx, s.Now, s.Store.Do, "questionnaire.update", id,
		func(e write.Edit[Tx], q *Questionnaire) error {
			q.Version++
			return s.change(q, c, e.Now)
		})
	return q.Edited(), err
}

// change sets what is given of a form's draft.
func (s *Service) change(q *Questionnaire, c Change, now time.Time) error {
	is := q.Edited()
	d := Draft{is.Title, is.Content, now}
	var w writing
	w.check(func(in *input.Checks) {
		if c.Type != nil {
			q.Type = input.Choice(in, "form_type", *c.Type, Types)
		}
		input.Set(&d.Title, c.Title)
		d.Title = in.Required("title", d.Title, 200)
		for _, text := range []struct {
			field string
			to    *string
			from  *string
			most  int
		}{
			{"description", &d.Content.Description, c.About, 2000},
			{"patient_description", &d.Content.Header, c.Header, 5000},
			{"confirmation", &d.Content.Confirmation, c.Confirmation, 5000},
		} {
			if text.from != nil {
				*text.to = in.Lines(text.field, *text.from, text.most)
			}
		}
		if c.PatientTitle != nil {
			d.Content.PatientTitle = in.Text("patient_title", *c.PatientTitle, 200)
		}
		d.Content.concept(in, c)
	})
	if c.Fields != nil {
		d.Content.Sections = w.fields(*c.Fields, is.Content, s.NewID)
		w.order(d.Content)
	}
	if q.Type != Navigates && c.Rules == nil && c.Otherwise == nil {
		d.Content.Rules, d.Content.Otherwise = nil, nil
	}
	w.rules(&d.Content, c)
	q.Draft = &d
	return w.err()
}

// concept sets what answers are kept with.
func (c *Content) concept(in *input.Checks, to Change) {
	if to.Code == nil && to.Term == nil {
		return
	}
	input.Set(&c.Code, to.Code)
	input.Set(&c.Term, to.Term)
	if c.Code = in.Text("snomed_code", c.Code, 18); c.Code == "" {
		c.Term = ""
		return
	}
	if c.Term = in.Required("snomed_term", c.Term, 255); !record.IsConcept(c.Code) {
		in.Wrong("snomed_code", input.CodeString, "the id of a SNOMED CT concept, such as 184147002",
			"This is not the id of a SNOMED CT concept.")
	}
}

// Publish makes the draft of a form its next version, with what is given changed first. Links opened from now on show
// it. Publishing a form with no draft and no change changes nothing. Errors: ErrNoForm, field faults, also of what is
// not whole.
func (s *Service) Publish(ctx context.Context, id ID, c Change) (Questionnaire, error) {
	return forms.Change(ctx, s.Now, s.Store.Do, "questionnaire.publish", id,
		func(e write.Edit[Tx], q *Questionnaire) error {
			if c != (Change{}) {
				if err := s.change(q, c, e.Now); err != nil {
					return err
				}
			}
			if q.Draft == nil {
				return write.ErrSame
			}
			if err := s.whole(ctx, e, *q); err != nil {
				return err
			}
			q.Version, q.UpdatedAt = q.Version+1, e.Now
			return e.Tx.AddVersion(ctx, e.Group(), q.next(q.Draft.Title, q.Draft.Content, e.Who.Name(), e.Now))
		})
}

// whole checks that a form can be filled in as it is edited.
func (s *Service) whole(ctx context.Context, e write.Edit[Tx], q Questionnaire) error {
	var w writing
	d := q.Draft
	if len(d.Content.Fields()) == 0 {
		w.check(func(in *input.Checks) {
			in.Wrong("fields", input.CodeSmall, "at least one question", "The form asks nothing.")
		})
	}
	w.order(d.Content)
	if err := s.navigates(ctx, e, &w, q); err != nil {
		return err
	}
	return w.err()
}

// next makes a title and a content the next version of the form.
func (q *Questionnaire) next(title string, c Content, by string, at time.Time) Version {
	q.Title, q.Content, q.Draft = title, c, nil
	q.Published++
	return Version{Form: q.ID, Number: q.Published, Title: title, Content: c, By: by, At: at}
}
