package form

import (
	"context"

	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

// Responses are read with their consultation and the first entry for the record that is about it.
const (
	readResponses = `SELECT r.id, r.questionnaire_id, r.form_version, r.link_id, r.appointment_id, r.admin_id, r.hidden,
		r.created_at, r.updated_at, r.outcome, c.patient_id,
		(SELECT max(e.written_at) FROM record_entry e WHERE e.practice_group_id = r.practice_group_id
			AND e.consultation_id = r.id),
		(SELECT max(CASE WHEN e.status = 'failed' THEN e.reason END) FROM record_entry e
			WHERE e.practice_group_id = r.practice_group_id AND e.consultation_id = r.id)`
	countResponses = `SELECT count(*) FROM (SELECT 1`
	responses      = ` FROM form_response r
		JOIN consultation c ON c.practice_group_id = r.practice_group_id AND c.id = r.id
		WHERE r.practice_group_id = $1 AND c.deleted_at IS NULL`
	// $2 is that hidden ones are wanted too, $3 since when.
	wanted     = ` AND ($2 OR NOT r.hidden) AND r.created_at >= $3`
	toForm     = ` AND r.questionnaire_id = $4`
	fromPerson = ` FROM consultation c
		JOIN form_response r ON r.practice_group_id = c.practice_group_id AND r.id = c.id
		WHERE c.practice_group_id = $1 AND c.patient_id = $5 AND c.deleted_at IS NULL
		AND ($2 OR NOT r.hidden) AND COALESCE(r.created_at, $3) >= $3
		AND (CAST($4 AS bigint) = 0 OR r.questionnaire_id = $4)`
)

// responseList is one shape of question: a page, and how many there are.
type responseList struct{ page, count string }

var (
	allResponses = responseList{readResponses + responses + wanted + ` ORDER BY r.created_at, r.id LIMIT $4 OFFSET $5`,
		countResponses + responses + wanted + ` LIMIT $4) AS matches`}
	responsesToForm = responseList{
		readResponses + responses + wanted + toForm + ` ORDER BY r.created_at, r.id LIMIT $5 OFFSET $6`,
		countResponses + responses + wanted + toForm + ` LIMIT $5) AS matches`,
	}
	responsesOfPatient = responseList{readResponses + fromPerson + ` ORDER BY c.id LIMIT $6 OFFSET $7`,
		countResponses + fromPerson + ` LIMIT $6) AS matches`}
)

func scanResponse(scan store.Scanner) (form.Response, error) {
	var r form.Response
	err := scan(&r.ID, &r.Form, &r.Version, value.Num(&r.Link), value.Num(&r.Appointment), value.Num(&r.Admin),
		value.Bool(&r.Hidden), value.When(&r.CreatedAt), value.When(&r.UpdatedAt), value.Stored(&r.Decision),
		&r.Patient, value.When(&r.FiledAt), value.Text(&r.FileError))
	return r, err
}

// Response finds a response.
func (t *Tx) Response(ctx context.Context, group practice.ID, id clinical.ConsultationID) (form.Response, error) {
	return store.Find(ctx, t.Conn, form.ErrNoResponse, readResponses+responses+` AND r.id = $2`, store.In{group, id},
		scanResponse)
}

// LockResponse keeps others from changing a response, and finds it.
func (t *Tx) LockResponse(ctx context.Context, group practice.ID, id clinical.ConsultationID) (form.Response, error) {
	if _, err := t.Exec(ctx, `UPDATE form_response SET updated_at = updated_at WHERE practice_group_id = $1 AND id = $2`,
		group, id); err != nil {
		return form.Response{}, err
	}
	return t.Response(ctx, group, id)
}

// Responses lists responses, oldest first.
func (t *Tx) Responses(ctx context.Context, group practice.ID, q form.ResponseQuery) ([]form.Response, int, error) {
	list, args := allResponses, store.In{group, q.Hidden, q.Since}
	switch {
	case q.Patient != 0:
		list, args = responsesOfPatient, append(args, q.Form, q.Patient)
	case q.Form != 0:
		list, args = responsesToForm, append(args, q.Form)
	}
	count := 0
	if _, err := t.One(ctx, list.count, append(append(store.In{}, args...), input.CountTo(q.Offset, q.Limit)),
		&count); err != nil || count <= q.Offset {
		return nil, count, err
	}
	found, err := store.ReadPage(ctx, t.Conn, list.page, append(args, q.Limit, q.Offset), scanResponse,
		func(r form.Response) store.Columns {
			return store.Columns{"r.created_at": r.CreatedAt, "r.id": r.ID, "c.id": r.ID}
		})
	return found, count, err
}

// SaveResponse keeps a response.
func (t *Tx) SaveResponse(ctx context.Context, group practice.ID, r form.Response) error {
	decision := ""
	if r.Decision != nil {
		decision = string(audit.Snapshot(r.Decision))
	}
	_, err := t.Exec(ctx, `INSERT INTO form_response (practice_group_id, id, questionnaire_id, form_version, link_id,
			appointment_id, admin_id, hidden, outcome, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET hidden = $8, updated_at = $11`,
		group, r.ID, r.Form, r.Version, value.Opt(r.Link), value.Opt(r.Appointment), value.Opt(r.Admin), r.Hidden,
		decision, r.CreatedAt, r.UpdatedAt)
	return err
}
