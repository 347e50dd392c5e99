package carrier

import "context"

// Abroader is a carrier that may bring text messages to numbers of other
// countries. Any other brings them to UK numbers alone.
type Abroader interface {
	// Abroad reports whether it does.
	Abroad() bool
}

// GoesAbroad reports whether a carrier brings text messages to numbers of other countries.
func GoesAbroad(c Carrier) bool {
	a, ok := c.(Abroader)
	return ok && a.Abroad()
}

// FirstAbroad is the first carrier that does, or nil.
func FirstAbroad(all []Carrier) Carrier {
	for _, c := range all {
		if GoesAbroad(c) {
			return c
		}
	}
	return nil
}

// SendVia hands each message to its own carrier, those of one together, and says how each went, in their order.
func SendVia(ctx context.Context, sends []Outgoing, via []Carrier) []Result {
	results := make([]Result, len(sends))
	done := make([]bool, len(sends))
	for first, by := range via {
		if done[first] {
			continue
		}
		var some []Outgoing
		var which []int
		for i := first; i < len(sends); i++ {
			if via[i] == by && len(some) < max(1, by.Together()) {
				some, which, done[i] = append(some, sends[i]), append(which, i), true
			}
		}
		if len(some) == 1 {
			results[which[0]].Accepted, results[which[0]].Err = by.Send(ctx, some[0])
			continue
		}
		for i, r := range by.SendAll(ctx, some) {
			results[which[i]] = r
		}
	}
	return results
}
