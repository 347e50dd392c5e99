-- Sequences: messages with delays between them, and the patients who are sent them.

-- +goose Up

-- steps is JSON; ends_with has the ids of types of appointment with commas between,
-- of which a booking ends it for a patient (none is any type).
CREATE TABLE message_sequence (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	name text NOT NULL,
	purpose text NOT NULL,
	steps text NOT NULL,
	ends_with text NOT NULL,
	archived_at timestamptz,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);

-- A patient in a sequence. next_step counts from 0; message_id is the last message,
-- and held_until is when that is sent, while it waits for the morning.
CREATE TABLE sequence_entry (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	sequence_id bigint NOT NULL,
	patient_id bigint NOT NULL,
	state text NOT NULL,
	next_step bigint NOT NULL,
	due_at timestamptz,
	message_id bigint,
	held_until timestamptz,
	sent bigint NOT NULL,
	reason text NOT NULL,
	added_by text NOT NULL,
	created_at timestamptz NOT NULL,
	ended_at timestamptz,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, sequence_id) REFERENCES message_sequence (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, message_id) REFERENCES message (practice_group_id, id)
);
CREATE INDEX sequence_entry_of ON sequence_entry (practice_group_id, sequence_id, id);
CREATE INDEX sequence_entry_patient ON sequence_entry (practice_group_id, patient_id, id);
CREATE INDEX sequence_entry_due ON sequence_entry (practice_group_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sequence_entry_held ON sequence_entry (practice_group_id, held_until) WHERE held_until IS NOT NULL;
