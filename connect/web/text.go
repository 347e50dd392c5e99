package web

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
)

var (
	word    = regexp.MustCompile(`^[0-9A-Za-z_.:-]{1,64}$`)
	number  = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	address = regexp.MustCompile(`^[^\s@<>"]{1,64}@[^\s@<>"]{1,189}$`)
	// telling is what may identify a person: a number or an address.
	telling = regexp.MustCompile(`@|[0-9](?:[ ()-]{0,2}[0-9]){5}`)
)

// Word is a provider's code, or empty when it is not one, or could be
// a person's number.
func Word(s string) string {
	if !word.MatchString(s) || telling.MatchString(s) {
		return ""
	}
	return s
}

// Reason is a provider's sentence, or the other when it says nothing or could
// identify a person.
func Reason(s, otherwise string) string {
	s = strings.Join(strings.Fields(Text(s, 200)), " ")
	if s == "" || telling.MatchString(s) {
		return otherwise
	}
	return s
}

// Number says whether s is a telephone number of the form +447700900123.
func Number(s string) bool { return number.MatchString(s) }

// Mail says whether s can be an e-mail address.
func Mail(s string) bool { return len(s) <= 254 && Text(s, 254) == s && address.MatchString(s) }

// Text is text as it can be kept: valid, without control characters other than
// line ends and tabs, and no longer than limit characters.
func Text(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return strings.TrimSpace(s[:i])
		}
		n++
	}
	return s
}

// MaxReply is how much of a reply is kept, in characters.
const MaxReply = 10_000

// At reads a time of RFC 3339, or is the other one.
func At(s string, otherwise time.Time) time.Time {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || at.Year() < 2000 || at.After(otherwise.Add(24*time.Hour)) {
		return otherwise
	}
	return at.UTC()
}

// Wrong is the fault of a call whose body has something wrong with it, by the
// path to it.
func Wrong(expected string, path ...string) error {
	return fault.Input(fault.Field{Path: path, Code: carrier.CodeCall, Expected: expected,
		Message: "The provider's call has a field that is missing or wrong."})
}
