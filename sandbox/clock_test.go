package sandbox

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestClockStopsAtEachHourForWhatIsDue(t *testing.T) {
	var c Clock
	var at []time.Duration
	began := time.Now()
	c.Due = func(context.Context) error {
		at = append(at, c.Now().Sub(began).Round(time.Hour))
		return nil
	}
	if err := c.Move(t.Context(), 150*time.Minute); err != nil {
		t.Fatal(err)
	}
	if len(at) != 3 || at[0] != time.Hour || at[1] != 2*time.Hour {
		t.Errorf("it stopped at %v", at)
	}
	if ahead := time.Until(c.Now()).Round(time.Minute); ahead != 150*time.Minute {
		t.Errorf("it is %s ahead", ahead)
	}
}

func TestClockGoesNeitherBackNorTooFar(t *testing.T) {
	var c Clock
	for _, by := range []time.Duration{0, -time.Hour, mostAtOnce + 1} {
		if err := c.Move(t.Context(), by); !errors.Is(err, ErrTooFar) {
			t.Errorf("%s: %v", by, err)
		}
	}
	for range 12 {
		if err := c.Move(t.Context(), mostAtOnce); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Move(t.Context(), mostAtOnce); !errors.Is(err, ErrTooFar) {
		t.Errorf("it goes 403 days: %v", err)
	}
}
