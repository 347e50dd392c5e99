package reply

import (
	"strings"
	"unicode"
)

// Meaning is what a patient asks for by an answer, as a stable word.
type Meaning string

// What a patient may ask for.
const (
	Nothing Meaning = ""
	Stop    Meaning = "stop"   // no more messages but for direct care
	Start   Meaning = "start"  // to take that back
	Cancel  Meaning = "cancel" // an answer about an appointment
	Yes     Meaning = "yes"    // an answer about an appointment
)

// meanings are the answers that ask for something, by their letters alone. Source of those that stop messages: CTIA and
// the UK's Phone-paid Services Authority, opt-out keywords; CANCEL, which CTIA has among them, is what a patient
// answers to a message about an appointment.
var meanings = map[string]Meaning{
	"stop": Stop, "stopall": Stop, "unsubscribe": Stop, "end": Stop, "quit": Stop, "optout": Stop,
	"start": Start, "cancel": Cancel, "yes": Yes,
}

// Means is what an answer asks for. It must be the word alone, whatever spaces, marks, pictures and invisible
// characters are around and in it: a sentence with it may mean anything.
func Means(answer string) Meaning {
	return meanings[strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, answer)]
}

// Settles reports whether the program has done what was asked for, so that staff need not.
func (m Meaning) Settles() bool { return m == Stop || m == Start }
