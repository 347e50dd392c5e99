package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"sync"
	"time"

	"frontdesk/connect/notify"
	"frontdesk/core/carrier"
	"frontdesk/core/connector"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
)

// errSettings is returned for a carrier that cannot be used as it is set up.
var errSettings = fault.New(fault.Conflict, "carrier_settings", "A carrier's settings need attention.")

// Carriers gives each practice group the carriers its settings name.
type Carriers struct {
	Source
	// Public is the address that providers call us back below.
	Public func() string
	// Unread counts what a carrier could not read; nil counts nothing.
	Unread func(carrier, why string)
	// Rest is how long a breaker leaves NHS Notify alone; 0 is the breaker's own.
	Rest time.Duration

	mu       sync.Mutex
	built    map[practice.ID]map[connector.Name]builtCarrier
	breakers map[string]notify.Breaker // by account
}

// breaker is the one of an account with NHS Notify, whatever practice sends.
func (c *Carriers) breaker(k connector.Connector) notify.Breaker {
	account := k.Settings["base_url"] + "\n" + k.Settings["api_key"]
	if c.breakers == nil {
		c.breakers = map[string]notify.Breaker{}
	}
	if c.breakers[account] == nil {
		c.breakers[account] = notify.NewBreaker(c.Rest, c.Log)
	}
	return c.breakers[account]
}

type builtCarrier struct {
	version int64
	group   time.Time
	carrier carrier.Carrier
}

// named finds one carrier of a group.
func (c *Carriers) named(ctx context.Context, group practice.ID, name connector.Name) (carrier.Carrier, error) {
	kept, err := c.Connectors.Store.Connector(ctx, group, name)
	if err != nil {
		return nil, err
	}
	g, err := c.Group(ctx, group)
	if err != nil {
		return nil, err
	}
	return c.get(ctx, g, kept)
}

// get gives a carrier, made anew when its settings have changed.
func (c *Carriers) get(ctx context.Context, g practice.Group, kept connector.Connector) (carrier.Carrier, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.built[g.ID][kept.Name]
	if ok && known.version == kept.Version && known.group.Equal(g.UpdatedAt) {
		return known.carrier, nil
	}
	full, err := c.Connectors.Get(ctx, g.ID, kept.Name)
	if err != nil {
		return nil, err
	}
	e := environment{group: g, now: c.Now, log: c.Log, callback: c.Callback(g.ID, kept.Name), unread: func(why string) {
		if c.Unread != nil {
			c.Unread(string(kept.Name), why)
		}
	}}
	if e.channels, err = channelsOf(full); err != nil {
		return nil, errSettings.Because(err)
	}
	if full.Settings[connector.Simulated] != "" {
		e.roots = c.Lead(g.ID, &full)
	}
	e.abroad = full.Settings["abroad"] == "yes"
	if rate, err := perSecond(full); err == nil && rate > 0 {
		e.wait = c.pace(full, rate)
	}
	if kept.Name == "notify" {
		e.breaker = c.breaker(full)
	}
	made, err := carrierKinds[kept.Name].build(full, e)
	if err != nil {
		return nil, errSettings.Because(err)
	}
	if c.built == nil {
		c.built = map[practice.ID]map[connector.Name]builtCarrier{}
	}
	if c.built[g.ID] == nil {
		c.built[g.ID] = map[connector.Name]builtCarrier{}
	}
	if closer, ok := known.carrier.(io.Closer); ok {
		_ = closer.Close() // what it has under way ends by itself
	}
	c.built[g.ID][kept.Name] = builtCarrier{full.Version, g.UpdatedAt, made}
	return made, nil
}

// pace takes turns with every other program that sends in the same account's
// name.
func (c *Carriers) pace(k connector.Connector, rate float64) func(context.Context) error {
	sum := sha256.Sum256([]byte(k.Settings["base_url"] + k.Settings["host"] + k.Settings["url"] + "\n" +
		k.Settings["account_sid"] + k.Settings["username"] + k.Settings["api_key"] + k.Settings["from"]))
	name := string(k.Name) + " " + hex.EncodeToString(sum[:8])
	return func(ctx context.Context) error {
		wait, taken, err := c.Throttle(ctx, name, rate, 5*time.Second, time.Now())
		if err != nil {
			return err
		}
		if !taken {
			return carrier.ErrPaced.After(5 * time.Second)
		}
		return sleep(ctx, wait)
	}
}

// carrying lists the connectors of a group that carry a channel.
func (c *Carriers) carrying(
	ctx context.Context, group practice.ID, channel carrier.Channel,
) ([]connector.Connector, error) {
	all, err := c.Connectors.Store.Connectors(ctx, group)
	return slices.DeleteFunc(all, func(k connector.Connector) bool {
		if _, ok := carrierKinds[k.Name]; !ok {
			return true
		}
		channels, err := channelsOf(k)
		return err != nil || !slices.Contains(channels, channel)
	}), err
}

// Carries reports whether a group has a carrier for a channel.
func (c *Carriers) Carries(ctx context.Context, group practice.ID, channel carrier.Channel) (bool, error) {
	all, err := c.carrying(ctx, group, channel)
	return len(all) > 0, err
}

// Of lists a group's carriers for a channel, the first to try first.
func (c *Carriers) Of(ctx context.Context, group practice.ID, channel carrier.Channel) ([]carrier.Carrier, error) {
	all, err := c.carrying(ctx, group, channel)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b connector.Connector) int { return priorityOf(a) - priorityOf(b) })
	g, err := c.Group(ctx, group)
	if err != nil {
		return nil, err
	}
	out := make([]carrier.Carrier, 0, len(all))
	for _, k := range all {
		built, err := c.get(ctx, g, k)
		if err != nil {
			c.Log.WarnContext(ctx, "a carrier cannot be used", "practice_group_id", int64(group), "carrier",
				string(k.Name), "error", connector.Hide(err.Error()))
			continue
		}
		out = append(out, built)
	}
	return out, nil
}
