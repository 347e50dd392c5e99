package identity_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/demographics"
	"frontdesk/core/event"
	"frontdesk/core/identity"
	"frontdesk/core/link"
)

func TestManyGuessesAtOnceAreNoMoreThanOneAfterAnother(t *testing.T) {
	each(t, func(k *kit) {
		l := k.anyone(0, nil)
		wrong := adaSays
		wrong.LastName = "King"
		var paused atomic.Int64
		var wait sync.WaitGroup
		for range 40 {
			wait.Go(func() {
				got, err := k.says(l, wrong)
				switch {
				case errors.Is(err, link.ErrPaused):
					paused.Add(1)
				case err != nil || got.Proof != "":
					k.Errorf("%+v, %v", got, err)
				}
			})
		}
		wait.Wait()
		if k.Spine.Asked != link.MostWrong || paused.Load() != 40-link.MostWrong {
			k.Errorf("the national service was asked %d times, and %d waited", k.Spine.Asked, paused.Load())
		}
		all, err := k.DB.Events(k.Context(), int64(k.Group), 0, 1000)
		k.must(err)
		n := 0
		for _, e := range all {
			if e.Type == event.LinkPaused {
				n++
			}
		}
		if n != 1 {
			k.Errorf("the practice was sent %d events", n)
		}
	})
}

func TestAPatientWhoWasLookedUpLatelyIsFoundDuringAnOutage(t *testing.T) {
	each(t, func(k *kit) {
		ada := k.Trace("9990000018", "1985-12-10")
		l := k.anyone(0, nil)
		k.Spine.Err = demographics.ErrDown
		for _, s := range []identity.Said{adaSays, byPostcode} {
			got, err := k.says(l, s)
			k.must(err)
			if of, err := k.who(l, got.Proof); err != nil || of != ada {
				k.Errorf("%v, %v", of, err)
			}
		}
		k.exec(`UPDATE patient SET restricted = $2 WHERE practice_group_id = $1`, k.Group, true)
		if _, err := k.says(l, adaSays); !errors.Is(err, identity.ErrNotNow) {
			k.Errorf("a restricted record: %v", err)
		}
		k.exec(`UPDATE patient SET restricted = $2 WHERE practice_group_id = $1`, k.Group, false)
		k.Clock = k.Clock.Add(demographics.StillKnown + time.Minute)
		if _, err := k.says(l, adaSays); !errors.Is(err, identity.ErrNotNow) {
			k.Errorf("one looked up long ago: %v", err)
		}
	})
}
