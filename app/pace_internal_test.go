package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestRefusalsTakeEquallyLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := pacer(0)
		for took, want := range map[time.Duration]time.Duration{time.Millisecond: 2 * time.Second,
			700 * time.Millisecond: 2 * time.Second, 1900 * time.Millisecond: 2 * time.Second,
			2500 * time.Millisecond: 4 * time.Second} {
			began := time.Now()
			settle := begin()
			<-time.After(took) // the bubble's clock moves by itself
			if settle(t.Context()); time.Since(began) != want {
				t.Errorf("%s of work is answered after %s, and not after %s", took, time.Since(began), want)
			}
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		if begin()(gone); time.Since(began) != 0 {
			t.Error("it waits for a visitor who has left")
		}
	})
}
