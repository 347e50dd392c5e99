package webhook

import (
	"cmp"
	"context"
	"slices"

	"frontdesk/core/event"
)

// Summary is the endpoints that get one type of event.
type Summary struct {
	Type event.Type
	// Webhooks are all of them, in the order they were made.
	Webhooks []ID
	// Disabled are switched off, and Failing are switched on and did not take the last event.
	Disabled, Failing int
}

// Summaries sums up the endpoints that List lists in the format Standard, by the type of event.
func (s *Service) Summaries(ctx context.Context) ([]Summary, error) {
	all, err := s.List(ctx, Filter{Format: Standard})
	if err != nil {
		return nil, err
	}
	out := []Summary{}
	for _, w := range all {
		i, there := slices.BinarySearchFunc(out, w.Type(), func(of Summary, t event.Type) int {
			return cmp.Compare(of.Type, t)
		})
		if !there {
			out = slices.Insert(out, i, Summary{Type: w.Type()})
		}
		of := &out[i]
		of.Webhooks = append(of.Webhooks, w.ID)
		switch {
		case !w.DisabledAt.IsZero():
			of.Disabled++
		case !w.FailingSince.IsZero():
			of.Failing++
		}
	}
	return out, nil
}
