package payment

import (
	"testing"
	"time"
)

// TestWhatIsPaidLastIsNoticedWhileTheTimeIsHeld asks by no event: a page is good for 31 minutes, and its time is held
// for 45.
func TestWhatIsPaidLastIsNoticedWhileTheTimeIsHeld(t *testing.T) {
	made := time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)
	r := Request{State: Live, Appointment: 7, CreatedAt: made, DueAt: made.Add(again)}
	for r.DueAt.Before(made.Add(holdLife)) {
		now := r.DueAt
		r.Checks++
		r.DueAt = r.next(now)
	}
	if at := r.DueAt.Sub(made); at > 40*time.Minute {
		t.Errorf("what is paid as the page closes is noticed after %s", at)
	}
}
