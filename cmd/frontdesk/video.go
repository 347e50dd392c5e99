package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"frontdesk/app"
	"frontdesk/operator"
)

// callSettings are how the browsers of a video consultation find each other.
type callSettings struct {
	ICEServer     []string `name:"ice-server" placeholder:"URL,..." help:"${ice_server_help}"`
	ICESecret     string   `name:"ice-secret" placeholder:"SECRET" help:"${ice_secret_help}"`
	ICERelayOnly  bool     `name:"ice-relay-only" help:"${ice_relay_only_help}"`
	TURNListen    string   `name:"turn-listen" placeholder:"ADDRESS" help:"${turn_listen_help}"`
	TURNPublicIP  string   `name:"turn-public-ip" placeholder:"IP" help:"Where browsers reach the TURN server."`
	TURNPorts     string   `name:"turn-ports" default:"49152-49407" help:"${turn_ports_help} Default: ${default}"`
	AllowLoopback bool     `name:"turn-allow-loopback" hidden:"" help:"Pass things on within this machine, for tests."`
}

// ports are the first and the last UDP port for calls.
func (c callSettings) ports() (from, until uint16, ok bool) {
	first, last, _ := strings.Cut(c.TURNPorts, "-")
	a, err := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	return uint16(a), uint16(b), err == nil && err2 == nil && a > 0 && b >= a
}

// validate refuses settings that contradict each other or cannot be.
func (c callSettings) validate() error {
	relays := c.TURNListen != ""
	for _, s := range c.ICEServer {
		scheme, rest, ok := strings.Cut(s, ":")
		switch {
		case !ok || rest == "" || strings.ContainsAny(rest, "@/ "):
			return fmt.Errorf("--ice-server is an address such as stun:stun.example.org:3478")
		case scheme == "stun" || scheme == "stuns":
		case scheme != "turn" && scheme != "turns":
			return fmt.Errorf("--ice-server begins with stun:, stuns:, turn: or turns: and a host")
		case c.ICESecret == "":
			return fmt.Errorf("--ice-server %s needs --ice-secret, which that server shares with this one", s)
		default:
			relays = true
		}
	}
	if c.ICERelayOnly && !relays {
		return fmt.Errorf("--ice-relay-only needs a TURN server: --turn-listen, or --ice-server turn:…")
	}
	if c.TURNListen == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(c.TURNListen); err != nil {
		return fmt.Errorf("--turn-listen is an address such as 0.0.0.0:3478")
	}
	if _, err := netip.ParseAddr(c.TURNPublicIP); err != nil {
		return fmt.Errorf("--turn-listen needs --turn-public-ip, such as 203.0.113.7")
	}
	if _, _, ok := c.ports(); !ok {
		return fmt.Errorf("--turn-ports is a range such as 49152-49407")
	}
	return nil
}

// settings are those of the program.
func (c callSettings) settings() app.Video {
	from, until, _ := c.ports()
	public, _ := netip.ParseAddr(c.TURNPublicIP)
	return app.Video{Servers: c.ICEServer, Secret: c.ICESecret, Listen: c.TURNListen, PublicIP: public, From: from,
		Until: until, AllowLoopback: c.AllowLoopback, RelayOnly: c.ICERelayOnly}
}

type groupVideo struct {
	database
	output
	Group       string  `required:"" placeholder:"ID" help:"The practice group."`
	URLTemplate *string `name:"url-template" placeholder:"URL" help:"${video_template_help}"`
}

// Run sets where a practice group's video consultations take place.
func (g groupVideo) Run(ctx context.Context) error {
	return g.as(ctx, func(o *operator.Operator) error {
		template, err := o.VideoURL(ctx, g.Group, g.URLTemplate)
		if err != nil {
			return err
		}
		where := template
		if where == "" {
			where = "our own room"
		}
		return g.print(map[string]string{"video_url_template": template}, "VIDEO CONSULTATIONS", []string{where})
	})
}
