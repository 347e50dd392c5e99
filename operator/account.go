package operator

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/key"
	"frontdesk/core/practice"
)

// NewToken is what a token of the GraphQL API should be.
type NewToken struct {
	Group, Name, Role string
	// Password lets it sign in; empty is never.
	Password string
	// Expires is how long it works; 0 is for ever.
	Expires time.Duration
	// Limit is requests a minute; nil takes the practice group's.
	Limit *int
}

// CreateToken makes a token.
func (o *Operator) CreateToken(ctx context.Context, n NewToken) (Key, error) {
	ctx, g, err := o.in(ctx, n.Group)
	if err != nil {
		return Key{}, err
	}
	if n.Role == "" {
		return Key{}, fault.Wrong("role", input.CodeRequired, "the name of a role", "A token needs a role.")
	}
	if n.Limit != nil && *n.Limit < 0 {
		return Key{}, fault.Wrong("rate-limit", input.CodeSmall, "requests a minute, or 0 for no limit",
			"A rate limit cannot be negative.")
	}
	k := key.Key{Partner: n.Name, Test: g.Sandbox, Role: n.Role, Limit: n.Limit}
	if n.Password != "" {
		if k.PasswordHash, err = o.Core.Account.HashPassword(ctx, n.Password); err != nil {
			return Key{}, err
		}
	}
	if n.Expires > 0 {
		k.ExpiresAt = time.Now().Add(n.Expires)
	}
	made, text, err := o.Core.Key.CreateKey(ctx, k)
	return Key{Key: made, Text: text}, err
}

// Tokens are a group's tokens: keys that have a role, and sessions.
type Tokens struct {
	Keys     []Key         `json:"tokens"`
	Sessions []key.Session `json:"sessions"`
}

// Tokens lists a group's tokens.
func (o *Operator) Tokens(ctx context.Context, group string) (Tokens, error) {
	all, err := o.Keys(ctx, group)
	if err != nil {
		return Tokens{}, err
	}
	var out Tokens
	for _, k := range all {
		if k.Role != "" {
			out.Keys = append(out.Keys, k)
		}
	}
	ctx, _, err = o.in(ctx, group)
	if err != nil {
		return out, err
	}
	out.Sessions, err = o.Core.Key.Sessions(ctx)
	return out, err
}

// RevokeToken ends a token at once, given its text, or the id of a key or a
// session.
func (o *Operator) RevokeToken(ctx context.Context, group, token string) error {
	home, session, ok := key.ParseSession(token)
	if ok && group == "" {
		group = home.String()
	}
	if !ok {
		_, err := o.RevokeKey(ctx, group, token)
		if fault.Of(err).Code != key.ErrNotFound.Code {
			return err
		}
		n, parseErr := practice.ParseID(token)
		if parseErr != nil {
			return err
		}
		session = access.SessionID(n)
	}
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return err
	}
	return o.Core.Key.RevokeSession(ctx, session)
}

// Roles lists the roles a group's tokens and staff can have.
func (o *Operator) Roles(ctx context.Context, group string) ([]access.Role, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return nil, err
	}
	return o.Core.Key.Roles(ctx)
}

// SetRole keeps a role of the group's own.
func (o *Operator) SetRole(ctx context.Context, group, name string, permissions []string) (access.Role, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return access.Role{}, err
	}
	r := access.Role{Name: name}
	for _, p := range permissions {
		r.Permissions = append(r.Permissions, access.Permission(p))
	}
	return o.Core.Key.SetRole(ctx, r)
}

// SetTerms keeps how often a group's tokens may be used, and how a request too
// many is answered.
func (o *Operator) SetTerms(ctx context.Context, group string, limit, status int) (key.Terms, error) {
	t := key.Terms{Limit: limit, Status: status}
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return t, err
	}
	return o.Core.Key.SetTerms(ctx, t)
}

// NewUser is what a member of staff should be.
type NewUser struct {
	Group, Title, FirstName, LastName, Email, Role string
	Clinician                                      bool
}

// CreateUser adds a member of staff.
func (o *Operator) CreateUser(ctx context.Context, n NewUser) (account.Staff, error) {
	ctx, _, err := o.in(ctx, n.Group)
	if err != nil {
		return account.Staff{}, err
	}
	return o.Core.Account.Add(ctx, account.Change{
		Title: &n.Title, FirstName: &n.FirstName, LastName: &n.LastName, Email: &n.Email, Role: &n.Role,
		Clinician: &n.Clinician,
	})
}

// Users lists a group's staff, those who have left too.
func (o *Operator) Users(ctx context.Context, group string) ([]account.Staff, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return nil, err
	}
	const all = 10_000
	return o.Core.Account.List(ctx, account.Query{Deleted: true, Invited: true, Limit: all})
}

// SetPassword sets the password a member of staff signs in with.
func (o *Operator) SetPassword(ctx context.Context, group, email, password string) (account.Staff, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return account.Staff{}, err
	}
	return o.Core.Account.SetPassword(ctx, email, password)
}
