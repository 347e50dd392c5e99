// Package inbox is what the people of the town received: every telephone,
// mailbox and app of theirs, as the simulated carriers fill them. It also knows
// the numbers and addresses at which something goes wrong, so that anybody can
// try what their program does about it.
package inbox

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Item is a message that a person received.
type Item struct {
	At time.Time
	// Carrier is the simulated provider it came by, and Channel sms, email or
	// nhs_app.
	Carrier, Channel string
	// To is a telephone number, an e-mail address, or an NHS number.
	To, From, Subject, Text string
	// Unsubscribe is where a mail program asks for no more such e-mails, with one
	// click.
	Unsubscribe string
	// Calendar is the part of an e-mail for the person's calendar.
	Calendar string
	// Key is the sender's own name for the message, and ProviderID the
	// carrier's.
	Key, ProviderID string
	// Bytes is how long it was on the wire.
	Bytes int
}

// Box is everybody's inbox. The zero value is ready.
type Box struct {
	// Keep is how many messages are kept, the newest; 0 is ten thousand.
	// Counting goes on without end.
	Keep int

	mu    sync.Mutex
	items []Item
	count map[string]int
	total int
}

// Add puts a message in, unless Keep is so small that only counting matters.
func (b *Box) Add(i Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count == nil {
		b.count = map[string]int{}
	}
	b.count[i.To]++
	b.total++
	keep := b.Keep
	if keep == 0 {
		keep = 10_000
	}
	b.items = append(b.items, i)
	if len(b.items) >= 2*keep {
		b.items = slices.Clone(b.items[len(b.items)-keep:])
	}
}

// Items are the messages, newest first.
func (b *Box) Items() []Item {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.items)
	slices.Reverse(out)
	return out
}

// Of are the messages to one number or address, newest first.
func (b *Box) Of(to string) []Item {
	return slices.DeleteFunc(b.Items(), func(i Item) bool { return i.To != to })
}

// Counts says how many messages each number and address has received since the
// beginning, and how many there were in all.
func (b *Box) Counts() (map[string]int, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make(map[string]int, len(b.count))
	for to, n := range b.count {
		out[to] = n
	}
	return out, b.total
}

// Script is what happens to a message, by where it goes.
type Script string

// The scripts. What is not listed is delivered.
const (
	Delivered Script = ""
	Refused   Script = "refused"   // the carrier says no, for good
	Bounced   Script = "bounced"   // the carrier takes it and later says it failed
	Silent    Script = "silent"    // the carrier takes it and never says any more
	Read      Script = "read"      // delivered, and then read
	Slow      Script = "slow"      // the carrier takes three seconds
	Busy      Script = "busy"      // the first try is told to come back in a second
	Broken    Script = "broken"    // the first two tries fail inside the carrier
	Cut       Script = "cut"       // the carrier takes it and hangs up before saying so
	Duplicate Script = "duplicate" // the carrier says it has had this message before
	Stops     Script = "stops"     // the patient answers STOP
	Replies   Script = "replies"   // the patient answers Thank you
)

// numbers of Ofcom's drama range, by their last three digits.
var numbers = map[string]Script{
	"990": Refused, "991": Bounced, "992": Silent, "993": Slow, "994": Busy, "995": Cut, "996": Broken,
	"997": Duplicate,
	"998": Stops, "999": Replies,
	"989": Read,
}

// ScriptOf says what happens to a message to a number or an address. Numbers
// 07700 900989 to 07700 900999 have a script each; of an address, the part
// before the @ is the script's name.
func ScriptOf(to string) Script {
	if name, _, ok := strings.Cut(strings.ToLower(to), "@"); ok {
		switch s := Script(name); s {
		case Refused, Bounced, Silent, Read, Slow, Busy, Broken, Cut, Duplicate, Stops, Replies:
			return s
		}
		return Delivered
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(to, "+"), "44")
	digits = strings.TrimPrefix(digits, "0")
	if rest, ok := strings.CutPrefix(digits, "7700900"); ok {
		return numbers[rest]
	}
	return Delivered
}
