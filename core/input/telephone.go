package input

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// home is where a number is from that does not say.
const home = "GB"

// ukPrefix begins a UK number, and those of the Isle of Man and the Channel
// Islands.
const ukPrefix = "+44"

// Mobile is a mobile number in the form +447700900123, or empty. Of UK numbers
// those beginning 070 (personal numbers) and 076 (pagers, but for 07624 in the
// Isle of Man) are not mobiles; those of the Ofcom drama range 07700 900000 to
// 900999 are. Source: Ofcom, National Telephone Numbering Plan.
func (c *Checks) Mobile(field, value string) string {
	return c.telephone(field, value, "a mobile number, such as 07700 900123, or of another country +353 85 012 3456",
		"This is not a mobile number.",
		func(n *phonenumbers.PhoneNumber, digits string) bool {
			if n.GetCountryCode() == 44 {
				return len(digits) == 10 && digits[0] == '7' && digits[1] != '0' &&
					(digits[1] != '6' || strings.HasPrefix(digits, "7624"))
			}
			kind := phonenumbers.GetNumberType(n)
			return kind == phonenumbers.MOBILE || kind == phonenumbers.FIXED_LINE_OR_MOBILE
		})
}

// Telephone is any UK number in the form +441632960123, a number of another
// country with its leading +, or empty.
func (c *Checks) Telephone(field, value string) string {
	return c.telephone(field, value, "a telephone number, such as 01632 960123", "This is not a telephone number.",
		func(n *phonenumbers.PhoneNumber, digits string) bool {
			if n.GetCountryCode() == 44 {
				return (len(digits) == 9 || len(digits) == 10) && digits[0] != '0'
			}
			return phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE
		})
}

// telephone reads a number, which must be good by the rule of its kind.
func (c *Checks) telephone(
	field, value, expected, message string, good func(n *phonenumbers.PhoneNumber, digits string) bool,
) string {
	value = c.Text(field, Visible(value), 40)
	if value == "" || c.keeps(value) {
		return value
	}
	if n, ok := readTelephone(value); ok && good(n, phonenumbers.GetNationalSignificantNumber(n)) {
		return phonenumbers.Format(n, phonenumbers.E164)
	}
	c.Wrong(field, CodeString, expected, message)
	return value
}

// readTelephone reads a number as people write it: at home with or without its
// first 0, from abroad with + or 00 or without, that 0 in brackets or not, and
// with spaces, dots and dashes of any kind. Letters are not read as the digits of
// their keys, and an extension is none of a number that can be dialled.
func readTelephone(value string) (*phonenumbers.PhoneNumber, bool) {
	plus, digits := 0, 0
	value = strings.Map(func(r rune) rune {
		switch {
		case r == '+' || r == '＋':
			if plus++; digits > 0 {
				plus = 2
			}
			return '+'
		case unicode.IsDigit(r):
			digits++
		case unicode.IsSpace(r):
			return ' '
		case dash(r):
			return '-'
		case r != '.' && r != '(' && r != ')':
			plus = 2
		}
		return r
	}, value)
	if plus > 1 {
		return nil, false
	}
	n, err := phonenumbers.Parse(value, home)
	if err != nil || n.GetExtension() != "" {
		return nil, false
	}
	// Of two zeros one is left, and the number would be another one when it is
	// read again.
	kept := phonenumbers.Format(n, phonenumbers.E164)
	again, err := phonenumbers.Parse(kept, home)
	return n, err == nil && phonenumbers.Format(again, phonenumbers.E164) == kept
}

// dash reports a dash of any script, and the minus sign.
func dash(r rune) bool { return r == '-' || r == '\u2212' || r > 0x7f && unicode.Is(unicode.Pd, r) }

// Abroad reports whether a number as it is kept is one of another country.
func Abroad(number string) bool { return number != "" && !strings.HasPrefix(number, ukPrefix) }

// AsDialled is a number of another country with the digits that were typed, as
// such numbers were kept before they were read by where they are from; empty is
// none.
func AsDialled(value string) string {
	s := strings.NewReplacer(".", "", "(", "", ")", "").Replace(Bare(value))
	if len(s) < 9 || len(s) > 16 || s[0] != '+' || !allDigits(s[1:]) || !Abroad(s) {
		return ""
	}
	return s
}

// Bare is a number that people read in groups, such as an NHS number, without
// its spaces and dashes and without what cannot be seen.
func Bare(s string) string {
	return strings.Map(func(r rune) rune {
		if invisible(r) || unicode.IsSpace(r) || dash(r) {
			return -1
		}
		return r
	}, s)
}

// ShowTelephone writes a number as people in the UK do: 01632 960123, 0121 496
// 0123, 020 7946 0123. A number of another country stays as it is. Source:
// Ofcom, National Telephone Numbering Plan, area codes.
func ShowTelephone(number string) string {
	d, ok := strings.CutPrefix(number, "+44")
	if !ok || len(d) != 10 {
		return number
	}
	switch {
	case d[0] == '2': // 020, 023, 024, 028, 029
		return "0" + d[:2] + " " + d[2:6] + " " + d[6:]
	case d[0] == '3' || d[0] == '8' || d[0] == '9' || d[0] == '1' &&
		(d[1] == '1' || d[2] == '1'): // 0300, 0800, 0113, 0121
		return "0" + d[:3] + " " + d[3:6] + " " + d[6:]
	}
	return "0" + d[:4] + " " + d[4:]
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
