package key_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/key"
)

// works fails the test unless asking with a key's text gives that error.
func (g *gate) works(text string, want error) {
	g.t.Helper()
	if _, err := g.Authenticate(g.ctx, text, g.group.ID.String()); !errors.Is(err, want) {
		g.t.Fatalf("got %v, want %v", err, want)
	}
}

func TestAKeyIsReplacedWithoutAGap(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		old, before := g.key(key.Key{Scopes: []access.Scope{access.Booking}, Permissions: access.KeyPermissions,
			Limit: ptr(7), ExpiresAt: g.Now().Add(90 * 24 * time.Hour), Test: true})
		g.move(80 * 24 * time.Hour)
		made, text, err := g.RotateKey(g.ctx, old.ID, time.Hour)
		g.must(err)
		got, err := g.Key(g.ctx, made.ID)
		g.must(err)
		if got.Replaces != old.ID || got.Partner != old.Partner || len(got.Scopes) != 1 || len(got.Permissions) != 3 ||
			*got.Limit != 7 || !got.Test || !got.ExpiresAt.Equal(g.Now().Add(90*24*time.Hour)) || !got.LastUsed.IsZero() {
			t.Fatalf("got %+v", got)
		}
		g.works(before, nil)
		g.works(text, nil)
		g.move(time.Hour - time.Microsecond)
		g.works(before, nil)
		g.move(time.Microsecond)
		g.works(before, key.ErrExpired)
		g.works(text, nil)
		if _, _, err := g.RotateKey(g.ctx, old.ID, 0); !errors.Is(err, key.ErrEnded) {
			t.Fatalf("got %v", err)
		}
		_, last, err := g.RotateKey(g.ctx, made.ID, 0) // at once
		g.must(err)
		g.works(text, key.ErrRevoked)
		g.works(last, nil)
		if _, _, err := g.RotateKey(g.ctx, 1, 0); !errors.Is(err, key.ErrNotFound) {
			t.Fatalf("got %v", err)
		}
		for _, overlap := range []time.Duration{-1, key.MostOverlap + 1} {
			if _, _, err := g.RotateKey(g.ctx, made.ID, overlap); fault.Of(err).Kind != fault.Invalid {
				t.Fatalf("overlap %v: got %v", overlap, err)
			}
		}
	})
}

func TestAnOverlapDoesNotMakeAKeyLastLonger(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		old, before := g.key(key.Key{ExpiresAt: g.Now().Add(time.Hour)})
		_, _, err := g.RotateKey(g.ctx, old.ID, 24*time.Hour)
		g.must(err)
		g.move(time.Hour)
		g.works(before, key.ErrExpired)
	})
}

func TestAKeyIsReplacedOnceByManyAtATime(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		old, _ := g.key(key.Key{})
		var all sync.WaitGroup
		failed := make([]error, 8)
		for i := range failed {
			all.Go(func() { _, _, failed[i] = g.RotateKey(g.ctx, old.ID, 0) })
		}
		all.Wait()
		made := 0
		for _, err := range failed {
			if err == nil {
				made++
			} else if !errors.Is(err, key.ErrEnded) {
				t.Fatal(err)
			}
		}
		if _, count, err := g.Keys(g.ctx, key.Query{Limit: 10}); err != nil || made != 1 || count != 1 {
			t.Fatalf("%d were made, %d work, %v", made, count, err)
		}
	})
}

func TestAKeyThatWorksForItsOverlapIsNotReplacedAgain(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		old, before := g.key(key.Key{})
		made, text, err := g.RotateKey(g.ctx, old.ID, time.Hour)
		g.must(err)
		// What it would be replaced by would end with the overlap.
		if _, _, err := g.RotateKey(g.ctx, old.ID, 0); !errors.Is(err, key.ErrReplaced) {
			t.Fatalf("got %v", err)
		}
		g.works(before, nil)
		g.works(text, nil)
		_, _, err = g.RotateKey(g.ctx, made.ID, time.Hour)
		g.must(err)
	})
}

func TestAKeyHandsOnNeitherMoreRequestsNorALongerLife(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		soon := g.Now().Add(time.Hour)
		other, _ := g.key(key.Key{Limit: ptr(0), Permissions: []access.KeyPermission{access.Setup}})
		_, text := g.key(key.Key{Permissions: []access.KeyPermission{access.Setup}, Limit: ptr(5), ExpiresAt: soon})
		who, err := g.Authenticate(g.ctx, text, g.group.ID.String())
		g.must(err)
		g.ctx = access.With(g.ctx, who)
		for name, c := range map[string]struct {
			key  key.Key
			want error
		}{
			"as it is itself":        {key.Key{Limit: ptr(5), ExpiresAt: soon}, nil},
			"more requests":          {key.Key{Limit: ptr(6), ExpiresAt: soon}, key.ErrBeyond},
			"any number of requests": {key.Key{Limit: ptr(0), ExpiresAt: soon}, key.ErrBeyond},
			"the server's own limit": {key.Key{ExpiresAt: soon}, key.ErrBeyond},
			"a longer life":          {key.Key{Limit: ptr(5), ExpiresAt: soon.Add(1)}, key.ErrBeyond},
			"a life without end":     {key.Key{Limit: ptr(5)}, key.ErrBeyond},
		} {
			c.key.Partner = who.Actor
			if _, _, err := g.CreateKey(g.ctx, c.key); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", name, err, c.want)
			}
		}
		if _, _, err := g.RotateKey(g.ctx, other.ID, 0); !errors.Is(err, key.ErrBeyond) {
			t.Errorf("a key with more requests: got %v", err)
		}
	})
}

func TestAKeyHandsOnNoMoreThanItHas(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		setup := []access.KeyPermission{access.Setup}
		as := func(scopes []access.Scope, more []access.KeyPermission) {
			_, text := g.key(key.Key{Scopes: scopes, Permissions: more})
			who, err := g.Authenticate(g.ctx, text, g.group.ID.String())
			g.must(err)
			g.ctx = access.With(g.ctx, who)
		}
		operator := g.ctx
		all, _ := g.key(key.Key{Scopes: access.Scopes, Permissions: access.KeyPermissions})
		as([]access.Scope{access.Booking}, setup)
		for name, c := range map[string]struct {
			key  key.Key
			want error
		}{
			"its own scope":             {key.Key{Partner: "Partner", Scopes: []access.Scope{access.Booking}}, nil},
			"its own permission":        {key.Key{Partner: "Partner", Permissions: setup}, nil},
			"another scope":             {key.Key{Partner: "Partner", Scopes: []access.Scope{access.Messaging}}, key.ErrBeyond},
			"another permission":        {key.Key{Partner: "Partner", Permissions: access.KeyPermissions}, key.ErrBeyond},
			"a role":                    {key.Key{Partner: "Partner", Role: "frontdesk"}, key.ErrBeyond},
			"in another partner's name": {key.Key{Partner: "Other"}, key.ErrBeyond},
		} {
			if _, _, err := g.CreateKey(g.ctx, c.key); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", name, err, c.want)
			}
		}
		if _, _, err := g.RotateKey(g.ctx, all.ID, 0); !errors.Is(err, key.ErrBeyond) {
			t.Errorf("another key, which may do more: got %v", err)
		}
		g.ctx = operator
		as([]access.Scope{access.Booking}, []access.KeyPermission{access.Setup, access.Staff})
		if _, _, err := g.CreateKey(g.ctx, key.Key{Partner: "Other"}); err != nil {
			t.Errorf("in another partner's name, as staff: got %v", err)
		}
		g.ctx = operator
		as(access.Scopes, nil)
		for name, try := range map[string]func() error{
			"list":   func() error { _, _, err := g.Keys(g.ctx, key.Query{Limit: 1}); return err },
			"get":    func() error { _, err := g.Key(g.ctx, all.ID); return err },
			"rotate": func() error { _, _, err := g.RotateKey(g.ctx, all.ID, 0); return err },
			"revoke": func() error { _, err := g.RevokeKey(g.ctx, all.ID); return err },
			"make":   func() error { _, _, err := g.CreateKey(g.ctx, key.Key{Partner: "Partner"}); return err },
		} {
			if err := try(); !errors.Is(err, access.ErrPermission) {
				t.Errorf("%s without setup: got %v", name, err)
			}
		}
	})
}

func TestPartnersAreThoseWithKeysThatWork(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		for _, name := range []string{"Beacon", "Anchor", "Beacon", "Cable"} {
			_, text, err := g.CreateKey(g.ctx, key.Key{Partner: name})
			g.must(err)
			g.move(time.Minute)
			g.works(text, nil)
		}
		all, _, err := g.Keys(g.ctx, key.Query{Limit: 1})
		g.must(err)
		_, err = g.RevokeKey(g.ctx, all[0].ID) // Cable's
		g.must(err)
		got, err := g.Partners(g.ctx)
		g.must(err)
		if len(got) != 2 || got[0].Name != "Anchor" || got[0].Keys != 1 || got[1].Name != "Beacon" || got[1].Keys != 2 ||
			!got[1].LastUsed.Equal(g.Now().Add(-time.Minute)) {
			t.Fatalf("got %+v", got)
		}
	})
}

func TestAKeyIsCheckedWhenItIsMade(t *testing.T) {
	each(t, func(t *testing.T, g *gate) {
		for field, k := range map[string]key.Key{
			"partner":    {Partner: " "},
			"scope":      {Partner: "x", Scopes: []access.Scope{"everything"}},
			"permission": {Partner: "x", Permissions: []access.KeyPermission{"operate"}},
			"rate_limit": {Partner: "x", Limit: ptr(-1)},
			"expires_at": {Partner: "x", ExpiresAt: g.Now()},
			"role":       {Partner: "x", Role: "none"},
		} {
			_, _, err := g.CreateKey(g.ctx, k)
			if f := fault.Of(err); f.Kind != fault.Invalid || f.Fields[0].Path[0] != field {
				t.Errorf("%s: got %v", field, err)
			}
		}
	})
}
