package messaging

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

// Columns are the columns of a message, as Into reads them.
const Columns = `id, patient_id, batch_id, channel, contact, contact_source, fallback, fallback_contact, subject,
	content, encrypted, purpose, leg, state, prior, due_at, lease, tries, carrier, provider_id, code, reason, parts,
	encoding, cost, send_at, send_by, unread_minutes, sent_at, delivered_at, read_at, ended_at, write_to_record,
	task_id, submitted_by, key_id, link, created_at, updated_at, paired, assignee_id, assignee_type, fallback_source,
	request, journal, ask_at, notice_id, short_link_id, short_link_version`

// Into is where the columns of a message go.
func Into(m *messaging.Message) store.In {
	return store.In{&m.ID, &m.Patient, &m.Batch, &m.Channel, &m.Contact, &m.ContactSource, &m.Fallback,
		&m.FallbackContact, &m.Subject, &m.Content, &m.Encrypted, &m.Purpose, &m.Leg, &m.State, &m.Prior,
		value.When(&m.DueAt), value.Num(&m.Lease), &m.Tries, &m.Carrier, &m.ProviderID, &m.Code, &m.Reason, &m.Parts,
		&m.Encoding, &m.Cost, value.When(&m.SendAt), value.When(&m.SendBy), &m.UnreadMinutes, value.When(&m.SentAt),
		value.When(&m.DeliveredAt), value.When(&m.ReadAt), value.When(&m.EndedAt), &m.WriteToRecord, value.NumText(&m.TaskID),
		&m.SubmittedBy, &m.KeyID, value.Text(&m.Link), value.When(&m.CreatedAt), value.When(&m.UpdatedAt), &m.Paired,
		value.Num(&m.Assignee.ID), assigneestore.Kind(&m.Assignee), &m.FallbackSource, &m.Request, &m.Journal,
		value.When(&m.AskAt), &m.Notice, &m.ShortLink, &m.LinkVersion}
}

// Scan reads a message.
func Scan(scan store.Scanner) (messaging.Message, error) {
	var m messaging.Message
	err := scan(Into(&m)...)
	return m, err
}

// Message finds a message.
func (t *Tx) Message(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error) {
	return store.ByKey(ctx, t.Conn, messaging.ErrNotFound, `SELECT `+Columns+` FROM message m
		WHERE m.practice_group_id = $1 AND m.id = $2`, store.In{group, id}, Scan)
}

// MessageByLink finds the message of a page.
func (s *Store) MessageByLink(ctx context.Context, group practice.ID, link string) (messaging.Message, error) {
	return store.Find(ctx, s.Conn, messaging.ErrNotFound, `SELECT `+Columns+` FROM message m
		WHERE m.practice_group_id = $1 AND m.link = $2`, store.In{group, link}, Scan)
}

const (
	ofState = ` AND (CAST($4 AS text) = '' OR CAST($4 AS text) LIKE '%,' || m.state || ',%')
		AND (CAST($5 AS text) = '' OR m.channel = $5) AND (CAST($6 AS text) = '' OR m.contact = $6)
		AND (CAST($7 AS text) = '' OR CAST($7 AS text) LIKE '%,' || m.leg_channel || ',%') AND (CAST($8 AS bigint) = 0
		OR m.send_at >= $9 AND m.send_at <= $10)`
	madeIn    = ` AND m.created_at >= $2 AND m.created_at < $3`
	newest    = ` ORDER BY m.id DESC LIMIT $11 OFFSET $12`
	atMost    = ` LIMIT $11) AS matches`
	selectAll = `SELECT ` + Columns + ` FROM message m WHERE m.practice_group_id = $1` + madeIn + ofState
	countAll  = `SELECT count(*) FROM (SELECT 1 FROM message m WHERE m.practice_group_id = $1` + madeIn + ofState
)

// Messages lists messages, newest first.
func (t *Tx) Messages(ctx context.Context, group practice.ID, q messaging.Query) ([]messaging.Message, int, error) {
	if q.To.IsZero() {
		q.From, q.To = time.Unix(0, 0).UTC(), time.Date(2200, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	args := append(store.In{group, q.From, q.To, listing.OneOf(q.States), q.Channel, q.Contact, listing.OneOf(q.Ways)},
		listing.Span(q.Sending)...)
	listText, countText := selectAll+newest, countAll+atMost
	var more store.In
	switch {
	case q.Batch != 0 && q.Patient != 0:
		listText = selectAll + ` AND m.batch_id <> 0 AND m.batch_id = $13 AND m.patient_id = $14` + newest
		countText = countAll + ` AND m.batch_id <> 0 AND m.batch_id = $12 AND m.patient_id = $13` + atMost
		more = store.In{q.Batch, q.Patient}
	case q.Batch != 0:
		listText = selectAll + ` AND m.batch_id <> 0 AND m.batch_id = $13` + newest
		countText = countAll + ` AND m.batch_id <> 0 AND m.batch_id = $12` + atMost
		more = store.In{q.Batch}
	case q.Patient != 0:
		listText, countText = selectAll+` AND m.patient_id = $13`+newest, countAll+` AND m.patient_id = $12`+atMost
		more = store.In{q.Patient}
	}
	count := 0
	if !q.Uncounted {
		counted := slices.Concat(args, store.In{input.CountTo(q.Offset, q.Limit)}, more)
		if _, err := t.One(ctx, countText, counted, &count); err != nil || count <= q.Offset {
			return nil, count, err
		}
	}
	found, err := store.List(ctx, t.Conn, listText, append(append(append(store.In{}, args...), q.Limit, q.Offset),
		more...), Scan)
	return found, count, err
}

// AddMessages keeps new messages.
func (t *Tx) AddMessages(ctx context.Context, group practice.ID, all []messaging.Message) error {
	args := make([]store.In, len(all))
	for i, m := range all {
		args[i] = store.In{group, m.ID, m.Patient, m.Batch, m.Channel, m.Contact, m.ContactSource, m.Fallback,
			m.FallbackContact, m.Subject, m.Content, m.Encrypted, m.Purpose, m.Leg, m.LegChannel(), m.State,
			value.At(m.DueAt), m.Code, m.Reason, m.Parts, m.Encoding, m.SendAt, m.SendBy, m.UnreadMinutes,
			value.At(m.SentAt), value.At(m.DeliveredAt), value.At(m.EndedAt), m.WriteToRecord, value.AsText(m.TaskID),
			m.SubmittedBy, m.KeyID, value.OptText(m.Link), m.CreatedAt, m.UpdatedAt, m.Cost, value.Opt(m.Assignee.ID),
			m.FallbackSource, m.Notice, m.ShortLink, m.LinkVersion, assigneestore.KindOf(m.Assignee)}
	}
	return store.Insert(ctx, t.Conn, `INSERT INTO message (practice_group_id, id, patient_id, batch_id, channel,
		contact,
		contact_source, fallback, fallback_contact, subject, content, encrypted, purpose, leg, leg_channel, state,
		due_at, code, reason, parts, encoding, send_at, send_by, unread_minutes, sent_at, delivered_at, ended_at,
		write_to_record, task_id, submitted_by, key_id, link, created_at, updated_at, cost, assignee_id,
		fallback_source, notice_id, short_link_id, short_link_version, assignee_type, prior, tries, carrier, provider_id,
		events)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
		$11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
		$33, $34, $35, $36, $37, $38, $39, $40, $41, '', 0, '', '', 0)`, args)
}

// LockMessage keeps others from changing the message, and reads it.
func (t *Tx) LockMessage(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error) {
	if _, err := t.Exec(ctx, `UPDATE message SET tries = tries WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return messaging.Message{}, err
	}
	return t.Message(ctx, group, id)
}

const (
	// SaveHead is how every statement begins that keeps a changed message; Saved has its arguments.
	SaveHead = `UPDATE message SET leg = $3, leg_channel = $4, state = $5, due_at = $6, tries = $7, carrier = $8,
		provider_id = $9, code = $10, reason = $11, send_by = $12, sent_at = $13, delivered_at = $14, read_at = $15,
		ended_at = $16, updated_at = $17, paired = $18, request = $19, ask_at = $20, lease = NULL, lease_until = NULL`
	saveMessage = SaveHead + ` WHERE practice_group_id = $1 AND id = $2`
)

// Saved is a changed message as SaveHead takes it.
func Saved(group practice.ID, m messaging.Message, now time.Time) store.In {
	return store.In{group, m.ID, m.Leg, m.LegChannel(), m.State, value.At(m.DueAt), m.Tries, m.Carrier, m.ProviderID,
		m.Code, m.Reason, m.SendBy, value.At(m.SentAt), value.At(m.DeliveredAt), value.At(m.ReadAt),
		value.At(m.EndedAt), now, m.Paired, m.Request, value.At(m.AskAt)}
}

// SaveMessage keeps a changed message.
func (t *Tx) SaveMessage(ctx context.Context, group practice.ID, m messaging.Message) error {
	_, err := t.Exec(ctx, saveMessage, Saved(group, m, m.UpdatedAt)...)
	return err
}

const contactsAmong = `SELECT patient_id, kind, source, value, recorded_at, verified_at FROM patient_contact
	WHERE practice_group_id = $1 AND patient_id IN `

// ContactsAmong lists what each source says of how to reach patients.
func (t *Tx) ContactsAmong(ctx context.Context, group practice.ID,
	ids []patient.ID) (map[patient.ID]contactpoint.Points, error) {
	found, err := store.ListAmong(ctx, t.Conn, store.Among(contactsAmong+store.Few2, contactsAmong+store.Many2),
		store.In{group}, ids,
		func(scan store.Scanner) (store.Owned[patient.ID, contactpoint.Point], error) {
			var o store.Owned[patient.ID, contactpoint.Point]
			c := &o.Thing
			err := scan(&o.Of, &c.Kind, &c.Source, &c.Value, value.When(&c.RecordedAt), value.When(&c.VerifiedAt))
			return o, err
		})
	out := map[patient.ID]contactpoint.Points{}
	for _, o := range found {
		out[o.Of] = append(out[o.Of], o.Thing)
	}
	return out, err
}

const (
	// StepInsert keeps a step of a message.
	StepInsert = `INSERT INTO message_step (practice_group_id, message_id, id, at, leg, channel, carrier, what,
		provider_id, code, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	countEvent = `UPDATE message SET events = events + 1 WHERE practice_group_id = $1 AND id = $2`
	// EventInsert keeps an event of a message, numbered by the count of the message.
	EventInsert = `INSERT INTO event (practice_group_id, id, type, subject_id, sequence, at, data)
		SELECT practice_group_id, CAST($3 AS bigint), CAST($4 AS text), id, events, $5, CAST($6 AS text) FROM message
		WHERE practice_group_id = $1 AND id = $2`
)

// AddStep keeps something that happened to a message.
func (t *Tx) AddStep(ctx context.Context, group practice.ID, id messaging.ID, s messaging.Step) error {
	_, err := t.Exec(ctx, StepInsert, group, id, s.ID, s.At, s.Leg, s.Channel, s.Carrier, s.What, s.ProviderID, s.Code,
		s.Reason)
	return err
}

// RecordMessageEvent keeps an event of a message.
func (t *Tx) RecordMessageEvent(ctx context.Context, group practice.ID, id messaging.ID, e event.Event) error {
	kept := t.NewID()
	_, err := store.Run(ctx, t.Conn, []store.Statement{
		store.Bind(countEvent, store.In{group, id}),
		store.Bind(EventInsert, store.In{group, id, kept, e.Type, e.At, string(e.Data)}),
		store.Bind(store.Deliver, store.In{group, kept}),
	})
	store.Happened(ctx, t.Conn, group, e.Type)
	return err
}

// Steps lists what happened to a message.
func (t *Tx) Steps(ctx context.Context, group practice.ID, id messaging.ID) ([]messaging.Step, error) {
	return store.List(ctx, t.Conn, `SELECT id, at, leg, channel, carrier, what, provider_id, code, reason
		FROM message_step WHERE practice_group_id = $1 AND message_id = $2 ORDER BY id`, store.In{group, id},
		func(scan store.Scanner) (messaging.Step, error) {
			var s messaging.Step
			err := scan(&s.ID, value.When(&s.At), &s.Leg, &s.Channel, &s.Carrier, &s.What, &s.ProviderID, &s.Code,
				&s.Reason)
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
	found, err := store.ListAmong(ctx, t.Conn, store.Among(optedOut+store.Few2, optedOut+store.Many2), store.In{group},
		contacts,
		func(scan store.Scanner) (messaging.Destination, error) {
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
	_, err := t.Exec(ctx, `INSERT INTO opt_out (practice_group_id, channel, contact, source, at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (practice_group_id, channel, contact) DO NOTHING`, group, channel, contact, source, now)
	return err
}

// DropOptOut takes that back.
func (t *Tx) DropOptOut(ctx context.Context, group practice.ID, channel carrier.Channel, contact string) error {
	_, err := t.Exec(ctx, `DELETE FROM opt_out WHERE practice_group_id = $1 AND channel = $2 AND contact = $3`, group,
		channel, contact)
	return err
}

// LinkState is how a message's page was opened.
func (t *Tx) LinkState(ctx context.Context, group practice.ID,
	id messaging.ID) (wrong int, opened time.Time, err error) {
	_, err = t.One(ctx, `SELECT wrong, opened_at FROM message_link WHERE practice_group_id = $1 AND message_id = $2`,
		store.In{group, id}, &wrong, value.When(&opened))
	return wrong, opened, err
}

// SaveLinkState keeps that.
func (t *Tx) SaveLinkState(ctx context.Context, group practice.ID, id messaging.ID, wrong int, opened time.Time) error {
	_, err := t.Exec(ctx, `INSERT INTO message_link (practice_group_id, message_id, wrong, opened_at)
		VALUES ($1, $2, $3, $4) ON CONFLICT (practice_group_id, message_id) DO UPDATE
		SET wrong = $3, opened_at = $4`, group, id, wrong,
		value.At(opened))
	return err
}

// SendingPaused reports whether an operator has stopped all sending.
func (t *Tx) SendingPaused(ctx context.Context) (bool, error) {
	var since time.Time
	_, err := t.One(ctx, `SELECT paused_at FROM instance`, nil, value.When(&since))
	return !since.IsZero(), err
}

// Attached makes sure that the task a message names was not deleted.
func (t *Tx) Attached(ctx context.Context, group practice.ID, m messaging.Message) error {
	if m.TaskID == 0 {
		return nil
	}
	var id int64
	found, err := t.One(ctx, `SELECT id FROM task WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NULL`,
		store.In{group, m.TaskID}, &id)
	if err == nil && !found {
		err = messaging.ErrNoTask
	}
	return err
}
