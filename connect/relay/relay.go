// Package relay helps two browsers to find each other, and passes on between them what cannot go straight: it
// names STUN and TURN servers (RFC 8489, RFC 8656) with credentials that expire, and serves TURN itself.
package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"frontdesk/core/video"
)

// Settings are which servers there are.
type Settings struct {
	// Servers are addresses of STUN and TURN servers elsewhere, such as stun:stun.example.org:3478. Secret is what the
	// TURN ones share with this program (use-auth-secret in coturn).
	Servers []string
	Secret  string
	// Listen is where this program serves TURN itself, over UDP and TCP; empty is nowhere. PublicIP is the address that
	// browsers reach it at.
	Listen   string
	PublicIP netip.Addr
	// From and Until are the first and the last UDP port of those that are given to calls, one to each side.
	From, Until uint16
	// AllowLoopback lets it pass things on within this machine. Only tests do.
	AllowLoopback bool
	// OwnSecret signs the credentials of the own server.
	OwnSecret string
}

// Relay is the servers that help browsers to find each other.
type Relay struct {
	settings Settings
	server   *turn.Server
	own      []string
}

const (
	// life is how long credentials work: a consultation asks for new ones when it loses its way.
	life = 4 * time.Hour
	// user is the same for all: the credentials say nothing about who calls.
	user  = "frontdesk"
	realm = "frontdesk"
)

// Start begins to serve TURN, where that is wanted.
func Start(ctx context.Context, s Settings) (*Relay, error) {
	r := &Relay{settings: s}
	if s.Listen == "" {
		return r, nil
	}
	udp, tcp, err := listen(ctx, s.Listen)
	if err != nil {
		return nil, fmt.Errorf("cannot serve TURN: %w", err)
	}
	port := udp.LocalAddr().(*net.UDPAddr).Port
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return nil, errors.Join(err, udp.Close(), tcp.Close())
	}
	logs := silent{}
	shares := newQuota(int(s.Until) - int(s.From) + 1)
	ports := packets{&turn.RelayAddressGeneratorPortRange{
		RelayAddress: s.PublicIP.AsSlice(), Address: cmp.Or(host, "0.0.0.0"), MinPort: s.From, MaxPort: s.Until,
		MaxRetries: 100,
	}}
	r.server, err = turn.NewServer(turn.ServerConfig{
		Realm: realm, AuthHandler: turn.LongTermTURNRESTAuthHandler(s.OwnSecret, logs.NewLogger("turn")),
		LoggerFactory: logs, QuotaHandler: shares.free,
		EventHandler: turn.EventHandler{OnAllocationCreated: shares.took, OnAllocationDeleted: shares.gave},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: udp, RelayAddressGenerator: ports,
			PermissionHandler: r.permit}},
		ListenerConfigs: []turn.ListenerConfig{{Listener: tcp, RelayAddressGenerator: ports,
			PermissionHandler: r.permit}},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot serve TURN: %w", err), udp.Close(), tcp.Close())
	}
	at := net.JoinHostPort(s.PublicIP.String(), strconv.Itoa(port))
	r.own = []string{"turn:" + at + "?transport=udp", "turn:" + at + "?transport=tcp"}
	return r, nil
}

// listen opens one port for UDP and TCP. Where any port will do (0), the one that UDP was given may be taken for TCP,
// and another is tried.
func listen(ctx context.Context, address string) (net.PacketConn, net.Listener, error) {
	var network net.ListenConfig
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, err
	}
	for tries := 1; ; tries++ {
		udp, err := network.ListenPacket(ctx, "udp", address)
		if err != nil {
			return nil, nil, err
		}
		same := strconv.Itoa(udp.LocalAddr().(*net.UDPAddr).Port)
		tcp, err := network.Listen(ctx, "tcp", net.JoinHostPort(host, same))
		if err == nil {
			return udp, tcp, nil
		}
		if err := errors.Join(err, udp.Close()); port != "0" || tries == 20 {
			return nil, nil, err
		}
	}
}

// shared is 100.64.0.0/10, addresses behind providers' own translators (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// permit reports whether things may be passed on to an address. Without it a relay leads to whatever this machine
// reaches: its own services, and the practice's network.
func (r *Relay) permit(_ net.Addr, peer net.IP) bool {
	to, ok := netip.AddrFromSlice(peer)
	to = to.Unmap()
	switch {
	case !ok || to.IsUnspecified() || to.IsMulticast():
		return false
	case to.IsLoopback():
		return r.settings.AllowLoopback
	case to == r.settings.PublicIP.Unmap(): // both sides come through this relay
		return true
	}
	return to.IsGlobalUnicast() && !to.IsPrivate() && !shared.Contains(to)
}

// Servers are the servers that there are, with fresh credentials for those that pass things on.
func (r *Relay) Servers() []video.ICEServer {
	var out []video.ICEServer
	for _, address := range r.settings.Servers {
		if strings.HasPrefix(address, "stun:") || strings.HasPrefix(address, "stuns:") {
			out = append(out, video.ICEServer{URLs: []string{address}})
			continue
		}
		out = append(out, credited([]string{address}, r.settings.Secret))
	}
	if len(r.own) > 0 {
		out = append(out, credited(r.own, r.settings.OwnSecret))
	}
	return out
}

func credited(urls []string, secret string) video.ICEServer {
	name, password, err := turn.GenerateLongTermTURNRESTCredentials(secret, user, life)
	if err != nil { // an HMAC in memory never fails
		return video.ICEServer{URLs: urls}
	}
	return video.ICEServer{URLs: urls, Username: name, Credential: password}
}

// Address is where the own server is reached, as an ICE server's URL; empty when there is none.
func (r *Relay) Address() string {
	if len(r.own) == 0 {
		return ""
	}
	return r.own[0]
}

// Close ends the own server, and all that it passes on.
func (r *Relay) Close() error {
	if r == nil || r.server == nil {
		return nil
	}
	return r.server.Close()
}

// silent keeps the library from logging: it would log the addresses of those who call.
type silent struct{}

// NewLogger makes a log for a part of the library.
func (silent) NewLogger(scope string) logging.LeveledLogger {
	return logging.NewDefaultLeveledLoggerForScope(scope, logging.LogLevelDisabled, io.Discard)
}
