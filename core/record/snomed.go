package record

import (
	"frontdesk/core/input"
)

// Concept is a SNOMED CT concept.
type Concept struct{ Code, Term string }

// The concepts used where none is given, by channel.
var (
	smsSent  = Concept{"279991000000102", "SMS text message sent to patient"}
	mailSent = Concept{"401271004", "Email/notification sent to patient"}
	// answered is for the answers to a form.
	answered = Concept{"184147002", "Questionnaire"}
)

// Form is the channel of answers to a form.
const Form = "form"

// DefaultConcept says that a message was sent by a channel.
func DefaultConcept(channel string) Concept {
	switch channel {
	case "sms":
		return smsSent
	case Form:
		return answered
	}
	return mailSent
}

// The tables of Verhoeff's check digit. Source: SNOMED CT Release File
// Specifications, appendix, Check-digit computation.
var (
	verhoeffD = [10][10]int{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
		{3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
		{4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1}, {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
		{7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
		{8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
	}
	verhoeffP = [8][10]int{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
		{8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
		{9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1}, {2, 7, 9, 3, 8, 0, 6, 4, 1, 5},
		{7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
	}
)

// IsConcept reports whether a code can be that of a SNOMED CT concept: 6 to 18 digits without a leading zero, a right
// check digit, and the partition of a concept. Source: SNOMED CT Technical Implementation Guide, SCTID.
func IsConcept(code string) bool {
	if len(code) < 6 || len(code) > 18 || code[0] == '0' {
		return false
	}
	c := 0
	for i := range len(code) {
		d := int(code[len(code)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		c = verhoeffD[c][verhoeffP[i%8][d]]
	}
	partition := code[len(code)-3 : len(code)-1]
	return c == 0 && (partition == "00" || partition == "10")
}

// Choose is the concept a caller gave, or the channel's own.
func Choose(in *input.Checks, code, term, channel string) Concept {
	code, term = in.Text("snomed_code", code, 18), in.Text("snomed_term", term, 255)
	if code == "" {
		c := DefaultConcept(channel)
		if term != "" {
			c.Term = term
		}
		return c
	}
	if !IsConcept(code) {
		in.Wrong("snomed_code", input.CodeString, "the id of a SNOMED CT concept, such as 279991000000102",
			"This is not the id of a SNOMED CT concept.")
	}
	if term == "" {
		if c := DefaultConcept(channel); c.Code == code {
			term = c.Term
		} else {
			in.Wrong("snomed_term", input.CodeSmall, "the concept's term", "A code needs its term.")
		}
	}
	return Concept{code, term}
}
