package input

import "strings"

// ParseNHSNumber reads an NHS number, with or without spaces and dashes of any kind, and checks its last digit by
// Modulus 11. Ten equal digits pass that check and are never issued. Source: NHS Data Dictionary, NHS NUMBER.
func ParseNHSNumber(s string) (string, bool) {
	s = Bare(s)
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

// NHSNumber is an NHS number, or empty.
func (c *Checks) NHSNumber(field, value string) string {
	if Bare(value) == "" {
		return ""
	}
	n, ok := ParseNHSNumber(value)
	if !ok {
		c.Wrong(field, CodeString, "an NHS number of ten digits with a right check digit",
			"This is not a valid NHS number.")
	}
	return n
}
