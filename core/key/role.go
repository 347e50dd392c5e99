package key

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/write"
)

// Terms say how often a practice group lets its tokens be used.
type Terms struct {
	// Limit is requests a minute for each token.
	Limit int `json:"requests_a_minute"`
	// Status is the HTTP status of a request too many: 200 or 429.
	Status int `json:"limit_status"`
}

// RoleNamed finds a role: a preset or the group's own. Error: a field fault.
func (s *Service) RoleNamed(ctx context.Context, group access.GroupID, name string) (access.Role, error) {
	if r, ok := access.Preset(name); ok {
		return r, nil
	}
	all, err := s.Store.Roles(ctx, group)
	if err != nil {
		return access.Role{}, err
	}
	for _, r := range all {
		if r.Name == name {
			return r, nil
		}
	}
	expected := "one of " + strings.Join(access.Presets(), ", ") + ", or a role of the practice group's own"
	return access.Role{}, fault.Wrong("role", input.CodeChoice, expected, "There is no such role.")
}

// RolesWith names the roles that have a permission: presets and the group's own.
func (s *Service) RolesWith(ctx context.Context, group access.GroupID, p access.Permission) ([]string, error) {
	own, err := s.Store.Roles(ctx, group)
	var out []string
	for _, name := range access.Presets() {
		preset, _ := access.Preset(name)
		own = append(own, preset)
	}
	for _, r := range own {
		if slices.Contains(r.Permissions, p) {
			out = append(out, r.Name)
		}
	}
	return out, err
}

// Roles lists the presets and the group's own roles.
func (s *Service) Roles(ctx context.Context) ([]access.Role, error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return nil, err
	}
	var out []access.Role
	for _, name := range access.Presets() {
		preset, _ := access.Preset(name)
		out = append(out, preset)
	}
	own, err := s.Store.Roles(ctx, who.Group)
	return append(out, own...), err
}

// SetRole keeps a role of the group's own. What it lets do holds for its tokens
// at once.
func (s *Service) SetRole(ctx context.Context, r access.Role) (access.Role, error) {
	return write.Do(ctx, access.ManageKeys, s.Now, s.Store.Do, func(e write.Edit[Tx]) (access.Role, error) {
		if _, ok := access.Preset(r.Name); ok || strings.TrimSpace(r.Name) == "" || len(r.Name) > 100 {
			return r, fault.Wrong("name", input.CodeString, "a name that no preset has",
				"This cannot be the name of a role.")
		}
		r.Permissions = slices.Clone(r.Permissions)
		for i, g := range r.Permissions {
			g = access.Renamed(g)
			r.Permissions[i] = g
			if !slices.Contains(access.Permissions, g) {
				return r, fault.Wrong("permission", input.CodeChoice, fmt.Sprint(access.Permissions),
					fmt.Sprintf("There is no permission %q.", g))
			}
		}
		if err := e.Tx.SaveRole(ctx, e.Group(), r, e.Now); err != nil {
			return r, err
		}
		return r, e.Audit(ctx, "role.set", 0, nil, r)
	})
}

// SetTerms keeps how often the group's tokens may be used.
func (s *Service) SetTerms(ctx context.Context, t Terms) (Terms, error) {
	return write.Do(ctx, access.ManageKeys, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Terms, error) {
		if t.Limit < 1 || t.Limit > 100_000 {
			return t, fault.Wrong("limit", input.CodeSmall, "requests a minute, from 1 to 100000",
				"This is not a number of requests a minute.")
		}
		if t.Status != 200 && t.Status != 429 {
			return t, fault.Wrong("status", input.CodeChoice, "200 or 429",
				"A request too many is answered with 200 or 429.")
		}
		if err := e.Tx.SaveTerms(ctx, e.Group(), t); err != nil {
			return t, err
		}
		return t, e.Tx.Audit(ctx, e.Who.Audit(e.Now, "terms.set", "practice_group", int64(e.Group()), nil, t))
	})
}
