package partner

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/key"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

func keyOf(k key.Key) oas.ApiKey {
	out := oas.ApiKey{
		ID: wire.Digits(k.ID), Partner: k.Partner, Test: k.Test, Scopes: make([]oas.Scope, len(k.Scopes)),
		Permissions: make([]oas.KeyPermission, len(k.Permissions)), RateLimit: oas.NilInt{Null: true},
		ExpiresAt: wire.Instant(k.ExpiresAt), RevokedAt: wire.Instant(k.RevokedAt), LastUsedAt: wire.Instant(k.LastUsed),
		CreatedAt: k.CreatedAt.UTC(), Replaces: wire.IDOrNull(k.Replaces),
		Role: oas.OptString{Value: k.Role, Set: k.Role != ""},
	}
	for i, s := range k.Scopes {
		out.Scopes[i] = oas.Scope(s)
	}
	for i, p := range k.Permissions {
		out.Permissions[i] = oas.KeyPermission(p)
	}
	if k.Limit != nil {
		out.RateLimit = oas.NewNilInt(*k.Limit)
	}
	return out
}

// ListApiKeys lists the group's keys.
func (o Operations) ListApiKeys(ctx context.Context, p oas.ListApiKeysParams) (*oas.ListApiKeysOK, error) {
	found, count, err := o.Core.Key.Keys(ctx, key.Query{
		Ended: p.IncludeEnded.Value, Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value,
	})
	if err != nil {
		return nil, err
	}
	out := &oas.ListApiKeysOK{Data: make([]oas.ApiKey, len(found)), Count: float64(count)}
	for i, k := range found {
		out.Data[i] = keyOf(k)
	}
	return out, nil
}

// GetApiKey finds a key.
func (o Operations) GetApiKey(ctx context.Context, p oas.GetApiKeyParams) (*oas.ApiKey, error) {
	return shown(o.Core.Key.Key(ctx, wire.ID[access.KeyID](p.ID)))
}

// RevokeApiKey ends a key.
func (o Operations) RevokeApiKey(ctx context.Context, p oas.RevokeApiKeyParams) (*oas.ApiKey, error) {
	return shown(o.Core.Key.RevokeKey(ctx, wire.ID[access.KeyID](p.ID)))
}

func shown(k key.Key, err error) (*oas.ApiKey, error) {
	if err != nil {
		return nil, err
	}
	out := keyOf(k)
	return &out, nil
}

// CreateApiKey makes a key.
func (o Operations) CreateApiKey(
	ctx context.Context, in *oas.ApiKeyRequest, _ oas.CreateApiKeyParams,
) (*oas.CreatedApiKey, error) {
	group, err := o.Core.Practice.Group(ctx)
	if err != nil {
		return nil, err
	}
	var wrong input.Checks
	k := key.Key{Partner: in.Partner, Test: group.Sandbox,
		ExpiresAt: wrong.GivenInstant("expires_at", in.ExpiresAt.Value, in.ExpiresAt.Set),
		Limit:     wire.Ptr(in.RateLimit.Value, in.RateLimit.Set)}
	for _, s := range in.Scopes {
		k.Scopes = append(k.Scopes, access.Scope(s))
	}
	for _, p := range in.Permissions {
		k.Permissions = append(k.Permissions, access.KeyPermission(p))
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return made(o.Core.Key.CreateKey(ctx, k))
}

// RotateApiKey makes a key in place of another.
func (o Operations) RotateApiKey(
	ctx context.Context, in oas.OptApiKeyRotation, p oas.RotateApiKeyParams,
) (*oas.CreatedApiKey, error) {
	overlap := key.DefaultOverlap
	if in.Value.OverlapHours.Set {
		overlap = time.Duration(in.Value.OverlapHours.Value) * time.Hour
	}
	return made(o.Core.Key.RotateKey(ctx, wire.ID[access.KeyID](p.ID), overlap))
}

func made(k key.Key, text string, err error) (*oas.CreatedApiKey, error) {
	if err != nil {
		return nil, err
	}
	return &oas.CreatedApiKey{APIKey: text, Key: keyOf(k)}, nil
}
