package app

import (
	"context"
	"net/netip"

	"frontdesk/connect/relay"
	"frontdesk/operator"
)

// Video is how the browsers of a video consultation find each other.
type Video struct {
	// Servers are addresses of STUN and TURN servers elsewhere, and Secret is what the TURN ones share with this
	// program.
	Servers []string
	Secret  string
	// Listen is where this program serves TURN itself; empty is nowhere. PublicIP is where browsers reach it, and From
	// and Until are the UDP ports it gives to calls.
	Listen      string
	PublicIP    netip.Addr
	From, Until uint16
	// AllowLoopback lets it pass things on within this machine, for tests.
	AllowLoopback bool
	// RelayOnly has all sound and picture go through a TURN server.
	RelayOnly bool
}

// startRelay begins to serve TURN, where that is wanted.
func (a *App) startRelay(ctx context.Context, keys *operator.Keys) error {
	box, err := keys.Open()
	if err != nil {
		return err
	}
	v := a.config.Video
	secret, err := box.Sign("relay", "turn credentials")
	if err != nil {
		return err
	}
	a.relay, err = relay.Start(ctx, relay.Settings{
		Servers: v.Servers, Secret: v.Secret, Listen: v.Listen, PublicIP: v.PublicIP, From: v.From, Until: v.Until,
		AllowLoopback: v.AllowLoopback, OwnSecret: secret,
	})
	if err != nil {
		return err
	}
	a.core.Video.ICE = a.relay.Servers
	return nil
}
