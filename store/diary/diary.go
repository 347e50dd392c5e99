package diary

import (
	"context"
	"time"

	"frontdesk/core/diary"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

// held is how the state of a hold is kept.
const held = "reserved"

// few is how many practitioners a question may name one by one; more than that are found among all.
const few = 8

// named are the practitioners of a question as eight arguments, the last one repeated; false when there are none or too
// many.
func named(of []practice.PractitionerID) (store.In, bool) {
	if len(of) == 0 || len(of) > few {
		return nil, false
	}
	args := make(store.In, few)
	for i := range args {
		args[i] = of[min(i, len(of)-1)]
	}
	return args, true
}

const (
	diariesAll = `SELECT d.practitioner_id, d.version, d.hours, p.active FROM diary d
		JOIN practitioner p ON p.practice_group_id = d.practice_group_id AND p.id = d.practitioner_id
		WHERE d.practice_group_id = $1`
	diariesOf = diariesAll + ` AND d.practitioner_id IN ($2, $3, $4, $5, $6, $7, $8, $9)`
)

// Diaries lists diaries with their versions, which are 0 inside a transaction, where they may yet be undone.
func (t *Tx) Diaries(ctx context.Context, group practice.ID, of []practice.PractitionerID) ([]diary.Diary, error) {
	args, ok := named(of)
	text := diariesOf
	if !ok {
		text = diariesAll
	}
	settled := store.Settled(ctx, t.Conn)
	return store.List(ctx, t.Conn, text, append(store.In{group}, args...),
		func(scan store.Scanner) (diary.Diary, error) {
			var d diary.Diary
			err := scan(&d.Practitioner, &d.Version, &d.Hours, &d.Active)
			if !settled {
				d.Version, d.Hours = 0, 0
			}
			return d, err
		})
}

// ChangeHours locks a diary to change its sessions.
func (t *Tx) ChangeHours(ctx context.Context, group practice.ID, id practice.PractitionerID) error {
	n, err := t.Exec(ctx, `UPDATE diary SET hours = hours + 1 WHERE practice_group_id = $1 AND practitioner_id = $2`,
		group, id)
	if err == nil && n == 0 {
		return practice.ErrPractitionerNotFound
	}
	return err
}

// ChangeAllHours locks every diary.
func (t *Tx) ChangeAllHours(ctx context.Context, group practice.ID) error {
	_, err := t.Exec(ctx, `UPDATE diary SET hours = hours + 1 WHERE practice_group_id = $1`, group)
	return err
}

// What is taken: $2 and $3 are the time, $4 is the longest an appointment can be before it, where the search for what
// overlaps it begins.
const (
	takenAll = `SELECT practitioner_id, start_at, end_at, state, reserved_until FROM appointment
		WHERE practice_group_id = $1 AND start_at > $4 AND start_at < $3 AND end_at > $2
		AND state IN ('reserved', 'booked')`
	takenOf = takenAll + ` AND practitioner_id IN ($5, $6, $7, $8, $9, $10, $11, $12)`
)

const takenBy = `SELECT practitioner_id, start_at, end_at, state, reserved_until FROM appointment
	WHERE practice_group_id = $1 AND state IN ('reserved', 'booked') AND id IN `

var takenByID = store.Among(takenBy+store.Few2, takenBy+store.Many2)

// Taken lists what is held or booked.
func (t *Tx) Taken(ctx context.Context, group practice.ID, q diary.TakenQuery) ([]diary.Taken, error) {
	row := func(scan store.Scanner) (diary.Taken, error) {
		var d diary.Taken
		err := ScanTaken(scan, &d)
		return d, err
	}
	if len(q.Appointments) > 0 {
		return store.ListAmong(ctx, t.Conn, takenByID, store.In{group}, q.Appointments, row)
	}
	text, args := takenAll, store.In{group, q.From, q.To, q.From.Add(-diary.MaxLength)}
	if some, ok := named(q.Practitioners); ok {
		text, args = takenOf, append(args, some...)
	}
	return store.List(ctx, t.Conn, text, args, row)
}

// ScanTaken reads a stretch, after any columns before it.
func ScanTaken(scan store.Scanner, d *diary.Taken, before ...any) error {
	var state string
	var until time.Time
	err := scan(append(before, &d.Practitioner, value.When(&d.Start), value.When(&d.End), &state,
		value.When(&until))...)
	if state == held {
		d.HeldUntil = until
	}
	return err
}
