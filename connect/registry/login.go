package registry

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"frontdesk/connect/nhslogin"
	"frontdesk/core/connector"
	"frontdesk/core/fault"
	"frontdesk/core/identity"
	"frontdesk/core/practice"
)

// Login has patients prove who they are by NHS login, as each practice group's settings say.
type Login struct {
	Source
	// Pages is the address of the pages, without a slash at its end.
	Pages func() string

	mu      sync.Mutex
	clients map[practice.ID]login
}

// login is a client made from one version of a connector.
type login struct {
	version int64
	client  *nhslogin.Client
}

// loginPatience is the longest one call may take with all its requests.
const loginPatience = 12 * time.Second

// loginSettings reads a connector's settings.
func loginSettings(c connector.Connector) (nhslogin.Settings, error) {
	s := nhslogin.Settings{Issuer: cmp.Or(c.Settings["issuer"], nhslogin.Issuer), ClientID: c.Settings["client_id"],
		KeyID: c.Settings["key_id"]}
	if text := c.Secrets["private_key"]; text != "" {
		key, err := rsaKey(text)
		if err != nil {
			return s, err
		}
		s.Key = key
	}
	return s, s.Check()
}

// Offered reports whether a group is connected to NHS login.
func (l *Login) Offered(ctx context.Context, group practice.ID) (bool, error) {
	_, err := l.Connectors.Store.Connector(ctx, group, connector.NHSLogin)
	if errors.Is(err, connector.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// client gives the group's client, made anew when its settings have changed.
func (l *Login) client(ctx context.Context, group practice.ID) (*nhslogin.Client, error) {
	kept, err := l.Connectors.Store.Connector(ctx, group, connector.NHSLogin)
	if errors.Is(err, connector.ErrNotFound) {
		return nil, identity.ErrLoginNotSetUp
	}
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.clients[group]; ok && known.version == kept.Version {
		return known.client, nil
	}
	c, err := l.Connectors.Get(ctx, group, connector.NHSLogin)
	if err != nil {
		return nil, err
	}
	s, err := loginSettings(c)
	if err != nil {
		return nil, identity.ErrLoginNotSetUp.Because(err)
	}
	s.Redirect = l.Pages() + "/nhs-login/callback"
	client, err := nhslogin.New(s, l.Now)
	if err != nil {
		return nil, identity.ErrLoginNotSetUp.Because(err)
	}
	if l.clients == nil {
		l.clients = map[practice.ID]login{}
	}
	l.clients[group] = login{c.Version, client}
	return client, nil
}

// Begin is the address that a visitor is sent to.
func (l *Login) Begin(ctx context.Context, group practice.ID, a identity.Attempt) (string, error) {
	c, err := l.client(ctx, group)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, loginPatience)
	defer cancel()
	to, err := c.Begin(ctx, a)
	return to, l.noted(ctx, group, err)
}

// Finish asks who came back with a code.
func (l *Login) Finish(
	ctx context.Context, group practice.ID, code string, a identity.Attempt,
) (identity.Claims, error) {
	c, err := l.client(ctx, group)
	if err != nil {
		return identity.Claims{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, loginPatience)
	defer cancel()
	who, err := c.Finish(ctx, code, a)
	return who, l.noted(ctx, group, err)
}

// noted logs why a login has failed, by codes alone.
func (l *Login) noted(ctx context.Context, group practice.ID, err error) error {
	if err != nil {
		why := err.Error()
		if f := fault.Of(err); f.Err != nil {
			why = f.Err.Error()
		}
		l.Log.WarnContext(ctx, "nhs login failed", "practice_group_id", group, "error", why)
	}
	return err
}
