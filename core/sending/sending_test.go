package sending_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/sending"
)

// database is one that a server last left somewhere, and witness what lies beside it.
type database struct {
	state      sending.State
	last, here string
	seen       int64
	found      bool
	trouble    error
}

func (d *database) Sending(context.Context) (sending.State, error) { return d.state, d.trouble }

func (d *database) PauseSending(_ context.Context, now time.Time, why string) error {
	if d.state.Paused.IsZero() {
		d.state.Paused, d.state.Why = now, why
	}
	return nil
}

func (d *database) ResumeSending(context.Context) error {
	d.state.Paused, d.state.Why = time.Time{}, ""
	return nil
}

func (d *database) Beat(context.Context) (beat, identity int64, err error) {
	if d.state.Identity == 0 {
		return 0, 0, nil
	}
	d.state.Beat++
	return d.state.Beat, d.state.Identity, nil
}

func (d *database) Home(context.Context) (string, error)     { return d.here, nil }
func (d *database) LastHome(context.Context) (string, error) { return d.last, nil }

func (d *database) KeepHome(_ context.Context, home string) error {
	d.last = home
	return nil
}

func (d *database) Seen(int64) (int64, bool, error) { return d.seen, d.found, d.trouble }

func (d *database) Note(_, beat int64) error {
	d.seen, d.found = beat, true
	return nil
}

func TestCopiesAndRestoredBackupsSendNothingUntilAnOperatorSaysSo(t *testing.T) {
	used := sending.State{Identity: 7, Beat: 10}
	for name, c := range map[string]struct {
		before  database
		oneFile bool
		want    string
	}{
		"a new database": {database{here: "a"}, true, ""},
		"where it was": {database{state: used, last: "a", here: "a", seen: 10, found: true}, true,
			""},
		"somewhere else": {database{state: used, last: "a", here: "b", seen: 10, found: true}, true,
			sending.Copied},
		"a file of a version that noted nowhere": {database{state: used, here: "b"}, true, sending.Copied},
		"a server's database, noted nowhere":     {database{state: used, here: "b"}, false, ""},
		"an older copy in the same place": {database{state: used, last: "a", here: "a", seen: 11, found: true},
			true, sending.Restored},
		"where its place cannot be told": {database{state: used, last: "a", seen: 11, found: true}, false,
			sending.Restored},
	} {
		t.Run(name, func(t *testing.T) {
			d, ctx := c.before, access.With(t.Context(), access.Operator(0))
			s := &sending.Service{Store: &d, Witness: &d, OneFile: c.oneFile,
				Now: func() time.Time { return time.Unix(1, 0) }}
			why, err := s.Watch(ctx)
			delivers, _ := s.Delivers(ctx)
			if err != nil || why != c.want || d.state.Why != c.want || delivers != (c.want == "") {
				t.Fatalf("got %q, %q, delivers %t, %v", why, d.state.Why, delivers, err)
			}
			if c.before.here != "" && d.last != c.before.here {
				t.Errorf("it was noted at %q", d.last)
			}
			if d.state.Identity != 0 && d.seen != d.state.Beat {
				t.Errorf("seen %d, counted %d", d.seen, d.state.Beat)
			}
			if err := s.Resume(ctx); err != nil {
				t.Fatal(err)
			}
			if delivers, err := s.Delivers(ctx); err != nil || !delivers {
				t.Errorf("an operator has let it go on: %t, %v", delivers, err)
			}
		})
	}
}

func TestAnOperatorsPauseStaysAndDoesNotStopDeliveries(t *testing.T) {
	d := database{state: sending.State{Identity: 7, Beat: 10}, last: "a", here: "b"}
	s := &sending.Service{Store: &d, Witness: &d, OneFile: true, Now: func() time.Time { return time.Unix(1, 0) }}
	if err := s.Pause(access.With(t.Context(), access.Operator(0))); err != nil {
		t.Fatal(err)
	}
	if why, err := s.Watch(t.Context()); why != "" || err != nil || d.state.Why != sending.Paused {
		t.Fatalf("got %q, %v, %q", why, err, d.state.Why)
	}
	if delivers, err := s.Delivers(t.Context()); err != nil || !delivers {
		t.Errorf("delivers %t, %v", delivers, err)
	}
	d.trouble = errors.New("the disk is gone")
	if _, err := s.Watch(t.Context()); !errors.Is(err, d.trouble) {
		t.Errorf("got %v", err)
	}
	if delivers, err := s.Delivers(t.Context()); delivers || !errors.Is(err, d.trouble) {
		t.Errorf("delivers %t, %v", delivers, err)
	}
}

func TestOnlyOperatorsPauseAndResumeSending(t *testing.T) {
	d := database{}
	s := &sending.Service{Store: &d, Witness: &d, Now: func() time.Time { return time.Unix(1, 0) }}
	for name, do := range map[string]func(context.Context) error{
		"pause": s.Pause, "resume": s.Resume,
		"state": func(ctx context.Context) error { _, err := s.State(ctx); return err },
	} {
		if err := do(context.Background()); !errors.Is(err, access.ErrNoCaller) {
			t.Errorf("%s without a caller: got %v", name, err)
		}
		all := access.With(context.Background(), access.Caller{Group: 1, Permissions: access.Permissions})
		if err := do(all); !errors.Is(err, access.ErrPermission) {
			t.Errorf("%s with every permission of a role: got %v", name, err)
		}
		if err := do(access.With(context.Background(), access.Operator(0))); err != nil {
			t.Errorf("%s by an operator: got %v", name, err)
		}
	}
}
