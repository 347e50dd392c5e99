// Package connector is which outside systems a practice group uses, and what
// they must be told to let it in.
//
//	connector.go  how a group uses a system, with its secrets sealed
//	hide.go       a connector as it may be shown
package connector

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// Name names an outside system, for example "pds".
type Name string

// PDS is the Personal Demographics Service, NHSLogin how patients prove who they are, and Stripe how they pay: the
// connectors that carry no messages.
const (
	PDS      Name = "pds"
	NHSLogin Name = "nhs_login"
	Stripe   Name = "stripe"
)

// Simulated is the setting that marks a connector of the sandbox: it leads to the
// program's own simulator, wherever that is today. To lead a sandbox's group
// somewhere else, empty it.
const Simulated = "simulated"

// Connector is how a practice group uses one outside system.
type Connector struct {
	Name     Name              `json:"name"`
	Settings map[string]string `json:"settings"`
	// Secrets are kept sealed, and never told.
	Secrets map[string]string `json:"-"`
	// Version counts the changes.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Sealed is Secrets as they are kept.
	Sealed []byte `json:"-"`
}

// ErrNotFound is returned when a group does not use a system.
var ErrNotFound = fault.New(fault.NotFound, "connector_not_found", "This practice group has no such connector.")

// Reader is what connector reads.
type Reader interface {
	// Connector finds a connector, sealed, or returns ErrNotFound.
	Connector(ctx context.Context, group practice.ID, name Name) (Connector, error)
}

// Store is what connector needs remembered.
type Store interface {
	Reader
	// Connectors lists a group's connectors by name, sealed.
	Connectors(ctx context.Context, group practice.ID) ([]Connector, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// SaveConnector keeps a new or a changed connector.
	SaveConnector(ctx context.Context, group practice.ID, c Connector) error
	DropConnector(ctx context.Context, group practice.ID, name Name) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the connector capability.
type Service struct {
	Store Store
	// Box gives what secrets are sealed with.
	Box func() (*seal.Box, error)
	// Check makes sure that a connector can be used as it is set up.
	Check func(ctx context.Context, group practice.ID, c Connector) error
	Now   func() time.Time
}

func about(group practice.ID, name Name) string { return group.String() + "/" + string(name) }

// Get finds a connector with its secrets. Only our own jobs and connectors ask.
// Error: ErrNotFound.
func (s *Service) Get(ctx context.Context, group practice.ID, name Name) (Connector, error) {
	c, err := s.Store.Connector(ctx, group, name)
	if err != nil || len(c.Sealed) == 0 {
		return c, err
	}
	box, err := s.Box()
	if err != nil {
		return c, err
	}
	text, err := box.Open(c.Sealed, about(group, name))
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(text, &c.Secrets)
}

// List lists the group's connectors, as they may be shown.
func (s *Service) List(ctx context.Context) ([]Connector, error) {
	who, err := access.Require(ctx, access.ManageConnections)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Connectors(ctx, who.Group)
	for i, c := range all {
		all[i] = c.Shown()
	}
	return all, err
}

// Set keeps how the group uses a system, once it is clear that it could be used so:
// settings that are given replace those before, an empty one is removed, and so with
// secrets. It gives the connector as it may be shown.
func (s *Service) Set(ctx context.Context, change Connector) (Connector, error) {
	who, err := access.Require(ctx, access.ManageConnections)
	if err != nil {
		return Connector{}, err
	}
	box, err := s.Box()
	if err != nil {
		return Connector{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	before, err := s.Get(ctx, who.Group, change.Name)
	fresh := errors.Is(err, ErrNotFound)
	if err != nil && !fresh {
		return Connector{}, err
	}
	after := before.With(change)
	if err := s.Check(ctx, who.Group, after); err != nil {
		return Connector{}, err
	}
	after.Version, after.UpdatedAt = before.Version+1, now
	if fresh {
		after.CreatedAt = now
	}
	if after.Sealed, err = box.Seal(audit.Snapshot(after.Secrets), about(who.Group, change.Name)); err != nil {
		return Connector{}, err
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.SaveConnector(ctx, who.Group, after); err != nil {
			return err
		}
		var was any
		if !fresh {
			was = before.Shown()
		}
		return tx.Audit(ctx, who.Audit(now, "connector.set", "connector", 0, was, after.Shown()))
	})
	return after.Shown(), err
}

// With is the connector after a change: settings and secrets that are given
// replace those before, and an empty one is removed.
func (c Connector) With(change Connector) Connector {
	c.Name = change.Name
	c.Settings, c.Secrets = merged(c.Settings, change.Settings), merged(c.Secrets, change.Secrets)
	return c
}

func merged(before, change map[string]string) map[string]string {
	out := map[string]string{}
	for _, from := range []map[string]string{before, change} {
		for name, value := range from {
			if out[name] = value; value == "" {
				delete(out, name)
			}
		}
	}
	return out
}

// Remove ends the use of a system and forgets its secrets. Error: ErrNotFound.
func (s *Service) Remove(ctx context.Context, name Name) error {
	who, err := access.Require(ctx, access.ManageConnections)
	if err != nil {
		return err
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.Connector(ctx, who.Group, name)
		if err != nil {
			return err
		}
		if err := tx.DropConnector(ctx, who.Group, name); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(s.Now(), "connector.remove", "connector", 0, before.Shown(), nil))
	})
}
