package patient

import (
	"context"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
)

// Field is what a search looks at.
type Field string

// The fields. Names match from their beginning, without case and accents; the others match whole.
const (
	FieldEMISID       Field = "emis_id"
	FieldEHRPartnerID Field = "ehr_partner_id"
	FieldNHSNumber    Field = "nhs_number"
	FieldFirstName    Field = "first_name"
	FieldLastName     Field = "last_name"
	FieldEmail        Field = "email"
	FieldMobile       Field = "mobile"
	FieldBirthDate    Field = "birth_date"
	FieldFullName     Field = "full_name"
	// FieldName is what free text means when it is a name: the surname begins with it, then the full name does.
	FieldName Field = "name"
	// FieldNumber is any number a patient has: the NHS's, also a former one, a
	// record system's, a telephone number, one of the practice's own, or ours.
	FieldNumber Field = "number"
	// FieldAny is a name or a further part of one, an address of e-mail, a date of
	// birth or any number, each from its beginning.
	FieldAny Field = "any"
	// FieldLastFirst is a surname, a comma, and the beginning of a first name.
	FieldLastFirst Field = "last_first"
)

// Fields are the fields a caller may name.
var Fields = []Field{
	FieldEMISID, FieldEHRPartnerID, FieldNHSNumber, FieldFirstName, FieldLastName, FieldFullName, FieldEmail,
	FieldMobile, FieldBirthDate,
}

// Query says which patients to list. Zero values ask for all.
type Query struct {
	// Field is what Text is looked for in. Without one, the text's own look says what it is: an e-mail address, a date
	// of birth, any number a patient has, else a name or a part of one.
	Field Field
	Text  string
	// Count asks how many match in all, counted as CountTo says. What is counted or
	// searched for comes by surname and first name, all else in the order of ids.
	Count                     bool
	Deleted                   bool      // deleted ones, too
	CreatedFrom, CreatedUntil time.Time // the second included
	UpdatedFrom, UpdatedUntil time.Time
	After                     ID // only ids beyond it
	Before                    ID // only ids before it, the last of them first
	Backwards                 bool
	Offset, Limit             int
	// Particulars asks for what else is known of them.
	Particulars bool
	// Lookup is Text in the form it is looked for in.
	Lookup Lookup
}

// Lookup is what is looked for, in the form it is kept in. An empty Field finds everybody.
type Lookup struct {
	Field Field
	Value string
	// First is the first name of a FieldLastFirst.
	First string
	// Birth and Numbers are what the text is as a date and as a number.
	Birth   input.Date
	Numbers Numbers
}

// List lists patients, and how many match in all. Records that were merged into
// others are not found, and deleted ones come without their names.
func (s *Service) List(ctx context.Context, q Query) ([]Patient, int, error) {
	who, err := access.Require(ctx, access.SeePatients)
	if err != nil {
		return nil, 0, err
	}
	if err := q.read(); err != nil {
		return nil, 0, err
	}
	all, n, err := s.Store.Patients(ctx, who.Group, q)
	if q.Lookup.Field == FieldNumber && n == 0 && err == nil {
		q.Lookup.Field = FieldName // names have digits in them, too
		all, n, err = s.Store.Patients(ctx, who.Group, q)
	}
	for i, p := range all {
		if p.Deleted() {
			p = p.unnamed()
		}
		all[i] = p.shownTo(who)
	}
	audit.Seen(ctx, all...)
	return all, n, err
}

// Numbers are the forms a text may have as a number a patient is known by: without spaces and dashes, as it was
// written, as a telephone number, and as an id of ours, in digits and as people read it.
type Numbers struct {
	Key, Raw, Phone, Dialled string
	IDs                      [2]ID
}

// NumberKey is a number without spaces and dashes, in capitals.
func NumberKey(value string) string { return strings.ToUpper(input.Bare(value)) }

func numbersOf(text string) Numbers {
	n := Numbers{Key: NumberKey(text), Raw: text, Dialled: input.AsDialled(text)}
	var in input.Checks
	if phone := in.Telephone("search", text); in.Err() == nil {
		n.Phone = phone
	}
	if id, ok := input.Digits(n.Key); ok {
		n.IDs[0] = ID(id)
	}
	// Each patient's number "System" is the id in base 36.
	if id, err := strconv.ParseInt(n.Key, 36, 64); err == nil && len(n.Key) == 10 {
		n.IDs[1] = ID(id)
	}
	return n
}

// read reads the text that is looked for.
func (q *Query) read() error {
	var in input.Checks
	l := Lookup{Field: q.Field, Birth: input.NoDate}
	text := in.Text("search", input.Visible(q.Text), MaxName)
	switch {
	case text == "" && q.Field != "" && q.Field != FieldAny:
		in.Wrong("search", input.CodeSmall, "the text to search for", "A field needs a text to search for.")
	case text == "":
		l.Field = ""
	case q.Field == "":
		l.guess(text)
	}
	switch l.Field {
	case "", FieldName, FieldLastFirst, FieldNumber:
	case FieldAny:
		l.Value, l.Numbers = text, numbersOf(text)
		if d, ok := input.ParseDate(text); ok {
			l.Birth = d
		}
	default:
		l.read(&in, text)
	}
	q.Lookup = l
	return in.Err()
}

// read reads a text as the field it is looked for in.
func (l *Lookup) read(in *input.Checks, text string) {
	switch input.Choice(in, "field", l.Field, Fields) {
	case FieldNHSNumber:
		l.Value = in.NHSNumber("search", text)
	case FieldMobile:
		l.Value = in.Mobile("search", text)
	case FieldBirthDate:
		l.Value = in.Date("search", text).String()
	default:
		l.Value = text
	}
}

// guess says what a text looks like.
func (l *Lookup) guess(text string) {
	l.Field, l.Value = FieldName, text
	if _, ok := input.ParseDate(text); ok {
		l.Field = FieldBirthDate
		return
	}
	last, given, comma := strings.Cut(text, ",")
	switch {
	case strings.Contains(text, "@"):
		l.Field = FieldEmail
	case strings.ContainsAny(text, "0123456789"):
		l.Field, l.Numbers = FieldNumber, numbersOf(text)
	case comma && strings.TrimSpace(last) != "":
		l.Field, l.Value, l.First = FieldLastFirst, strings.TrimSpace(last), strings.TrimSpace(given)
	}
}
