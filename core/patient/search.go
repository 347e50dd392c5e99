package patient

import (
	"context"
	"strings"
	"unicode/utf8"

	"frontdesk/core/access"
	"frontdesk/core/input"
)

// Field is what a search looks at.
type Field string

// The fields. Names match from their beginning, without case and accents;
// the others match whole.
const (
	FieldEMISID       Field = "emis_id"
	FieldEHRPartnerID Field = "ehr_partner_id"
	FieldNHSNumber    Field = "nhs_number"
	FieldFirstName    Field = "first_name"
	FieldLastName     Field = "last_name"
	FieldEmail        Field = "email"
	FieldMobile       Field = "mobile"
	FieldBirthDate    Field = "dob"
	FieldFullName     Field = "full_name"
	// FieldName is what free text means when it is a name: whoever's surname
	// begins with it, then whoever's full name does.
	FieldName Field = "name"
	// FieldLastFirst is a surname, a comma, and the beginning of a first name.
	FieldLastFirst Field = "last_first"
)

// Fields are the fields a caller may name.
var Fields = []Field{
	FieldEMISID, FieldEHRPartnerID, FieldNHSNumber, FieldFirstName, FieldLastName, FieldFullName, FieldEmail, FieldMobile, FieldBirthDate,
}

// Query is one search, already in the form the fields are kept in. An empty
// Field finds everybody.
type Query struct {
	Field Field
	Value string
	// First is the first name of a FieldLastFirst.
	First  string
	Offset int
	Limit  int
}

// CountLimit is where counting matches stops, unless a page beyond it is asked for.
const CountLimit = 10_000

// CountTo is how far matches are counted for a page: far enough to say that another
// follows it, so that whoever reads on while there are more reads to the end.
func CountTo(offset, limit int) int { return max(CountLimit, offset+limit+1) }

// Search is what a caller looks for.
type Search struct {
	Field     Field
	Text      string
	PageIndex int // from 0
	PageSize  int
}

// Search lists patients by surname and first name, and how many match in all,
// counted as CountTo says. Without a field, the text's own look says what it
// is: an NHS number, an e-mail address, a mobile number, a date of birth, else a
// name. Records that were merged into others are not found.
func (s *Service) Search(ctx context.Context, q Search) ([]Patient, int, error) {
	who, err := access.Require(ctx, access.SeePatients, access.Booking, access.Messaging)
	if err != nil {
		return nil, 0, err
	}
	found, err := q.query()
	if err != nil {
		return nil, 0, err
	}
	return s.Store.Patients(ctx, who.Group, found)
}

func (q Search) query() (Query, error) {
	var in input.Checks
	out := Query{Field: q.Field, Offset: q.PageIndex * q.PageSize, Limit: q.PageSize}
	text := in.Text("search", input.Visible(q.Text), MaxName)
	if text == "" {
		if q.Field != "" {
			in.Wrong("search", input.CodeSmall, "the text to search for", "A field needs a text to search for.")
		}
		return out, in.Err()
	}
	if out.Field == "" {
		out.guess(text)
		if out.Field == FieldName || out.Field == FieldLastFirst {
			return out, in.Err()
		}
	}
	switch input.Choice(&in, "field", out.Field, Fields) {
	case FieldNHSNumber:
		out.Value = nhsNumber(&in, "search", text)
	case FieldMobile:
		out.Value = in.Mobile("search", text)
	case FieldBirthDate:
		out.Value = in.Date("search", text).String()
	default:
		out.Value = text
	}
	return out, in.Err()
}

// guess says what a text looks like.
func (q *Query) guess(text string) {
	q.Field, q.Value = FieldName, text
	if _, ok := ParseNHSNumber(text); ok {
		q.Field = FieldNHSNumber
		return
	}
	if _, ok := input.ParseDate(text); ok {
		q.Field = FieldBirthDate
		return
	}
	first, _ := utf8.DecodeRuneInString(text)
	last, given, comma := strings.Cut(text, ",")
	switch {
	case strings.Contains(text, "@"):
		q.Field = FieldEmail
	case first == '+' || first == '0':
		q.Field = FieldMobile
	case comma && strings.TrimSpace(last) != "":
		q.Field, q.Value, q.First = FieldLastFirst, strings.TrimSpace(last), strings.TrimSpace(given)
	}
}
