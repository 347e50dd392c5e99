package patient

import (
	"context"

	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
)

// alive are the patients who are neither merged nor deleted.
const alive = `SELECT ` + patientColumns + ` FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL AND
	deleted_at IS NULL`

// Alike lists live patients who may be the same person.
func (t *Tx) Alike(ctx context.Context, group practice.ID, p patient.Patient, limit int) ([]patient.Patient, error) {
	const byName = ` ORDER BY last_key, first_key, id LIMIT $2`
	born := p.BirthDate.String()
	var out []patient.Patient
	seen := map[patient.ID]bool{p.ID: true}
	for _, look := range []struct {
		wanted bool
		text   string
		args   store.In
	}{
		{p.SupersededBy != "", alive + ` AND nhs_number = $3 LIMIT $2`, store.In{p.SupersededBy}},
		{p.NHSNumber != "", alive + ` AND birth_date = $3 AND superseded_by = $4 LIMIT $2`,
			store.In{born, p.NHSNumber}},
		{true, alive + ` AND birth_date = $3 AND (last_key = $4 OR first_key = $5)` + byName,
			store.In{born, store.NameKey(p.LastName), store.NameKey(p.FirstName)}},
		{p.Mobile != "", alive + ` AND mobile = $3` + byName, store.In{p.Mobile}},
		{p.Email != "", alive + ` AND email_key = $3` + byName, store.In{store.EmailKey(p.Email)}},
	} {
		if !look.wanted {
			continue
		}
		found, err := store.List(ctx, t.Conn, look.text, append(store.In{group, limit}, look.args...), scanPatient)
		if err != nil {
			return nil, err
		}
		for _, q := range found {
			if !seen[q.ID] && len(out) < limit {
				seen[q.ID] = true
				out = append(out, q)
			}
		}
	}
	return out, nil
}
