package template

import (
	"strings"
	"unicode"
)

// Clean is a text without what cannot be shown, and of at most so many characters.
func Clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if r := []rune(text); len(r) > most {
		text = string(r[:most])
	}
	return text
}
