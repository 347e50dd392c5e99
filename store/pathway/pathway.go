package pathway

import (
	"context"

	"frontdesk/core/episode"
	"frontdesk/core/pathway"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

const (
	columns = `p.id, p.episode_id, e.patient_id, p.status, p.start_date, p.product_id, p.diagnosis, p.clinician_id,
	p.created_by, p.deleted_at, p.version, p.created_at, p.updated_at`
	selectPathways = `SELECT ` + columns + ` FROM clinical_pathway p
	JOIN episode e ON e.practice_group_id = p.practice_group_id AND e.id = p.episode_id WHERE p.practice_group_id = $1`
	ofEpisode = selectPathways + ` AND p.episode_id = $2 AND p.deleted_at IS NULL ORDER BY p.id LIMIT $3`
)

func scan(scan store.Scanner) (pathway.Pathway, error) {
	var p pathway.Pathway
	err := scan(&p.ID, &p.Episode, &p.Patient, &p.Status, value.Day(&p.StartDate), &p.Product, &p.Diagnosis,
		&p.Clinician, &p.CreatedBy, value.When(&p.DeletedAt), &p.Version, value.When(&p.CreatedAt),
		value.When(&p.UpdatedAt))
	return p, err
}

// Pathway finds a pathway.
func (t *Tx) Pathway(ctx context.Context, group practice.ID, id pathway.ID) (pathway.Pathway, error) {
	return store.Find(ctx, t.Conn, pathway.ErrNotFound, selectPathways+` AND p.id = $2`, store.In{group, id}, scan)
}

var pathwaysByID = store.Among(selectPathways+` AND p.id IN `+store.Few2, selectPathways+` AND p.id IN `+store.Many2)

// PathwaysByID finds pathways.
func (t *Tx) PathwaysByID(
	ctx context.Context, group practice.ID, ids []pathway.ID,
) (map[pathway.ID]pathway.Pathway, error) {
	found, err := store.ListAmong(ctx, t.Conn, pathwaysByID, store.In{group}, ids, scan)
	return store.Keyed(found, err, func(p pathway.Pathway) pathway.ID { return p.ID })
}

// PathwaysOf lists the pathways of an episode.
func (t *Tx) PathwaysOf(
	ctx context.Context, group practice.ID, of episode.ID, most int,
) ([]pathway.Pathway, error) {
	return store.List(ctx, t.Conn, ofEpisode, store.In{group, of, most}, scan)
}

// LockPathway keeps others from changing a pathway, and finds it.
func (t *Tx) LockPathway(ctx context.Context, group practice.ID, id pathway.ID) (pathway.Pathway, error) {
	if _, err := t.Exec(ctx, `UPDATE clinical_pathway SET version = version WHERE practice_group_id = $1 AND id = $2`,
		group, id); err != nil {
		return pathway.Pathway{}, err
	}
	return t.Pathway(ctx, group, id)
}

// SavePathway keeps a pathway.
func (t *Tx) SavePathway(ctx context.Context, group practice.ID, p pathway.Pathway) error {
	_, err := t.Exec(ctx, `INSERT INTO clinical_pathway (practice_group_id, id, episode_id, status, start_date,
		product_id, diagnosis, clinician_id, created_by, deleted_at, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET status = $4, start_date = $5, product_id = $6,
		diagnosis = $7, clinician_id = $8, deleted_at = $10, version = $11, updated_at = $13`,
		group, p.ID, p.Episode, string(p.Status), p.StartDate.String(), p.Product, p.Diagnosis, p.Clinician, p.CreatedBy,
		value.At(p.DeletedAt), p.Version, p.CreatedAt, p.UpdatedAt)
	return err
}

// Offered reports whether a product is offered.
func (t *Tx) Offered(ctx context.Context, group practice.ID, id pathway.ProductID) (bool, error) {
	var n int64
	return t.One(ctx, `SELECT id FROM product WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NULL`,
		store.In{group, id}, &n)
}
