package access_test

import (
	"context"
	"errors"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/fault"
)

func TestEveryKindOfCallerNeedsThePermission(t *testing.T) {
	const see = access.SeeMessages
	only := func(p ...access.Permission) access.Caller { return access.Caller{Group: 1, Home: 1, Permissions: p} }
	key := func(more []access.KeyPermission, scopes ...access.Scope) access.Caller {
		return only(access.OfKey(scopes, more)...)
	}
	visitor := func(c access.Caller) access.Caller { c.Home = 2; return c }
	for _, c := range []struct {
		name string
		who  access.Caller
		need access.Permission
		want error
	}{
		{"a key whose scope has it", key(nil, access.Messaging), see, nil},
		{"a key with another scope", key(access.KeyPermissions, access.Booking), see, access.ErrPermission},
		{"a key without scopes", key(nil), see, access.ErrPermission},
		{"a key without scopes sees the practice", key(nil), access.SeePractice, nil},
		{"a role that names it", only(access.SeeContacts, see), see, nil},
		{"a role that does not", only(access.SendMessages), see, access.ErrPermission},
		{"a member of the network who reads", visitor(key(nil, access.Messaging)), see, nil},
		{"a member of the network who changes", visitor(key(nil, access.Messaging)), access.SendMessages,
			access.ErrPermission},
		{"the command line", access.Operator(1), see, nil},
		{"our own jobs", access.System(1), see, nil},
		{"what only we do, asked by a key with everything", key(access.KeyPermissions, access.Scopes...),
			access.Operate, access.ErrPermission},
		{"what only we do", access.System(1), access.Operate, nil},
		{"a person's decision, asked by our own jobs", access.System(1), access.ApproveRecordEntries,
			access.ErrNotStaff},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := access.Require(access.With(context.Background(), c.who), c.need)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if errors.Is(c.want, access.ErrPermission) && fault.Of(err).Fields[0].Expected != string(c.need) {
				t.Fatalf("got %+v", fault.Of(err))
			}
		})
	}
	if _, err := access.Require(context.Background(), see); !errors.Is(err, access.ErrNoCaller) {
		t.Fatalf("got %v", err)
	}
}
