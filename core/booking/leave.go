package booking

import (
	"context"
	"fmt"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// ErrToCome is returned for a patient who cannot leave before a member of staff has cancelled their appointments, where
// the practice has chosen that.
var ErrToCome = fault.New(fault.Conflict, "appointments_to_come",
	"This patient has appointments to come. Cancel them first.")

// Leave cancels the future appointments of a patient, inside a transaction that has locked their diaries and then the
// patient, and counts the appointments cancelled. Holds are given back in any case. Error: ErrToCome, where the
// practice refuses to let a patient with appointments leave.
func Leave(ctx context.Context, tx LeaveTx, who access.Caller, of patient.ID, now time.Time) (int, error) {
	ids, err := tx.ToCome(ctx, who.Group, of, now)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	g, err := tx.Group(ctx, who.Group)
	if err != nil {
		return 0, err
	}
	all := make([]Appointment, len(ids))
	booked := 0
	for i, id := range ids {
		if all[i], err = tx.Appointment(ctx, who.Group, id); err != nil {
			return 0, err
		}
		if all[i].State == Booked {
			booked++
		}
	}
	if booked > 0 && g.Leaving == practice.RefuseToLeave {
		say := fmt.Sprintf("This patient has %d appointments to come. Cancel them first.", booked)
		if booked == 1 {
			say = "This patient has 1 appointment to come. Cancel it first."
		}
		return 0, ErrToCome.Saying(say)
	}
	quiet := true
	for _, a := range all {
		if _, err := giveBack(ctx, tx, who, a, Cancellation{SuppressMail: &quiet}, now); err != nil {
			return 0, err
		}
	}
	return booked, nil
}
