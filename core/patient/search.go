package patient

import (
	"context"
	"strconv"
	"strings"

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
	// FieldNumber is any number a patient has: the NHS's, also a former one, a
	// record system's, a telephone number, one of the practice's own, or ours.
	FieldNumber Field = "number"
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
	First string
	// Numbers is what a FieldNumber may be.
	Numbers Numbers
	Offset  int
	Limit   int
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
// is: an e-mail address, a date of birth, any number a patient has, else a name or
// a part of one. Records that were merged into others are not found.
func (s *Service) Search(ctx context.Context, q Search) ([]Patient, int, error) {
	who, err := access.Require(ctx, access.SeePatients)
	if err != nil {
		return nil, 0, err
	}
	found, err := q.query()
	if err != nil {
		return nil, 0, err
	}
	all, n, err := s.Store.Patients(ctx, who.Group, found)
	if found.Field == FieldNumber && n == 0 && err == nil {
		found.Field = FieldName // names have digits in them, too
		return s.Store.Patients(ctx, who.Group, found)
	}
	return all, n, err
}

// Numbers are the forms a text may have as a number a patient is known by: without
// spaces and dashes, as it was written, as a telephone number, and as an id of
// ours, in digits and as people read it.
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
		if out.Field == FieldName || out.Field == FieldLastFirst || out.Field == FieldNumber {
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
	if _, ok := input.ParseDate(text); ok {
		q.Field = FieldBirthDate
		return
	}
	last, given, comma := strings.Cut(text, ",")
	switch {
	case strings.Contains(text, "@"):
		q.Field = FieldEmail
	case strings.ContainsAny(text, "0123456789"):
		q.Field, q.Numbers = FieldNumber, numbersOf(text)
	case comma && strings.TrimSpace(last) != "":
		q.Field, q.Value, q.First = FieldLastFirst, strings.TrimSpace(last), strings.TrimSpace(given)
	}
}
