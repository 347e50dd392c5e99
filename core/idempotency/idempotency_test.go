package idempotency_test

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
	"frontdesk/core/idempotency"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/store"
	idempotencystore "frontdesk/store/idempotency"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

func ptr[T any](v T) *T { return &v }

// gate is the answers of one practice group, with a clock that moves.
type gate struct {
	*idempotency.Service
	t        *testing.T
	ctx      context.Context
	now      atomic.Pointer[time.Time]
	practice *practice.Service
	group    practice.Group
}

func (g *gate) move(d time.Duration) { g.now.Store(ptr(g.now.Load().Add(d))) }

// box is the key that answers are sealed with.
var box = sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) })

func each(t *testing.T, test func(t *testing.T, g *gate)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		g := &gate{t: t}
		g.now.Store(ptr(time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)))
		clock := func() time.Time { return *g.now.Load() }
		g.Service = &idempotency.Service{Store: idempotencystore.New(db), Now: clock, Box: box}
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

// claim is a request with an idempotency key, by one key holder.
func (g *gate) claim(name, body string) idempotency.Claim {
	return idempotency.Claim{Group: g.group.ID, Key: 1, Name: name, Fingerprint: []byte(body)}
}

// place adds a location, so that there is an effect to count.
func (g *gate) place(ctx context.Context) idempotency.Answer {
	l, err := g.practice.CreateLocation(ctx, practice.LocationChange{Name: ptr("Place")})
	if err != nil {
		return idempotency.Answer{Status: 500, Body: []byte(err.Error())}
	}
	return idempotency.Answer{Status: 200, Type: "application/json", Body: []byte(l.ID.String())}
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
		if _, _, err := g.Once(g.ctx, g.claim("a", "another body"), g.place); !errors.Is(err, idempotency.ErrMismatch) {
			t.Fatalf("got %v", err)
		}
		if _, again, err := g.Once(g.ctx, g.claim("b", "body"), g.place); err != nil || again || g.places() != 2 {
			t.Fatalf("another key: %v, %v, %d effects", again, err, g.places())
		}
		g.move(idempotency.ClaimLife)
		if _, again, err := g.Once(g.ctx, g.claim("a", "another body"), g.place); err != nil || again ||
			g.places() != 3 {
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
			refuse := func(ctx context.Context) idempotency.Answer {
				g.place(ctx)
				return idempotency.Answer{Status: c.status, Body: []byte("no")}
			}
			if answer, again, err := g.Once(g.ctx, g.claim(name, "body"), refuse); err != nil || again ||
				answer.Status != c.status {
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
			g.Once(g.ctx, g.claim("a", "body"), func(ctx context.Context) idempotency.Answer {
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
			if _, _, err := g.Once(g.ctx, g.claim(name, "body"), g.place); !errors.Is(err, idempotency.ErrLongKey) {
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
		g.move(idempotency.ClaimLife - 3*time.Hour)
		g.must(g.Forget(g.ctx))
		n, err := g.Store.ForgetClaims(g.ctx, g.group.ID, g.Now(), 100)
		if err != nil || n != 2 {
			t.Fatalf("%d claims were left, %v", n, err)
		}
	})
}

func TestAnswersAreKeptSealed(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		secret := func(context.Context) idempotency.Answer {
			return idempotency.Answer{Status: 200, Type: "application/json", Body: []byte(`{"signing_key":"whsec_1"}`)}
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
		// Another key opens nothing.
		other, err := seal.Parse([]byte(seal.NewKey()))
		g.must(err)
		g.Box = func() (*seal.Box, error) { return other, nil }
		if answer, _, err := g.Once(g.ctx, g.claim("a", "body"), secret); !errors.Is(err, seal.ErrCannotOpen) ||
			len(answer.Body) > 0 && strings.Contains(string(answer.Body), "whsec_1") {
			t.Errorf("with another key: %s, %v", answer.Body, err)
		}
	})
}

func TestAnAnswerThatCannotBeReadIsNotGivenAnew(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		claim := g.claim("once", "body")
		done := 0
		run := func(context.Context) idempotency.Answer {
			done++
			return idempotency.Answer{Status: 200, Body: []byte("{}")}
		}
		_, _, err := g.Once(g.ctx, claim, run)
		g.must(err)
		g.Box = sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) })
		if _, _, err := g.Once(g.ctx, claim, run); !errors.Is(err, idempotency.ErrAnswerLost) || done != 1 {
			t.Fatalf("done %d times, %v", done, err)
		}
	})
}
