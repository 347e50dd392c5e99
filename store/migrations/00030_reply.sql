-- Replies wait for staff, and one from a number that several patients share is
-- nobody's until staff say whose.

-- +goose Up
ALTER TABLE message_reply ADD COLUMN meaning text NOT NULL DEFAULT '';
-- Those that came before are not for staff to go through now.
ALTER TABLE message_reply ADD COLUMN open boolean NOT NULL DEFAULT false;
ALTER TABLE message_reply ADD COLUMN handled_by text NOT NULL DEFAULT '';
ALTER TABLE message_reply ADD COLUMN handled_at timestamptz;
CREATE INDEX message_reply_open ON message_reply (practice_group_id, id) WHERE open;

CREATE TABLE reply_candidate (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	reply_id bigint NOT NULL,
	patient_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, reply_id) REFERENCES message_reply (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX reply_candidate_reply ON reply_candidate (practice_group_id, reply_id);
CREATE INDEX reply_candidate_patient ON reply_candidate (practice_group_id, patient_id);

-- Whose a number is that a reply comes from.
CREATE INDEX patient_phone_number ON patient_phone (practice_group_id, number);
CREATE INDEX message_named ON message (practice_group_id, contact) WHERE contact_source = 'request';
CREATE INDEX message_named_second ON message (practice_group_id, fallback_contact) WHERE fallback_source = 'request';
