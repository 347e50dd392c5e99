-- Forms that patients fill in by a link: what is asked, what is saved until it is sent,
-- and entries for the record that no message is behind.

-- +goose Up

-- What a form link asks for, and what comes of it; response_id is the consultation that
-- the last answers became.
CREATE TABLE form_link (
	practice_group_id bigint NOT NULL,
	link_id bigint NOT NULL,
	questionnaire_id bigint NOT NULL,
	for_appointment_id bigint,
	write_to_record boolean NOT NULL,
	snomed_code text NOT NULL,
	snomed_term text NOT NULL,
	assignee_id bigint,
	response_id bigint,
	PRIMARY KEY (practice_group_id, link_id),
	FOREIGN KEY (practice_group_id, link_id) REFERENCES link (practice_group_id, id),
	FOREIGN KEY (practice_group_id, questionnaire_id) REFERENCES questionnaire (practice_group_id, id),
	FOREIGN KEY (practice_group_id, for_appointment_id) REFERENCES appointment (practice_group_id, id),
	FOREIGN KEY (practice_group_id, response_id) REFERENCES consultation (practice_group_id, id)
);
CREATE INDEX form_link_questionnaire ON form_link (practice_group_id, questionnaire_id);
CREATE INDEX form_link_appointment ON form_link (practice_group_id, for_appointment_id)
	WHERE for_appointment_id IS NOT NULL;
CREATE INDEX form_link_response ON form_link (practice_group_id, response_id) WHERE response_id IS NOT NULL;

-- Answers that were saved and not sent yet, as JSON by question. id names one filling-in:
-- it is sent once.
CREATE TABLE form_draft (
	practice_group_id bigint NOT NULL,
	link_id bigint NOT NULL,
	id bigint NOT NULL,
	answers text NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, link_id),
	FOREIGN KEY (practice_group_id, link_id) REFERENCES form_link (practice_group_id, link_id)
);

-- The files among them.
CREATE TABLE form_file (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	link_id bigint NOT NULL,
	question_id bigint NOT NULL,
	file_name text NOT NULL,
	media_type text NOT NULL,
	size bigint NOT NULL,
	content bytea NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, link_id) REFERENCES form_link (practice_group_id, link_id)
);
CREATE INDEX form_file_link ON form_file (practice_group_id, link_id, id);

-- An entry is about a message, or about the answers to a form. SQLite takes NOT NULL off a
-- column in no other way.
CREATE TABLE record_entry_of_any (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	message_id bigint,
	consultation_id bigint,
	snomed_code text NOT NULL,
	snomed_term text NOT NULL,
	content text NOT NULL,
	channel text NOT NULL,
	status text NOT NULL,
	reason text NOT NULL,
	proposed_by text NOT NULL,
	hash bytea,
	expires_at timestamptz,
	approved_by text NOT NULL,
	decider_id bigint,
	approved_at timestamptz,
	written_at timestamptz,
	events bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, message_id) REFERENCES message (practice_group_id, id),
	FOREIGN KEY (practice_group_id, consultation_id) REFERENCES consultation (practice_group_id, id)
);
INSERT INTO record_entry_of_any (practice_group_id, id, patient_id, message_id, snomed_code, snomed_term, content,
	channel, status, reason, proposed_by, hash, expires_at, approved_by, decider_id, approved_at, written_at, events,
	created_at, updated_at)
SELECT practice_group_id, id, patient_id, message_id, snomed_code, snomed_term, content, channel, status, reason,
	proposed_by, hash, expires_at, approved_by, decider_id, approved_at, written_at, events, created_at, updated_at
FROM record_entry;
DROP TABLE record_entry;
ALTER TABLE record_entry_of_any RENAME TO record_entry;
CREATE INDEX record_entry_patient ON record_entry (practice_group_id, patient_id, id);
CREATE UNIQUE INDEX record_entry_message ON record_entry (practice_group_id, message_id);
CREATE INDEX record_entry_status ON record_entry (practice_group_id, status, id);
CREATE INDEX record_entry_consultation ON record_entry (practice_group_id, consultation_id)
	WHERE consultation_id IS NOT NULL;
