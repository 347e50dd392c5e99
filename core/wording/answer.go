package wording

import (
	"strings"
	"unicode"
)

// Meaning is what a patient asks for by an answer.
type Meaning int

// What a patient may ask for.
const (
	Nothing Meaning = iota
	Stop            // no more messages but for direct care
	Start           // to take that back
)

// meanings are the answers that ask for something. Source: CTIA and the UK's
// Phone-paid Services Authority, opt-out keywords.
var meanings = map[string]Meaning{
	"stop": Stop, "stopall": Stop, "unsubscribe": Stop, "end": Stop, "quit": Stop, "cancel": Stop, "optout": Stop,
	"start": Start, "unstop": Start, "yes": Start,
}

// Means is what an answer asks for. It must be the word alone: a sentence with
// it may mean anything.
func Means(answer string) Meaning {
	return meanings[strings.ToLower(strings.TrimFunc(answer, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }))]
}

// Clean is a text without what cannot be shown, and of at most so many
// characters.
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
