package account_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/store"
	accountstore "frontdesk/store/account"
	keystore "frontdesk/store/key"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

func ptr[T any](v T) *T { return &v }

// hasher counts how often a password is looked at.
type hasher struct{ looked int }

func (h *hasher) Hash(_ context.Context, p string) (string, error) { return "plain:" + p, nil }
func (h *hasher) Matches(_ context.Context, p, hash string) (bool, error) {
	h.looked++
	return hash == "plain:"+p, nil
}

var box = sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) })

func pages() string { return "https://desk.example.org" }

type house struct {
	*account.Service
	t       *testing.T
	keyring *key.Service
	groups  *practice.Service
	hasher  *hasher
	mail    *mailer
	db      *store.DB
	newest  func(practice.ID, account.StaffID) account.InvitationID
	now     atomic.Pointer[time.Time]
	group   practice.Group
	ctx     context.Context
}

func each(t *testing.T, test func(t *testing.T, h *house)) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		h := &house{t: t, hasher: &hasher{}, mail: &mailer{state: account.InvitationSent}, db: db}
		h.newest = func(group practice.ID, of account.StaffID) (id account.InvitationID) {
			t.Helper()
			h.must(storetest.Raw(t, address).QueryRow(`SELECT MAX(id) FROM invitation WHERE practice_group_id = $1 `+
				`AND staff_id = $2`, int64(group), int64(of)).Scan(&id))
			return id
		}
		h.now.Store(ptr(time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)))
		clock := func() time.Time { return *h.now.Load() }
		h.keyring = &key.Service{Store: keystore.New(db), Now: clock, NewID: db.NewID}
		h.Service = &account.Service{Store: accountstore.New(db), Keys: h.keyring, Hasher: h.hasher, Mailer: h.mail,
			Box:   box,
			Pages: pages, Now: clock, NewID: db.NewID}
		h.groups = &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
		h.group, h.ctx = h.join("Mill Lane")
		test(t, h)
	})
}

func (h *house) join(name string) (practice.Group, context.Context) {
	h.t.Helper()
	g, err := h.groups.CreateGroup(context.Background(), practice.Group{Name: name})
	h.must(err)
	return g, access.With(context.Background(), access.Operator(g.ID))
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) move(by time.Duration) { h.now.Store(ptr(h.now.Load().Add(by))) }

func ann() account.Change {
	return account.Change{FirstName: ptr("Ann"), LastName: ptr("Lee"), Email: ptr("Ann@Example.org"),
		Role: ptr("frontdesk"), Clinician: ptr(true)}
}

const right = "correct horse battery"

func TestStaffSignInWithTheirPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, err := h.Add(h.ctx, ann())
		h.must(err)
		if _, err := h.SignIn(context.Background(), account.Credentials{Email: "ann@example.org",
			Password: ""}); !errors.Is(err, account.ErrSignIn) {
			t.Fatalf("without a password set: %v", err)
		}
		_, err = h.SetPassword(h.ctx, "ann@example.org", right)
		h.must(err)
		in, err := h.SignIn(context.Background(), account.Credentials{Email: " ANN@example.org", Password: right})
		h.must(err)
		if in.Staff == nil || in.Staff.ID != made.ID || in.Session.ExpiresAt != h.now.Load().Add(12*time.Hour) {
			t.Fatalf("got %+v", in)
		}
		who, _, err := h.keyring.Token(context.Background(), in.Token)
		h.must(err)
		if who.Group != h.group.ID || who.Staff != int64(made.ID) || who.Actor != "Ann Lee (signed in)" ||
			who.Name() != "Ann Lee" || !who.May(access.EditPatients) || who.May(access.EditUsers) ||
			who.May(access.ManageKeys) || who.Limit != 240 {
			t.Fatalf("got %+v", who)
		}
		h.move(12*time.Hour - time.Second)
		if _, _, err := h.keyring.Token(context.Background(), in.Token); err != nil {
			t.Errorf("before twelve hours: %v", err)
		}
		h.move(time.Second)
		if _, _, err := h.keyring.Token(context.Background(), in.Token); !errors.Is(err, key.ErrTokenExpired) {
			t.Errorf("after twelve hours: %v", err)
		}
	})
}

func TestSessionsCanBeEnded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, err := h.Add(h.ctx, ann())
		h.must(err)
		_, err = h.SetPassword(h.ctx, "ann@example.org", right)
		h.must(err)
		in := func() account.Signed {
			s, err := h.SignIn(context.Background(), account.Credentials{Email: "ann@example.org", Password: right})
			h.must(err)
			return s
		}
		first, second := in(), in()
		if open, err := h.keyring.Sessions(h.ctx); err != nil || len(open) != 2 {
			t.Fatalf("open: %v, %v", open, err)
		}
		h.must(h.keyring.RevokeSession(h.ctx, first.Session.ID))
		h.must(h.keyring.RevokeSession(h.ctx, first.Session.ID))
		if _, _, err := h.keyring.Token(context.Background(), first.Token); !errors.Is(err, key.ErrTokenRevoked) {
			t.Errorf("a revoked session: %v", err)
		}
		if _, _, err := h.keyring.Token(context.Background(), second.Token); err != nil {
			t.Errorf("the other one: %v", err)
		}
		_, other := h.join("Another")
		if err := h.keyring.RevokeSession(other, second.Session.ID); !errors.Is(err, key.ErrSessionNotFound) {
			t.Errorf("another practice ended it: %v", err)
		}
		// A role that lets do less holds at once.
		_, err = h.keyring.SetRole(h.ctx, access.Role{Name: "shy",
			Permissions: []access.Permission{access.SeePractice}})
		h.must(err)
		_, err = h.Change(h.ctx, made.ID, account.Change{Role: ptr("shy")})
		h.must(err)
		who, _, err := h.keyring.Token(context.Background(), second.Token)
		if err != nil || who.May(access.SeePatients) || !who.May(access.SeePractice) {
			t.Errorf("got %+v, %v", who, err)
		}
	})
}

func TestAKeySignsInWithItsPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		hash, err := h.HashPassword(h.ctx, right)
		h.must(err)
		k, text, err := h.keyring.CreateKey(h.ctx, key.Key{Partner: "Portal", Role: "booking", PasswordHash: hash})
		h.must(err)
		_, bare, err := h.keyring.CreateKey(h.ctx, key.Key{Partner: "Bare", Role: "booking"})
		h.must(err)
		for _, c := range []account.Credentials{{Key: text, Password: "wrong"}, {Key: bare, Password: ""},
			{Key: text[:len(text)-1] + "!", Password: right}, {Key: "nonsense", Password: right}} {
			if _, err := h.SignIn(context.Background(), c); !errors.Is(err, account.ErrSignIn) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		in, err := h.SignIn(context.Background(), account.Credentials{Key: text, Password: right})
		h.must(err)
		who, _, err := h.keyring.Token(context.Background(), in.Token)
		if err != nil || who.Actor != "Portal" || who.Key != k.ID || who.Session == 0 || !who.May(access.EditBookings) {
			t.Fatalf("got %+v, %v", who, err)
		}
		_, err = h.keyring.RevokeKey(h.ctx, k.ID)
		h.must(err)
		if _, _, err := h.keyring.Token(context.Background(), in.Token); !errors.Is(err, key.ErrTokenRevoked) {
			t.Errorf("the session of a revoked key: %v", err)
		}
		if _, err := h.SignIn(context.Background(), account.Credentials{Key: text, Password: right}); !errors.Is(err,
			account.ErrSignIn) {
			t.Errorf("a revoked key: %v", err)
		}
		for _, c := range []account.Credentials{{Password: right}, {Key: text, Email: "ann@example.org",
			Password: right}} {
			if _, err := h.SignIn(context.Background(), c); fault.Of(err).Kind != fault.Invalid {
				t.Errorf("%+v: %v", c, err)
			}
		}
	})
}

func TestFiveWrongPasswordsLock(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, err := h.Add(h.ctx, ann())
		h.must(err)
		_, err = h.SetPassword(h.ctx, "ann@example.org", right)
		h.must(err)
		for _, email := range []string{"ann@example.org", "unknown@example.org"} {
			h.hasher.looked = 0
			for i := range 5 {
				if _, err := h.SignIn(context.Background(), account.Credentials{Email: email,
					Password: "wrong"}); !errors.Is(err, account.ErrSignIn) {
					t.Fatalf("%s, attempt %d: %v", email, i+1, err)
				}
			}
			// As much work for an unknown address.
			if h.hasher.looked != 5 {
				t.Errorf("%s: looked at %d passwords", email, h.hasher.looked)
			}
			if _, err := h.SignIn(context.Background(), account.Credentials{Email: email,
				Password: right}); !errors.Is(err, account.ErrLocked) {
				t.Errorf("%s, the sixth: %v", email, err)
			}
		}
		h.move(15 * time.Minute)
		if _, err := h.SignIn(context.Background(), account.Credentials{Email: "ann@example.org",
			Password: right}); err != nil {
			t.Errorf("a quarter of an hour later: %v", err)
		}
		for range 12 { // the right one is never too often
			if _, err := h.SignIn(context.Background(), account.Credentials{Email: "ann@example.org",
				Password: right}); err != nil {
				t.Fatal(err)
			}
		}
		h.must(h.Forget(h.ctx))
	})
}

func TestUsersCannotGrantPermissionsTheyLack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, err := h.keyring.SetRole(h.ctx, access.Role{Name: "manager",
			// by the name that the permission had before
			Permissions: []access.Permission{"editUsers", access.SettingsSeeUsers, access.SeePractice}})
		h.must(err)
		_, text, err := h.keyring.CreateKey(h.ctx, key.Key{Partner: "Manager", Role: "manager"})
		h.must(err)
		who, _, err := h.keyring.Token(context.Background(), text)
		h.must(err)
		ctx := access.With(context.Background(), who)
		if _, err := h.Add(ctx, ann()); !errors.Is(err, access.ErrPermission) {
			t.Errorf("a role that may do more: %v", err)
		}
		c := ann()
		c.Role = ptr("manager")
		made, err := h.Add(ctx, c)
		h.must(err)
		if _, err := h.Change(ctx, made.ID, account.Change{Role: ptr("everything")}); !errors.Is(err,
			access.ErrPermission) {
			t.Errorf("raised afterwards: %v", err)
		}
		if _, err := h.keyring.SetRole(ctx, access.Role{Name: "more", Permissions: access.Permissions}); !errors.Is(err,
			access.ErrPermission) {
			t.Errorf("made a role: %v", err)
		}
	})
}

func TestCliniciansAreThoseWhoCanBeBooked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, err := h.Add(h.ctx, ann())
		h.must(err)
		people, err := h.groups.Practitioners(h.ctx, false)
		if err != nil || len(people) != 1 || int64(people[0].ID) != int64(made.ID) || people[0].LastName != "Lee" {
			t.Fatalf("got %+v, %v", people, err)
		}
		_, err = h.Change(h.ctx, made.ID, account.Change{Clinician: ptr(false)})
		h.must(err)
		if people, _ := h.groups.Practitioners(h.ctx, false); len(people) != 0 {
			t.Errorf("got %+v", people)
		}
		doctor, err := h.groups.CreatePractitioner(h.ctx, practice.PractitionerChange{FirstName: ptr("Omar"),
			LastName: ptr("Khan")})
		h.must(err)
		_, err = h.groups.UpdatePractitioner(h.ctx, doctor.ID, practice.PractitionerChange{LastName: ptr("Kahn")})
		h.must(err)
		for _, c := range []struct {
			clinician *bool
			names     []string
		}{{nil, []string{"Ann Lee", "Omar Kahn"}}, {ptr(true), []string{"Omar Kahn"}},
			{ptr(false), []string{"Ann Lee"}}} {
			all, err := h.List(h.ctx, account.Query{Clinician: c.clinician, Invited: true, Limit: 10})
			h.must(err)
			var got []string
			for _, s := range all {
				got = append(got, s.Name())
			}
			if len(got) != len(c.names) || got[0] != c.names[0] {
				t.Errorf("got %v, want %v", got, c.names)
			}
		}
	})
}
