-- Links that messages carry, and links by which a patient manages one appointment.

-- +goose Up

ALTER TABLE link ADD COLUMN appointment_id bigint;
-- An appointment has one link for each patient it has been of.
CREATE UNIQUE INDEX link_appointment ON link (practice_group_id, appointment_id, patient_id)
	WHERE appointment_id IS NOT NULL;
CREATE INDEX link_uuid ON link (practice_group_id, uuid);

-- The link that a message carries, and which of its addresses is in the text; 0 is none.
ALTER TABLE message ADD COLUMN short_link_id bigint NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN short_link_version bigint NOT NULL DEFAULT 0;

-- What the messages of a batch carry, as JSON; '' is nothing.
ALTER TABLE batch ADD COLUMN carries text NOT NULL DEFAULT '';
