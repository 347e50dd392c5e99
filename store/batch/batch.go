package batch

import (
	"context"
	"time"

	"frontdesk/core/batch"
	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/event"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	messagingstore "frontdesk/store/messaging"
	"frontdesk/store/value"
)

const batchColumns = `id, name, channel, subject, content, purpose, status, paused, asked_at, cancelled_at, ` +
	`completed_at, submitted_by, key_id, created_at, updated_at, carries`

func scanBatch(scan store.Scanner) (batch.Batch, error) {
	var b batch.Batch
	err := scan(&b.ID, &b.Name, &b.Channel, &b.Subject, &b.Content, &b.Purpose, &b.Status, &b.Paused,
		value.When(&b.AskedAt), value.When(&b.CancelledAt), value.When(&b.CompletedAt), &b.SubmittedBy, &b.KeyID,
		value.When(&b.CreatedAt), value.When(&b.UpdatedAt),
		&b.Carries)
	return b, err
}

// Batch finds a batch.
func (t *Tx) Batch(ctx context.Context, group practice.ID, id messaging.BatchID) (batch.Batch, error) {
	return store.Find(ctx, t.Conn, batch.ErrNotFound, `SELECT `+batchColumns+` FROM batch WHERE practice_group_id = $1
		AND id = $2`,
		store.In{group, id}, scanBatch)
}

// LockBatch keeps others from changing the batch, and reads it.
func (t *Tx) LockBatch(ctx context.Context, group practice.ID, id messaging.BatchID) (batch.Batch, error) {
	if _, err := t.Exec(ctx, `UPDATE batch SET events = events WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return batch.Batch{}, err
	}
	return t.Batch(ctx, group, id)
}

// BatchHalted reports whether a batch is paused or cancelled.
func (t *Tx) BatchHalted(ctx context.Context, group practice.ID, id messaging.BatchID) (bool, error) {
	b, err := t.Batch(ctx, group, id)
	return b.Paused || !b.CancelledAt.IsZero(), err
}

// AddBatch keeps a new batch.
func (t *Tx) AddBatch(ctx context.Context, group practice.ID, b batch.Batch) error {
	_, err := t.Exec(ctx, `INSERT INTO batch (practice_group_id, `+batchColumns+`, events)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0)`,
		group, b.ID, b.Name, b.Channel, b.Subject, b.Content, b.Purpose, b.Status, b.Paused, value.At(b.AskedAt),
		value.At(b.CancelledAt), value.At(b.CompletedAt), b.SubmittedBy, b.KeyID, b.CreatedAt, b.UpdatedAt,
		b.Carries)
	return err
}

// SaveBatch keeps a changed batch.
func (t *Tx) SaveBatch(ctx context.Context, group practice.ID, b batch.Batch) error {
	_, err := t.Exec(ctx,
		`UPDATE batch SET status = $3, paused = $4, asked_at = $5, cancelled_at = $6, completed_at = $7,
			updated_at = $8, name = $9, channel = $10, subject = $11, content = $12, purpose = $13, carries = $14
			WHERE practice_group_id = $1 AND id = $2`,
		group, b.ID, b.Status, b.Paused, value.At(b.AskedAt), value.At(b.CancelledAt), value.At(b.CompletedAt),
		b.UpdatedAt, b.Name, b.Channel, b.Subject, b.Content, b.Purpose, b.Carries)
	return err
}

// DropBatch forgets a batch that was never finished.
func (t *Tx) DropBatch(ctx context.Context, group practice.ID, id messaging.BatchID) error {
	if _, err := t.Exec(ctx, `DELETE FROM batch_recipient WHERE practice_group_id = $1 AND batch_id = $2`, group,
		id); err != nil {
		return err
	}
	_, err := t.Exec(ctx, `DELETE FROM batch WHERE practice_group_id = $1 AND id = $2 AND status = 'loading'`, group,
		id)
	return err
}

// Batches lists batches, newest first.
func (t *Tx) Batches(ctx context.Context, group practice.ID, q batch.Query) ([]batch.Batch, int, error) {
	const matching = ` FROM batch WHERE practice_group_id = $1 AND status <> 'loading' AND (CAST($2 AS text) = '' OR
		EXISTS ( SELECT 1 FROM batch_recipient r WHERE r.practice_group_id = $1 AND r.batch_id = batch.id
		AND r.status = $2))`
	count := 0
	if _, err := t.One(ctx, `SELECT count(*)`+matching, store.In{group, q.Recipients}, &count); err != nil ||
		count <= q.Offset {
		return nil, count, err
	}
	found, err := store.List(ctx, t.Conn, `SELECT `+batchColumns+matching+` ORDER BY id DESC LIMIT $3 OFFSET $4`,
		store.In{group, q.Recipients, q.Limit, q.Offset}, scanBatch)
	return found, count, err
}

// RecordBatchEvent keeps an event of a batch.
func (t *Tx) RecordBatchEvent(ctx context.Context, group practice.ID, id messaging.BatchID, e event.Event) error {
	found, err := t.One(ctx,
		`UPDATE batch SET events = events + 1 WHERE practice_group_id = $1 AND id = $2 RETURNING events`,
		store.In{group, id}, &e.Sequence)
	if err != nil || !found {
		return err
	}
	return t.Record(ctx, e)
}

// DueBatches lists batches that are not done.
func (s *Store) DueBatches(ctx context.Context, group practice.ID) ([]messaging.BatchID, error) {
	return store.List(ctx, s.Conn,
		`SELECT id FROM batch WHERE practice_group_id = $1 AND (status = 'PENDING' OR status = 'SENDING'
			OR status = 'CREATED' AND (cancelled_at IS NOT NULL OR EXISTS (SELECT 1 FROM batch_recipient r
			WHERE r.practice_group_id = $1 AND r.batch_id = batch.id AND r.status IN ('CREATED', 'TRACING'))))`,
		store.In{group}, store.ScanID[messaging.BatchID])
}

// StaleLoads lists batches that were begun before a time and never finished.
func (s *Store) StaleLoads(ctx context.Context, group practice.ID, before time.Time) ([]messaging.BatchID, error) {
	return store.List(ctx, s.Conn, `SELECT id FROM batch WHERE practice_group_id = $1 AND status = 'loading'
		AND created_at < $2`,
		store.In{group, before}, store.ScanID[messaging.BatchID])
}

// AddRecipients keeps who a batch is for.
func (t *Tx) AddRecipients(ctx context.Context, group practice.ID, id messaging.BatchID, all []batch.Recipient) error {
	args := make([]store.In, len(all))
	for i, r := range all {
		args[i] = store.In{group, id, r.Ordinal, r.NHSNumber, r.BirthDate.String(), r.Status, r.Reason,
			value.Opt(r.Named), r.Given.NHSNumber, r.Given.BirthDate, r.Given.Patient}
	}
	return store.Insert(ctx, t.Conn,
		`INSERT INTO batch_recipient (practice_group_id, batch_id, ordinal, nhs_number, birth_date, status, reason,
			named_id, given_number, given_date, given_patient)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, args)
}

// SaveRecipients keeps changed recipients, but for those who are no longer in the state they were read in.
func (t *Tx) SaveRecipients(
	ctx context.Context, group practice.ID, id messaging.BatchID, was batch.RecipientStatus, all []batch.Recipient,
) error {
	args := make([]store.In, len(all))
	for i, r := range all {
		args[i] = store.In{group, id, r.Ordinal, r.Status, r.Reason, value.Opt(r.Patient), value.Opt(r.Message), was}
	}
	return t.Many(ctx, `UPDATE batch_recipient SET status = $4, reason = $5, patient_id = $6, message_id = $7
		WHERE practice_group_id = $1 AND batch_id = $2 AND ordinal = $3 AND status = $8`, args)
}

const recipientColumns = `r.ordinal, r.nhs_number, r.birth_date, r.status, r.reason, r.named_id, r.patient_id, ` +
	`r.message_id, r.given_number, r.given_date, r.given_patient`

func intoRecipient(r *batch.Recipient) store.In {
	return store.In{&r.Ordinal, &r.NHSNumber, value.Day(&r.BirthDate), &r.Status, &r.Reason, value.Num(&r.Named),
		value.Num(&r.Patient), value.Num(&r.Message), &r.Given.NHSNumber, &r.Given.BirthDate, &r.Given.Patient}
}

// Recipients lists a batch's recipients.
func (t *Tx) Recipients(
	ctx context.Context, group practice.ID, id messaging.BatchID, q batch.RecipientQuery,
) ([]batch.Recipient, error) {
	args := store.In{group, id, q.After, q.Status, q.Limit, q.Offset}
	if !q.Whole {
		return store.List(ctx, t.Conn, `SELECT `+recipientColumns+
			` FROM batch_recipient r WHERE r.practice_group_id = $1 AND r.batch_id = $2 AND r.ordinal > $3
				AND (CAST($4 AS text) = '' OR r.status = $4) ORDER BY r.ordinal LIMIT $5 OFFSET $6`, args,
			func(scan store.Scanner) (batch.Recipient, error) {
				var r batch.Recipient
				err := scan(intoRecipient(&r)...)
				return r, err
			})
	}
	return store.List(ctx, t.Conn, `SELECT `+recipientColumns+
		`, p.first_name, p.last_name, m.state, m.code, m.sent_at FROM batch_recipient r LEFT
			JOIN patient p ON p.practice_group_id = r.practice_group_id AND p.id = r.patient_id
			AND p.deleted_at IS NULL LEFT JOIN message m ON m.practice_group_id = r.practice_group_id
			AND m.id = r.message_id WHERE r.practice_group_id = $1 AND r.batch_id = $2 AND r.ordinal > $3
			AND (CAST($4 AS text) = '' OR r.status = $4 OR $4 = 'CREATED' AND r.status = 'TRACING'
			OR $4 = 'ENRICHMENT_ERROR' AND r.status = 'DUPLICATE') ORDER BY r.ordinal LIMIT $5 OFFSET $6`, args,
		func(scan store.Scanner) (batch.Recipient, error) {
			var r batch.Recipient
			var first, last, state string
			err := scan(append(intoRecipient(&r), value.Text(&first), value.Text(&last), value.Text(&state),
				value.Text(&r.Code), value.When(&r.Sent))...)
			r.State = messaging.State(state)
			if last != "" || first != "" {
				r.Name = first + " " + last
			}
			return r, err
		})
}

// COALESCE keeps a database from looking for a patient among all of a batch, of which it may know nothing yet.

// Named lists recipients not looked up yet, with the patient they name.
func (t *Tx) Named(ctx context.Context, group practice.ID, id messaging.BatchID, limit int) ([]batch.Enlisted, error) {
	return store.List(ctx, t.Conn, `SELECT `+recipientColumns+
		`, p.id, p.birth_date, p.deceased_at, p.restricted, p.number_status, p.merged_into, EXISTS (SELECT 1
			FROM batch_recipient d WHERE d.practice_group_id = r.practice_group_id AND d.patient_id = p.id
			AND COALESCE(d.batch_id, 0) = r.batch_id AND d.status IN ('ENRICHED', 'QUEUED')) FROM (SELECT *
			FROM batch_recipient WHERE practice_group_id = $1 AND batch_id = $2 AND status = 'CREATED'
			ORDER BY ordinal LIMIT $3) r LEFT JOIN patient p ON p.practice_group_id = r.practice_group_id
			AND p.id = COALESCE(r.named_id, (SELECT n.id FROM patient n
			WHERE n.practice_group_id = r.practice_group_id AND n.nhs_number = r.nhs_number), (SELECT f.patient_id
			FROM former_number f WHERE f.practice_group_id = r.practice_group_id AND f.nhs_number = r.nhs_number))
			AND p.deleted_at IS NULL WHERE r.practice_group_id = $1 ORDER BY r.ordinal`, store.In{group, id, limit},
		func(scan store.Scanner) (batch.Enlisted, error) {
			var e batch.Enlisted
			var status string
			var restricted, already value.Flag
			p := &e.Person.Patient
			err := scan(append(intoRecipient(&e.Recipient), value.Num(&p.ID), value.Day(&p.BirthDate),
				value.When(&p.DeceasedAt), &restricted, value.Text(&status), value.Num(&p.MergedInto), &already)...)
			p.Restricted, p.NumberStatus, e.Already = bool(restricted), patient.NumberStatus(status), bool(already)
			return e, err
		})
}

const enlisted = `SELECT ` + recipientColumns + `, p.title, p.first_name, p.last_name, p.id, ` +
	messagingstore.Addressee + `, ` +
	messagingstore.Wishes + `, COALESCE((SELECT c.source FROM patient_contact c
		WHERE c.practice_group_id = p.practice_group_id AND c.patient_id = p.id AND c.kind = $6 AND c.value = CASE
		WHEN $6 = 'mobile' THEN p.mobile ELSE p.email END ORDER BY CASE c.source WHEN 'practice' THEN 1 WHEN 'caller'
		THEN 2 ELSE 3 END LIMIT 1), 'caller'), EXISTS (SELECT 1 FROM opt_out o
		WHERE o.practice_group_id = p.practice_group_id AND o.channel = $7 AND o.contact = CASE WHEN $6 = 'mobile'
		THEN p.mobile ELSE p.email END), EXISTS (SELECT 1 FROM message m
		WHERE m.practice_group_id = p.practice_group_id AND m.patient_id = p.id
		AND COALESCE(m.batch_id, 0) = r.batch_id AND m.id <> COALESCE(r.message_id, 0)) FROM batch_recipient r
		JOIN patient p ON p.practice_group_id = r.practice_group_id AND p.id = r.patient_id LEFT
		JOIN patient_profile x ON x.practice_group_id = p.practice_group_id AND x.patient_id = p.id
		WHERE r.practice_group_id = $1 AND r.batch_id = $2 AND r.status = $3 AND r.ordinal > $4 ORDER BY r.ordinal
		LIMIT $5`

// Enlisted lists recipients in a state with the patient they are.
func (t *Tx) Enlisted(
	ctx context.Context, group practice.ID, id messaging.BatchID, status batch.RecipientStatus, channel carrier.Channel,
	after, limit int, hold bool,
) ([]batch.Enlisted, error) {
	kind := contactpoint.Email
	if channel == carrier.SMS {
		kind = contactpoint.Mobile
	}
	query := enlisted
	if hold && store.Hold(t.Conn) != "" {
		query += store.Hold(t.Conn) + ` OF p`
	}
	return store.List(ctx, t.Conn, query, store.In{group, id, status, after, limit, kind, channel},
		func(scan store.Scanner) (batch.Enlisted, error) {
			var e batch.Enlisted
			var out, already value.Flag
			source := contactpoint.Point{Kind: kind}
			p := &e.Person
			err := messagingstore.ScanAddressee(&p.Patient, func(dest ...any) error {
				all := append(intoRecipient(&e.Recipient), &p.Title, &p.FirstName, &p.LastName)
				return scan(append(append(all, dest...), &source.Source, &out, &already)...)
			})
			e.Already = bool(already)
			p.Contacts = contactpoint.Points{source}
			if to := (map[contactpoint.Kind]string{contactpoint.Mobile: p.Mobile,
				contactpoint.Email: p.Email})[kind]; bool(out) {
				p.OptedOut = map[messaging.Destination]bool{{Channel: channel, Contact: to}: true}
			}
			return e, err
		})
}

// Enrolled reports whether a batch has a patient as one who is known or queued.
func (t *Tx) Enrolled(ctx context.Context, group practice.ID, id messaging.BatchID, of patient.ID) (bool, error) {
	var n int
	return t.One(ctx,
		`SELECT ordinal FROM batch_recipient WHERE practice_group_id = $1 AND patient_id = $3
			AND COALESCE(batch_id, 0) = $2 AND status IN ('ENRICHED', 'QUEUED') LIMIT 1`, store.In{group, id, of}, &n)
}

// Messaged reports whether a batch has a message for a patient.
func (t *Tx) Messaged(ctx context.Context, group practice.ID, id messaging.BatchID, of patient.ID) (bool, error) {
	var n messaging.ID
	return t.One(ctx,
		`SELECT id FROM message WHERE practice_group_id = $1 AND patient_id = $3 AND COALESCE(batch_id, 0) = $2
			LIMIT 1`,
		store.In{group, id, of}, &n)
}

// CountReasons counts recipients nothing will be sent to.
func (t *Tx) CountReasons(ctx context.Context, group practice.ID, id messaging.BatchID) (map[string]int, error) {
	return counted[string](ctx, t,
		`SELECT reason, count(*) FROM batch_recipient WHERE practice_group_id = $1 AND batch_id = $2
			AND status IN ('ENRICHMENT_ERROR', 'INVALID_PAYLOAD', 'DUPLICATE') GROUP BY reason`, group, id)
}

// CountRecipients counts a batch's recipients by status.
func (t *Tx) CountRecipients(
	ctx context.Context, group practice.ID, id messaging.BatchID,
) (map[batch.RecipientStatus]int, error) {
	return counted[batch.RecipientStatus](ctx, t,
		`SELECT status, count(*) FROM batch_recipient WHERE practice_group_id = $1 AND batch_id = $2 GROUP BY status`,
		group, id)
}

// CountBatch counts a batch's recipients by status and its messages by state, at one moment: in two statements, a
// recipient who is just given a message would be counted twice.
func (t *Tx) CountBatch(
	ctx context.Context, group practice.ID, id messaging.BatchID,
) (map[batch.RecipientStatus]int, map[messaging.State]int, error) {
	recipients, messages := map[batch.RecipientStatus]int{}, map[messaging.State]int{}
	_, err := store.List(ctx, t.Conn,
		`SELECT 'recipient', status, count(*) FROM batch_recipient WHERE practice_group_id = $1 AND batch_id = $2
			GROUP BY status UNION ALL SELECT 'message', state, count(*) FROM message WHERE practice_group_id = $1
			AND batch_id <> 0 AND batch_id = $2 GROUP BY state`, store.In{group, id},
		func(scan store.Scanner) (struct{}, error) {
			var what, key string
			var n int
			err := scan(&what, &key, &n)
			if what == "message" {
				messages[messaging.State(key)] = n
			} else {
				recipients[batch.RecipientStatus(key)] = n
			}
			return struct{}{}, err
		})
	return recipients, messages, err
}

func counted[K ~string](
	ctx context.Context, t *Tx, text string, group practice.ID, id messaging.BatchID,
) (map[K]int, error) {
	out := map[K]int{}
	_, err := store.List(ctx, t.Conn, text, store.In{group, id}, func(scan store.Scanner) (struct{}, error) {
		var key string
		var n int
		err := scan(&key, &n)
		out[K(key)] = n
		return struct{}{}, err
	})
	return out, err
}

const (
	// What a carrier may have cannot be called back. It is not handed over again.
	cancelHead = `UPDATE message SET state = CASE WHEN request = '' THEN 'cancelled' ELSE 'unknown'
		END, request = '', due_at = NULL, ended_at = $3, updated_at = $3 WHERE practice_group_id = $1 AND id IN (
		SELECT id FROM message WHERE practice_group_id = $1 AND batch_id <> 0 AND batch_id = $2
		AND state IN ('queued', 'scheduled') LIMIT $4`
	cancel         = cancelHead + `)`
	cancelSkipping = cancelHead + store.SkipLocked + `)`
)

// CancelWaiting calls back messages of a batch that have not gone.
func (t *Tx) CancelWaiting(
	ctx context.Context, group practice.ID, id messaging.BatchID, now time.Time, limit int,
) (int, error) {
	text := cancel
	if store.Parallel(t.Conn) {
		text = cancelSkipping
	}
	n, err := t.Exec(ctx, text, group, id, now, limit)
	return int(n), err
}
