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
)

// Fields are all the fields.
var Fields = []Field{
	FieldEMISID, FieldEHRPartnerID, FieldNHSNumber, FieldFirstName, FieldLastName, FieldEmail, FieldMobile, FieldBirthDate,
}

// Query is one search, already in the form the fields are kept in. An empty
// Field finds everybody.
type Query struct {
	Field  Field
	Value  string
	Offset int
	Limit  int
}

// CountLimit is where counting matches stops.
const CountLimit = 10_000

// Search is what a caller looks for.
type Search struct {
	Field     Field
	Text      string
	PageIndex int // from 0
	PageSize  int
}

// Search lists patients by surname and first name, and how many match in all,
// counted up to CountLimit. Without a field, the text's own look says what it
// is: an NHS number, an e-mail address, a mobile number, else a surname.
func (s *Service) Search(ctx context.Context, q Search) ([]Patient, int, error) {
	who, err := access.Require(ctx, access.Booking, access.Messaging)
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
	if out.Offset > CountLimit {
		in.Wrong("page_index", input.CodeBig, "a page within the first 10,000 patients", "Search for something narrower instead of paging this far.")
	}
	text := in.Text("search", q.Text, MaxName)
	if text == "" {
		if q.Field != "" {
			in.Wrong("search", input.CodeSmall, "the text to search for", "A field needs a text to search for.")
		}
		return out, in.Err()
	}
	if out.Field == "" {
		out.Field = guess(text)
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

// guess says what field a text looks like.
func guess(text string) Field {
	if _, ok := ParseNHSNumber(text); ok {
		return FieldNHSNumber
	}
	if strings.Contains(text, "@") {
		return FieldEmail
	}
	first, _ := utf8.DecodeRuneInString(text)
	if first == '+' || first == '0' {
		return FieldMobile
	}
	return FieldLastName
}
