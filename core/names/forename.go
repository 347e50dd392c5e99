package names

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// SameForename reports whether a forename given may be that of a person with these given names: one of them, all of
// them, an initial, or a short form people use. Anna and Hannah are two people, and so are Joseph and Josephine. Where
// one of the two is not known, nothing speaks against it.
func SameForename(said, given string) bool {
	a, b := strings.Fields(Key(said)), strings.Fields(Key(given))
	// Anne-Marie is written as one word, too.
	if len(a) == 0 || len(b) == 0 || strings.Join(a, "") == strings.Join(b, "") {
		return true
	}
	if len(b) < len(a) {
		a, b = b, a // who has fewer names here may have more there
	}
	for _, name := range a {
		if !slices.ContainsFunc(b, func(other string) bool { return sameName(name, other) }) {
			return false
		}
	}
	return true
}

func sameName(a, b string) bool {
	if a == b {
		return true
	}
	if utf8.RuneCountInString(a) == 1 || utf8.RuneCountInString(b) == 1 {
		return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
	}
	return slices.Contains(short[a], b) || slices.Contains(short[b], a) ||
		// Bill and Will are both William.
		slices.ContainsFunc(full[a], func(name string) bool { return slices.Contains(full[b], name) })
}
