package dispatch

import (
	"context"
	"time"

	"frontdesk/core/dispatch"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	messagingstore "frontdesk/store/messaging"
	"frontdesk/store/value"
)

const (
	claimSet = `UPDATE message
		SET prior = state, state = 'sending', carrier = $5, lease = $6, lease_until = $7, journal = $9, due_at = NULL`
	claimDue = ` FROM message WHERE practice_group_id = $1 AND batch_id = $2 AND leg_channel = $3 AND due_at <= $4
		AND request = '' ORDER BY due_at, id LIMIT $8`
	claimed = ` RETURNING ` + messagingstore.Columns
	claim   = claimSet + ` WHERE practice_group_id = $1 AND id IN (SELECT id` + claimDue + `)`
	// Where one transaction writes at a time, what is due is read with its patients and
	// leased after that: of a table that is only looked at, UPDATE gives nothing back.
	selectDue = `SELECT ` + messagingstore.Columns +
		`, p_id, p_number, p_mobile, p_email, p_restricted, p_deceased, p_number_status, p_merged, p_deleted,
			receive_email, receive_sms, marketing FROM message
			JOIN (SELECT p.practice_group_id AS p_group, p.id AS p_id, ` + messagingstore.Addressee + `, ` +
		messagingstore.Wishes + ` FROM patient p LEFT
			JOIN patient_profile x ON x.practice_group_id = p.practice_group_id
			AND x.patient_id = p.id) a ON a.p_group = practice_group_id AND a.p_id = patient_id
			WHERE practice_group_id = $1 AND batch_id = $2 AND leg_channel = $3 AND due_at <= $4 AND request = ''
			ORDER BY due_at, id LIMIT $5`
	// After IN, PostgreSQL may run the SELECT again for every row it looks at, and as that passes over what others have
	// locked meanwhile, lease far more than the limit. And a table that has just filled, of which it knows nothing yet,
	// it goes through for the few ids, all of the practice group's, where they and the group are not joined. Nor does
	// it know there that a patient is one row, unless it is told to look no further.
	claimSkipping = `WITH due AS MATERIALIZED (SELECT practice_group_id AS g, id AS m, patient_id AS p` + claimDue +
		store.SkipLocked + `) ` +
		claimSet + ` FROM due, LATERAL (SELECT p.id AS p_id, ` + messagingstore.Addressee + ` FROM patient p
			WHERE p.practice_group_id = due.g AND p.id = due.p LIMIT 1) AS a LEFT
			JOIN LATERAL (SELECT ` + messagingstore.Wishes + ` FROM patient_profile x
				WHERE x.practice_group_id = due.g AND x.patient_id = due.p LIMIT 1) AS b ON true
				WHERE practice_group_id = due.g AND id = due.m` + claimed + `, p_id, p_number, p_mobile, p_email,
					p_restricted, p_deceased, p_number_status, p_merged, p_deleted, receive_email, receive_sms,
					marketing`
)

// Claim leases messages that are due.
func (t *Tx) Claim(ctx context.Context, c dispatch.Claim) ([]dispatch.Outbound, error) {
	args := store.In{c.Group, c.Batch, c.Channel, c.Now, c.Carrier, c.Lease, c.Until, c.Limit, c.Journal}
	if err := store.InOrder(ctx, t.Conn); err != nil {
		return nil, err
	}
	if store.Parallel(t.Conn) {
		return store.List(ctx, t.Conn, claimSkipping, args, scanOutbound)
	}
	found, err := store.List(ctx, t.Conn, selectDue, store.In{c.Group, c.Batch, c.Channel, c.Now, c.Limit},
		scanOutbound)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	for i := range found {
		m := &found[i].Message
		m.Prior, m.State, m.Carrier, m.Lease, m.Journal, m.DueAt = m.State, messaging.Sending, c.Carrier, c.Lease,
			c.Journal, time.Time{}
	}
	_, err = t.Exec(ctx, claim, args...)
	return found, err
}

// scanOutbound reads a message and who it is to.
func scanOutbound(scan store.Scanner) (dispatch.Outbound, error) {
	var o dispatch.Outbound
	err := messagingstore.ScanAddressee(&o.Person, func(dest ...any) error {
		return scan(append(messagingstore.Into(&o.Message),
			dest...)...)
	})
	return o, err
}

// outbound leases messages and adds who they are to.
func (t *Tx) outbound(ctx context.Context, group practice.ID, claim string,
	args store.In) ([]dispatch.Outbound, error) {
	found, err := store.List(ctx, t.Conn, claim, args, func(scan store.Scanner) (dispatch.Outbound, error) {
		var o dispatch.Outbound
		err := scan(messagingstore.Into(&o.Message)...)
		return o, err
	})
	if err != nil || len(found) == 0 {
		return found, err
	}
	ids := make([]patient.ID, len(found))
	for i, o := range found {
		ids[i] = o.Patient
	}
	by, err := t.Addressees(ctx, group, ids)
	for i := range found {
		found[i].Person = by[found[i].Patient]
	}
	return found, err
}

// DueRequest is a request that is to be sent again.
func (t *Tx) DueRequest(ctx context.Context, c dispatch.Claim) (request, carrier string, err error) {
	_, err = t.One(ctx, `SELECT request, carrier FROM message WHERE practice_group_id = $1 AND batch_id = $2
		AND leg_channel = $3 AND due_at <= $4 AND request <> '' ORDER BY due_at
		LIMIT 1`, store.In{c.Group, c.Batch, c.Channel, c.Now}, &request, &carrier)
	return request, carrier, err
}

// ClaimRequest leases the messages of a request.
func (t *Tx) ClaimRequest(ctx context.Context, c dispatch.Claim, request string) ([]dispatch.Outbound, error) {
	return t.outbound(ctx, c.Group, `UPDATE message
		SET prior = state, state = 'sending', lease = $4, lease_until = $5, journal = $6, due_at = NULL
		WHERE practice_group_id = $1 AND request = $2 AND request <> '' AND carrier = $3 AND lease IS NULL`+claimed,
		store.In{c.Group, request, c.Carrier, c.Lease, c.Until, c.Journal})
}

// SameRequest lists the other messages of a request.
func (t *Tx) SameRequest(ctx context.Context, group practice.ID, m messaging.Message) ([]messaging.Message, error) {
	const others = ` WHERE practice_group_id = $1 AND request = $2 AND request <> '' AND carrier = $3 AND id <> $4
		AND lease IS NULL`
	args := store.In{group, m.Request, m.Carrier, m.ID}
	if _, err := t.Exec(ctx, `UPDATE message SET tries = tries`+others, args...); err != nil {
		return nil, err
	}
	return store.List(ctx, t.Conn, `SELECT `+messagingstore.Columns+` FROM message`+others, args, messagingstore.Scan)
}

// AwaitingReceipt lists messages that are to be asked about.
func (s *Store) AwaitingReceipt(ctx context.Context, group practice.ID, before time.Time,
	limit int) ([]messaging.Message, error) {
	return store.List(ctx, s.Conn, `SELECT `+messagingstore.Columns+` FROM message m WHERE m.practice_group_id = $1
		AND m.ask_at IS NOT NULL AND m.ask_at <= $2 ORDER BY m.ask_at LIMIT $3`, store.In{group, before, limit},
		messagingstore.Scan)
}

// AskAgain says when to ask about a message next.
func (t *Tx) AskAgain(ctx context.Context, group practice.ID, id messaging.ID, was, next time.Time) error {
	_, err := t.Exec(ctx, `UPDATE message SET ask_at = $4 WHERE practice_group_id = $1 AND id = $2 AND ask_at = $3`,
		group, id, was, value.At(next))
	return err
}

// AmendMessages keeps where leased messages go to and by which carrier, and
// whether they are handed over for both ways at once.
func (t *Tx) AmendMessages(ctx context.Context, group practice.ID, all []messaging.Message) error {
	args := make([]store.In, len(all))
	for i, m := range all {
		args[i] = store.In{group, m.ID, m.Paired, m.Contact, m.ContactSource, m.FallbackContact, m.FallbackSource,
			m.Carrier}
	}
	return t.Many(ctx, `UPDATE message
		SET paired = $3, contact = $4, contact_source = $5, fallback_contact = $6, fallback_source = $7, carrier = $8
		WHERE practice_group_id = $1 AND id = $2`, args)
}
