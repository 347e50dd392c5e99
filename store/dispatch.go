package store

import (
	"context"
	"time"

	"frontdesk/core/dispatch"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type dispatchStore struct {
	dispatch.Reader
	tx *Tx
}

// Dispatch is what dispatch remembers.
func (db *DB) Dispatch() dispatch.Store { return dispatchStore{db.plain(), db.plain()} }

func (s dispatchStore) Do(ctx context.Context, fn func(dispatch.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const (
	claimSet = `UPDATE message SET prior = state, state = 'sending', carrier = $5, lease = $6, lease_until = $7,
		journal = $9, due_at = NULL`
	claimDue = ` FROM message
			WHERE practice_group_id = $1 AND batch_id = $2 AND leg_channel = $3 AND due_at <= $4 AND request = ''
			ORDER BY due_at, id LIMIT $8`
	skipLocked = ` FOR UPDATE SKIP LOCKED`
	claimed    = ` RETURNING ` + messageColumns
	claim      = claimSet + ` WHERE practice_group_id = $1 AND id IN (SELECT id` + claimDue + `)`
	// What matters of a patient to messages.
	addressee = `p.nhs_number AS p_number, p.mobile AS p_mobile, p.email AS p_email, p.restricted AS p_restricted,
		p.deceased_at AS p_deceased,
		p.number_status AS p_number_status, p.merged_into AS p_merged, p.deleted_at AS p_deleted`
	wishes           = `x.receive_email, x.receive_sms, x.marketing`
	selectAddressees = `SELECT p.id, ` + addressee + `, ` + wishes + `
		FROM patient p LEFT JOIN patient_profile x ON x.practice_group_id = p.practice_group_id AND x.patient_id =
		p.id WHERE p.practice_group_id = $1 AND p.id`
	// Where one transaction writes at a time, what is due is read with its patients and
	// leased after that: of a table that is only looked at, UPDATE gives nothing back.
	selectDue = `SELECT ` + messageColumns +
		`, p_id, p_number, p_mobile, p_email, p_restricted, p_deceased, p_number_status, p_merged, p_deleted,
		receive_email, receive_sms, marketing
		FROM message JOIN (SELECT p.practice_group_id AS p_group, p.id AS p_id, ` + addressee + `, ` + wishes + `
			FROM patient p LEFT JOIN patient_profile x ON x.practice_group_id = p.practice_group_id AND
			x.patient_id = p.id) a
			ON a.p_group = practice_group_id AND a.p_id = patient_id
		WHERE practice_group_id = $1 AND batch_id = $2 AND leg_channel = $3 AND due_at <= $4 AND request = '' ORDER
		BY due_at, id LIMIT $5`
	// After IN, PostgreSQL may run the SELECT again for every row it looks at, and
	// as that passes over what others have locked meanwhile, lease far more than
	// the limit. And a table that has just filled, of which it knows nothing yet,
	// it goes through for the few ids, all of the practice group's, where they and
	// the group are not joined.
	// Nor does it know there that a patient is one row, unless it is told to look no
	// further.
	claimSkipping = `WITH due AS MATERIALIZED (SELECT practice_group_id AS g, id AS m, patient_id AS p` + claimDue +
		skipLocked + `) ` +
		claimSet + ` FROM due, LATERAL (SELECT p.id AS p_id, ` + addressee + ` FROM patient p WHERE
			p.practice_group_id = due.g AND p.id = due.p LIMIT 1) AS a
		LEFT JOIN LATERAL (SELECT ` + wishes + ` FROM patient_profile x WHERE x.practice_group_id = due.g AND
			x.patient_id = due.p LIMIT 1) AS b ON true
		WHERE practice_group_id = due.g AND id = due.m` + claimed + `, p_id, p_number, p_mobile, p_email,
		p_restricted, p_deceased, p_number_status, p_merged, p_deleted,
		receive_email, receive_sms, marketing`
)

// Claim leases messages that are due.
func (t *Tx) Claim(ctx context.Context, c dispatch.Claim) ([]dispatch.Outbound, error) {
	args := in{c.Group, c.Batch, c.Channel, c.Now, c.Carrier, c.Lease, c.Until, c.Limit, c.Journal}
	if t.db.inOrder != "" {
		if _, err := t.exec(ctx, t.db.inOrder); err != nil {
			return nil, err
		}
	}
	if t.db.skips {
		return list(ctx, t, claimSkipping, args, scanOutbound)
	}
	found, err := list(ctx, t, selectDue, in{c.Group, c.Batch, c.Channel, c.Now, c.Limit}, scanOutbound)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	for i := range found {
		m := &found[i].Message
		m.Prior, m.State, m.Carrier, m.Lease, m.Journal, m.DueAt = m.State, messaging.Sending, c.Carrier, c.Lease,
			c.Journal, time.Time{}
	}
	_, err = t.exec(ctx, claim, args...)
	return found, err
}

// scanOutbound reads a message and who it is to.
func scanOutbound(scan scanner) (dispatch.Outbound, error) {
	var o dispatch.Outbound
	err := scanAddressee(&o.Person, func(dest ...any) error {
		return scan(append(intoMessage(&o.Message),
			dest...)...)
	})
	return o, err
}

// outbound leases messages and adds who they are to.
func (t *Tx) outbound(ctx context.Context, group practice.ID, claim string, args in) ([]dispatch.Outbound, error) {
	found, err := list(ctx, t, claim, args, func(scan scanner) (dispatch.Outbound, error) {
		var o dispatch.Outbound
		err := scan(intoMessage(&o.Message)...)
		return o, err
	})
	if err != nil || len(found) == 0 {
		return found, err
	}
	ids := make([]patient.ID, len(found))
	for i, o := range found {
		ids[i] = o.Patient
	}
	people, err := listAmong(ctx, t, amongst{selectAddressees + ` IN ` + few2, selectAddressees + ` IN ` + many2},
		in{group}, ids, func(scan scanner) (p patient.Patient, err error) {
			err = scanAddressee(&p, scan)
			return p, err
		})
	by, err := keyed(people, err, func(p patient.Patient) patient.ID { return p.ID })
	for i := range found {
		found[i].Person = by[found[i].Patient]
	}
	return found, err
}

func scanAddressee(p *patient.Patient, scan scanner) error {
	var restricted flag
	err := scan(&p.ID, text{&p.NHSNumber}, &p.Mobile, &p.Email, &restricted, when{&p.DeceasedAt}, &p.NumberStatus,
		num[patient.ID]{&p.MergedInto},
		when{&p.DeletedAt}, maybeBool{&p.ReceiveEmail}, maybeBool{&p.ReceiveSMS}, maybeBool{&p.Marketing})
	p.Restricted = bool(restricted)
	return err
}

// Addressee finds a patient, with what matters to messages.
func (t *Tx) Addressee(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error) {
	return find(ctx, t, patient.ErrNotFound, selectAddressees+` = $2`, in{group, id},
		func(scan scanner) (p patient.Patient, err error) {
			err = scanAddressee(&p, scan)
			return p, err
		})
}

// DueRequest is a request that is to be sent again.
func (t *Tx) DueRequest(ctx context.Context, c dispatch.Claim) (request, carrier string, err error) {
	_, err = t.one(ctx, `SELECT request, carrier FROM message WHERE practice_group_id = $1 AND batch_id = $2 AND
		leg_channel = $3 AND due_at <= $4
		AND request <> '' ORDER BY due_at LIMIT 1`, in{c.Group, c.Batch, c.Channel, c.Now}, &request, &carrier)
	return request, carrier, err
}

// ClaimRequest leases the messages of a request.
func (t *Tx) ClaimRequest(ctx context.Context, c dispatch.Claim, request string) ([]dispatch.Outbound, error) {
	return t.outbound(ctx, c.Group, `UPDATE message SET prior = state, state = 'sending', lease = $4, lease_until =
		$5, journal = $6, due_at = NULL
		WHERE practice_group_id = $1 AND request = $2 AND request <> '' AND carrier = $3 AND lease IS NULL`+claimed,
		in{c.Group, request, c.Carrier, c.Lease, c.Until, c.Journal})
}

// SameRequest lists the other messages of a request.
func (t *Tx) SameRequest(ctx context.Context, group practice.ID, m messaging.Message) ([]messaging.Message, error) {
	const others = ` WHERE practice_group_id = $1 AND request = $2 AND request <> '' AND carrier = $3 AND id <> $4
		AND lease IS NULL`
	args := in{group, m.Request, m.Carrier, m.ID}
	if _, err := t.exec(ctx, `UPDATE message SET tries = tries`+others, args...); err != nil {
		return nil, err
	}
	return list(ctx, t, `SELECT `+messageColumns+` FROM message`+others, args, scanMessage)
}

// AwaitingReceipt lists messages that are to be asked about.
func (s dispatchStore) AwaitingReceipt(ctx context.Context, group practice.ID, before time.Time,
	limit int) ([]messaging.Message, error) {
	return list(ctx, s.tx, `SELECT `+messageColumns+` FROM message m WHERE m.practice_group_id = $1 AND m.ask_at IS
		NOT NULL AND m.ask_at <= $2
		ORDER BY m.ask_at LIMIT $3`, in{group, before, limit}, scanMessage)
}

// AskAgain says when to ask about a message next.
func (t *Tx) AskAgain(ctx context.Context, group practice.ID, id messaging.ID, was, next time.Time) error {
	_, err := t.exec(ctx, `UPDATE message SET ask_at = $4 WHERE practice_group_id = $1 AND id = $2 AND ask_at = $3`,
		group, id, was, at(next))
	return err
}

// AmendMessages keeps where leased messages go to and by which carrier, and
// whether they are handed over for both ways at once.
func (t *Tx) AmendMessages(ctx context.Context, group practice.ID, all []messaging.Message) error {
	args := make([]in, len(all))
	for i, m := range all {
		args[i] = in{group, m.ID, m.Paired, m.Contact, m.ContactSource, m.FallbackContact, m.FallbackSource, m.Carrier}
	}
	return t.many(ctx, `UPDATE message SET paired = $3, contact = $4, contact_source = $5, fallback_contact = $6,
		fallback_source = $7, carrier = $8
		WHERE practice_group_id = $1 AND id = $2`, args)
}
