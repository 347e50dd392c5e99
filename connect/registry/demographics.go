package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"frontdesk/connect/pds"
	"frontdesk/core/access"
	"frontdesk/core/connector"
	"frontdesk/core/demographics"
	"frontdesk/core/practice"
)

// Demographics asks the national service as each practice group's settings say.
type Demographics struct {
	Source

	mu      sync.Mutex
	clients map[practice.ID]versioned
}

// versioned is a client made from one version of a connector and its group.
type versioned struct {
	version int64
	group   time.Time
	client  *pds.Client
}

// client gives the group's client, made anew when its settings have changed.
func (d *Demographics) client(ctx context.Context, group practice.ID) (*pds.Client, error) {
	kept, err := d.Connectors.Store.Connector(ctx, group, connector.PDS)
	if errors.Is(err, connector.ErrNotFound) {
		return nil, demographics.ErrNotSetUp
	}
	if err != nil {
		return nil, err
	}
	g, err := d.Group(ctx, group)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.clients[group]
	if ok && known.version == kept.Version && known.group.Equal(g.UpdatedAt) {
		return known.client, nil
	}
	c, err := d.Connectors.Get(ctx, group, connector.PDS)
	if err != nil {
		return nil, err
	}
	if c.Settings[connector.Simulated] != "" {
		d.Lead(group, &c)
	}
	s, err := pdsSettings(c, g)
	if err != nil {
		return nil, demographics.ErrNotSetUp.Because(err)
	}
	client, err := pds.New(s, pds.Options{Now: d.Now, Log: d.Log, Wait: d.wait(s)})
	if err != nil {
		return nil, demographics.ErrNotSetUp.Because(err)
	}
	if d.clients == nil {
		d.clients = map[practice.ID]versioned{}
	}
	d.clients[group] = versioned{c.Version, g.UpdatedAt, client}
	return client, nil
}

const (
	// pdsRate is how many requests a second NHS England allows an application
	// that has not agreed otherwise.
	pdsRate = 5
	// pdsPatience is how long a request waits for its turn; work no one waits
	// for takes only turns no one else wants.
	pdsPatience = 8 * time.Second
)

// wait takes turns with every other program that asks in the same
// application's name.
func (d *Demographics) wait(s pds.Settings) func(context.Context) error {
	sum := sha256.Sum256([]byte(s.BaseURL + "\n" + s.APIKey))
	name := "pds " + hex.EncodeToString(sum[:8])
	rate := s.PerSecond
	if rate == 0 {
		rate = pdsRate
	}
	// Requests that leave a fifth of a second apart may arrive closer together.
	rate *= 0.95
	turn := time.Duration(float64(time.Second) / rate)
	return func(ctx context.Context) error {
		for {
			patience := pdsPatience
			if demographics.IsBackground(ctx) {
				patience = 0
			}
			wait, taken, err := d.Throttle(ctx, name, rate, patience, time.Now())
			switch {
			case err != nil:
				return err
			case taken:
				return sleep(ctx, wait)
			case !demographics.IsBackground(ctx):
				return demographics.ErrDown.After(pdsPatience)
			}
			if err := sleep(ctx, turn); err != nil {
				return err
			}
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Read finds a person by NHS number.
func (d *Demographics) Read(ctx context.Context, group practice.ID, number string) (demographics.Person, error) {
	c, err := d.client(ctx, group)
	if err != nil {
		return demographics.Person{}, err
	}
	return c.Read(correlated(ctx), group, number)
}

// Trace finds the one person who matches exactly.
func (d *Demographics) Trace(
	ctx context.Context, group practice.ID, t demographics.Trace,
) (demographics.Person, error) {
	c, err := d.client(ctx, group)
	if err != nil {
		return demographics.Person{}, err
	}
	return c.Trace(correlated(ctx), group, t)
}

// correlated names our own request to the service, so that both logs can be
// laid side by side.
func correlated(ctx context.Context) context.Context {
	who, _ := access.From(ctx)
	return pds.WithCorrelation(ctx, who.RequestID)
}

// Upkeep says how a group wants its patients kept fresh.
func (d *Demographics) Upkeep(ctx context.Context, group practice.ID) (demographics.Upkeep, error) {
	c, err := d.Connectors.Store.Connector(ctx, group, connector.PDS)
	if errors.Is(err, connector.ErrNotFound) {
		return demographics.Upkeep{}, nil
	}
	if err != nil {
		return demographics.Upkeep{}, err
	}
	return upkeepOf(c)
}
