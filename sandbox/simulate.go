package sandbox

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

	"frontdesk/core/access"
	"frontdesk/core/connector"
	"frontdesk/core/practice"
	page "frontdesk/pages/inbox"
	"frontdesk/sim"
	"frontdesk/sim/gateways"
	"frontdesk/sim/inbox"
	"frontdesk/sim/mail"
	"frontdesk/sim/notify"
	"frontdesk/sim/stripe"
	connectorstore "frontdesk/store/connector"
	practicestore "frontdesk/store/practice"
)

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
	simStripe = "sk_test_sandbox"
	simHook   = "whsec_sandbox"
	simTpl    = "7d9b0c68-6c1a-4f6e-9d3b-0d4c0b7a7d12"
)

// Simulators are the outside systems of the sandbox, as far as they run.
type Simulators struct {
	mu    sync.Mutex
	box   inbox.Box
	pds   string
	posts map[practice.ID]post
	close []func() error
}

// post is everything that carries messages and takes money for one practice group.
type post struct {
	http, mailHost, stripe string
	mailPort               int
	roots                  *x509.CertPool
}

// Address is where the simulated demographics service is, or nothing.
func (s *Simulators) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pds
}

// Close ends what was started.
func (s *Simulators) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, end := range s.close {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// Received is what the people of the town got.
func (s *Simulators) Received() []page.Received {
	items := s.box.Items()
	out := make([]page.Received, len(items))
	for i, m := range items {
		out[i] = page.Received{At: m.At, Carrier: m.Carrier, Channel: m.Channel, To: m.To, From: m.From,
			Subject: m.Subject, Text: m.Text, Unsubscribe: m.Unsubscribe, Calendar: m.Calendar}
	}
	return out
}

// Lead makes a group's connector of the sandbox lead to where the simulators are,
// and gives whose certificates they have; nil is the system's.
func (s *Simulators) Lead(group practice.ID, c *connector.Connector) *x509.CertPool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Name == connector.PDS {
		if s.pds != "" {
			c.Settings["base_url"], c.Settings["token_url"] = s.pds+simPDS, s.pds+simToken
		}
		return nil
	}
	p, ok := s.posts[group]
	if !ok {
		return nil
	}
	switch c.Name {
	case "smtp":
		c.Settings["host"], c.Settings["port"] = p.mailHost, strconv.Itoa(p.mailPort)
		return p.roots
	case "notify":
		c.Settings["base_url"], c.Settings["token_url"] = p.http+"/comms", p.http+"/oauth2/token"
	case "gateway":
		c.Settings["url"] = p.http + "/gateway"
	case connector.Stripe:
		c.Settings["base_url"] = p.stripe
	default:
		c.Settings["base_url"] = p.http
	}
	return nil
}

// Simulate serves the outside systems of the town on sockets of their own and
// connects the practice groups to them.
func (sb *Sandbox) Simulate(ctx context.Context) error {
	town := sim.Brambleford()
	service := sim.NewPDS(town, sb.Now)
	if !sb.RealTime {
		service.Rate = 0 // a second never passes by a clock that stands still
	}
	l, err := sb.Listen(ctx, "127.0.0.1:0", service)
	if err != nil {
		return err
	}
	groups, err := practicestore.New(sb.DB).Groups(ctx)
	if err != nil {
		return err
	}
	key, err := sb.sandboxKey(ctx, groups)
	if err != nil {
		return err
	}
	public, err := parseKey(key)
	if err != nil {
		return err
	}
	service.Register(simKey, simKeyID, &public.PublicKey)
	sb.Simulators.mu.Lock()
	sb.Simulators.pds = "http://" + l.Addr().String()
	sb.Simulators.mu.Unlock()
	for _, g := range groups {
		p, err := sb.carry(ctx, g, town, &public.PublicKey)
		if err != nil {
			return err
		}
		sb.Simulators.mu.Lock()
		if sb.Simulators.posts == nil {
			sb.Simulators.posts = map[practice.ID]post{}
		}
		sb.Simulators.posts[g.ID] = p
		sb.Simulators.mu.Unlock()
		if err := sb.connectSandbox(ctx, g, key, p); err != nil {
			return err
		}
	}
	return nil
}

// carry serves everything that carries messages for one group.
func (sb *Sandbox) carry(ctx context.Context, g practice.Group, town sim.Town, public *rsa.PublicKey) (post, error) {
	callback := func(name connector.Name) string { return sb.Callback(g.ID, name) }
	mobile := gateways.NewTwilio(&sb.Simulators.box, simSID, simSecret)
	mobile.CallbackURL = callback("twilio")
	second := gateways.NewGateway(&sb.Simulators.box, simSecret)
	second.CallbackURL = callback("gateway")
	government := gateways.NewGovUK(&sb.Simulators.box, simGovKey, simSMSTpl, simTpl)
	government.CallbackURL, government.CallbackToken = callback("govuk"), simSecret
	mobile.Now, second.Now, government.Now = sb.Now, sb.Now, sb.Now
	national := notify.New(&sb.Simulators.box, sb.Now)
	national.CallbackURL, national.CallbackKey, national.CallbackSecret = callback("notify"), simKey, simSecret
	national.Contact = town.Contact
	national.Scripts = map[string]inbox.Script{"9990000034": inbox.Read, "9990000042": inbox.Silent,
		"9990000050": inbox.Bounced}
	if !sb.RealTime {
		national.Rate = 0
	}
	national.Register(simKey, simKeyID, public)
	mux := http.NewServeMux()
	mux.Handle("/gateway", second)
	mux.Handle("/2010-04-01/", mobile)
	mux.Handle("/v2/", government)
	mux.Handle("/", national)
	l, err := sb.Listen(ctx, "127.0.0.1:0", mux)
	if err != nil {
		return post{}, err
	}
	box, err := mail.New(&sb.Simulators.box, mail.Options{BounceURL: callback("smtp"), BounceSecret: simSecret})
	if err != nil {
		return post{}, err
	}
	var network net.ListenConfig
	letters, err := network.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return post{}, err
	}
	go func() { _ = box.Serve(letters) }() // it ends with Close
	sb.Simulators.mu.Lock()
	sb.Simulators.close = append(sb.Simulators.close, box.Close,
		func() error { mobile.Close(); second.Close(); government.Close(); return nil })
	sb.Simulators.mu.Unlock()
	at := letters.Addr().(*net.TCPAddr)
	bank := stripe.New(simStripe, simHook, sb.Now)
	money, err := sb.Listen(ctx, "127.0.0.1:0", bank)
	if err != nil {
		return post{}, err
	}
	bank.Base, bank.WebhookURL = "http://"+money.Addr().String(), callback(connector.Stripe)
	bank.AddCoupon("WELCOME", "A tenth off the first visit", "gbp", 0, 10)
	return post{stripe: bank.Base, http: "http://" + l.Addr().String(), mailHost: at.IP.String(), mailPort: at.Port,
		roots: box.CertPool()}, nil
}

// sandboxKey is the private key the sandbox asks the national services with: the
// one it had before, or a new one.
func (sb *Sandbox) sandboxKey(ctx context.Context, groups []practice.Group) (string, error) {
	for _, g := range groups {
		known, err := sb.Core.Connector.Get(ctx, g.ID, connector.PDS)
		if err == nil && known.Settings[connector.Simulated] != "" {
			return known.Secrets["private_key"], nil
		}
		if err != nil && !errors.Is(err, connector.ErrNotFound) {
			return "", err
		}
	}
	return newRSAKey()
}

// connectSandbox connects a group to the simulators, but for what it is connected to already. Without an ODS code it is
// not connected to the Personal Demographics Service, which asks for one.
func (sb *Sandbox) connectSandbox(ctx context.Context, g practice.Group, key string, p post) error {
	pds := sb.Simulators.Address()
	all := []connector.Connector{
		{Name: connector.PDS, Secrets: map[string]string{"private_key": key}, Settings: map[string]string{
			"base_url": pds + simPDS, "token_url": pds + simToken, "api_key": simKey, "key_id": simKeyID,
			"refresh": "on",
		}},
		{Name: "smtp", Secrets: map[string]string{"bounce_secret": simSecret}, Settings: map[string]string{
			"host": p.mailHost, "port": strconv.Itoa(p.mailPort), "from": "desk@brambleford.example.org",
			"tls":        "starttls",
			"bounces_to": "bounces@brambleford.example.org",
		}},
		{Name: "twilio", Secrets: map[string]string{"auth_token": simSecret}, Settings: map[string]string{
			"base_url": p.http, "account_sid": simSID, "from": simSMS,
		}},
		{Name: connector.Stripe, Settings: map[string]string{"base_url": p.stripe},
			Secrets: map[string]string{"api_key": simStripe, "webhook_secret": simHook}},
		{Name: "gateway", Secrets: map[string]string{"secret": simSecret}, Settings: map[string]string{"url": p.http +
			"/gateway", "priority": "20"}},
		{Name: "notify", Secrets: map[string]string{"private_key": key, "callback_key": simSecret},
			Settings: map[string]string{
				"base_url": p.http + "/comms", "token_url": p.http + simToken, "api_key": simKey, "key_id": simKeyID,
				"callback_application": simKey,
			}},
	}
	who := access.With(ctx, access.Operator(g.ID))
	for _, c := range all {
		if c.Name == connector.PDS && g.ODSCode == "" {
			continue
		}
		_, err := connectorstore.New(sb.DB).Connector(ctx, g.ID, c.Name)
		if err == nil {
			continue
		}
		if !errors.Is(err, connector.ErrNotFound) {
			return err
		}
		c.Settings[connector.Simulated] = "yes"
		if !sb.RealTime && c.Name == connector.PDS {
			c.Settings["per_second"] = "1000"
		}
		if _, err := sb.Core.Connector.Set(who, c); err != nil {
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

// newRSAKey makes a key in PEM.
func newRSAKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})), nil
}

// parseKey reads a key that newRSAKey has made.
func parseKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the sandbox's private key is not in PEM")
	}
	return x509.ParsePKCS1PrivateKey(block.Bytes)
}
