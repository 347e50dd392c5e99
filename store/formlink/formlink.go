package formlink

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/attachment"
	"frontdesk/core/booking"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	linkstore "frontdesk/store/link"
	"frontdesk/store/value"
)

const selectRequests = linkstore.SelectWith + `, o.questionnaire_id, o.for_appointment_id, o.write_to_record,
	o.snomed_code, o.snomed_term, o.assignee_id, o.assignee_type, o.response_id, o.form_version FROM link
	JOIN form_link o USING (practice_group_id) WHERE practice_group_id = $1 AND o.link_id = link.id`

func scanRequest(scan store.Scanner) (formlink.Request, error) {
	var r formlink.Request
	err := linkstore.Scan(scan, &r.Link, &r.Form, value.Num(&r.Appointment), value.Bool(&r.Write), &r.Code, &r.Term,
		value.Num(&r.Assignee.ID), assigneestore.Kind(&r.Assignee), value.Num(&r.Answers),
		&r.Version)
	return r, err
}

// Request finds a form link.
func (t *Tx) Request(ctx context.Context, group practice.ID, id link.ID) (formlink.Request, error) {
	return store.ByKey(ctx, t.Conn, link.ErrNotFound, selectRequests+` AND link.id = $2`, store.In{group, id},
		scanRequest)
}

// RequestFor finds the newest form link for an appointment and a form.
func (t *Tx) RequestFor(
	ctx context.Context, group practice.ID, about booking.ID, id form.ID,
) (formlink.Request, error) {
	found, err := store.List(ctx, t.Conn, selectRequests+` AND o.for_appointment_id = $2 AND o.questionnaire_id = $3
		ORDER BY link.id DESC LIMIT 1`, store.In{group, about, id}, scanRequest)
	return store.First(found, err, link.ErrNotFound)
}

// LockRequest keeps others from changing a form link, and finds it.
func (t *Tx) LockRequest(ctx context.Context, group practice.ID, id link.ID) (formlink.Request, error) {
	if _, err := t.LockLink(ctx, group, id); err != nil {
		return formlink.Request{}, err
	}
	return t.Request(ctx, group, id)
}

const insertRequest = `INSERT INTO form_link (practice_group_id, link_id, questionnaire_id, for_appointment_id,
	write_to_record, snomed_code, snomed_term, assignee_id, response_id, form_version,
	assignee_type)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

// asked is what a link asks for, as it is kept.
func asked(group practice.ID, r formlink.Request) store.In {
	return store.In{group, r.ID, r.Form, value.Opt(r.Appointment), r.Write, r.Code, r.Term, value.Opt(r.Assignee.ID),
		value.Opt(r.Answers), r.Version, assigneestore.KindOf(r.Assignee)}
}

// SaveRequest keeps a form link.
func (t *Tx) SaveRequest(ctx context.Context, group practice.ID, r formlink.Request) error {
	if err := t.SaveLink(ctx, group, r.Link); err != nil {
		return err
	}
	_, err := t.Exec(ctx, insertRequest+`
		ON CONFLICT (practice_group_id, link_id) DO UPDATE SET response_id = $9, form_version = $10`, asked(group, r)...)
	return err
}

// AddRequests keeps new form links.
func (t *Tx) AddRequests(ctx context.Context, group practice.ID, all []formlink.Request) error {
	links, args := make([]link.Link, len(all)), make([]store.In, len(all))
	for i, r := range all {
		links[i], args[i] = r.Link, asked(group, r)
	}
	if err := t.AddLinks(ctx, group, links); err != nil {
		return err
	}
	return store.Insert(ctx, t.Conn, insertRequest, args)
}

// Draft finds what was saved by a link.
func (t *Tx) Draft(ctx context.Context, group practice.ID, id link.ID) (formlink.Draft, error) {
	return store.Find(ctx, t.Conn, formlink.ErrNoDraft, `SELECT id, answers, created_at, updated_at FROM form_draft
		WHERE practice_group_id = $1 AND link_id = $2`, store.In{group, id},
		func(scan store.Scanner) (formlink.Draft, error) {
			var d formlink.Draft
			err := scan(&d.ID, value.Stored(&d.Given), value.When(&d.CreatedAt), value.When(&d.UpdatedAt))
			return d, err
		})
}

// SaveDraft keeps what was saved.
func (t *Tx) SaveDraft(ctx context.Context, group practice.ID, id link.ID, d formlink.Draft) error {
	answers, err := json.Marshal(d.Given)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `INSERT INTO form_draft (practice_group_id, link_id, id, answers, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, link_id) DO UPDATE SET answers = $4, updated_at = $6`,
		group, id, d.ID, string(answers), d.CreatedAt, d.UpdatedAt)
	return err
}

// DropDraft deletes what was saved by a link.
func (t *Tx) DropDraft(ctx context.Context, group practice.ID, id link.ID) error {
	_, err := t.Exec(ctx, `DELETE FROM form_file WHERE practice_group_id = $1 AND link_id = $2`, group, id)
	if err == nil {
		_, err = t.Exec(ctx, `DELETE FROM form_draft WHERE practice_group_id = $1 AND link_id = $2`, group, id)
	}
	return err
}

// Files lists the files that were saved by a link.
func (t *Tx) Files(ctx context.Context, group practice.ID, id link.ID) ([]formlink.File, error) {
	return store.List(ctx, t.Conn, `SELECT id, question_id, file_name, size FROM form_file
		WHERE practice_group_id = $1 AND link_id = $2 ORDER BY id`, store.In{group, id},
		func(scan store.Scanner) (formlink.File, error) {
			var f formlink.File
			err := scan(&f.ID, &f.Question, &f.Name, &f.Size)
			return f, err
		})
}

// AddFile saves a file.
func (t *Tx) AddFile(
	ctx context.Context, group practice.ID, id link.ID, question int64, a attachment.Attachment,
) error {
	_, err := t.Exec(ctx, `INSERT INTO form_file (practice_group_id, id, link_id, question_id, file_name, media_type,
			size, content, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, group, a.ID, id, question, a.FileName, a.MediaType, a.Size,
		a.Content, a.CreatedAt)
	return err
}

// DropFile deletes a file.
func (t *Tx) DropFile(ctx context.Context, group practice.ID, id link.ID, file int64) (bool, error) {
	n, err := t.Exec(ctx, `DELETE FROM form_file WHERE practice_group_id = $1 AND link_id = $2 AND id = $3`, group, id,
		file)
	return n > 0, err
}

// AttachFile keeps a saved file with a patient. Its content does not leave the database.
func (t *Tx) AttachFile(
	ctx context.Context, group practice.ID, file int64, of patient.ID,
) (attachment.Attachment, error) {
	if _, err := t.Exec(ctx, `INSERT INTO patient_attachment (practice_group_id, id, patient_id, file_name, media_type,
			size, content, created_at)
		SELECT practice_group_id, id, CAST($3 AS bigint), file_name, media_type, size, content, created_at
		FROM form_file WHERE practice_group_id = $1 AND id = $2`, group, file, of); err != nil {
		return attachment.Attachment{}, err
	}
	a := attachment.Attachment{ID: file, Patient: of}
	_, err := t.One(ctx, `SELECT file_name, media_type, size, created_at FROM form_file
		WHERE practice_group_id = $1 AND id = $2`,
		store.In{group, file}, &a.FileName, &a.MediaType, &a.Size, value.When(&a.CreatedAt))
	return a, err
}

// AppointmentPatient is whose an appointment is.
func (t *Tx) AppointmentPatient(ctx context.Context, group practice.ID, id booking.ID) (patient.ID, error) {
	var of patient.ID
	found, err := t.One(ctx, `SELECT patient_id FROM appointment WHERE practice_group_id = $1 AND id = $2`,
		store.In{group, id}, value.Num(&of))
	if err == nil && !found {
		err = booking.ErrNotFound
	}
	return of, err
}

// The links that have ended and have something saved: each draft's link and patient are found by their keys.
const endedDrafts = `SELECT d.link_id FROM form_draft d
	JOIN link l ON l.practice_group_id = d.practice_group_id AND l.id = d.link_id
	JOIN patient p ON p.practice_group_id = l.practice_group_id AND p.id = l.patient_id
	WHERE d.practice_group_id = $1 AND (l.expires_at <= $2 OR l.withdrawn_at IS NOT NULL
		OR (l.max_uses IS NOT NULL AND l.uses >= l.max_uses) OR p.deleted_at IS NOT NULL
		OR p.deceased_at IS NOT NULL)
	ORDER BY d.link_id LIMIT $3`

// Forget deletes what was saved by links that have ended.
func (s *Store) Forget(ctx context.Context, group practice.ID, now time.Time, most int) (gone int64, err error) {
	err = s.Do(ctx, func(tx formlink.Tx) error {
		t := tx.(*Tx)
		gone = 0
		ids, err := store.List(ctx, t.Conn, endedDrafts, store.In{group, now, most}, store.ScanID[link.ID])
		for _, id := range ids {
			if _, err := t.LockRequest(ctx, group, id); err != nil {
				return err
			}
			if err := t.DropDraft(ctx, group, id); err != nil {
				return err
			}
			gone++
		}
		return err
	})
	return gone, err
}
