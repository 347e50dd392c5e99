package app

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"

	"frontdesk/core/access"
	"frontdesk/core/connector"
	"frontdesk/core/practice"
	"frontdesk/sim"
)

// simulated is the setting that marks a connector of the sandbox: it leads to
// this program's own simulator, wherever that is today. To lead a sandbox's
// group somewhere else, empty it.
const simulated = "simulated"

// Where the simulators answer, below their address.
const (
	simPDS   = "/personal-demographics/FHIR/R4"
	simToken = "/oauth2/token"
)

// What the sandbox is registered as at the simulated services.
const (
	simKey   = "frontdesk-sandbox"
	simKeyID = "sandbox-1"
)

// simulate serves the outside systems of the town on a socket of their own and
// connects the practice groups to them.
func (a *App) simulate(ctx context.Context) error {
	service := sim.NewPDS(sim.Brambleford(), a.config.Now)
	if !a.realTime {
		service.Rate = 0 // a second never passes by a clock that stands still
	}
	l, err := a.listen(ctx, "127.0.0.1:0", service)
	if err != nil {
		return err
	}
	*a.simulator = "http://" + l.Addr().String()
	groups, err := a.db.Practice().Groups(ctx)
	if err != nil {
		return err
	}
	key := ""
	for _, g := range groups {
		if key, err = a.simulatedPDS(ctx, g, key); err != nil {
			return err
		}
	}
	if key == "" {
		return nil // every group has been connected to something else
	}
	public, err := rsaKey(key)
	if err != nil {
		return err
	}
	service.Register(simKey, simKeyID, &public.PublicKey)
	return nil
}

// simulatedPDS connects a group to the simulator, unless it is connected to
// something already, and gives the key it asks with.
func (a *App) simulatedPDS(ctx context.Context, g practice.Group, key string) (string, error) {
	known, err := a.core.Connector.Get(ctx, g.ID, pdsName)
	switch {
	case err == nil && known.Settings[simulated] == "":
		return key, nil
	case err == nil:
		return known.Secrets["private_key"], nil
	case !errors.Is(err, connector.ErrNotFound):
		return key, err
	}
	if key == "" {
		if key, err = newRSAKey(); err != nil {
			return key, err
		}
	}
	settings := map[string]string{
		"base_url": *a.simulator + simPDS, "token_url": *a.simulator + simToken, "api_key": simKey, "key_id": simKeyID,
		"refresh": "on", simulated: "yes",
	}
	if !a.realTime {
		settings["per_second"] = "1000"
	}
	_, err = setConnector(access.With(ctx, access.Operator(g.ID)), a.core, g,
		connector.Connector{Name: pdsName, Secrets: map[string]string{"private_key": key}, Settings: settings})
	return key, err
}

func newRSAKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})), nil
}
