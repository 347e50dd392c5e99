-- Messages around an appointment: what is planned, what was sent, and how a practice
-- wants them.

-- +goose Up

-- Practices that are here already send none until they are told to.
ALTER TABLE practice_group ADD COLUMN announces boolean NOT NULL DEFAULT false;

-- The practice's own are of type 0, and a type's go before them. settings is JSON.
CREATE TABLE notice_setting (
	practice_group_id bigint NOT NULL,
	appointment_type_id bigint NOT NULL,
	settings text NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, appointment_type_id)
);

-- version and start_at are the appointment's that the message is about; lead is how
-- many minutes before that a reminder is. due_at is NULL of what does not wait.
CREATE TABLE notice (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	appointment_id bigint NOT NULL,
	version bigint NOT NULL,
	occasion text NOT NULL,
	lead bigint NOT NULL,
	patient_id bigint NOT NULL,
	start_at timestamptz NOT NULL,
	state text NOT NULL,
	due_at timestamptz,
	message_id bigint,
	reason text NOT NULL,
	second text NOT NULL,
	calendar text NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, appointment_id) REFERENCES appointment (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, message_id) REFERENCES message (practice_group_id, id)
);
-- Every change is told once.
CREATE UNIQUE INDEX notice_once ON notice (practice_group_id, appointment_id, version, occasion, lead);
CREATE INDEX notice_due ON notice (practice_group_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notice_patient ON notice (practice_group_id, patient_id, id);
CREATE INDEX notice_message ON notice (practice_group_id, message_id) WHERE message_id IS NOT NULL;

ALTER TABLE message ADD COLUMN notice_id bigint NOT NULL DEFAULT 0;
