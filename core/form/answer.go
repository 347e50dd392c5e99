package form

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"frontdesk/core/document"
	"frontdesk/core/input"
	"frontdesk/core/record"
)

// Answer is an answer to a question: text, or a list of texts where the question
// takes several; for a medical term also an object with code and term, for
// a person around the patient an object of texts, for a signature a picture in
// Base64 or an object with the name that was typed, for a file an object with name and type.
type Answer struct {
	Question int64
	Value    any
}

// value is one answer, read.
type value struct {
	text       string
	number     float64           // of a number
	code, term string            // of a medical term
	file       *document.New     // of a file or a signature
	content    []byte            // of a signature
	document   document.Document // made for the file
}

// answered is a question with its answers.
type answered struct {
	section  Section
	question Question
	values   []value
}

// maxSignature is how large the picture of a signature may be, in bytes.
const maxSignature = 512 << 10

// read checks the answers, and gives them in the order of the questions. mediaType tells what a signature's picture is.
func (c Content) read(answers []Answer, mediaType func([]byte) string) ([]answered, error) {
	raw := map[int64][]any{}
	for _, a := range answers {
		if several, ok := a.Value.([]any); ok {
			raw[a.Question] = append(raw[a.Question], several...)
		} else {
			raw[a.Question] = append(raw[a.Question], a.Value)
		}
	}
	said := map[int64][]value{}
	var out []answered
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			values, err := q.read(raw[q.ID], mediaType)
			if err != nil {
				return nil, err
			}
			delete(raw, q.ID)
			if said[q.ID] = values; len(values) > 0 {
				out = append(out, answered{section: section, question: q, values: values})
			}
		}
	}
	if len(raw) > 0 {
		return nil, ErrNoQuestion
	}
	asked := c.asked(said)
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			if q.Required && len(said[q.ID]) == 0 && asked(q.ID) {
				return nil, ErrUnanswered.Saying(fmt.Sprintf("%q must be answered.", q.Title))
			}
		}
	}
	return out, nil
}

// asked tells which questions are asked, by the answers given. What depends on a question that was not answered, or is
// not asked itself, is not asked.
func (c Content) asked(said map[int64][]value) func(question int64) bool {
	needs := c.dependencies()
	var asked func(question int64) bool
	asked = func(question int64) bool {
		on := needs[question]
		delete(needs, question) // a circle ends here
		defer func() { needs[question] = on }()
		return !slices.ContainsFunc(on, func(d *Dependency) bool {
			values := said[d.Question]
			has := slices.ContainsFunc(values, func(v value) bool { return v.text == d.Answer })
			return len(values) == 0 || has == d.Negate || !asked(d.Question)
		})
	}
	return asked
}

// dependencies are what decides whether each question is asked.
func (c Content) dependencies() map[int64][]*Dependency {
	out := map[int64][]*Dependency{}
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			for _, d := range []*Dependency{section.DependsOn, q.DependsOn} {
				if d != nil {
					out[q.ID] = append(out[q.ID], d)
				}
			}
		}
	}
	return out
}

// maxTogether is how long all answers to a question may be that are kept as one entry: as long as an entry may be.
const maxTogether = 50_000

// read checks the answers to a question; empty text is none.
func (q Question) read(raw []any, mediaType func([]byte) string) ([]value, error) {
	var out []value
	together := 0
	for _, v := range raw {
		if text, ok := v.(string); ok && strings.TrimSpace(text) == "" || v == nil {
			continue
		}
		one, wrong := q.value(v, mediaType)
		if wrong != "" {
			return nil, ErrAnswer.Saying(fmt.Sprintf("%q takes %s.", q.Title, wrong))
		}
		out, together = append(out, one), together+utf8.RuneCountInString(one.text)+len(between)
	}
	switch {
	case len(out) > 100:
		return nil, ErrAnswer.Saying(fmt.Sprintf("%q takes at most 100 answers.", q.Title))
	case len(out) > 1 && !q.Multiple:
		return nil, ErrAnswer.Saying(fmt.Sprintf("%q takes one answer.", q.Title))
	case together > maxTogether+len(between) && q.Kind != AskTerm:
		return nil, ErrAnswer.Saying(fmt.Sprintf("%q takes answers of at most 50,000 characters together.", q.Title))
	}
	return out, nil
}

// value reads one answer, or says what would have been one.
func (q Question) value(v any, typeOf func([]byte) string) (out value, wrong string) {
	text, isText := v.(string)
	object, isObject := v.(map[string]any)
	switch q.Kind {
	case AskOption:
		if out.text = text; !slices.Contains(q.Choices, text) {
			return out, "one of the answers it gives"
		}
	case AskText, AskLines:
		return q.words(text, isText)
	case AskDate:
		if len(text) > 10 && text[10] == 'T' {
			text = text[:10] // the time says nothing
		}
		day, ok := input.ParseDate(text)
		if out.text = day.String(); !ok {
			return out, "a date as YYYY-MM-DD"
		}
	case AskTerm:
		return medical(text, isText, object)
	case AskSignature:
		if _, ok := object["typed"]; ok {
			return typed(object)
		}
		return signed(text, typeOf)
	case AskFile:
		name, _ := object["name"].(string)
		mediaType, _ := object["type"].(string)
		if out.text, out.file = name, (&document.New{Name: name, MediaType: mediaType}); !isObject {
			return out, "the name of a file and its media type"
		}
	case AskRelationship:
		return aPerson(object, isObject)
	}
	return out, ""
}

// The bounds of text where a question has none of its own, in characters, and of numbers.
const (
	maxText     = 2000
	maxLines    = 20_000
	maxTerm     = 500
	maxDecimals = 6
	tooMuch     = 1e12
)

// Most is how many characters an answer in words may have.
func (q Question) Most() int {
	most := maxText
	switch q.Kind {
	case AskLines:
		most = maxLines
	case AskTerm:
		most = maxTerm
	}
	if q.Longest > 0 {
		most = min(most, q.Longest)
	}
	return most
}

// words reads text or, where the question has bounds, a number.
func (q Question) words(text string, isText bool) (out value, wrong string) {
	if q.Number != nil {
		return q.Number.read(text)
	}
	var in input.Checks
	what, check := "a line of text", in.Text
	if q.Kind == AskLines {
		what, check = "text", in.Lines
	}
	most := q.Most()
	if out.text = check("answer", text, most); !isText || in.Err() != nil {
		return out, what + " of at most " + thousands(most) + " characters"
	}
	return out, ""
}

// thousands is a number below a million as people write it.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

var decimal = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,6})?$`)

// read reads a number within the bounds. A comma is a point to some.
func (b Bounds) read(text string) (out value, wrong string) {
	out.text = strings.Replace(strings.TrimSpace(text), ",", ".", 1)
	n, err := strconv.ParseFloat(out.text, 64)
	_, after, _ := strings.Cut(out.text, ".")
	if err != nil || !decimal.MatchString(out.text) || n < b.Low || n > b.High || len(after) > b.Decimals {
		what := "a number"
		if b.Decimals == 0 {
			what = "a whole number"
		}
		return out, what + " from " + plain(b.Low) + " to " + plain(b.High)
	}
	out.number = n
	if b.Unit != "" {
		out.text += " " + b.Unit
	}
	return out, ""
}

func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// Typed stands before a name that was typed in place of a signature.
const Typed = "Typed: "

// typed reads a name that is typed in place of a signature, where none can be drawn.
func typed(object map[string]any) (out value, wrong string) {
	var in input.Checks
	name, ok := object["typed"].(string)
	if out.text = Typed + in.Required("answer", name, 200); !ok || in.Err() != nil {
		return out, "the name of the person who signs"
	}
	return out, ""
}

// medical reads a medical term: in words, or as a SNOMED CT concept.
func medical(text string, isText bool, object map[string]any) (out value, wrong string) {
	var in input.Checks
	if !isText {
		var ok bool
		out.code, ok = object["code"].(string)
		text, _ = object["term"].(string)
		if !ok && object["code"] != nil || out.code != "" && !record.IsConcept(out.code) {
			return out, "the id of a SNOMED CT concept as code"
		}
	}
	if out.text = in.Required("answer", text, maxTerm); in.Err() != nil {
		return out, "a medical term"
	}
	if out.code != "" {
		out.term = out.text
	}
	return out, ""
}

// signed reads the picture of a signature, which may be a data URL (RFC 2397).
func signed(text string, typeOf func([]byte) string) (out value, wrong string) {
	if head, data, ok := strings.Cut(text, ","); ok && strings.HasPrefix(head, "data:") {
		text = data
	}
	content, err := base64.StdEncoding.DecodeString(text)
	mediaType := typeOf(content)
	if err != nil || len(content) > maxSignature || !strings.HasPrefix(mediaType, "image/") {
		return out, "a picture of at most 512 KiB, in Base64"
	}
	out.text, out.content = "signature", content
	out.file = &document.New{Name: "signature." + strings.TrimPrefix(mediaType, "image/"), MediaType: mediaType}
	return out, ""
}

// aPerson reads who is around a patient: texts by what they are.
func aPerson(object map[string]any, isObject bool) (out value, wrong string) {
	var in input.Checks
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(object)) {
		text, ok := object[key].(string)
		if !ok && object[key] != nil {
			return out, "an object of texts"
		}
		if text = in.Text("answer", text, 500); text != "" {
			lines = append(lines, in.Required("answer", key, 50)+": "+text)
		}
	}
	if !isObject || len(lines) == 0 || len(lines) > 30 || in.Err() != nil {
		return out, "an object of texts"
	}
	out.text = strings.Join(lines, "\n")
	return out, ""
}
