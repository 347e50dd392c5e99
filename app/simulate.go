package app

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/connector"
	"frontdesk/core/practice"
	"frontdesk/pages"
	"frontdesk/sim"
	"frontdesk/sim/gateways"
	"frontdesk/sim/inbox"
	"frontdesk/sim/mail"
	"frontdesk/sim/notify"
)

// simulated is the setting that marks a connector of the sandbox: it leads to
// this program's own simulator, wherever that is today. To lead a sandbox's
// group somewhere else, empty it.
const simulated = "simulated"

// What the sandbox is registered as at the simulated services. None of it is a
// secret: nothing but the simulators knows it.
const (
	simKey    = "frontdesk-sandbox"
	simKeyID  = "sandbox-1"
	simSecret = "an-open-secret-of-the-sandbox"
	simSMS    = "+447700900000"
	simSID    = "AC0123456789abcdef0123456789abcdef"
	simGovKey = "sandbox-8f2f5a53-5a3e-4f5c-9f0a-0d4c0b7a7d10-2b1c9a44-6f0e-4f5b-8a57-1f6f3c0d9e21"
	simSMSTpl = "5b2c1f34-4a7e-4c1e-8f53-0d4c0b7a7d11"
	simTpl    = "7d9b0c68-6c1a-4f6e-9d3b-0d4c0b7a7d12"
)

// simulators are the outside systems of the sandbox, as far as they run.
type simulators struct {
	mu    sync.Mutex
	box   inbox.Box
	pds   string
	posts map[practice.ID]post
	close []func() error
}

// post is everything that carries messages for one practice group.
type post struct {
	http, mailHost string
	mailPort       int
	roots          *x509.CertPool
}

// address is where the simulated demographics service is, or nothing.
func (s *simulators) address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pds
}

// end ends what was started.
func (s *simulators) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, end := range s.close {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// received is what the people of the town got.
func (s *simulators) received() []pages.Received {
	items := s.box.Items()
	out := make([]pages.Received, len(items))
	for i, m := range items {
		out[i] = pages.Received{At: m.At, Carrier: m.Carrier, Channel: m.Channel, To: m.To, From: m.From, Subject: m.Subject, Text: m.Text}
	}
	return out
}

// lead makes a connector of the sandbox lead to where the simulators are.
func (s *simulators) lead(c *connector.Connector, e *environment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.posts[e.group.ID]
	if !ok {
		return
	}
	switch c.Name {
	case "smtp":
		c.Settings["host"], c.Settings["port"], e.roots = p.mailHost, strconv.Itoa(p.mailPort), p.roots
	case "notify":
		c.Settings["base_url"], c.Settings["token_url"] = p.http+"/comms", p.http+"/oauth2/token"
	case "gateway":
		c.Settings["url"] = p.http + "/gateway"
	default:
		c.Settings["base_url"] = p.http
	}
}

// simulate serves the outside systems of the town on sockets of their own and
// connects the practice groups to them.
func (a *App) simulate(ctx context.Context) error {
	town := sim.Brambleford()
	service := sim.NewPDS(town, a.config.Now)
	if !a.realTime {
		service.Rate = 0 // a second never passes by a clock that stands still
	}
	l, err := a.listen(ctx, "127.0.0.1:0", service)
	if err != nil {
		return err
	}
	groups, err := a.db.Practice().Groups(ctx)
	if err != nil {
		return err
	}
	key, err := a.sandboxKey(ctx, groups)
	if err != nil {
		return err
	}
	public, err := rsaKey(key)
	if err != nil {
		return err
	}
	service.Register(simKey, simKeyID, &public.PublicKey)
	a.sims.mu.Lock()
	a.sims.pds = "http://" + l.Addr().String()
	a.sims.mu.Unlock()
	for _, g := range groups {
		p, err := a.carry(ctx, g, town, &public.PublicKey)
		if err != nil {
			return err
		}
		a.sims.mu.Lock()
		if a.sims.posts == nil {
			a.sims.posts = map[practice.ID]post{}
		}
		a.sims.posts[g.ID] = p
		a.sims.mu.Unlock()
		if err := a.connectSandbox(ctx, g, key, p); err != nil {
			return err
		}
	}
	return nil
}

// carry serves everything that carries messages for one group.
func (a *App) carry(ctx context.Context, g practice.Group, town sim.Town, public *rsa.PublicKey) (post, error) {
	callback := func(name connector.Name) string { return a.carriers.callback(g.ID, name) }
	mobile := gateways.NewTwilio(&a.sims.box, simSID, simSecret)
	mobile.CallbackURL = callback("twilio")
	second := gateways.NewGateway(&a.sims.box, simSecret)
	second.CallbackURL = callback("gateway")
	government := gateways.NewGovUK(&a.sims.box, simGovKey, simSMSTpl, simTpl)
	government.CallbackURL, government.CallbackToken = callback("govuk"), simSecret
	mobile.Now, second.Now, government.Now = a.config.Now, a.config.Now, a.config.Now
	national := notify.New(&a.sims.box, a.config.Now)
	national.CallbackURL, national.CallbackKey, national.CallbackSecret = callback("notify"), simKey, simSecret
	national.Contact = town.Contact
	national.Scripts = map[string]inbox.Script{"9990000034": inbox.Read, "9990000042": inbox.Silent, "9990000050": inbox.Bounced}
	if !a.realTime {
		national.Rate = 0
	}
	national.Register(simKey, simKeyID, public)
	mux := http.NewServeMux()
	mux.Handle("/gateway", second)
	mux.Handle("/2010-04-01/", mobile)
	mux.Handle("/v2/", government)
	mux.Handle("/", national)
	l, err := a.listen(ctx, "127.0.0.1:0", mux)
	if err != nil {
		return post{}, err
	}
	box, err := mail.New(&a.sims.box, mail.Options{BounceURL: callback("smtp"), BounceSecret: simSecret})
	if err != nil {
		return post{}, err
	}
	var network net.ListenConfig
	letters, err := network.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return post{}, err
	}
	go func() { _ = box.Serve(letters) }() // it ends with Close
	a.sims.mu.Lock()
	a.sims.close = append(a.sims.close, box.Close, func() error { mobile.Close(); second.Close(); government.Close(); return nil })
	a.sims.mu.Unlock()
	at := letters.Addr().(*net.TCPAddr)
	return post{http: "http://" + l.Addr().String(), mailHost: at.IP.String(), mailPort: at.Port, roots: box.CertPool()}, nil
}

// sandboxKey is the private key the sandbox asks the national services with: the
// one it had before, or a new one.
func (a *App) sandboxKey(ctx context.Context, groups []practice.Group) (string, error) {
	for _, g := range groups {
		known, err := a.core.Connector.Get(ctx, g.ID, pdsName)
		if err == nil && known.Settings[simulated] != "" {
			return known.Secrets["private_key"], nil
		}
		if err != nil && !errors.Is(err, connector.ErrNotFound) {
			return "", err
		}
	}
	return newRSAKey()
}

// connectSandbox connects a group to the simulators, but for what it is
// connected to already.
func (a *App) connectSandbox(ctx context.Context, g practice.Group, key string, p post) error {
	pds := a.sims.address()
	all := []connector.Connector{
		{Name: pdsName, Secrets: map[string]string{"private_key": key}, Settings: map[string]string{
			"base_url": pds + simPDS, "token_url": pds + simToken, "api_key": simKey, "key_id": simKeyID, "refresh": "on",
		}},
		{Name: "smtp", Secrets: map[string]string{"bounce_secret": simSecret}, Settings: map[string]string{
			"host": p.mailHost, "port": strconv.Itoa(p.mailPort), "from": "desk@brambleford.example.org", "tls": "starttls",
			"bounces_to": "bounces@brambleford.example.org",
		}},
		{Name: "twilio", Secrets: map[string]string{"auth_token": simSecret}, Settings: map[string]string{
			"base_url": p.http, "account_sid": simSID, "from": simSMS,
		}},
		{Name: "gateway", Secrets: map[string]string{"secret": simSecret}, Settings: map[string]string{"url": p.http + "/gateway", "priority": "20"}},
		{Name: "notify", Secrets: map[string]string{"private_key": key, "callback_key": simSecret}, Settings: map[string]string{
			"base_url": p.http + "/comms", "token_url": p.http + simToken, "api_key": simKey, "key_id": simKeyID, "callback_application": simKey,
		}},
	}
	who := access.With(ctx, access.Operator(g.ID))
	for _, c := range all {
		_, err := a.db.Connector().Connector(ctx, g.ID, c.Name)
		if err == nil {
			continue
		}
		if !errors.Is(err, connector.ErrNotFound) {
			return err
		}
		c.Settings[simulated] = "yes"
		if !a.realTime && c.Name == pdsName {
			c.Settings["per_second"] = "1000"
		}
		if _, err := setConnector(who, a.core, g, c); err != nil {
			return err
		}
	}
	return nil
}

// Where the simulated demographics service answers, below its address.
const (
	simPDS   = "/personal-demographics/FHIR/R4"
	simToken = "/oauth2/token"
)

func newRSAKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})), nil
}

// beatEvery is how often a running program notes that the database is in use.
const beatEvery = 30 * time.Second
