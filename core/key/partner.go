package key

import (
	"cmp"
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
)

// Partner is who holds keys of a practice group that work.
type Partner struct {
	Name string
	Keys int
	// LastUsed is when one of them was used last, to the minute.
	LastUsed time.Time
}

// Partners lists who holds keys of the group that work, by name.
func (s *Service) Partners(ctx context.Context) ([]Partner, error) {
	keys, _, err := s.Keys(ctx, Query{Limit: input.CountLimit})
	if err != nil {
		return nil, err
	}
	out := []Partner{}
	slices.SortStableFunc(keys, func(a, b Key) int { return cmp.Compare(a.Partner, b.Partner) })
	for _, k := range keys {
		if n := len(out); n == 0 || out[n-1].Name != k.Partner {
			out = append(out, Partner{Name: k.Partner})
		}
		p := &out[len(out)-1]
		p.Keys++
		if k.LastUsed.After(p.LastUsed) {
			p.LastUsed = k.LastUsed
		}
	}
	return out, nil
}

// Own is the key of the caller. Error: ErrUnknown when it is no key.
func (s *Service) Own(ctx context.Context) (Key, error) {
	who, err := access.Who(ctx)
	if err != nil {
		return Key{}, err
	}
	return s.Store.APIKey(ctx, who.Home, who.Key)
}
