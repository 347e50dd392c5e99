package patient

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// letters are those that Unicode does not take apart into a plain letter and
// an accent, and the punctuation of names.
var letters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ı", "i",
	"'", "", "’", "", "‘", "", "ʼ", "", "`", "", "-", " ", "‐", " ", "–", " ", ".", " ")

// NameKey is a name without case, accents and apostrophes, with one space
// between its parts: two spellings of one name have one key.
func NameKey(name string) string {
	bare, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn))), name)
	if err != nil {
		bare = name
	}
	return strings.Join(strings.Fields(letters.Replace(cases.Fold().String(bare))), " ")
}
