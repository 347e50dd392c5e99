// Package input checks what people and programs type: the same rules for every
// capability, and all that is wrong told at once.
//
//	input.go     text, choices, numbers
//	contact.go   e-mail addresses and postal ones
//	telephone.go telephone numbers, and others that are read in groups
//	nhsnumber.go NHS numbers and their check digit
//	date.go      calendar dates and instants
//	list.go      pages of lists, and stretches of time
//	cursor.go    parts of lists counted from one of them, and stretches of dates
//	number.go    whole numbers
package input

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"frontdesk/core/fault"
)

// Checks collects what is wrong. The zero value is ready; ask Err at the end.
type Checks struct {
	fields []fault.Field
	kept   []string
}

// Keep lets these numbers and e-mail addresses pass unchecked: they were kept
// already, by the rules of the time, and are no reason to refuse a change of
// something else.
func (c *Checks) Keep(values ...string) { c.kept = append(c.kept, values...) }

func (c *Checks) keeps(value string) bool { return slices.Contains(c.kept, value) }

// Err gives everything found wrong as one fault, or nil.
func (c *Checks) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return fault.Input(c.fields...)
}

// Wrong notes one thing wrong with a field. Dots lead into one: exclusions.3.start.
func (c *Checks) Wrong(field, code, expected, message string) {
	c.fields = append(c.fields, fault.Field{
		Path: strings.Split(field, "."), Code: code, Expected: expected, Message: message,
	})
}

// The codes of field faults. They are the words Zod's issues use, which callers
// of the API we follow know already.
const (
	CodeType   = "invalid_type"
	CodeSmall  = "too_small"
	CodeBig    = "too_big"
	CodeString = "invalid_string"
	CodeChoice = "invalid_enum_value"
	CodeDate   = "invalid_date"
	// CodeRequired is ours: on the command line, and where one of two fields is needed.
	CodeRequired = "required"
)

// Text is value without the spaces around it, and empty when nothing of it can be seen. It may be empty; it may not be
// longer than limit characters, nor hold control characters or characters that
// change the direction of the text around them.
func (c *Checks) Text(field, value string, limit int) string {
	return c.text(field, value, limit, "")
}

// Lines is Text that may run over several lines.
func (c *Checks) Lines(field, value string, limit int) string {
	return c.text(field, value, limit, "\n\r\t")
}

func (c *Checks) text(field, value string, limit int, allowed string) string {
	value = strings.TrimSpace(value)
	switch {
	case !utf8.ValidString(value):
		c.Wrong(field, CodeString, "UTF-8 text", "This is not valid UTF-8.")
	case utf8.RuneCountInString(value) > limit:
		c.Wrong(field, CodeBig, fmt.Sprintf("at most %d characters", limit),
			fmt.Sprintf("This is longer than %d characters.", limit))
	case strings.ContainsFunc(value, func(r rune) bool { return hidden(r) && !strings.ContainsRune(allowed, r) }):
		c.Wrong(field, CodeString, "text without control characters", "This has control characters, or characters "+
			"that change the direction of text.")
	case !strings.ContainsFunc(value, seen):
		return ""
	}
	return value
}

// seen reports whether a character leaves a mark on a page, alone. Some letters do not: fillers of Hangul, and the
// pattern of Braille without dots.
func seen(r rune) bool {
	return !invisible(r) && !unicode.IsSpace(r) && !strings.ContainsRune("\u115F\u1160\u2800\u3164\uFFA0", r)
}

// hidden reports characters that are not typed on purpose: controls, and those that
// reorder the text on screen (Unicode Standard Annex 9, explicit formatting).
func hidden(r rune) bool {
	return unicode.IsControl(r) || (r >= 0x202A && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069) || r == 0x200E ||
		r == 0x200F || r == 0x061C
}

// Visible is text without the characters that are not seen or typed on purpose,
// which come along when a number or an address is copied: soft hyphens, spaces
// and joiners without width, and marks of direction.
func Visible(s string) string {
	if !utf8.ValidString(s) {
		return s // which is for Text to say
	}
	return strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s)
}

func invisible(r rune) bool {
	return r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2060 && r <= 0x2064 || r >= 0x2066 &&
		r <= 0x2069 ||
		r == 0x00AD || r == 0x061C || r == 0x180E || r == 0xFEFF
}

// Required is Text that may not be empty.
func (c *Checks) Required(field, value string, limit int) string {
	value = c.Text(field, value, limit)
	if value == "" {
		c.Wrong(field, CodeSmall, "text that is not empty", "This may not be empty.")
	}
	return value
}

// Choice is a value out of a fixed list.
func Choice[T ~string](c *Checks, field string, value T, of []T) T {
	if !slices.Contains(of, value) {
		c.Wrong(field, CodeChoice, "one of "+listed(of), "This is not one of the possible values.")
	}
	return value
}

// listed is the values of a list, in a sentence.
func listed[T ~string](of []T) string {
	words := make([]string, len(of))
	for i, one := range of {
		words[i] = string(one)
	}
	return strings.Join(words, ", ")
}

// Between is a whole number from low to high.
func (c *Checks) Between(field string, value, low, high int) int {
	expected := fmt.Sprintf("a whole number from %d to %d", low, high)
	switch {
	case value < low:
		c.Wrong(field, CodeSmall, expected, fmt.Sprintf("This is less than %d.", low))
	case value > high:
		c.Wrong(field, CodeBig, expected, fmt.Sprintf("This is more than %d.", high))
	}
	return value
}

// Amount is an amount of money in pence, from low to high. What is wrong with it is said in pounds, which no caller
// takes for another unit, whichever one it wrote.
func (c *Checks) Amount(field string, pence, low, high int) int {
	expected := "an amount from " + pounds(low) + " to " + pounds(high)
	switch {
	case pence < low:
		c.Wrong(field, CodeSmall, expected, "This is less than "+pounds(low)+".")
	case pence > high:
		c.Wrong(field, CodeBig, expected, "This is more than "+pounds(high)+".")
	}
	return pence
}

// pounds is an amount as people read it.
func pounds(pence int) string { return fmt.Sprintf("£%d.%02d", pence/100, pence%100) }

// maxID is the largest id: ids have 53 bits, so that every JSON reader can hold
// them exactly.
const maxID = 1<<53 - 1

// MaxRate is the highest rate of VAT, in parts of a thousand.
const MaxRate = 1000

// Rate reads a rate given in per cent, of at most one decimal, as parts of a
// thousand. Programs reckon in binary fractions, so what is next to a rate is it.
func (c *Checks) Rate(field string, percent float64) int {
	n := math.Round(percent * 10)
	if math.IsNaN(n) || n < 0 || n > MaxRate || math.Abs(percent*10-n) > 1e-6 {
		c.Wrong(field, CodeBig, "a rate in per cent from 0 to 100, of at most one decimal",
			"This is not a rate of VAT.")
		return 0
	}
	return int(n)
}

// Percent reads a share given in per cent, of at most two decimals, as hundredths of a per cent: more than none, and
// not more than all.
func (c *Checks) Percent(field string, percent float64) int {
	n := math.Round(percent * 100)
	if math.IsNaN(n) || n < 1 || n > 10_000 || math.Abs(percent*100-n) > 1e-6 {
		code := CodeBig
		if percent <= 0 {
			code = CodeSmall
		}
		c.Wrong(field, code, "a share in per cent, more than 0 and at most 100, of at most two decimals",
			"This is not a share in per cent.")
		return 1
	}
	return int(n)
}

// Digits reads an id as callers write it: digits, nothing else. It reports
// false for anything that cannot be an id.
func Digits(s string) (int64, bool) {
	if len(s) > 16 || !allDigits(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && n <= maxID
}

// Set puts a value where one is given.
func Set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// IDs takes a list of ids where one is given, each id once, and at most so many.
func IDs[T ~int64](in *Checks, field string, to, given *[]T, most int) {
	if given == nil {
		return
	}
	*to = slices.Compact(slices.Sorted(slices.Values(*given)))
	if len(*to) > most {
		in.Wrong(field, CodeBig, "at most "+strconv.Itoa(most)+" ids", "These are too many.")
		*to = (*to)[:most]
	}
}
