package practice

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
)

// Membership is a group's place in a network. The keys of one member may read
// and book in the others.
type Membership struct {
	Group   ID     `json:"practice_group_id"`
	Network string `json:"network"`
}

// Networks knows which groups are in networks together.
type Networks interface {
	// Reachable lists a group and, by name, those of its networks, and how many there are, counted up as input.CountTo
	// says.
	Reachable(ctx context.Context, group ID, offset, limit int) ([]Group, int, error)
}

// Reachable lists the practice group that the caller's key belongs to and, by name, those of its networks: those whose
// data the key can ask for. It gives how many there are, counted up as input.CountTo says.
func (s *Service) Reachable(ctx context.Context, offset, limit int) ([]Group, int, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, 0, err
	}
	return s.Networks.Reachable(ctx, who.Home, offset, limit)
}

func checkNetwork(name string) (string, error) {
	var in input.Checks
	name = in.Required("network", name, 100)
	return name, in.Err()
}

// JoinNetwork makes the group a member of the network, which begins with its
// first member. Joining twice is joining once.
func (s *Service) JoinNetwork(ctx context.Context, network string) error {
	network, err := checkNetwork(network)
	if err != nil {
		return err
	}
	return s.save(ctx, "network.join", "practice_group", func(tx Tx, who access.Caller,
		now time.Time) (any, any, int64, error) {
		if _, err := tx.Group(ctx, who.Group); err != nil {
			return nil, nil, 0, err
		}
		return nil, Membership{who.Group, network}, int64(who.Group), tx.JoinNetwork(ctx, who.Group, network, now)
	})
}

// LeaveNetwork ends the membership. Leaving twice is leaving once.
func (s *Service) LeaveNetwork(ctx context.Context, network string) error {
	network, err := checkNetwork(network)
	if err != nil {
		return err
	}
	return s.save(ctx, "network.leave", "practice_group", func(tx Tx, who access.Caller,
		_ time.Time) (any, any, int64, error) {
		return Membership{who.Group, network}, nil, int64(who.Group), tx.LeaveNetwork(ctx, who.Group, network)
	})
}
