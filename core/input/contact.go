package input

import (
	"net/mail"
	"strings"
	"unicode"
)

// Email is an address of the form name@host, or empty. RFC 5321 bounds it to
// 254 characters.
func (c *Checks) Email(field, value string) string {
	value = c.Text(field, value, 254)
	if value == "" {
		return ""
	}
	a, err := mail.ParseAddress(value)
	if err != nil || a.Address != value || !strings.Contains(value[strings.LastIndexByte(value, '@'):], ".") {
		c.Wrong(field, CodeString, "an e-mail address", "This is not an e-mail address.")
	}
	return value
}

// squeeze drops the punctuation people put into telephone numbers.
var squeeze = strings.NewReplacer(" ", "", "\u00a0", "", "-", "", ".", "", "(", "", ")", "")

// Mobile is a UK mobile number in the form +447700900123, or empty. Numbers
// beginning 070 (personal numbers) and 076 (pagers, but for 07624 in the Isle
// of Man) are not mobiles; those of the Ofcom drama range 07700 900000 to
// 900999 are. Source: Ofcom, National Telephone Numbering Plan.
func (c *Checks) Mobile(field, value string) string {
	value = c.Text(field, value, 40)
	if value == "" {
		return ""
	}
	digits, ok := national(value)
	mobile := ok && len(digits) == 10 && digits[0] == '7' && digits[1] != '0' && (digits[1] != '6' || strings.HasPrefix(digits, "7624"))
	if !mobile {
		c.Wrong(field, CodeString, "a UK mobile number, such as 07700 900123", "This is not a UK mobile number.")
		return value
	}
	return "+44" + digits
}

// Telephone is any UK number in the form +441632960123, a number of another
// country with its leading +, or empty.
func (c *Checks) Telephone(field, value string) string {
	value = c.Text(field, value, 40)
	if value == "" {
		return ""
	}
	if digits, ok := national(value); ok && (len(digits) == 9 || len(digits) == 10) && digits[0] != '0' {
		return "+44" + digits
	}
	if s := squeeze.Replace(value); len(s) >= 9 && len(s) <= 16 && s[0] == '+' && allDigits(s[1:]) && !strings.HasPrefix(s, "+44") {
		return s
	}
	c.Wrong(field, CodeString, "a telephone number, such as 01632 960123", "This is not a telephone number.")
	return value
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
	case d[0] == '3' || d[0] == '8' || d[0] == '9' || d[0] == '1' && (d[1] == '1' || d[2] == '1'): // 0300, 0800, 0113, 0121
		return "0" + d[:3] + " " + d[3:6] + " " + d[6:]
	}
	return "0" + d[:4] + " " + d[4:]
}

// national gives the digits after the trunk 0 or the country code of a UK number.
func national(value string) (string, bool) {
	s := squeeze.Replace(strings.Replace(value, "(0)", "", 1))
	for _, prefix := range []string{"+44", "0044", "0"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			return rest, allDigits(rest)
		}
	}
	return "", false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Postcode is a UK postcode in capitals with one space before the last three
// characters; anything else is kept as it was typed.
func (c *Checks) Postcode(field, value string) string {
	value = strings.ToUpper(c.Text(field, strings.Map(spaces, value), 20))
	s := strings.ReplaceAll(value, " ", "")
	if n := len(s); n >= 5 && n <= 7 && allDigits(s[n-3:n-2]) && letter(s[n-2]) && letter(s[n-1]) {
		return s[:n-3] + " " + s[n-3:]
	}
	return value
}

// spaces writes every kind of space as a plain one, and leaves out what nobody
// sees.
func spaces(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r):
		return -1
	case unicode.Is(unicode.Zs, r):
		return ' '
	}
	return r
}

func letter(b byte) bool { return b >= 'A' && b <= 'Z' }
