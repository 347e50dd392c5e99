package patient

import (
	"context"
	"errors"
	"strings"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// ParseNHSNumber reads an NHS number, with or without spaces and dashes of any kind, and
// checks its last digit by Modulus 11. Ten equal digits pass that check and are
// nobody's number. Source: NHS Data Dictionary, NHS NUMBER.
func ParseNHSNumber(s string) (string, bool) {
	s = input.Bare(s)
	if len(s) != 10 || s == strings.Repeat(s[:1], 10) {
		return "", false
	}
	sum := 0
	for i := range 10 {
		d := int(s[i]) - '0'
		if d < 0 || d > 9 {
			return "", false
		}
		if i < 9 {
			sum += d * (10 - i)
		}
	}
	check := (11 - sum%11) % 11
	// A remainder that asks for a check digit of 10 is never issued.
	if check == 10 || check != int(s[9]-'0') {
		return "", false
	}
	return s, true
}

// TestNumber reports a number of the range that is kept for tests and is given
// to nobody. Only invented practices have patients with one.
func TestNumber(number string) bool { return strings.HasPrefix(number, "999") }

// nhsNumber checks a number somebody sent; it may be empty.
func nhsNumber(in *input.Checks, field, value string) string {
	if input.Bare(value) == "" {
		return ""
	}
	n, ok := ParseNHSNumber(value)
	if !ok {
		in.Wrong(field, input.CodeString, "an NHS number of ten digits with a right check digit", "This is not a valid NHS number.")
	}
	return n
}

// holder finds the patient who has a number, or else who had it before it was
// superseded. Error: ErrNotFound.
func holder(ctx context.Context, r Reader, group practice.ID, number string) (Patient, error) {
	p, err := r.PatientByNHSNumber(ctx, group, number)
	if errors.Is(err, ErrNotFound) {
		return r.PatientByFormerNumber(ctx, group, number)
	}
	return p, err
}

// groups finds practice groups.
type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

// issued refuses a number of the test range, unless the group is an invented one.
func issued(ctx context.Context, r groups, group practice.ID, field, number string) error {
	if !TestNumber(number) {
		return nil
	}
	g, err := r.Group(ctx, group)
	if err != nil || g.Sandbox {
		return err
	}
	return fault.Wrong(field, input.CodeString, "an NHS number that somebody has", "Numbers that begin with 999 are for tests, and nobody has one.")
}
