package reply

import (
	"context"
	"slices"

	"frontdesk/core/carrier"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/reply"
	"frontdesk/store"
	"frontdesk/store/value"
)

const replyColumns = `id, carrier, provider_id, message_id, patient_id, channel, contact, content, at, meaning, ` +
	`open, handled_by, handled_at`

// selectReply leaves out the number or address of a restricted record.
const selectReply = `SELECT id, carrier, provider_id, message_id, patient_id, channel, CASE WHEN EXISTS (SELECT 1
	FROM patient p WHERE p.practice_group_id = message_reply.practice_group_id AND p.restricted
	AND (p.id = message_reply.patient_id OR p.id IN ( SELECT c.patient_id FROM reply_candidate c
	WHERE c.practice_group_id = message_reply.practice_group_id AND c.reply_id = message_reply.id))) THEN ''
	ELSE contact END, content, at, meaning, open, handled_by, handled_at`

func scanReply(scan store.Scanner) (reply.Reply, error) {
	var r reply.Reply
	var open value.Flag
	err := scan(&r.ID, &r.Carrier, &r.ProviderID, value.Num(&r.Message), value.Num(&r.Patient), &r.Channel,
		&r.Contact, &r.Text, value.When(&r.At), &r.Meaning, &open, &r.HandledBy, value.When(&r.HandledAt))
	r.Open = bool(open)
	return r, err
}

// Replies lists what came back to a message.
func (t *Tx) Replies(ctx context.Context, group practice.ID, of messaging.ID, limit int) ([]reply.Reply, error) {
	return store.List(ctx, t.Conn, selectReply+` FROM message_reply WHERE practice_group_id = $1 AND message_id = $2
		ORDER BY id LIMIT $3`, store.In{group, of, limit}, scanReply)
}

const (
	repliesAll  = ` FROM message_reply WHERE practice_group_id = $1`
	repliesOpen = repliesAll + ` AND open`
	repliesShut = repliesAll + ` AND NOT open`
	repliesPage = ` ORDER BY id DESC LIMIT $2 OFFSET $3`
)

// RepliesKept lists replies, newest first.
func (t *Tx) RepliesKept(ctx context.Context, group practice.ID, q reply.Query) ([]reply.Reply, int, error) {
	listText, countText := selectReply+repliesAll+repliesPage, `SELECT count(*) FROM (SELECT 1`+repliesAll+
		` LIMIT $2) AS matches`
	switch {
	case q.Open != nil && *q.Open:
		listText, countText = selectReply+repliesOpen+repliesPage, `SELECT count(*) FROM (SELECT 1`+repliesOpen+
			` LIMIT $2) AS matches`
	case q.Open != nil:
		listText, countText = selectReply+repliesShut+repliesPage, `SELECT count(*) FROM (SELECT 1`+repliesShut+
			` LIMIT $2) AS matches`
	}
	count := 0
	if _, err := t.One(ctx, countText, store.In{group, input.CountTo(q.Offset, q.Limit)}, &count); err != nil ||
		count <= q.Offset {
		return nil, count, err
	}
	found, err := store.List(ctx, t.Conn, listText, store.In{group, q.Limit, q.Offset}, scanReply)
	if err != nil {
		return nil, 0, err
	}
	return found, count, t.possible(ctx, group, found)
}

const possibleOf = `SELECT reply_id, patient_id FROM reply_candidate WHERE practice_group_id = $1 AND reply_id IN `

// possible adds those replies may be from.
func (t *Tx) possible(ctx context.Context, group practice.ID, replies []reply.Reply) error {
	var ids []reply.ID
	for _, r := range replies {
		ids = append(ids, r.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	type link struct {
		reply   reply.ID
		patient patient.ID
	}
	found, err := store.ListAmong(ctx, t.Conn, store.Among(possibleOf+store.Few2, possibleOf+store.Many2),
		store.In{group}, ids,
		func(scan store.Scanner) (link, error) {
			var l link
			err := scan(&l.reply, &l.patient)
			return l, err
		})
	of := map[reply.ID][]patient.ID{}
	for _, l := range found {
		of[l.reply] = append(of[l.reply], l.patient)
	}
	for i, r := range replies {
		p := of[r.ID]
		slices.Sort(p) // two of them may have been merged since
		replies[i].Possible = slices.Compact(p)
	}
	return err
}

// LockReply keeps others from changing the reply, and reads it.
func (t *Tx) LockReply(ctx context.Context, group practice.ID, id reply.ID) (reply.Reply, error) {
	if _, err := t.Exec(ctx, `UPDATE message_reply SET meaning = meaning WHERE practice_group_id = $1 AND id = $2`,
		group,
		id); err != nil {
		return reply.Reply{}, err
	}
	return t.Reply(ctx, group, id)
}

// Reply finds a reply.
func (t *Tx) Reply(ctx context.Context, group practice.ID, id reply.ID) (reply.Reply, error) {
	r, err := store.Find(ctx, t.Conn, reply.ErrNotFound, selectReply+` FROM message_reply WHERE practice_group_id = $1
		AND id = $2`,
		store.In{group, id}, scanReply)
	if err != nil {
		return r, err
	}
	one := []reply.Reply{r}
	err = t.possible(ctx, group, one)
	return one[0], err
}

// SaveReply keeps whose a reply is, and whether staff have seen to it.
func (t *Tx) SaveReply(ctx context.Context, group practice.ID, r reply.Reply) error {
	_, err := t.Exec(ctx,
		`UPDATE message_reply SET patient_id = $3, open = $4, handled_by = $5, handled_at = $6
			WHERE practice_group_id = $1 AND id = $2`,
		group, r.ID, value.Opt(r.Patient), r.Open, r.HandledBy, value.At(r.HandledAt))
	return err
}

// AddReply keeps what a patient sent back, once.
func (t *Tx) AddReply(ctx context.Context, group practice.ID, r reply.Reply) (bool, error) {
	n, err := t.Exec(ctx, `INSERT INTO message_reply (practice_group_id, `+replyColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (practice_group_id, carrier, provider_id) DO NOTHING`,
		group, r.ID, r.Carrier, r.ProviderID, value.Opt(r.Message), value.Opt(r.Patient), r.Channel, r.Contact,
		r.Text, r.At, r.Meaning, r.Open, r.HandledBy, value.At(r.HandledAt))
	if err != nil || n == 0 {
		return false, err
	}
	args := make([]store.In, len(r.Possible))
	for i, p := range r.Possible {
		args[i] = store.In{group, t.NewID(), r.ID, p}
	}
	return true,
		t.Many(ctx, `INSERT INTO reply_candidate (practice_group_id, id, reply_id, patient_id) VALUES ($1, $2, $3, $4)`,
			args)
}

// LastTo finds the last message that went to a number or address.
func (t *Tx) LastTo(
	ctx context.Context, group practice.ID, channel carrier.Channel, contact string,
) (id messaging.ID, to patient.ID, err error) {
	_, err = t.One(ctx, `SELECT id, patient_id FROM message WHERE practice_group_id = $1 AND (channel = $2
		AND contact = $3 OR fallback = $2 AND fallback_contact = $3 AND leg = 2) ORDER BY id DESC
		LIMIT 1`, store.In{group, channel,
		contact}, &id, &to)
	return id, to, err
}

const (
	live = ` FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL AND deleted_at IS NULL AND `
	// Those a request has named the number or address for.
	namedFor = ` UNION SELECT patient_id FROM message WHERE practice_group_id = $1 AND contact = $2
		AND contact_source = 'request' UNION SELECT patient_id FROM message WHERE practice_group_id = $1
		AND fallback_contact = $2 AND fallback_source = 'request') ORDER BY id LIMIT $3`
	holdersOfNumber = `SELECT id` + live + `id IN (SELECT id` + live + `mobile = $2 UNION SELECT id` + live +
		`landline = $2 UNION SELECT patient_id FROM patient_phone WHERE practice_group_id = $1
			AND number = $2` + namedFor
	holdersOfAddress = `SELECT id` + live + `id IN (SELECT id` + live + `email_key = $4` + namedFor
)

// Holders lists patients who have a number or address.
func (t *Tx) Holders(
	ctx context.Context, group practice.ID, channel carrier.Channel, contact string, limit int,
) ([]patient.ID, error) {
	if channel == carrier.Email {
		return store.List(ctx, t.Conn, holdersOfAddress, store.In{group, contact, limit, store.EmailKey(contact)},
			store.ScanID[patient.ID])
	}
	return store.List(ctx, t.Conn, holdersOfNumber, store.In{group, contact, limit}, store.ScanID[patient.ID])
}
