-- Who said that a patient has died, the numbers patients had before, and what
-- becomes of the appointments of those who leave.

-- +goose Up

-- practice, or pds. Patients archived as deceased have died.
ALTER TABLE patient ADD COLUMN death_source text NOT NULL DEFAULT '';
UPDATE patient SET death_source = 'pds' WHERE deceased_at IS NOT NULL;
UPDATE patient SET death_source = 'practice', deceased_at = (SELECT x.archived_at FROM patient_profile x
		WHERE x.practice_group_id = patient.practice_group_id AND x.patient_id = patient.id)
	WHERE deceased_at IS NULL AND status = 'archived' AND EXISTS (SELECT 1 FROM patient_profile x
		WHERE x.practice_group_id = patient.practice_group_id AND x.patient_id = patient.id AND x.archived_reason = 'DECEASED_PATIENT' AND x.archived_at IS NOT NULL);

-- NHS numbers that others have replaced. Whoever comes with one is the patient
-- who had it.
CREATE TABLE former_number (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	nhs_number text NOT NULL,
	recorded_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE UNIQUE INDEX former_number_number ON former_number (practice_group_id, nhs_number);
CREATE INDEX former_number_of ON former_number (practice_group_id, patient_id);

-- cancel, or refuse: what is done about appointments to come when a patient is
-- archived or deleted.
ALTER TABLE practice_group ADD COLUMN leaving text NOT NULL DEFAULT 'cancel';

-- A change of demographics is an event of its own now: subscriptions hear of it as
-- patient.updated, and must not twice.
DELETE FROM webhook_type WHERE event_type = 'patient.demographics-updated' AND EXISTS (SELECT 1 FROM webhook w
	WHERE w.practice_group_id = webhook_type.practice_group_id AND w.id = webhook_type.webhook_id AND w.style = 'subscription');
