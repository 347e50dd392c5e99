package video_test

import (
	"sync"
	"testing"

	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/video"
)

func TestAllWhoAskAfterALostKeyAreSentToOneRoom(t *testing.T) {
	each(t, func(w *ward) {
		_, err := w.practice.UpdateGroup(w.ctx, practice.GroupChange{VideoURL: new("https://meet.example.org/{room}")})
		w.must(err)
		before, err := w.video.MakeLink(w.ctx, video.Request{Appointment: w.visit.ID})
		w.must(err)
		w.keys = seal.NewKey()
		sent := make([]string, 20)
		var all sync.WaitGroup
		for i := range sent {
			all.Go(func() {
				found, err := w.video.Addresses(w.ctx, w.visit)
				if err != nil {
					w.Error(err)
				}
				sent[i] = found[w.visit.ID].Patient
			})
		}
		all.Wait()
		for _, one := range sent {
			if one != sent[0] || one == before.Patient {
				w.Fatalf("after %s people are sent to %q", before.Patient, sent)
			}
		}
	})
}
