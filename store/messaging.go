package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/dispatch"
	"frontdesk/core/event"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type messagingStore struct {
	messaging.Reader
	tx *Tx
}

// Messaging is what messaging remembers.
func (db *DB) Messaging() messaging.Store { return messagingStore{db.plain(), db.plain()} }

func (s messagingStore) Do(ctx context.Context, fn func(messaging.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const messageColumns = `id, patient_id, batch_id, channel, contact, contact_source, fallback, fallback_contact,
	subject, content, encrypted,
	purpose, leg, state, prior, due_at, lease, tries, carrier, provider_id, code, reason, parts, encoding, cost,
	send_at, send_by,
	unread_minutes, sent_at, delivered_at, read_at, ended_at, write_to_record, task_id, submitted_by, key_id, link,
	created_at, updated_at, paired, assignee_id,
	fallback_source, request, journal, ask_at`

func intoMessage(m *messaging.Message) in {
	return in{&m.ID, &m.Patient, &m.Batch, &m.Channel, &m.Contact, &m.ContactSource, &m.Fallback, &m.FallbackContact,
		&m.Subject, &m.Content, &m.Encrypted,
		&m.Purpose, &m.Leg, &m.State, &m.Prior, when{&m.DueAt}, num[int64]{&m.Lease}, &m.Tries, &m.Carrier,
		&m.ProviderID, &m.Code, &m.Reason, &m.Parts,
		&m.Encoding, &m.Cost, when{&m.SendAt}, when{&m.SendBy}, &m.UnreadMinutes, when{&m.SentAt}, when{&m.DeliveredAt},
		when{&m.ReadAt}, when{&m.EndedAt},
		&m.WriteToRecord, &m.TaskID, &m.SubmittedBy, &m.KeyID, text{&m.Link}, when{&m.CreatedAt}, when{&m.UpdatedAt},
		&m.Paired, num[int64]{&m.Assignee}, &m.FallbackSource,
		&m.Request, &m.Journal, when{&m.AskAt}}
}

func scanMessage(scan scanner) (messaging.Message, error) {
	var m messaging.Message
	err := scan(intoMessage(&m)...)
	return m, err
}

// Message finds a message.
func (t *Tx) Message(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error) {
	return find(ctx, t, messaging.ErrNotFound, `SELECT `+messageColumns+` FROM message m
		WHERE m.practice_group_id = $1 AND m.id = $2`, in{group, id}, scanMessage)
}

// MessageByLink finds the message of a page.
func (s messagingStore) MessageByLink(ctx context.Context, group practice.ID, link string) (messaging.Message, error) {
	return find(ctx, s.tx, messaging.ErrNotFound, `SELECT `+messageColumns+` FROM message m WHERE
		m.practice_group_id = $1 AND m.link = $2`, in{group, link}, scanMessage)
}

// FindByProvider finds the message a carrier has another name for.
func (s dispatchStore) FindByProvider(ctx context.Context, group practice.ID, carrier,
	providerID string) (messaging.Message, error) {
	return find(ctx, s.tx, messaging.ErrNotFound, `SELECT `+messageColumns+` FROM message m
		WHERE m.practice_group_id = $1 AND m.provider_id = $2 AND m.provider_id <> '' AND m.carrier = $3 LIMIT 1`,
		in{group, providerID, carrier}, scanMessage)
}

const (
	ofState = ` AND (CAST($4 AS text) = '' OR CAST($4 AS text) LIKE '%,' || m.state || ',%') AND (CAST($5 AS text)
		= '' OR m.channel = $5)
		AND (CAST($6 AS text) = '' OR m.contact = $6) AND (CAST($7 AS text) = '' OR CAST($7 AS text) LIKE '%,' ||
		m.leg_channel || ',%')
		AND (CAST($8 AS bigint) = 0 OR m.send_at >= $9 AND m.send_at <= $10)`
	madeIn    = ` AND m.created_at >= $2 AND m.created_at < $3`
	newest    = ` ORDER BY m.id DESC LIMIT $11 OFFSET $12`
	atMost    = ` LIMIT $11) AS matches`
	selectAll = `SELECT ` + messageColumns + ` FROM message m WHERE m.practice_group_id = $1` + madeIn + ofState
	countAll  = `SELECT count(*) FROM (SELECT 1 FROM message m WHERE m.practice_group_id = $1` + madeIn + ofState
)

// Messages lists messages, newest first.
func (t *Tx) Messages(ctx context.Context, group practice.ID, q messaging.Query) ([]messaging.Message, int, error) {
	if q.To.IsZero() {
		q.From, q.To = time.Unix(0, 0).UTC(), time.Date(2200, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	args := append(in{group, q.From, q.To, oneOf(q.States), q.Channel, q.Contact, oneOf(q.Ways)}, Span(q.Sending)...)
	listText, countText := selectAll+newest, countAll+atMost
	var more in
	switch {
	case q.Batch != 0 && q.Patient != 0:
		listText = selectAll + ` AND m.batch_id <> 0 AND m.batch_id = $13 AND m.patient_id = $14` + newest
		countText = countAll + ` AND m.batch_id <> 0 AND m.batch_id = $12 AND m.patient_id = $13` + atMost
		more = in{q.Batch, q.Patient}
	case q.Batch != 0:
		listText = selectAll + ` AND m.batch_id <> 0 AND m.batch_id = $13` + newest
		countText = countAll + ` AND m.batch_id <> 0 AND m.batch_id = $12` + atMost
		more = in{q.Batch}
	case q.Patient != 0:
		listText, countText = selectAll+` AND m.patient_id = $13`+newest, countAll+` AND m.patient_id = $12`+atMost
		more = in{q.Patient}
	}
	count := 0
	if !q.Uncounted {
		counted := slices.Concat(args, in{patient.CountTo(q.Offset, q.Limit)}, more)
		if _, err := t.one(ctx, countText, counted, &count); err != nil || count <= q.Offset {
			return nil, count, err
		}
	}
	found, err := list(ctx, t, listText, append(append(append(in{}, args...), q.Limit, q.Offset), more...), scanMessage)
	return found, count, err
}

// AddMessages keeps new messages.
func (t *Tx) AddMessages(ctx context.Context, group practice.ID, all []messaging.Message) error {
	args := make([]in, len(all))
	for i, m := range all {
		args[i] = in{group, m.ID, m.Patient, m.Batch, m.Channel, m.Contact, m.ContactSource, m.Fallback,
			m.FallbackContact, m.Subject, m.Content, m.Encrypted,
			m.Purpose, m.Leg, m.LegChannel(), m.State, at(m.DueAt), m.Code, m.Reason, m.Parts, m.Encoding, m.SendAt,
			m.SendBy, m.UnreadMinutes,
			at(m.SentAt), at(m.DeliveredAt), at(m.EndedAt), m.WriteToRecord, m.TaskID, m.SubmittedBy, m.KeyID,
			optText(m.Link), m.CreatedAt, m.UpdatedAt, m.Cost, opt(m.Assignee), m.FallbackSource}
	}
	return t.insert(ctx, `INSERT INTO message (practice_group_id, id, patient_id, batch_id, channel, contact,
		contact_source, fallback, fallback_contact, subject, content,
			encrypted, purpose, leg, leg_channel, state, due_at, code, reason, parts, encoding, send_at, send_by,
			unread_minutes, sent_at, delivered_at, ended_at,
			write_to_record, task_id, submitted_by, key_id, link, created_at, updated_at, cost, assignee_id,
			fallback_source, prior, tries, carrier, provider_id, events)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		$22, $23, $24, $25, $26, $27, $28, $29, $30, $31,
			$32, $33, $34, $35, $36, $37, '', 0, '', '', 0)`, args)
}

// LockMessage keeps others from changing the message, and reads it.
func (t *Tx) LockMessage(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error) {
	if _, err := t.exec(ctx, `UPDATE message SET tries = tries WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return messaging.Message{}, err
	}
	return t.Message(ctx, group, id)
}

const (
	saveHead = `UPDATE message SET leg = $3, leg_channel = $4, state = $5, due_at = $6, tries = $7, carrier = $8,
		provider_id = $9, code = $10, reason = $11,
		send_by = $12, sent_at = $13, delivered_at = $14, read_at = $15, ended_at = $16, updated_at = $17, paired =
		$18, request = $19, ask_at = $20,
		lease = NULL, lease_until = NULL`
	saveMessage   = saveHead + ` WHERE practice_group_id = $1 AND id = $2`
	settleMessage = saveHead + `, events = events + $21 WHERE practice_group_id = $1 AND id = $2 AND lease = $22`
)

func savedMessage(group practice.ID, m messaging.Message, now time.Time) in {
	return in{group, m.ID, m.Leg, m.LegChannel(), m.State, at(m.DueAt), m.Tries, m.Carrier, m.ProviderID, m.Code,
		m.Reason, m.SendBy,
		at(m.SentAt), at(m.DeliveredAt), at(m.ReadAt), at(m.EndedAt), now, m.Paired, m.Request, at(m.AskAt)}
}

// SaveMessage keeps a changed message.
func (t *Tx) SaveMessage(ctx context.Context, group practice.ID, m messaging.Message) error {
	_, err := t.exec(ctx, saveMessage, savedMessage(group, m, m.UpdatedAt)...)
	return err
}

const contactsAmong = `SELECT patient_id, kind, source, value, recorded_at, verified_at FROM patient_contact WHERE
	practice_group_id = $1 AND patient_id IN `

// ContactsAmong lists what each source says of how to reach patients.
func (t *Tx) ContactsAmong(ctx context.Context, group practice.ID,
	ids []patient.ID) (map[patient.ID]patient.ContactPoints, error) {
	found, err := listAmong(ctx, t, amongst{contactsAmong + few2, contactsAmong + many2}, in{group}, ids,
		func(scan scanner) (Owned[patient.ID, patient.ContactPoint], error) {
			var o Owned[patient.ID, patient.ContactPoint]
			c := &o.Thing
			err := scan(&o.Of, &c.Kind, &c.Source, &c.Value, when{&c.RecordedAt}, when{&c.VerifiedAt})
			return o, err
		})
	out := map[patient.ID]patient.ContactPoints{}
	for _, o := range found {
		out[o.Of] = append(out[o.Of], o.Thing)
	}
	return out, err
}

// LostLeases lists messages whose lease ran out.
func (s dispatchStore) LostLeases(ctx context.Context, group practice.ID, before time.Time,
	limit int) ([]messaging.Message, error) {
	return list(ctx, s.tx, `SELECT `+messageColumns+` FROM message m
		WHERE m.practice_group_id = $1 AND m.lease_until IS NOT NULL AND m.lease_until < $2 ORDER BY m.lease_until
		LIMIT $3`, in{group, before, limit}, scanMessage)
}

const (
	addStep = `INSERT INTO message_step (practice_group_id, message_id, id, at, leg, channel, carrier, what,
		provider_id, code, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	countEvent = `UPDATE message SET events = events + 1 WHERE practice_group_id = $1 AND id = $2`
	addEvent   = `INSERT INTO event (practice_group_id, id, type, subject_id, sequence, at, data)
		SELECT practice_group_id, CAST($3 AS bigint), CAST($4 AS text), id, events, $5, CAST($6 AS text) FROM
		message WHERE practice_group_id = $1 AND id = $2`
)

// Settle keeps what became of leased messages. Of one whose lease is no longer
// there nothing is kept: somebody else has settled it.
func (t *Tx) Settle(ctx context.Context, group practice.ID, settled []dispatch.Settled) error {
	saves := make([]statement, len(settled))
	for i, s := range settled {
		events := 0
		if s.Event != nil {
			events = 1
		}
		saves[i] = statement{settleMessage, append(savedMessage(group, s.Message, s.At), events, s.Leased)}
	}
	touched, err := t.run(ctx, saves)
	if err != nil {
		return err
	}
	wanted, err := t.wants(ctx, group)
	if err != nil {
		return err
	}
	steps, events, told := make([]in, 0, len(settled)), make([]statement, 0, len(settled)), []statement{}
	for i, s := range settled {
		if touched[i] == 0 {
			continue
		}
		if s.What != "" {
			steps = append(steps, in{group, s.ID, t.db.NewID(), s.At, s.StepLeg, s.StepChannel, s.Carrier, s.What,
				s.ProviderID, s.Code, s.Reason})
		}
		if s.Event != nil {
			id := t.db.NewID()
			events = append(events, statement{addEvent, in{group, s.ID, id, s.Event.Type, s.At, string(s.Event.Data)}})
			if wanted[s.Event.Type] {
				told = append(told, statement{deliver, in{group, id}})
			}
			t.notes(ctx, group, s.Event.Type)
		}
	}
	_, err = t.run(ctx, slices.Concat(t.insertions(addStep, steps), events, told))
	return err
}

// AddStep keeps something that happened to a message.
func (t *Tx) AddStep(ctx context.Context, group practice.ID, id messaging.ID, s messaging.Step) error {
	_, err := t.exec(ctx, addStep, group, id, s.ID, s.At, s.Leg, s.Channel, s.Carrier, s.What, s.ProviderID, s.Code,
		s.Reason)
	return err
}

// RecordMessageEvent keeps an event of a message.
func (t *Tx) RecordMessageEvent(ctx context.Context, group practice.ID, id messaging.ID, e event.Event) error {
	told := t.db.NewID()
	_, err := t.run(ctx, []statement{
		{countEvent, in{group, id}}, {addEvent, in{group, id, told, e.Type, e.At, string(e.Data)}},
		{deliver, in{group, told}},
	})
	t.notes(ctx, group, e.Type)
	return err
}

// Steps lists what happened to a message.
func (t *Tx) Steps(ctx context.Context, group practice.ID, id messaging.ID) ([]messaging.Step, error) {
	return list(ctx, t, `SELECT id, at, leg, channel, carrier, what, provider_id, code, reason FROM message_step
		WHERE practice_group_id = $1 AND message_id = $2 ORDER BY id`, in{group, id},
		func(scan scanner) (messaging.Step, error) {
			var s messaging.Step
			err := scan(&s.ID, when{&s.At}, &s.Leg, &s.Channel, &s.Carrier, &s.What, &s.ProviderID, &s.Code, &s.Reason)
			return s, err
		})
}

const optedOut = `SELECT channel, contact FROM opt_out WHERE practice_group_id = $1 AND channel IN ('sms', 'email')
	AND contact IN `

// OptedOut finds which numbers and addresses asked for nothing but direct care.
func (t *Tx) OptedOut(ctx context.Context, group practice.ID,
	of []messaging.Destination) (map[messaging.Destination]bool, error) {
	contacts := make([]string, len(of))
	for i, d := range of {
		contacts[i] = d.Contact
	}
	found, err := listAmong(ctx, t, amongst{optedOut + few2, optedOut + many2}, in{group}, contacts,
		func(scan scanner) (messaging.Destination, error) {
			var d messaging.Destination
			err := scan(&d.Channel, &d.Contact)
			return d, err
		})
	out := make(map[messaging.Destination]bool, len(found))
	for _, d := range found {
		out[d] = true
	}
	return out, err
}

// AddOptOut keeps that a number or address asked for nothing but direct care.
func (t *Tx) AddOptOut(ctx context.Context, group practice.ID, channel carrier.Channel, contact, source string,
	now time.Time) error {
	_, err := t.exec(ctx, `INSERT INTO opt_out (practice_group_id, channel, contact, source, at) VALUES ($1, $2,
		$3, $4, $5)
		ON CONFLICT (practice_group_id, channel, contact) DO NOTHING`, group, channel, contact, source, now)
	return err
}

// DropOptOut takes that back.
func (t *Tx) DropOptOut(ctx context.Context, group practice.ID, channel carrier.Channel, contact string) error {
	_, err := t.exec(ctx, `DELETE FROM opt_out WHERE practice_group_id = $1 AND channel = $2 AND contact = $3`, group,
		channel, contact)
	return err
}

// LinkState is how a message's page was opened.
func (t *Tx) LinkState(ctx context.Context, group practice.ID,
	id messaging.ID) (wrong int, opened time.Time, err error) {
	_, err = t.one(ctx, `SELECT wrong, opened_at FROM message_link WHERE practice_group_id = $1 AND message_id = $2`,
		in{group, id}, &wrong, when{&opened})
	return wrong, opened, err
}

// SaveLinkState keeps that.
func (t *Tx) SaveLinkState(ctx context.Context, group practice.ID, id messaging.ID, wrong int, opened time.Time) error {
	_, err := t.exec(ctx, `INSERT INTO message_link (practice_group_id, message_id, wrong, opened_at) VALUES ($1,
		$2, $3, $4)
		ON CONFLICT (practice_group_id, message_id) DO UPDATE SET wrong = $3, opened_at = $4`, group, id, wrong,
		at(opened))
	return err
}

// NextDue is when the next message of a batch and channel falls due.
func (t *Tx) NextDue(ctx context.Context, group practice.ID, batch messaging.BatchID,
	channel carrier.Channel) (next time.Time, err error) {
	_, err = t.one(ctx, `SELECT due_at FROM message WHERE practice_group_id = $1 AND batch_id = $2 AND leg_channel
		= $3 AND due_at IS NOT NULL
		ORDER BY due_at, id LIMIT 1`, in{group, batch, channel}, when{&next})
	return next, err
}

// DueChannels lists the batches and channels with messages that are due.
func (s dispatchStore) DueChannels(ctx context.Context, group practice.ID, before time.Time) ([]dispatch.Due, error) {
	return list(ctx, s.tx, `SELECT DISTINCT batch_id, leg_channel FROM message WHERE practice_group_id = $1 AND
		due_at IS NOT NULL AND due_at <= $2`, in{group, before},
		func(scan scanner) (dispatch.Due, error) {
			var d dispatch.Due
			err := scan(&d.Batch, &d.Channel)
			return d, err
		})
}

// SendingPaused reports whether an operator has stopped all sending.
func (t *Tx) SendingPaused(ctx context.Context) (bool, error) {
	var since time.Time
	_, err := t.one(ctx, `SELECT paused_at FROM instance`, nil, when{&since})
	return !since.IsZero(), err
}

// Attached makes sure that the member of staff a message names has not left, and
// that its task was not deleted.
func (t *Tx) Attached(ctx context.Context, group practice.ID, m messaging.Message) error {
	var id int64
	if m.Assignee != 0 {
		found, err := t.one(ctx, `SELECT id FROM staff WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NULL`,
			in{group, m.Assignee}, &id)
		if err == nil && !found {
			err = messaging.ErrNoAssignee
		}
		if err != nil {
			return err
		}
	}
	if m.TaskID == "" {
		return nil
	}
	task, err := strconv.ParseInt(m.TaskID, 10, 64)
	if err != nil {
		return messaging.ErrNoTask
	}
	found, err := t.one(ctx, `SELECT id FROM task WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NULL`,
		in{group, task}, &id)
	if err == nil && !found {
		err = messaging.ErrNoTask
	}
	return err
}
