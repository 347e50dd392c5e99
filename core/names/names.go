// Package names compares the names of people.
//
//	names.go     a name without case, accents, apostrophes and dashes
//	forename.go  whether two forenames may be one person's
//	nickname.go  short forms of forenames
package names

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// letters are those that Unicode does not take apart into a plain letter and an accent.
var letters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ı", "i")

// apostrophes are the characters people and programs write for one, in names such as O'Neill.
const apostrophes = "'`´‘’‚‛′‵ʹʻʼʽʾʿˈˊˋꞌ՚׳΄᾽᾿＇｀"

// dashes are those besides Unicode's own class of dashes (Pd) that people write
// in double names: the minus sign, and signs that look like it.
const dashes = "−⁃˗﹘➖"

// plain takes the punctuation of names out: an apostrophe joins what is around
// it, a dash and a full stop part it, and invisible characters are dropped.
func plain(r rune) rune {
	switch {
	case strings.ContainsRune(apostrophes, r), unicode.Is(unicode.Cf, r):
		return -1
	case r == '.', unicode.Is(unicode.Pd, r), strings.ContainsRune(dashes, r):
		return ' '
	}
	return r
}

// Key is a name without case, accents and apostrophes of any shape, with one space between its parts, whatever dash or
// space was there: two spellings of one name have one key.
func Key(name string) string {
	// Before the accents go: some apostrophes are an accent on a space.
	name = strings.Map(plain, name)
	bare, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn))), name)
	if err != nil {
		bare = name
	}
	return strings.Join(strings.Fields(letters.Replace(cases.Fold().String(bare))), " ")
}

// Endings are the keys of what a name ends with, from its second part on: king
// and la cruz, cruz for Byron-King and De la Cruz.
func Endings(name string) []string {
	var out []string
	for _, rest, ok := strings.Cut(Key(name), " "); ok; _, rest, ok = strings.Cut(rest, " ") {
		out = append(out, rest)
	}
	return out
}
