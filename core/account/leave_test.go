package account_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/account"
)

// editor adds a member of staff who may edit users and has signed in, and gives what they ask with.
func (h *house) editor(name string) (account.StaffID, context.Context) {
	h.t.Helper()
	email := name + "@example.org"
	made, err := h.Add(h.ctx, account.Change{FirstName: new(name), LastName: new("Lee"), Email: &email,
		Role: new("everything"), Clinician: new(false)})
	h.must(err)
	_, err = h.SetPassword(h.ctx, email, right)
	h.must(err)
	in, err := h.SignIn(context.Background(), account.Credentials{Email: email, Password: right})
	h.must(err)
	return made.ID, access.With(context.Background(), access.Caller{Group: h.group.ID, Home: h.group.ID,
		Staff: int64(made.ID), Session: in.Session.ID, Actor: name,
		Permissions: []access.Permission{access.EditUsers, access.SettingsSeeUsers}})
}

func TestAProgramDeletesNoUserWithoutAnID(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if _, err := h.Delete(h.ctx, 0); !errors.Is(err, account.ErrNotFound) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestOneWhoHasLeftIsNotChanged(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, err := h.Add(h.ctx, ann())
		h.must(err)
		gone, err := h.Delete(h.ctx, made.ID)
		h.must(err)
		if _, err := h.Change(h.ctx, made.ID, account.Change{FirstName: new("Zoe"), Role: new("everything"),
			Email: new("zoe@example.org")}); !errors.Is(err, account.ErrNotFound) {
			t.Fatalf("got %v", err)
		}
		if again, err := h.Delete(h.ctx, made.ID); err != nil || again.FirstName != "Ann" ||
			again.Version != gone.Version {
			t.Fatalf("got %+v, %v", again, err)
		}
	})
}

// TestTheLastTwoEditorsOfUsersDoNotDeleteEachOther has both do it at once: one of them is left, who can add others.
func TestTheLastTwoEditorsOfUsersDoNotDeleteEachOther(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ann, hers := h.editor("ann0")
		for round := range 8 {
			bea, theirs := h.editor(fmt.Sprint("bea", round))
			var both sync.WaitGroup
			var first, second error
			both.Go(func() { _, first = h.Delete(hers, bea) })
			both.Go(func() { _, second = h.Delete(theirs, ann) })
			both.Wait()
			switch {
			case first == nil && errors.Is(second, account.ErrLastEditor):
			case second == nil && errors.Is(first, account.ErrLastEditor):
				ann, hers = bea, theirs
			default:
				t.Fatalf("one deletes the other: %v; the other the one: %v", first, second)
			}
			if _, err := h.Delete(h.ctx, ann); !errors.Is(err, account.ErrLastEditor) {
				t.Fatalf("the last one: %v", err)
			}
		}
	})
}
