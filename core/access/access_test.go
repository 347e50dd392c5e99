package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/store"
	"frontdesk/store/storetest"
)

func ptr[T any](v T) *T { return &v }

// gate is access to one practice group, with a clock that moves.
type gate struct {
	*access.Service
	t        *testing.T
	ctx      context.Context
	db       *store.DB
	now      atomic.Pointer[time.Time]
	practice *practice.Service
	group    practice.Group
}

func (g *gate) move(d time.Duration) {
	at := g.now.Load().Add(d)
	g.now.Store(&at)
}

// box is the key that what is kept is sealed with.
var box = sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) })

func each(t *testing.T, test func(t *testing.T, g *gate)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		g := &gate{t: t, db: db}
		g.now.Store(ptr(time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)))
		clock := func() time.Time { return *g.now.Load() }
		g.Service = &access.Service{Store: db.Access(), Now: clock, NewID: db.NewID, Box: box}
		g.practice = &practice.Service{Store: db.Practice(), Now: clock, NewID: db.NewID}
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

func (g *gate) key(k access.Key) (access.Key, string) {
	g.t.Helper()
	k.Partner = "Partner"
	made, text, err := g.CreateKey(g.ctx, k)
	g.must(err)
	return made, text
}

func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		made, text := g.key(access.Key{Scopes: []access.Scope{access.Booking}, Test: true})
		if !strings.HasPrefix(text, "fd_test_") || len(text) < 52+len("fd_test_") {
			t.Fatalf("key %q", text)
		}
		live, _ := g.key(access.Key{})
		all, err := g.Keys(g.ctx)
		if err != nil || len(all) != 2 || all[0].ID != made.ID || all[1].ID != live.ID {
			t.Fatalf("got %v, %v", all, err)
		}
		if strings.Contains(fmt.Sprintf("%s %v", all[0].Hash, all), strings.Split(text, "_")[4]) {
			t.Fatal("the secret is kept")
		}
		who, err := g.Authenticate(g.ctx, text, g.group.ID.String())
		if err != nil || who.Group != g.group.ID || who.Key != made.ID || !who.May(access.EditBookings) || who.May(access.SendCommunications) || who.May(access.SettingsGeneral) {
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
			{"no key", "", g.group.ID.String(), access.ErrNoKey},
			{"no group", text, "", access.ErrNoKey},
			{"another last letter", forged, g.group.ID.String(), access.ErrBadKey},
			{"a shorter key", text[:len(text)-1], g.group.ID.String(), access.ErrBadKey},
			{"the other kind of key", strings.Replace(text, "test", "live", 1), g.group.ID.String(), access.ErrBadKey},
			{"no key at all", "letmein", g.group.ID.String(), access.ErrBadKey},
			{"a key of nobody", "fd_live_1_1_abc", g.group.ID.String(), access.ErrBadKey},
			{"a very long key", "fd_live_" + strings.Repeat("1", 1e6), g.group.ID.String(), access.ErrBadKey},
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
		_, brief := g.key(access.Key{ExpiresAt: g.Now().Add(time.Hour)})
		made, text := g.key(access.Key{})
		check := func(key string, want error) {
			t.Helper()
			if _, err := g.Authenticate(g.ctx, key, g.group.ID.String()); !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
		}
		g.move(time.Hour - time.Microsecond)
		check(brief, nil)
		g.move(time.Microsecond)
		check(brief, access.ErrExpired)
		check(text, nil)
		for range 2 { // twice is once
			if _, err := g.RevokeKey(g.ctx, made.ID); err != nil {
				t.Fatal(err)
			}
		}
		check(text, access.ErrRevoked)
		if _, err := g.RevokeKey(g.ctx, made.ID+1); !errors.Is(err, access.ErrKeyNotFound) {
			t.Fatalf("got %v", err)
		}
		all, err := g.Keys(g.ctx)
		g.must(err)
		if want := time.Date(2031, time.January, 6, 8, 0, 0, 0, time.UTC); !all[1].LastUsed.Equal(want) {
			t.Fatalf("last used %v, want %v", all[1].LastUsed, want)
		}
	})
}

func TestANetworkMayReadAndBookAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		_, text := g.key(access.Key{Scopes: access.Scopes, Permissions: access.KeyPermissions})
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
		can, err := g.Capabilities(as)
		if err != nil || !can.Booking || len(can.KeyPermissions) != 0 {
			t.Fatalf("got %+v, %v", can, err)
		}
	})
}

func TestATokenOfTheGraphQLAPIIsNoKey(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		_, text := g.key(access.Key{Role: access.Presets()[0]})
		if _, err := g.Authenticate(g.ctx, text, g.group.ID.String()); !errors.Is(err, access.ErrBadKey) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestAPermissionIsNeededHoweverTheCallerHasIt(t *testing.T) {
	const see = access.SeeCommunications
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
		{"a role that does not", only(access.SendCommunications), see, access.ErrPermission},
		{"a member of the network who reads", visitor(key(nil, access.Messaging)), see, nil},
		{"a member of the network who changes", visitor(key(nil, access.Messaging)), access.SendCommunications, access.ErrPermission},
		{"the command line", access.Operator(1), see, nil},
		{"our own jobs", access.System(1), see, nil},
		{"what only we do, asked by a key with everything", key(access.KeyPermissions, access.Scopes...), access.Operate, access.ErrPermission},
		{"what only we do", access.System(1), access.Operate, nil},
		{"a person's decision, asked by our own jobs", access.System(1), access.ApproveRecordEntries, access.ErrNotStaff},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := access.Require(access.With(context.Background(), c.who), c.need)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want == error(access.ErrPermission) && fault.Of(err).Fields[0].Expected != string(c.need) {
				t.Fatalf("got %+v", fault.Of(err))
			}
		})
	}
	if _, err := access.Require(context.Background(), see); !errors.Is(err, access.ErrNoCaller) {
		t.Fatalf("got %v", err)
	}
}

func TestWhatAKeyMayBe(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		for name, k := range map[string]access.Key{
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

func TestTheRateLimitHolds(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		for _, limit := range []int{1, 5, 600} {
			made, text := g.key(access.Key{Limit: &limit})
			who, err := g.Authenticate(g.ctx, text, g.group.ID.String())
			g.must(err)
			for minute := range 3 {
				for i := range limit {
					b, err := g.Take(g.ctx, who)
					if err != nil || b.Limit != limit || b.Remaining != limit-1-i || b.Reset > time.Minute || b.Reset <= 0 {
						t.Fatalf("limit %d, minute %d, request %d: %+v, %v", limit, minute, i, b, err)
					}
				}
				g.move(30 * time.Second)
				for range 3 {
					b, err := g.Take(g.ctx, who)
					if !errors.Is(err, access.ErrLimited) || b.Reset != 30*time.Second || b.Remaining != 0 {
						t.Fatalf("limit %d, over it: %+v, %v", limit, b, err)
					}
				}
				g.move(30 * time.Second)
			}
			_ = made
		}
		who := access.Caller{Group: g.group.ID, Home: g.group.ID, Key: 1}
		for range 2000 {
			if b, err := g.Take(g.ctx, who); err != nil || b.Limit != 0 {
				t.Fatalf("no limit: %+v, %v", b, err)
			}
		}
	})
}

func TestTheRateLimitHoldsOverAllNodes(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		const limit, nodes = 600, 3
		_, text := g.key(access.Key{Limit: ptr(limit)})
		who, err := g.Authenticate(g.ctx, text, g.group.ID.String())
		g.must(err)
		var allowed atomic.Int64
		var wait sync.WaitGroup
		for range nodes {
			node := &access.Service{Store: g.db.Access(), Now: g.Now, NewID: g.db.NewID, Box: box}
			for range 4 {
				wait.Go(func() {
					for range limit {
						if _, err := node.Take(g.ctx, who); err == nil {
							allowed.Add(1)
						} else if !errors.Is(err, access.ErrLimited) {
							t.Error(err)
						}
					}
				})
			}
		}
		wait.Wait()
		if n := allowed.Load(); n > limit || n < limit*98/100 {
			t.Fatalf("%d requests of %d were let through", n, limit)
		}
	})
}

// claim is a request with an idempotency key, by one key holder.
func (g *gate) claim(name, body string) access.Claim {
	g.t.Helper()
	all, err := g.Keys(g.ctx)
	g.must(err)
	if len(all) == 0 {
		made, _ := g.key(access.Key{})
		all = append(all, made)
	}
	return access.Claim{Group: g.group.ID, Key: all[0].ID, Name: name, Fingerprint: []byte(body)}
}

// place adds a location, so that there is an effect to count.
func (g *gate) place(ctx context.Context) access.Answer {
	l, err := g.practice.CreateLocation(ctx, practice.LocationChange{Name: ptr("Place")})
	if err != nil {
		return access.Answer{Status: 500, Body: []byte(err.Error())}
	}
	return access.Answer{Status: 200, Type: "application/json", Body: []byte(l.ID.String())}
}

func (g *gate) places() int {
	g.t.Helper()
	all, err := g.practice.Locations(g.ctx, true)
	g.must(err)
	return len(all)
}

func TestARepeatedRequestHappensOnce(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		first, again, err := g.Once(g.ctx, g.claim("a", "body"), g.place)
		if err != nil || again || first.Status != 200 {
			t.Fatalf("got %+v, %v, %v", first, again, err)
		}
		for range 3 {
			answer, again, err := g.Once(g.ctx, g.claim("a", "body"), g.place)
			if err != nil || !again || string(answer.Body) != string(first.Body) || answer.Type != first.Type {
				t.Fatalf("got %+v, %v, %v", answer, again, err)
			}
		}
		if g.places() != 1 {
			t.Fatalf("%d effects", g.places())
		}
		if _, _, err := g.Once(g.ctx, g.claim("a", "another body"), g.place); !errors.Is(err, access.ErrMismatch) {
			t.Fatalf("got %v", err)
		}
		if _, again, err := g.Once(g.ctx, g.claim("b", "body"), g.place); err != nil || again || g.places() != 2 {
			t.Fatalf("another key: %v, %v, %d effects", again, err, g.places())
		}
		g.move(access.ClaimLife)
		if _, again, err := g.Once(g.ctx, g.claim("a", "another body"), g.place); err != nil || again || g.places() != 3 {
			t.Fatalf("a day later: %v, %v, %d effects", again, err, g.places())
		}
	})
}

func TestAHundredRepeatsAtOnceHappenOnce(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		claim := g.claim("a", "body")
		bodies := make([]string, 100)
		var wait sync.WaitGroup
		for i := range bodies {
			wait.Go(func() {
				answer, _, err := g.Once(g.ctx, claim, g.place)
				if err != nil {
					t.Error(err)
				}
				bodies[i] = string(answer.Body)
			})
		}
		wait.Wait()
		for _, b := range bodies {
			if b != bodies[0] || b == "" {
				t.Fatalf("several answers: %v", bodies)
			}
		}
		if g.places() != 1 {
			t.Fatalf("%d effects", g.places())
		}
	})
}

func TestARefusalIsKeptAndItsEffectsAreNot(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		for _, c := range []struct {
			status int
			kept   bool
		}{{400, true}, {404, true}, {409, true}, {401, false}, {403, false}, {429, false}, {500, false}, {503, false}} {
			name := fmt.Sprint(c.status)
			refuse := func(ctx context.Context) access.Answer {
				g.place(ctx)
				return access.Answer{Status: c.status, Body: []byte("no")}
			}
			if answer, again, err := g.Once(g.ctx, g.claim(name, "body"), refuse); err != nil || again || answer.Status != c.status {
				t.Fatalf("%d: got %+v, %v, %v", c.status, answer, again, err)
			}
			if g.places() != 0 {
				t.Fatalf("%d: its effect was kept", c.status)
			}
			if _, again, err := g.Once(g.ctx, g.claim(name, "body"), refuse); err != nil || again != c.kept {
				t.Fatalf("%d, again: %v, %v", c.status, again, err)
			}
		}
	})
}

func TestAPanicLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			g.Once(g.ctx, g.claim("a", "body"), func(ctx context.Context) access.Answer {
				g.place(ctx)
				panic("on purpose")
			})
		}()
		if g.places() != 0 {
			t.Fatalf("%d effects", g.places())
		}
		if _, again, err := g.Once(g.ctx, g.claim("a", "body"), g.place); err != nil || again {
			t.Fatalf("%v, %v", again, err)
		}
	})
}

func TestOddIdempotencyKeys(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		for _, name := range []string{strings.Repeat("x", 256), "a\nb", "é"} {
			if _, _, err := g.Once(g.ctx, g.claim(name, "body"), g.place); !errors.Is(err, access.ErrLongKey) {
				t.Errorf("%q: got %v", name, err)
			}
		}
		if _, _, err := g.Once(g.ctx, g.claim(strings.Repeat("x", 255), "body"), g.place); err != nil {
			t.Fatal(err)
		}
	})
}

func TestForget(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		for i := range 5 {
			if _, _, err := g.Once(g.ctx, g.claim(fmt.Sprint(i), "body"), g.place); err != nil {
				t.Fatal(err)
			}
			g.move(time.Hour)
		}
		g.move(access.ClaimLife - 3*time.Hour)
		g.must(g.Forget(g.ctx))
		n, err := g.Store.ForgetClaims(g.ctx, g.group.ID, g.Now(), 100)
		if err != nil || n != 2 {
			t.Fatalf("%d claims were left, %v", n, err)
		}
	})
}

// FuzzParseKey checks that no text makes it panic, or name a key without a
// secret.
func FuzzParseKey(f *testing.F) {
	f.Add("fd_test_14rxdaylmo_14rxdb06io_kgcz6njski7dt6tyizy7os4av7m7m33dstul5ixjlvzlzjtfpxta")
	f.Add("fd_live_1_1_")
	f.Fuzz(func(t *testing.T, s string) {
		if _, _, ok := access.ParseKey(s); ok && strings.HasSuffix(s, "_") && strings.Count(s, "_") < 5 {
			t.Fatalf("%q was taken for a key", s)
		}
	})
}

func TestAnswersAreKeptSealed(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		secret := func(context.Context) access.Answer {
			return access.Answer{Status: 200, Type: "application/json", Body: []byte(`{"signing_key":"whsec_1"}`)}
		}
		open := g.Box
		g.Box = func() (*seal.Box, error) { return nil, seal.ErrNoKey }
		if _, _, err := g.Once(g.ctx, g.claim("a", "body"), secret); !errors.Is(err, seal.ErrNoKey) {
			t.Fatalf("without a key: %v", err)
		}
		g.Box = open
		for i := range 2 {
			answer, again, err := g.Once(g.ctx, g.claim("a", "body"), secret)
			if err != nil || again != (i == 1) || string(answer.Body) != `{"signing_key":"whsec_1"}` {
				t.Fatalf("got %s, %t, %v", answer.Body, again, err)
			}
		}
		// Whoever has another key gets nothing.
		other, err := seal.Parse([]byte(seal.NewKey()))
		g.must(err)
		g.Box = func() (*seal.Box, error) { return other, nil }
		if answer, _, err := g.Once(g.ctx, g.claim("a", "body"), secret); !errors.Is(err, seal.ErrCannotOpen) || len(answer.Body) > 0 && strings.Contains(string(answer.Body), "whsec_1") {
			t.Errorf("with another key: %s, %v", answer.Body, err)
		}
	})
}

// TestAClockPutBackLocksNoKey has a key use up its minute, and puts the clock back an
// hour: on this node, on another, and on one that has just started.
func TestAClockPutBackLocksNoKey(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		limit := 3
		_, text := g.key(access.Key{Limit: &limit})
		other := &access.Service{Store: g.db.Access(), Now: g.Now, NewID: g.db.NewID, Box: box}
		who, err := g.Authenticate(g.ctx, text, g.group.ID.String())
		g.must(err)
		for _, node := range []*access.Service{g.Service, other, {Store: g.db.Access(), Now: g.Now, NewID: g.db.NewID, Box: box}} {
			for range limit {
				_, err := node.Take(g.ctx, who)
				g.must(err)
			}
			if _, err := node.Take(g.ctx, who); !errors.Is(err, access.ErrLimited) {
				t.Fatalf("the limit: %v", err)
			}
			g.move(-time.Hour)
			who, err = node.Authenticate(g.ctx, text, g.group.ID.String())
			g.must(err)
			b, err := node.Take(g.ctx, who)
			if err != nil || b.Remaining != limit-1 || b.Reset > access.RateWindow {
				t.Fatalf("after the clock was put back: %+v, %v", b, err)
			}
			g.move(access.RateWindow)
		}
		// Half a minute is no more than clocks are apart.
		for range limit {
			_, err := g.Take(g.ctx, who)
			g.must(err)
		}
		g.move(-30 * time.Second)
		if b, err := g.Take(g.ctx, who); !errors.Is(err, access.ErrLimited) || b.Reset > access.RateWindow {
			t.Fatalf("half a minute back: %+v, %v", b, err)
		}
	})
}

func TestAnAnswerThatCannotBeReadIsNotGivenAnew(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		k, _ := g.key(access.Key{})
		claim := access.Claim{Group: g.group.ID, Key: k.ID, Name: "once", Fingerprint: []byte{1}}
		done := 0
		run := func(context.Context) access.Answer { done++; return access.Answer{Status: 200, Body: []byte("{}")} }
		_, _, err := g.Once(g.ctx, claim, run)
		g.must(err)
		g.Box = sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) })
		if _, _, err := g.Once(g.ctx, claim, run); !errors.Is(err, access.ErrAnswerLost) || done != 1 {
			t.Fatalf("done %d times, %v", done, err)
		}
	})
}
