package patient

import (
	"context"
	"errors"
	"strings"
	"time"

	"frontdesk/core/access"
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

// CheckNHSNumber checks a number that was sent; it may be empty.
func CheckNHSNumber(in *input.Checks, field, value string) string {
	if input.Bare(value) == "" {
		return ""
	}
	n, ok := ParseNHSNumber(value)
	if !ok {
		in.Wrong(field, input.CodeString, "an NHS number of ten digits with a right check digit",
			"This is not a valid NHS number.")
	}
	return n
}

// groups finds practice groups.
type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

// Issued refuses a number of the test range, unless the group is an invented one.
func Issued(ctx context.Context, r groups, group practice.ID, field, number string) error {
	if !TestNumber(number) {
		return nil
	}
	g, err := r.Group(ctx, group)
	if err != nil || g.Sandbox {
		return err
	}
	return fault.Wrong(field, input.CodeString, "an NHS number that somebody has",
		"Numbers that begin with 999 are for tests, and nobody has one.")
}

// setNHSNumber sets the NHS number of a patient whom the transaction has locked;
// the empty one removes it. Errors: ErrNHSNumberTaken, a field fault.
func setNHSNumber(
	ctx context.Context, tx BelongingTx, who access.Caller, p Patient, action, number string, now time.Time,
) error {
	if number != "" {
		other, err := tx.Holder(ctx, who.Group, number)
		if err == nil && other.ID != p.ID {
			return ErrNHSNumberTaken
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	if number == p.NHSNumber {
		return nil
	}
	after := p
	after.NHSNumber, after.NumberStatus = number, ""
	return Keep(ctx, tx, who, now, action, p, after)
}
