// Package nhslogin has patients prove who they are by NHS login, the identity service of NHS England, over OpenID
// Connect.
//
//	nhslogin.go  the settings, the client, and where a patient is sent to
//	finish.go    what NHS login says of a patient who comes back
//
// Sources: NHS login, interface specification for federation; OpenID Connect Core 1.0; RFC 7523 and RFC 7636. A client
// proves itself with a signed token (private_key_jwt, RS512), and its public key is given to NHS login in PEM.
//
// Nothing that was sent or received goes into an error, other than codes.
package nhslogin

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"

	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"frontdesk/connect/nhsapi"
	"frontdesk/core/identity"
)

// Issuer is NHS login's own; there are others for tests.
const Issuer = "https://auth.login.nhs.uk"

// Settings say how one practice group is known to NHS login.
type Settings struct {
	// Issuer is the service's address, under which its configuration is found.
	Issuer   string
	ClientID string
	// KeyID names the key that signs, where NHS login knows it by a name; it may be empty.
	KeyID string
	Key   *rsa.PrivateKey
	// Redirect is where patients come back to, as it is registered with NHS login.
	Redirect string
}

// Check says what is wrong with the settings.
func (s Settings) Check() error {
	if err := nhsapi.CheckAddress(s.Issuer); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	switch {
	case s.ClientID == "":
		return errors.New("no client_id")
	case s.Key == nil:
		return errors.New("no private_key")
	case s.Key.N.BitLen() < 2048:
		return errors.New("the private_key has fewer than 2048 bits")
	}
	return nil
}

const (
	// timeout is the longest one request may take.
	timeout = 5 * time.Second
	// configured is how long NHS login's configuration is kept, and its keys with it.
	configured = time.Hour
	// maxBody is the longest answer read, in bytes.
	maxBody = 1 << 20
	// vectors are the levels that are asked for: the identity proved (P9), by any way of signing in. NHS login has a
	// patient who has proved less prove the rest.
	vectors = `["P9.Cp.Cd","P9.Cp.Ck","P9.Cm"]`
)

// Client asks NHS login in the name of one practice group.
type Client struct {
	settings Settings
	http     *http.Client
	now      func() time.Time

	mu       sync.Mutex
	provider *oidc.Provider
	until    time.Time
}

// New makes a client, which asks nothing yet, or says what is wrong with the settings.
func New(s Settings, now func() time.Time) (*Client, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	c := nhsapi.Client(nil)
	c.Timeout, c.Transport = timeout, bounded{c.Transport}
	return &Client{settings: s, http: c, now: now}, nil
}

// bounded lets no answer be longer than maxBody.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, maxBody)
	}
	return res, err
}

// within has what is asked in a context go through our own client.
func (c *Client) within(ctx context.Context) context.Context { return oidc.ClientContext(ctx, c.http) }

// service is NHS login as its configuration describes it, asked for when it is first needed and once an hour. Error:
// identity.ErrLoginDown.
func (c *Client) service(ctx context.Context) (*oidc.Provider, error) {
	c.mu.Lock()
	known, fresh := c.provider, c.now().Before(c.until)
	c.mu.Unlock()
	if known != nil && fresh {
		return known, nil
	}
	found, err := oidc.NewProvider(c.within(ctx), c.settings.Issuer)
	if err != nil {
		if known != nil {
			return known, nil // what was true an hour ago is likely to be still
		}
		return nil, identity.ErrLoginDown.Because(errors.New("its configuration cannot be read"))
	}
	for _, address := range []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL, found.UserInfoEndpoint()} {
		if err := nhsapi.CheckAddress(address); err != nil {
			return nil, identity.ErrLoginDown.Because(fmt.Errorf("its configuration has an address that is none: %w", err))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.provider, c.until = found, c.now().Add(configured)
	return found, nil
}

func (c *Client) flow(p *oidc.Provider) oauth2.Config {
	at := p.Endpoint()
	// Detecting the style sends a refused request twice, and a code and an assertion are good for one.
	at.AuthStyle = oauth2.AuthStyleInParams
	return oauth2.Config{ClientID: c.settings.ClientID, Endpoint: at, RedirectURL: c.settings.Redirect,
		Scopes: []string{oidc.ScopeOpenID, "profile", "profile_extended"}}
}

// Begin is the address of NHS login that a patient is sent to. Error: identity.ErrLoginDown.
func (c *Client) Begin(ctx context.Context, a identity.Attempt) (string, error) {
	p, err := c.service(ctx)
	if err != nil {
		return "", err
	}
	flow := c.flow(p)
	return flow.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier),
		oauth2.SetAuthURLParam("vtr", vectors)), nil
}
