package hook_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/connect/hook"
	"frontdesk/core/courier"
)

const body = `{"event_type":"appointment.booked","data":{"id":"81"}}`

// parcel is one to be posted now.
func parcel(url string) courier.Parcel {
	return courier.Parcel{
		URL: url, ID: "4503599627370501", Attempt: 3, At: time.Now(), Body: []byte(body),
		Secrets: []string{"a key the practice chose"},
	}
}

// client is one that may post to this machine, and over http.
func client(t testing.TB, change func(*hook.Settings)) *hook.Client {
	t.Helper()
	s := hook.Settings{Sandbox: true, Allow: []string{"127.0.0.1"}, Timeout: 5 * time.Second}
	if change != nil {
		change(&s)
	}
	c := hook.New(s)
	t.Cleanup(c.Close)
	return c
}

// within is a change that makes the time limit a short one.
func within(d time.Duration) func(*hook.Settings) {
	return func(s *hook.Settings) { s.Timeout = d }
}

// arrived is a parcel as an endpoint sees it.
type arrived struct {
	*http.Request
	body []byte
}

// endpoint keeps what arrives and answers 204, or as answer does.
type endpoint struct {
	*httptest.Server
	connections atomic.Int64

	mu  sync.Mutex
	got []arrived
}

func (e *endpoint) all() []arrived {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.got
}

func listen(t testing.TB, start func(*httptest.Server), answer http.HandlerFunc) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		e.got = append(e.got, arrived{r, b})
		e.mu.Unlock()
		if answer == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answer(w, r)
	}))
	e.Config.ErrorLog = log.New(io.Discard, "", 0)
	e.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			e.connections.Add(1)
		}
	}
	start(e.Server)
	t.Cleanup(func() { e.CloseClientConnections(); e.Close() })
	return e
}

func plain(s *httptest.Server)  { s.Start() }
func secure(s *httptest.Server) { s.StartTLS() }
func second(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() }

// trust is a change that believes the certificate of a server, if it has one.
func trust(s *httptest.Server) func(*hook.Settings) {
	return func(h *hook.Settings) {
		if s.Certificate() == nil {
			return
		}
		h.Roots = x509.NewCertPool()
		h.Roots.AddCert(s.Certificate())
	}
}

// bare is a server of bare connections.
func bare(t testing.TB, each func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.AcceptTCP()
			if err != nil {
				return
			}
			all.Go(func() { defer c.Close(); each(c) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return "http://" + l.Addr().String()
}

// nowhere is an address at which no server listens.
func nowhere(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return "http://" + l.Addr().String()
}

// certificate is one that vouches for itself.
func certificate(t testing.TB, name string, from, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	draft := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(made)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// names is a DNS server: answer gives the addresses of a name, of which only
// those of the version asked for go out.
type names struct {
	*net.Resolver
	asked atomic.Int64
}

func resolve(t testing.TB, answer func(name string, v6 bool) []string) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{}
	n.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	var all sync.WaitGroup
	all.Go(func() {
		query := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			n.asked.Add(1)
			if reply := n.reply(query[:size], answer); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	})
	t.Cleanup(func() { conn.Close(); all.Wait() })
	return n
}

// reply writes an answer as RFC 1035, section 4, says: the header, the question
// again, and the addresses, each with a pointer to the name in the question. A
// name without addresses does not exist; one whose answer is "silence" is not
// answered.
func (n *names) reply(query []byte, answer func(string, bool) []string) []byte {
	var labels []string
	at := 12
	for query[at] != 0 {
		labels = append(labels, string(query[at+1:at+1+int(query[at])]))
		at += 1 + int(query[at])
	}
	kind := binary.BigEndian.Uint16(query[at+1:])
	addresses := answer(strings.ToLower(strings.Join(labels, ".")), kind == 28)
	reply := append([]byte{}, query[:at+5]...)
	flags := uint16(0x8180)
	if len(addresses) == 0 {
		flags |= 3 // NXDOMAIN
	}
	count := uint16(0)
	for _, a := range addresses {
		if a == "silence" {
			return nil
		}
		ip := netip.MustParseAddr(a)
		if ip.Is6() != (kind == 28) {
			continue
		}
		count++
		reply = append(reply, 0xc0, 12)
		reply = binary.BigEndian.AppendUint16(reply, kind)
		reply = append(reply, 0, 1, 0, 0, 0, 0)
		reply = binary.BigEndian.AppendUint16(reply, uint16(len(ip.AsSlice())))
		reply = append(reply, ip.AsSlice()...)
	}
	binary.BigEndian.PutUint16(reply[2:], flags)
	binary.BigEndian.PutUint16(reply[6:], count)
	binary.BigEndian.PutUint16(reply[8:], 0)
	binary.BigEndian.PutUint16(reply[10:], 0)
	return reply
}
