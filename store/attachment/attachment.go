package attachment

import (
	"context"

	"frontdesk/core/attachment"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/value"
)

const attachmentColumns = `id, patient_id, file_name, media_type, size, created_at`

func scanAttachment(scan store.Scanner, more ...any) (attachment.Attachment, error) {
	var a attachment.Attachment
	err := scan(append(store.In{&a.ID, &a.Patient, &a.FileName, &a.MediaType, &a.Size, value.When(&a.CreatedAt)},
		more...)...)
	return a, err
}

// AddAttachment keeps a file.
func (t *Tx) AddAttachment(ctx context.Context, group practice.ID, a attachment.Attachment) error {
	_, err := t.Exec(ctx,
		`INSERT INTO patient_attachment (practice_group_id, id, patient_id, file_name, media_type, size, content,
			created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7,
		$8)`, group, a.ID, a.Patient, a.FileName, a.MediaType, a.Size, a.Content, a.CreatedAt)
	return err
}

// Attachments lists a patient's files, newest first, without their content.
func (t *Tx) Attachments(
	ctx context.Context, group practice.ID, of patient.ID, limit int,
) ([]attachment.Attachment, error) {
	return store.List(ctx, t.Conn, `SELECT `+attachmentColumns+
		` FROM patient_attachment WHERE practice_group_id = $1 AND patient_id = $2
		ORDER BY id DESC LIMIT $3`, store.In{group, of, limit},
		func(scan store.Scanner) (attachment.Attachment, error) { return scanAttachment(scan) })
}

// Attachment finds a file with its content.
func (t *Tx) Attachment(
	ctx context.Context, group practice.ID, of patient.ID, id int64,
) (attachment.Attachment, error) {
	return store.Find(ctx, t.Conn, attachment.ErrNotFound, `SELECT `+attachmentColumns+`, content
		FROM patient_attachment
		WHERE practice_group_id = $1 AND patient_id = $2
		AND id = $3`, store.In{group, of, id}, func(scan store.Scanner) (attachment.Attachment, error) {
		var content []byte
		a, err := scanAttachment(scan, &content)
		a.Content = content
		return a, err
	})
}
