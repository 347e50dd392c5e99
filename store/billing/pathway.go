package billing

import (
	"context"

	"frontdesk/core/pathway"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
)

// PathwayPatient is whose a clinical pathway is that was not deleted.
func (t *Tx) PathwayPatient(ctx context.Context, group practice.ID, id pathway.ID) (of patient.ID, err error) {
	found, err := t.One(ctx, `SELECT e.patient_id FROM clinical_pathway p JOIN episode e
		ON e.practice_group_id = p.practice_group_id AND e.id = p.episode_id
		WHERE p.practice_group_id = $1 AND p.id = $2 AND p.deleted_at IS NULL`, store.In{group, id}, &of)
	if err == nil && !found {
		err = pathway.ErrNotFound
	}
	return of, err
}
