package video_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"frontdesk/core/video"
	"frontdesk/store/storetest"
)

// meeting is a room in which the patient waits and staff are there.
func meeting(t *testing.T) (w *ward, patient, staff string) {
	t.Helper()
	w = newWard(t, storetest.Open(t, storetest.SQLite(t)))
	patient, staff = w.link()
	w.clock = nine
	return w, patient, staff
}

func TestNothingPassesBeforeThePatientIsLetIn(t *testing.T) {
	w, patient, staff := meeting(t)
	mine, p := w.join(patient, "patient's page")
	if got := p.last(); got.Other != "absent" || got.Admitted {
		t.Errorf("the patient is told %+v", got)
	}
	theirs, s := w.join(staff, "staff's page")
	if got := s.last(); got.Other != "waiting" || got.OtherPage == "" || got.Admitted {
		t.Errorf("staff are told %+v", got)
	}
	if got := p.last(); got.Other != "in" || got.OtherPage != "" || got.Admitted {
		t.Errorf("the patient is told %+v", got)
	}
	mine.Signal(json.RawMessage(`1`))
	theirs.Signal(json.RawMessage(`2`))
	mine.LetIn(s.last().OtherPage) // a patient cannot
	theirs.LetIn("another page")
	for _, one := range []*page{p, s} {
		for _, m := range one.told {
			if m.Type != "room" || m.Admitted {
				t.Errorf("before the patient is let in a page hears %+v", m)
			}
		}
	}
	theirs.LetIn(s.last().OtherPage)
	for _, one := range []*page{p, s} {
		if got := one.last(); got.Other != "in" || !got.Admitted || got.OtherPage == "" {
			t.Errorf("after the patient is let in a page is told %+v", got)
		}
	}
	mine.Signal(json.RawMessage(`"hello"`))
	if got := s.last(); got.Type != "signal" || string(got.Signal) != `"hello"` {
		t.Errorf("staff hear %+v", got)
	}
}

func TestLostConnectionComesBackToItsSeatAndAnotherPageWaits(t *testing.T) {
	w, patient, staff := meeting(t)
	mine, _ := w.join(patient, "first")
	theirs, s := w.join(staff, "staff")
	theirs.LetIn(s.last().OtherPage)
	mine.Lost()
	if got := s.last(); got.Other != "absent" {
		t.Errorf("staff are told %+v", got)
	}
	back, p := w.join(patient, "first")
	if got := p.last(); !got.Admitted || got.Other != "in" {
		t.Errorf("the page that came back is told %+v", got)
	}
	// The connection that was lost ends late, and takes no seat.
	mine.Lost()
	mine.Signal(json.RawMessage(`"late"`))
	if got := s.last(); got.Other != "in" || got.Type != "room" {
		t.Errorf("staff are told %+v", got)
	}
	_, second := w.join(patient, "second")
	if p.closed != video.Replaced {
		t.Errorf("the first page is closed for %q", p.closed)
	}
	if got := second.last(); got.Admitted {
		t.Errorf("another page of the patient's is let in unasked: %+v", got)
	}
	if got := s.last(); got.Other != "waiting" {
		t.Errorf("staff are told %+v", got)
	}
	back.Signal(json.RawMessage(`"replaced"`))
	if got := s.last(); got.Type == "signal" {
		t.Error("a page that was replaced is still heard")
	}
}

func TestPatientWhoLeavesWaitsAgain(t *testing.T) {
	w, patient, staff := meeting(t)
	mine, _ := w.join(patient, "first")
	theirs, s := w.join(staff, "staff")
	theirs.LetIn(s.last().OtherPage)
	mine.Leave()
	_, p := w.join(patient, "first")
	if p.last().Admitted {
		t.Error("a patient who left is let in unasked")
	}
}

func TestOnlyStaffEndTheConsultation(t *testing.T) {
	w, patient, staff := meeting(t)
	mine, p := w.join(patient, "patient")
	theirs, s := w.join(staff, "staff")
	mine.End()
	if p.closed != "" || s.closed != "" {
		t.Fatal("the patient ended it")
	}
	theirs.End()
	if p.closed != video.Ended || s.closed != video.Ended {
		t.Errorf("the pages are closed for %q and %q", p.closed, s.closed)
	}
	mine.Lost()
	theirs.Lost()
	_, again := w.join(patient, "patient")
	if got := again.last(); got.Admitted || got.Other != "absent" {
		t.Errorf("after the end the patient is told %+v", got)
	}
}

func TestRoomsAreApartAndStopTogether(t *testing.T) {
	w, patient, staff := meeting(t)
	_, p := w.join(patient, "patient")
	w.visit = w.book(nine.Add(1800e9))
	_, other := w.link()
	seat, s := w.join(other, "other staff")
	if got := s.last(); got.Other != "absent" {
		t.Errorf("staff of another room are told %+v", got)
	}
	seat.LetIn(p.last().Page)
	if p.last().Admitted {
		t.Error("staff of another room let the patient in")
	}
	w.video.Close()
	if p.closed != video.Stopping || s.closed != video.Stopping {
		t.Errorf("the pages are closed for %q and %q", p.closed, s.closed)
	}
	late := &page{}
	if _, err := w.video.Join(context.Background(), staff, video.Hello{Page: "late"}, late); err != nil ||
		late.closed != video.Stopping {
		t.Errorf("who comes late gets %v, %q", err, late.closed)
	}
}

func TestManyPagesAtOnceLeaveTwo(t *testing.T) {
	w, patient, staff := meeting(t)
	var all sync.WaitGroup
	pages := make([]*page, 40)
	for i := range pages {
		pages[i] = &page{}
		all.Go(func() {
			link := patient
			if i%2 == 1 {
				link = staff
			}
			seat, err := w.video.Join(context.Background(), link, video.Hello{Page: fmt.Sprint(i)}, pages[i])
			if err != nil {
				t.Error(err)
				return
			}
			seat.Signal(json.RawMessage(`1`))
			seat.LetIn(pages[i].last().OtherPage)
		})
	}
	all.Wait()
	open := 0
	for _, p := range pages {
		if p.closed == "" {
			open++
		}
	}
	if open != 2 {
		t.Errorf("%d pages are in the room", open)
	}
}
