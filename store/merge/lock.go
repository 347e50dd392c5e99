package merge

import (
	"context"
	"slices"

	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
)

// Diaries locks the diaries of patients in a transaction.
type Diaries struct {
	conn store.Conn
	diaryLock
}

type diaryLock interface {
	LockDiary(ctx context.Context, group practice.ID, id practice.PractitionerID) error
}

// DiariesOn locks diaries in a transaction of another area.
func DiariesOn(c store.Conn) Diaries { return Diaries{c, bookingstore.On(c)} }

// LockDiariesOfPatients locks the diaries the patients' appointments are in: a transaction that changes an appointment
// has locked its diary first, and several are always locked in the same order. Called again when the patients are
// locked, it finds appointments made meanwhile; then the transaction begins again, rather than wait for one that waits
// for it.
func (d Diaries) LockDiariesOfPatients(ctx context.Context, group practice.ID, ids ...patient.ID) error {
	locked, again := store.LockedDiaries(d.conn)
	var all []practice.PractitionerID
	for _, id := range ids {
		of, err := store.List(ctx, d.conn, `SELECT practitioner_id FROM appointment WHERE practice_group_id = $1 AND
			patient_id = $2
			UNION SELECT practitioner_id FROM appointment WHERE practice_group_id = $1 AND billpayer_id = $2`,
			store.In{group, id}, store.ScanID[practice.PractitionerID])
		if err != nil {
			return err
		}
		all = append(all, of...)
	}
	slices.Sort(all)
	for _, practitioner := range slices.Compact(all) {
		switch {
		case locked[practitioner]:
		case again:
			return store.ErrAgain
		default:
			if err := d.LockDiary(ctx, group, practitioner); err != nil {
				return err
			}
			locked[practitioner] = true
		}
	}
	return nil
}
