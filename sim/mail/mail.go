// Package mail is the town's mail server: it takes e-mail over SMTP and puts it
// into people's mailboxes, or does what goes wrong at the addresses of
// sim/inbox. It is strict, so that what it takes any other server takes.
//
//	mail.go    the server, its TLS, its sign-in
//	session.go one connection, and the scripts
//	read.go    reading a message, and finding fault with it
//	bounce.go  reports about what could not be delivered
//
// Sources: RFC 5321, Simple Mail Transfer Protocol; RFC 5322, Internet Message
// Format; RFC 3464, the format of delivery status notifications; RFC 6522, the
// multipart/report.
package mail

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"frontdesk/sim/inbox"
)

// Options are how the server behaves; the zero value will do.
type Options struct {
	// Domain is the server's own name; empty is mail.sim.example.
	Domain string
	// Username and Password are required of the sender when they are set.
	Username, Password string
	// BounceURL is where reports are posted to, with BounceSecret in their
	// Authorization field. When it is empty, bounces are not reported.
	BounceURL, BounceSecret string
	// BounceAfter is how long after a message the report about it comes; 0 is 200
	// milliseconds.
	BounceAfter time.Duration
	// Slow is how long the script of that name takes; 0 is three seconds.
	Slow time.Duration
	// NoTLS takes STARTTLS off the offer.
	NoTLS bool
	// ASCII takes SMTPUTF8 off the offer (RFC 6531).
	ASCII bool
	// Fast counts messages by who they are to, and neither reads them nor looks
	// for scripts.
	Fast bool
	HTTP *http.Client
	Now  func() time.Time
	// Log gets what goes wrong inside the server.
	Log *log.Logger
}

// Server is the mail server.
type Server struct {
	box    *inbox.Box
	o      Options
	smtp   *smtp.Server
	tls    *tls.Config
	pool   *x509.CertPool
	ctx    context.Context // ends with the server
	slowed atomic.Int64
	end    context.CancelFunc
	posts  sync.WaitGroup

	mu       sync.Mutex
	tries    map[string]int // by message identifier
	serial   int
	accepted int
	bounced  int
}

// maxMessage is the longest message taken.
const maxMessage = 10 << 20

// New makes a server that puts what it takes into box.
func New(box *inbox.Box, o Options) (*Server, error) {
	o.Domain = cmp.Or(o.Domain, "mail.sim.example")
	o.BounceAfter, o.Slow = cmp.Or(o.BounceAfter, 200*time.Millisecond), cmp.Or(o.Slow, 3*time.Second)
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = log.New(io.Discard, "", 0)
	}
	s := &Server{box: box, o: o, tries: map[string]int{}}
	if err := s.certify(); err != nil {
		return nil, err
	}
	s.ctx, s.end = context.WithCancel(context.Background())
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.accepted++
		return &session{server: s, conn: c}, nil
	}))
	s.smtp.Domain, s.smtp.ErrorLog = o.Domain, o.Log
	s.smtp.MaxRecipients, s.smtp.MaxMessageBytes, s.smtp.MaxLineLength = 100, maxMessage, 2000
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = 5*time.Minute, time.Minute
	s.smtp.EnableSMTPUTF8, s.smtp.EnableDSN = !o.ASCII, true
	s.smtp.AllowInsecureAuth = o.NoTLS
	if !o.NoTLS {
		s.smtp.TLSConfig = s.tls
	}
	return s, nil
}

// Serve takes connections, with STARTTLS on offer, until Close.
func (s *Server) Serve(l net.Listener) error { return s.smtp.Serve(l) }

// ServeTLS takes connections that are TLS from the first byte (RFC 8314).
func (s *Server) ServeTLS(l net.Listener) error { return s.smtp.Serve(tls.NewListener(l, s.tls)) }

// CertPool is the authority that the server's certificate is from. The
// certificate is for localhost, 127.0.0.1, ::1 and the server's own name.
func (s *Server) CertPool() *x509.CertPool { return s.pool }

// Slowed is how many messages the slow script has taken its time over.
func (s *Server) Slowed() int64 { return s.slowed.Load() }

// Sessions is how many greetings there have been: one for each connection, or
// two when TLS begins after the first.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// Bounces is how many reports have been posted and taken.
func (s *Server) Bounces() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bounced
}

// Close ends the server, its connections, and the reports on their way.
func (s *Server) Close() error {
	s.end()
	err := s.smtp.Close()
	s.posts.Wait()
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// certify makes a certificate that signs itself.
func (s *Server) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now() // TLS looks at the real clock
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: s.o.Domain},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(365 * 24 * time.Hour),
		DNSNames: []string{"localhost", s.o.Domain}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	s.pool = x509.NewCertPool()
	s.pool.AddCert(leaf)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}},
		MinVersion: tls.VersionTLS12}
	return nil
}

// authenticator compares a name and a password.
func (s *Server) authenticator(done func()) sasl.PlainAuthenticator {
	return func(_, username, password string) error {
		if username != s.o.Username || password != s.o.Password {
			return smtp.ErrAuthFailed
		}
		done()
		return nil
	}
}
