package template

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// basic is the default alphabet of GSM 03.38 (3GPP TS 23.038, section 6.2.1),
// and extended the characters its extension table adds, which take two places.
const (
	basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extended = "\f^{}\\[~]|€"
)

// MaxParts is the most parts one text message may have: what the gateways of the NHS and of GOV.UK take.
const MaxParts = 6

// Parts is how a text message is sent.
type Parts struct {
	// Encoding is "GSM-7", or "UCS-2" as soon as one character needs it.
	Encoding string
	// Units is its length in the encoding's own units, and Parts the number of text messages that is.
	Units, Parts int
	// Odd are the characters that need UCS-2, each once.
	Odd string
}

// CountParts counts the parts of a text message, as it is when it is composed: 160 units in one, or 153 in each of
// several, of GSM-7; 70 or 67 of UCS-2. A character is never split over two parts.
func CountParts(text string) Parts {
	text = Composed(text)
	p := Parts{Encoding: "GSM-7"}
	for _, r := range text {
		if units(r) == 0 && !strings.ContainsRune(p.Odd, r) {
			p.Encoding = "UCS-2"
			p.Odd += string(r)
		}
	}
	single, each := 160, 153
	size := units
	if p.Encoding == "UCS-2" {
		single, each = 70, 67
		size = func(r rune) int { return max(1, utf16.RuneLen(r)) }
	}
	room := 0
	several := 0
	for _, r := range text {
		n := size(r)
		p.Units += n
		if room < n { // a new part
			several++
			room = each
		}
		room -= n
	}
	p.Parts = several
	if p.Units <= single {
		p.Parts = 1
	}
	return p
}

// units is how many places of GSM-7 a character takes; 0 is none, because it has no such character.
func units(r rune) int {
	if r < utf8.RuneSelf { // most of every text
		return int(ascii[r])
	}
	return lookUpUnits(r)
}

func lookUpUnits(r rune) int {
	switch {
	case strings.ContainsRune(basic, r):
		return 1
	case strings.ContainsRune(extended, r):
		return 2
	}
	return 0
}

var ascii = func() (out [utf8.RuneSelf]uint8) {
	for r := range out {
		out[r] = uint8(lookUpUnits(rune(r)))
	}
	return out
}()
