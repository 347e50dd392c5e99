package relay

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/turn/v5"
)

// start serves TURN on this machine, and gives a client of it with some credentials.
func start(t *testing.T, s Settings, name, password string) (*Relay, *turn.Client) {
	t.Helper()
	s.Listen, s.PublicIP, s.From, s.Until = "127.0.0.1:0", netip.MustParseAddr("127.0.0.1"), 20000, 30000
	s.OwnSecret = "a secret"
	r, err := Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if name == "" {
		own := r.Servers()[len(r.Servers())-1]
		name, password = own.Username, own.Credential
	}
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	at := strings.TrimSuffix(strings.TrimPrefix(r.Address(), "turn:"), "?transport=udp")
	c, err := turn.NewClient(&turn.ClientConfig{STUNServerAddr: at, TURNServerAddr: at, Conn: conn, Username: name,
		Password: password, Realm: realm, LoggerFactory: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	return r, c
}

func TestRelayPassesOnForWhoHasFreshCredentials(t *testing.T) {
	_, c := start(t, Settings{AllowLoopback: true}, "", "")
	relayed, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relayed.Close()
	peer, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if _, err := relayed.WriteTo([]byte("hello"), peer.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	peer.SetReadDeadline(time.Now().Add(10 * time.Second))
	into := make([]byte, 10)
	n, from, err := peer.ReadFrom(into)
	if err != nil || string(into[:n]) != "hello" || from.String() != relayed.LocalAddr().String() {
		t.Errorf("got %q from %v: %v", into[:n], from, err)
	}
}

func TestRelayRefusesExpiredAndForeignCredentials(t *testing.T) {
	_, old, err := turn.GenerateLongTermTURNRESTCredentials("a secret", user, -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	past := strconv.FormatInt(time.Now().Add(-time.Minute).Unix(), 10) + ":" + user
	later := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10) + ":" + user
	for name, password := range map[string]string{past: old, later: old, user: "a secret"} {
		_, c := start(t, Settings{AllowLoopback: true}, name, password)
		if conn, err := c.Allocate(); err == nil {
			conn.Close()
			t.Errorf("%s is served", name)
		}
	}
}

func TestRelayPassesNothingOnToThisMachineOrItsNetwork(t *testing.T) {
	_, c := start(t, Settings{}, "", "")
	relayed, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relayed.Close()
	if _, err := relayed.WriteTo([]byte("hello"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}); err == nil {
		t.Error("a packet to this machine is taken")
	}
	r := &Relay{settings: Settings{PublicIP: netip.MustParseAddr("203.0.113.7")}}
	for address, want := range map[string]bool{
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "::1": false,
		"fe80::1": false, "fc00::1": false, "::": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"203.0.113.7": true, "8.8.8.8": true, "2001:4860:4860::8888": true,
	} {
		if got := r.permit(nil, net.ParseIP(address)); got != want {
			t.Errorf("passing on to %s is %t", address, got)
		}
	}
}

func TestServersNameTheirCredentialsOnlyWhereThereAreAny(t *testing.T) {
	r, err := Start(t.Context(), Settings{Servers: []string{"stun:stun.example.org:3478", "turns:turn.example.org:5349"},
		Secret: "shared"})
	if err != nil {
		t.Fatal(err)
	}
	all := r.Servers()
	if len(all) != 2 || all[0].Username != "" || all[0].Credential != "" {
		t.Fatalf("the servers are %+v", all)
	}
	end, _, _ := strings.Cut(all[1].Username, ":")
	at, err := strconv.ParseInt(end, 10, 64)
	if left := time.Until(time.Unix(at, 0)); err != nil || left < life-time.Minute || left > life+time.Minute ||
		all[1].Credential == "" {
		t.Errorf("the credentials are %+v", all[1])
	}
}
