package patient

import (
	"strings"

	"frontdesk/core/input"
)

// ParseNHSNumber reads an NHS number, with or without spaces and dashes, and
// checks its last digit by Modulus 11. Source: NHS Data Dictionary, NHS NUMBER.
func ParseNHSNumber(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(s)
	if len(s) != 10 {
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

// nhsNumber checks a number somebody sent; it may be empty.
func nhsNumber(in *input.Checks, field, value string) string {
	value = strings.TrimSpace(value)
	if value == "" {
		return ""
	}
	n, ok := ParseNHSNumber(value)
	if !ok {
		in.Wrong(field, input.CodeString, "an NHS number of ten digits with a right check digit", "This is not a valid NHS number.")
	}
	return n
}
