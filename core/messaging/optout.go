package messaging

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/carrier"
	"frontdesk/core/input"
)

// OptOut keeps a number or address from getting anything but direct care; OptIn takes that back.
func (s *Service) OptOut(ctx context.Context, channel carrier.Channel, contact string, out bool) error {
	who, err := access.Require(ctx, access.SendMessages)
	if err != nil {
		return err
	}
	var in input.Checks
	input.Choice(&in, "channel", channel, []carrier.Channel{carrier.SMS, carrier.Email})
	contact = Given(&in, "contact", contact, channel)
	if contact == "" {
		in.Wrong("contact", input.CodeSmall, "a mobile number or an e-mail address", "This may not be empty.")
	}
	if err := in.Err(); err != nil {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		action := "opt_out.add"
		if out {
			err = tx.AddOptOut(ctx, who.Group, channel, contact, string(who.Door), now)
		} else {
			action = "opt_out.remove"
			err = tx.DropOptOut(ctx, who.Group, channel, contact)
		}
		if err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "opt_out", 0, nil, map[string]string{"channel": string(channel),
			"contact": contact}))
	})
}
