package relay

import (
	"errors"
	"net"

	"github.com/pion/turn/v5"
)

// packets gives out ports for packets alone. TURN can also have this machine open TCP connections for its callers (RFC
// 6062): to its own services, or to mail servers elsewhere. No browser asks for that.
type packets struct{ turn.RelayAddressGenerator }

var errPackets = errors.New("only packets are passed on")

// AllocateListener refuses to wait for connections.
func (packets) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errPackets
}

// AllocateConn refuses to open one.
func (packets) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errPackets }
