// Package operator does what a person at the command line may do, who may do
// what no key may.
//
//	operator.go    groups, keys, networks, outside systems
//	account.go     tokens, roles, staff
//	audit.go       the log of who did what
//	invitation.go  invitations, and how each ended
//	statement.go   account statements
//	form.go        forms that patients fill in
//	notice.go      messages around appointments
//	sending.go     whether messages go out at all
//	keys.go        the key that secrets are sealed with
//	doctor.go      what is wrong with this installation
//	exit.go        how a command ends, and errors for a person at the terminal
package operator

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/carrier"
	"frontdesk/core/connector"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/store"
	instancestore "frontdesk/store/instance"
	practicestore "frontdesk/store/practice"
)

// Operator is a person at the command line, who may do what no key may.
type Operator struct {
	DB   *store.DB
	Core *core.Core
	Seal *Keys
	// Carries reports whether a group has a carrier for a channel.
	Carries func(ctx context.Context, group practice.ID, channel carrier.Channel) (bool, error)
}

// Close closes the database.
func (o *Operator) Close() { o.DB.Close() }

// Group is a practice group, as the command line shows it.
type Group struct {
	ID       string   `json:"practice_group_id"`
	Name     string   `json:"name"`
	ODSCode  string   `json:"ods_code,omitempty"`
	Sandbox  bool     `json:"sandbox"`
	Networks []string `json:"networks,omitempty"`
}

// CreateGroup makes a practice group. In a sandbox it is an invented one.
func (o *Operator) CreateGroup(ctx context.Context, name, odsCode, zone string) (Group, error) {
	var made practice.Group
	err := o.DB.Whole(ctx, func(ctx context.Context) error {
		of := instancestore.New(o.DB)
		if _, err := of.Found(ctx, false, time.Now()); err != nil {
			return err
		}
		sandbox, _, err := of.Instance(ctx)
		if err != nil {
			return err
		}
		made, err = o.Core.Practice.CreateGroup(ctx, practice.Group{Name: name, ODSCode: odsCode, TimeZone: zone,
			Sandbox: sandbox, Announces: true})
		return err
	})
	if err != nil {
		return Group{}, err
	}
	return o.shown(ctx, made)
}

// Groups lists every practice group.
func (o *Operator) Groups(ctx context.Context) ([]Group, error) {
	all, err := practicestore.New(o.DB).Groups(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Group, len(all))
	for i, g := range all {
		if out[i], err = o.shown(ctx, g); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Group finds one practice group.
func (o *Operator) Group(ctx context.Context, id string) (Group, error) {
	_, g, err := o.in(ctx, id)
	if err != nil {
		return Group{}, err
	}
	return o.shown(ctx, g)
}

func (o *Operator) shown(ctx context.Context, g practice.Group) (Group, error) {
	networks, err := practicestore.New(o.DB).Networks(ctx, g.ID)
	return Group{ID: g.ID.String(), Name: g.Name, ODSCode: g.ODSCode, Sandbox: g.Sandbox, Networks: networks}, err
}

// in is the context of an operator acting in a group that exists.
func (o *Operator) in(ctx context.Context, group string) (context.Context, practice.Group, error) {
	id, err := practice.ParseID(group)
	if err != nil {
		return ctx, practice.Group{}, err
	}
	g, err := practicestore.New(o.DB).Group(ctx, id)
	return access.With(ctx, access.Operator(id)), g, err
}

// WaitingList is how times are offered to patients on a waiting list.
type WaitingList struct {
	Hold   string `json:"hold"`
	Notice string `json:"notice"`
}

// WaitingList gives how a group offers times to patients on its waiting list, and sets what is not nil first.
func (o *Operator) WaitingList(ctx context.Context, group string, hold, notice *time.Duration) (WaitingList, error) {
	ctx, g, err := o.in(ctx, group)
	if err == nil && (hold != nil || notice != nil) {
		minutes := func(d *time.Duration) *int {
			if d == nil {
				return nil
			}
			return new(int(*d / time.Minute))
		}
		g, err = o.Core.Practice.UpdateGroup(ctx, practice.GroupChange{OfferMinutes: minutes(hold),
			OfferNotice: minutes(notice)})
	}
	shown := func(n int) string { return (time.Duration(n) * time.Minute).String() }
	return WaitingList{shown(g.OfferMinutes), shown(g.OfferNotice)}, err
}

// VideoURL gives where a group's video consultations take place, and sets it first unless template is nil; empty is
// our own room.
func (o *Operator) VideoURL(ctx context.Context, group string, template *string) (string, error) {
	ctx, g, err := o.in(ctx, group)
	if err != nil || template == nil {
		return g.VideoURL, err
	}
	g, err = o.Core.Practice.UpdateGroup(ctx, practice.GroupChange{VideoURL: template})
	return g.VideoURL, err
}

// NewKey is what a key should be.
type NewKey struct {
	Group, Partner      string
	Scopes, Permissions []string
	// Expires is how long it works; 0 is for ever.
	Expires time.Duration
	// Limit is requests a minute; nil takes the server's, 0 is no limit.
	Limit *int
}

// Key is an API key, as the command line shows it.
type Key struct {
	key.Key
	// Text is the key itself, only when it has just been made.
	Text string `json:"api_key,omitempty"`
}

// CreateKey makes a key.
func (o *Operator) CreateKey(ctx context.Context, n NewKey) (Key, error) {
	ctx, g, err := o.in(ctx, n.Group)
	if err != nil {
		return Key{}, err
	}
	if n.Limit != nil && *n.Limit < 0 {
		return Key{}, fault.Wrong("rate-limit", input.CodeSmall, "requests a minute, or 0 for no limit",
			"A rate limit cannot be negative.")
	}
	k := key.Key{Partner: n.Partner, Test: g.Sandbox, Limit: n.Limit}
	for _, s := range n.Scopes {
		k.Scopes = append(k.Scopes, access.Scope(s))
	}
	for _, p := range n.Permissions {
		k.Permissions = append(k.Permissions, access.KeyPermission(p))
	}
	if n.Expires > 0 {
		k.ExpiresAt = time.Now().Add(n.Expires)
	}
	made, text, err := o.Core.Key.CreateKey(ctx, k)
	return Key{Key: made, Text: text}, err
}

// Keys lists a group's keys.
func (o *Operator) Keys(ctx context.Context, group string) ([]Key, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return nil, err
	}
	all, _, err := o.Core.Key.Keys(ctx, key.Query{Ended: true, Limit: input.CountLimit})
	slices.Reverse(all) // oldest first
	out := make([]Key, len(all))
	for i, k := range all {
		out[i].Key = k
	}
	return out, err
}

// named finds a key by its id or its text, and acts in its group.
func (o *Operator) named(ctx context.Context, group, text string) (context.Context, access.KeyID, error) {
	home, id, ok := key.Parse(text)
	if ok && group == "" {
		group = home.String()
	}
	ctx, _, err := o.in(ctx, group)
	if err != nil || ok {
		return ctx, id, err
	}
	n, err := practice.ParseID(text)
	if err != nil {
		err = key.ErrNotFound
	}
	return ctx, access.KeyID(n), err
}

// RevokeKey ends a key, given its id or its text.
func (o *Operator) RevokeKey(ctx context.Context, group, text string) (Key, error) {
	ctx, id, err := o.named(ctx, group, text)
	if err != nil {
		return Key{}, err
	}
	k, err := o.Core.Key.RevokeKey(ctx, id)
	return Key{Key: k}, err
}

// RotateKey makes a key in place of another, given its id or its text, which goes on working for the overlap.
func (o *Operator) RotateKey(ctx context.Context, group, text string, overlap time.Duration) (Key, error) {
	ctx, id, err := o.named(ctx, group, text)
	if err != nil {
		return Key{}, err
	}
	k, made, err := o.Core.Key.RotateKey(ctx, id, overlap)
	return Key{Key: k, Text: made}, err
}

// JoinNetwork makes a group a member of a network; LeaveNetwork ends that.
func (o *Operator) JoinNetwork(ctx context.Context, group, network string) error {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return err
	}
	return o.Core.Practice.JoinNetwork(ctx, network)
}

// LeaveNetwork ends a group's membership of a network.
func (o *Operator) LeaveNetwork(ctx context.Context, group, network string) error {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return err
	}
	return o.Core.Practice.LeaveNetwork(ctx, network)
}

// Connectors lists a group's connectors without their secrets.
func (o *Operator) Connectors(ctx context.Context, group string) ([]connector.Connector, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return nil, err
	}
	return o.Core.Connector.List(ctx)
}

// SetConnector keeps how a group uses an outside system, once it is clear that
// it could be used so. Settings that are not given stay as they are; an empty
// one is removed.
func (o *Operator) SetConnector(
	ctx context.Context, group, name string, settings, secrets map[string]string,
) (connector.Connector, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return connector.Connector{}, err
	}
	return o.Core.Connector.Set(ctx, connector.Connector{Name: connector.Name(name), Settings: settings,
		Secrets: secrets})
}

// RemoveConnector ends a group's use of an outside system.
func (o *Operator) RemoveConnector(ctx context.Context, group, name string) error {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return err
	}
	return o.Core.Connector.Remove(ctx, connector.Name(name))
}

// Migrate brings a database up to date and gives the version of its schema.
func Migrate(ctx context.Context, address string, log *slog.Logger) (int64, error) {
	db, err := store.Open(ctx, address, store.Options{Log: log, Make: true})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	version, _, err := db.Version(ctx)
	return version, err
}
