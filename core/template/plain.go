package template

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"frontdesk/core/input"
)

// Composed is the text with each letter and its accents as one character where there is such a character (Unicode's
// form NFC). Telephones show both forms alike, and only the composed one may be in the alphabet of GSM.
func Composed(text string) string { return norm.NFC.String(text) }

// alike are the characters that look like a plain one, by the plain one. Dashes
// and spaces of all scripts, and the wide forms of East Asia, need no list.
var alike = map[rune]string{
	'\'': "‘’‚‛′‵´`ʹʻʼʽˈ׳",
	'"':  "“”„‟″‶«»〝〞〟״",
	'-':  "−⁃•‣◦∙─━┄┅┈┉╌╍═⎯⏤ⸯ﹉﹊",
	'|':  "│┃┆┇┊┋╎╏║∣",
	'/':  "⁄∕",
	'*':  "∗⁎",
	':':  "∶ː",
	'<':  "‹",
	'>':  "›",
	'_':  "‗",
	'\n': "\u2028\u2029\u0085\v\f",
	' ':  "\t",
}

// plain is alike the other way round.
var plain = func() map[rune]rune {
	out := map[rune]rune{}
	for to, from := range alike {
		for _, r := range from {
			out[r] = to
		}
	}
	return out
}()

// several are characters that stand for several.
var several = strings.NewReplacer("\r\n", "\n", "…", "...", "‥", "..", "ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ",
	"ffl")

// Wanted is the text composed, and plainer when that is wanted.
func Wanted(text string, plainer bool) string {
	if plainer {
		return Plainer(text)
	}
	return Composed(text)
}

// Plainer is the text with plain characters in place of those that only look
// different, without those that cannot be seen, and composed.
func Plainer(text string) string {
	if !utf8.ValidString(text) {
		return text
	}
	return Composed(strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && r != '`' && r != '\t' && r != '\v' && r != '\f' {
			return r
		}
		if to, ok := plain[r]; ok {
			return to
		}
		switch {
		case unicode.Is(unicode.Pd, r):
			return '-'
		case unicode.Is(unicode.Zs, r):
			return ' '
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		}
		return r
	}, several.Replace(input.Visible(text))))
}
