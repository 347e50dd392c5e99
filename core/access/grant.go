package access

import (
	"context"
	"slices"
)

// Grant is something the role of a GraphQL token lets it see or change.
type Grant string

// RequireGrant gives the caller when its role has the grant. In another group of
// the network nobody has any. Errors: ErrNoKey, ErrPermission.
func RequireGrant(ctx context.Context, g Grant) (Caller, error) {
	c, err := Require(ctx)
	if err != nil {
		return Caller{}, err
	}
	if c.trusted || !c.Foreign() && slices.Contains(c.Grants, g) {
		return c, nil
	}
	return Caller{}, ErrPermission.Saying("Missing permission " + string(g))
}
