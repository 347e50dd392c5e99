package input

import (
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Email is an address of the form name@host, or empty. RFC 5321 bounds it to
// 254 characters.
func (c *Checks) Email(field, value string) string {
	value = c.Text(field, Visible(value), 254)
	if value == "" || c.keeps(value) {
		return value
	}
	a, err := mail.ParseAddress(value)
	at := strings.LastIndexByte(value, '@')
	switch {
	case strings.ContainsAny(value, curly):
		c.Wrong(field, CodeString, "an e-mail address with a plain apostrophe: '",
			"This is not an e-mail address: it has an apostrophe or a quotation mark as printed texts have them.")
	case err != nil || a.Address != value || strings.ContainsFunc(value[:at], odd):
		c.Wrong(field, CodeString, "an e-mail address", "This is not an e-mail address.")
	case !hostName(value[at+1:]):
		c.Wrong(field, CodeString, "an e-mail address with a domain name after the @, such as example.org",
			"This is not an e-mail address: what comes after the @ is not the name of a domain.")
	}
	return value
}

// curly are what word processors, telephones and people put for an apostrophe.
const curly = "‘’‚‛“”„‟′‵´`ʹʻʼʽˈ＇＂"

// odd reports what stands in no name of a mailbox: beyond ASCII those are
// letters, marks and digits (RFC 6531 would have anything at all).
func odd(r rune) bool {
	return r >= 0x80 && !unicode.In(r, unicode.L, unicode.M, unicode.N)
}

// hosts are names of domains in DNS, other scripts included (RFC 5891).
var hosts = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true),
	idna.CheckHyphens(false))

// hostName reports whether s is a name of a domain below another one. An address
// of a machine is none.
func hostName(s string) bool {
	ascii, err := hosts.ToASCII(s)
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if err != nil || last == ascii || allDigits(last) || strings.ContainsFunc(s, func(r rune) bool {
		return r != '.' &&
			r != '-' && odd(r)
	}) {
		return false
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return true
}

// Postcode is a UK postcode in capitals with one space before the last three
// characters; anything else is kept as it was typed.
func (c *Checks) Postcode(field, value string) string {
	value = strings.ToUpper(c.Text(field, strings.Join(strings.Fields(Visible(value)), " "), 20))
	s := strings.ReplaceAll(value, " ", "")
	if n := len(s); n >= 5 && n <= 7 && allDigits(s[n-3:n-2]) && letter(s[n-2]) && letter(s[n-1]) {
		return s[:n-3] + " " + s[n-3:]
	}
	return value
}

func letter(b byte) bool { return b >= 'A' && b <= 'Z' }

// Postal is Text of a postal address, without what cannot be seen.
func (c *Checks) Postal(field, value string, limit int) string {
	return c.Text(field, Visible(value), limit)
}
