package dispatch

import (
	"context"

	"frontdesk/core/messaging"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/value"
)

const abouts = `SELECT n.id, n.occasion, n.version, n.start_at, n.second, n.calendar, a.state, a.version, a.start_at,
	a.patient_id, a.pending, a.suppress_mail, a.tell, a.dna_at, a.reserved_until FROM notice n
	JOIN appointment a ON a.practice_group_id = n.practice_group_id AND a.id = n.appointment_id
	WHERE n.practice_group_id = $1 AND n.id IN `

// Abouts finds what messages are about that the program sent by itself.
func (t *Tx) Abouts(
	ctx context.Context, group practice.ID, ids []messaging.NoticeID,
) (map[messaging.NoticeID]messaging.About, error) {
	found, err := store.ListAmong(ctx, t.Conn, store.Among(abouts+store.Few2, abouts+store.Many2), store.In{group}, ids,
		func(scan store.Scanner) (messaging.About, error) {
			var a messaging.About
			is := &a.Now
			err := scan(&a.Notice, &a.On, &a.Version, value.When(&a.Start), &a.Second, &a.Calendar, &is.State,
				&is.Version, value.When(&is.Start), value.Num(&is.Patient), &is.Pending, &is.SuppressMail,
				value.Words(&is.Notices), value.When(&is.Journey.NoShow), value.When(&is.ReservedUntil))
			return a, err
		})
	return store.Keyed(found, err, func(a messaging.About) messaging.NoticeID { return a.Notice })
}
