package key_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/store"
	keystore "frontdesk/store/key"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

func ptr[T any](v T) *T { return &v }

// gate is the keys of one practice group, with a clock that moves.
type gate struct {
	*key.Service
	t        *testing.T
	ctx      context.Context
	now      atomic.Pointer[time.Time]
	practice *practice.Service
	group    practice.Group
}

func (g *gate) move(d time.Duration) { g.now.Store(ptr(g.now.Load().Add(d))) }

func each(t *testing.T, test func(t *testing.T, g *gate)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		g := &gate{t: t}
		g.now.Store(ptr(time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)))
		clock := func() time.Time { return *g.now.Load() }
		g.Service = &key.Service{Store: keystore.New(db), Now: clock, NewID: db.NewID}
		g.practice = &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
		var err error
		g.group, err = g.practice.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
		g.must(err)
		g.ctx = access.With(context.Background(), access.Operator(g.group.ID))
		test(t, g)
	})
}

func (g *gate) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *gate) key(k key.Key) (key.Key, string) {
	g.t.Helper()
	k.Partner = "Partner"
	made, text, err := g.CreateKey(g.ctx, k)
	g.must(err)
	return made, text
}

func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		made, text := g.key(key.Key{Scopes: []access.Scope{access.Booking}, Test: true})
		if !strings.HasPrefix(text, "fd_test_") || len(text) < 52+len("fd_test_") {
			t.Fatalf("key %q", text)
		}
		live, _ := g.key(key.Key{})
		all, count, err := g.Keys(g.ctx, key.Query{Limit: 10})
		if err != nil || count != 2 || len(all) != 2 || all[1].ID != made.ID || all[0].ID != live.ID {
			t.Fatalf("got %v, %v", all, err)
		}
		if strings.Contains(fmt.Sprintf("%s %v", all[0].Hash, all), strings.Split(text, "_")[4]) {
			t.Fatal("the secret is kept")
		}
		who, err := g.Authenticate(g.ctx, text, g.group.ID.String())
		if err != nil || who.Group != g.group.ID || who.Key != made.ID || !who.May(access.EditBookings) ||
			who.May(access.SendMessages) || who.May(access.SettingsGeneral) {
			t.Fatalf("got %+v, %v", who, err)
		}
		last := text[len(text)-1]
		forged := text[:len(text)-1] + string(rune('a'+(last-'a'+1)%26))
		other, err := g.practice.CreateGroup(g.ctx, practice.Group{Name: "Other"})
		g.must(err)
		for _, c := range []struct {
			name, key, group string
			want             error
		}{
			{"no key", "", g.group.ID.String(), key.ErrMissing},
			{"no group", text, "", key.ErrMissing},
			{"another last letter", forged, g.group.ID.String(), key.ErrUnknown},
			{"a shorter key", text[:len(text)-1], g.group.ID.String(), key.ErrUnknown},
			{"the other kind of key", strings.Replace(text, "test", "live", 1), g.group.ID.String(), key.ErrUnknown},
			{"no key at all", "letmein", g.group.ID.String(), key.ErrUnknown},
			{"an unknown key", "fd_live_1_1_abc", g.group.ID.String(), key.ErrUnknown},
			{"a very long key", "fd_live_" + strings.Repeat("1", 1e6), g.group.ID.String(), key.ErrUnknown},
			{"another group", text, other.ID.String(), access.ErrGroup},
			{"a group there is not", text, "1", access.ErrGroup},
			{"a group that is no number", text, "x", access.ErrGroup},
		} {
			t.Run(c.name, func(t *testing.T) {
				if _, err := g.Authenticate(g.ctx, c.key, c.group); !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
			})
		}
	})
}

func TestAKeyEnds(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		_, brief := g.key(key.Key{ExpiresAt: g.Now().Add(time.Hour)})
		made, text := g.key(key.Key{})
		check := func(key string, want error) {
			t.Helper()
			if _, err := g.Authenticate(g.ctx, key, g.group.ID.String()); !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
		}
		g.move(time.Hour - time.Microsecond)
		check(brief, nil)
		g.move(time.Microsecond)
		check(brief, key.ErrExpired)
		check(text, nil)
		for range 2 { // twice is once
			if _, err := g.RevokeKey(g.ctx, made.ID); err != nil {
				t.Fatal(err)
			}
		}
		check(text, key.ErrRevoked)
		if _, err := g.RevokeKey(g.ctx, made.ID+1); !errors.Is(err, key.ErrNotFound) {
			t.Fatalf("got %v", err)
		}
		if all, count, err := g.Keys(g.ctx, key.Query{Limit: 10}); err != nil || count != len(all) || count != 0 {
			t.Fatalf("got %v of %v, %v", len(all), count, err)
		}
		all, _, err := g.Keys(g.ctx, key.Query{Ended: true, Limit: 10})
		g.must(err)
		used := slices.IndexFunc(all, func(k key.Key) bool { return k.ID == made.ID })
		if want := time.Date(2031, time.January, 6, 8, 0, 0, 0, time.UTC); !all[used].LastUsed.Equal(want) {
			t.Fatalf("last used %v, want %v", all[used].LastUsed, want)
		}
	})
}

func TestANetworkMayReadAndBookAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		_, text := g.key(key.Key{Scopes: access.Scopes, Permissions: access.KeyPermissions})
		hub, err := g.practice.CreateGroup(g.ctx, practice.Group{Name: "Hub"})
		g.must(err)
		g.must(g.practice.JoinNetwork(g.ctx, "PCN"))
		g.must(g.practice.JoinNetwork(access.With(g.ctx, access.Operator(hub.ID)), "PCN"))
		who, err := g.Authenticate(g.ctx, text, hub.ID.String())
		if err != nil || who.Group != hub.ID || who.Home != g.group.ID || !who.Foreign() {
			t.Fatalf("got %+v, %v", who, err)
		}
		as := access.With(g.ctx, who)
		if _, err := access.Require(as, access.SeeBookings); err != nil {
			t.Fatal(err)
		}
		if _, err := access.Require(as, access.SettingsGeneral); !errors.Is(err, access.ErrPermission) {
			t.Fatalf("got %v", err)
		}
		can, err := access.CapabilitiesOf(as)
		if err != nil || !can.Booking || len(can.KeyPermissions) != 0 {
			t.Fatalf("got %+v, %v", can, err)
		}
	})
}

func TestATokenOfTheGraphQLAPIIsNoKey(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		_, text := g.key(key.Key{Role: access.Presets()[0]})
		if _, err := g.Authenticate(g.ctx, text, g.group.ID.String()); !errors.Is(err, key.ErrUnknown) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestWhatAKeyMayBe(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		for name, k := range map[string]key.Key{
			"no holder":     {Partner: " "},
			"no such scope": {Partner: "x", Scopes: []access.Scope{"everything"}},
			"no such right": {Partner: "x", Permissions: []access.KeyPermission{"everything"}},
		} {
			if _, _, err := g.CreateKey(g.ctx, k); err == nil {
				t.Errorf("%s: made", name)
			}
		}
	})
}

// FuzzParseKey checks that no text makes it panic, or name a key without a
// secret.
func FuzzParseKey(f *testing.F) {
	f.Add("fd_test_14rxdaylmo_14rxdb06io_kgcz6njski7dt6tyizy7os4av7m7m33dstul5ixjlvzlzjtfpxta")
	f.Add("fd_live_1_1_")
	f.Fuzz(func(t *testing.T, s string) {
		if _, _, ok := key.Parse(s); ok && strings.HasSuffix(s, "_") && strings.Count(s, "_") < 5 {
			t.Fatalf("%q was taken for a key", s)
		}
	})
}
