package relay

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/turn/v5"
)

func TestOneAddressTakesAQuarterOfThePorts(t *testing.T) {
	r, err := Start(t.Context(), Settings{Listen: "127.0.0.1:0", PublicIP: netip.MustParseAddr("127.0.0.1"),
		From: 30100, Until: 30139, OwnSecret: "a secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	at := strings.TrimSuffix(strings.TrimPrefix(r.Address(), "turn:"), "?transport=udp")
	// take takes a port with fresh credentials, and gives what gives it back; nil is that there was none.
	take := func() func() {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		own := r.Servers()[0]
		c, err := turn.NewClient(&turn.ClientConfig{STUNServerAddr: at, TURNServerAddr: at, Conn: conn,
			Username: own.Username, Password: own.Credential, Realm: realm, LoggerFactory: silent{}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close(); conn.Close() })
		if err := c.Listen(); err != nil {
			t.Fatal(err)
		}
		relayed, err := c.Allocate()
		if err != nil {
			return nil
		}
		return func() {
			if err := relayed.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	var give []func()
	for len(give) < 40 {
		back := take()
		if back == nil {
			break
		}
		give = append(give, back)
	}
	if len(give) != 10 {
		t.Fatalf("one address has %d of 40 ports", len(give))
	}
	give[0]()
	// The port comes back when the server has heard of it.
	for range 100 {
		if back := take(); back != nil {
			return
		}
	}
	t.Error("a port that was given back cannot be taken again")
}

// reaches dials a TCP service of this machine through the relay (RFC 6062).
func reaches(t *testing.T, r *Relay, service net.Addr) error {
	t.Helper()
	at := strings.TrimSuffix(strings.TrimPrefix(r.Address(), "turn:"), "?transport=udp")
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	own := r.Servers()[0]
	c, err := turn.NewClient(&turn.ClientConfig{STUNServerAddr: at, TURNServerAddr: at, Conn: turn.NewSTUNConn(conn),
		Username: own.Username, Password: own.Credential, Realm: realm, LoggerFactory: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	lease, err := c.AllocateTCP()
	if err != nil {
		return err
	}
	defer lease.Close()
	through, err := lease.DialTCP("tcp", nil, service.(*net.TCPAddr))
	if err != nil {
		return err
	}
	return through.Close()
}

func TestRelayOpensNoConnections(t *testing.T) {
	service, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	r, err := Start(t.Context(), Settings{Listen: "127.0.0.1:0", PublicIP: netip.MustParseAddr("127.0.0.1"),
		From: 30200, Until: 30299, OwnSecret: "a secret", AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := reaches(t, r, service.Addr()); err == nil {
		t.Error("who has a link can open connections from this machine")
	}
}

// TestRelayTakesAPortThatIsFreeForBoth starts many relays while TCP holds many ports that UDP may be given.
func TestRelayTakesAPortThatIsFreeForBoth(t *testing.T) {
	for range 400 {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
	}
	for range 200 {
		udp, tcp, err := listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer udp.Close()
		defer tcp.Close()
	}
}
