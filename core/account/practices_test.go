package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/key"
	auditstore "frontdesk/store/audit"
)

func (h *house) enter(c account.Credentials) (account.Signed, error) {
	return h.SignIn(context.Background(), c)
}

func TestOnePersonIsStaffOfTwoPractices(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		first, err := h.Add(h.ctx, ann())
		h.must(err)
		if _, err := h.Add(h.ctx, ann()); !errors.Is(err, account.ErrEmailTaken) {
			t.Errorf("twice in one practice: %v", err)
		}
		hub, other := h.join("Hub")
		if _, err := h.SetPassword(other, "ann@example.org", right); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("another practice set the password: %v", err)
		}
		if _, err := h.Change(other, first.ID, account.Change{Title: ptr("Dr")}); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("another practice changed her: %v", err)
		}
		// Nothing in the answer tells that the address works elsewhere.
		second, err := h.Add(other, ann())
		h.must(err)
		_, err = h.SetPassword(h.ctx, "ann@example.org", right)
		h.must(err)
		_, err = h.SetPassword(other, "ann@example.org", "another long password")
		h.must(err)
		for password, want := range map[string]account.StaffID{right: first.ID, "another long password": second.ID} {
			in, err := h.enter(account.Credentials{Email: "ann@example.org", Password: password})
			if err != nil || in.Staff.ID != want {
				t.Errorf("got %+v, %v", in.Staff, err)
			}
		}
		if _, err := h.Change(h.ctx, first.ID, account.Change{Email: ptr("new@example.org")}); !errors.Is(err,
			account.ErrEmailFixed) {
			t.Errorf("after she has a password: %v", err)
		}
		// One password for both practices does not say which.
		_, err = h.SetPassword(other, "ann@example.org", right)
		h.must(err)
		_, err = h.enter(account.Credentials{Email: "ann@example.org", Password: right})
		if !errors.Is(err, account.ErrSeveral) || !strings.Contains(fault.Of(err).Fields[0].Expected,
			hub.ID.String()+" (Hub)") {
			t.Fatalf("got %v", err)
		}
		in, err := h.enter(account.Credentials{Email: "ann@example.org", Password: right, Group: hub.ID})
		if err != nil || in.Staff.ID != second.ID || in.Session.Group != hub.ID {
			t.Errorf("got %+v, %v", in, err)
		}
		third, _ := h.join("Third")
		if _, err := h.enter(account.Credentials{Email: "ann@example.org", Password: right,
			Group: third.ID}); !errors.Is(err, account.ErrSignIn) {
			t.Errorf("at a practice she does not work at: %v", err)
		}
	})
}

func TestNewPasswordEndsTheSessionsOfTheOld(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, err := h.Add(h.ctx, ann())
		h.must(err)
		_, err = h.SetPassword(h.ctx, "ann@example.org", right)
		h.must(err)
		before, err := h.enter(account.Credentials{Email: "ann@example.org", Password: right})
		h.must(err)
		_, err = h.SetPassword(h.ctx, "ann@example.org", "another long password")
		h.must(err)
		if _, _, err := h.keyring.Token(context.Background(), before.Token); !errors.Is(err, key.ErrTokenRevoked) {
			t.Fatalf("a session of the old password: %v", err)
		}
		after, err := h.enter(account.Credentials{Email: "ann@example.org", Password: "another long password"})
		h.must(err)
		if _, _, err := h.keyring.Token(context.Background(), after.Token); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWrongPasswordsLockAnAccountForTheAddressTheyComeFrom(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, err := h.Add(h.ctx, ann())
		h.must(err)
		_, err = h.SetPassword(h.ctx, "ann@example.org", right)
		h.must(err)
		wrong := func(from string) error {
			_, err := h.enter(account.Credentials{Email: "ann@example.org", Password: "wrong", From: from})
			return err
		}
		for range 5 {
			if err := wrong("192.0.2.1"); !errors.Is(err, account.ErrSignIn) {
				t.Fatal(err)
			}
		}
		here := account.Credentials{Email: "ann@example.org", Password: right, From: "192.0.2.1"}
		if _, err := h.enter(here); !errors.Is(err, account.ErrLocked) {
			t.Fatalf("the sixth from there: %v", err)
		}
		desk := account.Credentials{Email: "ann@example.org", Password: right, From: "198.51.100.7"}
		if _, err := h.enter(desk); err != nil {
			t.Fatalf("Ann at her kit: %v", err)
		}
		// Many addresses together do not get more than fifty.
		refused := 0
		for i := range 60 {
			if err := wrong("203.0.113." + string(rune('A'+i))); errors.Is(err, account.ErrLocked) {
				refused++
			}
		}
		if refused != 10 {
			t.Errorf("%d of 60 were locked out", refused)
		}
		h.move(15 * time.Minute)
		if _, err := h.enter(here); err != nil {
			t.Errorf("a quarter of an hour later: %v", err)
		}
	})
}

func TestWrongPasswordIsInTheAuditTrail(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, err := h.Add(h.ctx, ann())
		h.must(err)
		for range 7 {
			h.enter(account.Credentials{Email: "ann@example.org", Password: "wrong", From: "192.0.2.1",
				RequestID: "r1"})
		}
		h.enter(account.Credentials{Email: "unknown@example.org", Password: "wrong"})
		var found []audit.Entry
		trail := &audit.Service{Store: auditstore.New(h.db)}
		all, err := trail.List(h.ctx, audit.Query{From: h.now.Load().Add(-time.Hour),
			Until: h.now.Load().Add(time.Hour)}, 100)
		h.must(err)
		for _, e := range all {
			if e.Action == "session.refuse" {
				found = append(found, e)
			}
		}
		if len(found) != 6 {
			t.Fatalf("got %d entries, want five wrong passwords and one lock", len(found))
		}
		one, last := found[0], string(found[5].After)
		if one.EntityID != int64(made.ID) || one.Entity != "user" || one.Actor != "unknown" || one.RequestID != "r1" ||
			!strings.Contains(string(one.After), "wrong_password") || !strings.Contains(string(one.After),
			"192.0.2.1") {
			t.Errorf("got %+v %s", one, one.After)
		}
		if !strings.Contains(last, "locked") || strings.Contains(last, "wrong\"") {
			t.Errorf("got %s", last)
		}
	})
}
