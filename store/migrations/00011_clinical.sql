-- What clinicians write about patients, and what they are asked and prescribed.

-- +goose Up

-- The questions of a questionnaire are JSON: they are read and kept whole.
CREATE TABLE questionnaire (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	token text NOT NULL,
	title text NOT NULL,
	content text NOT NULL,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE INDEX questionnaire_created ON questionnaire (practice_group_id, created_at, id);
CREATE INDEX questionnaire_updated ON questionnaire (practice_group_id, updated_at, id);

CREATE TABLE consultation (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	staff_id bigint, -- a member of staff, here and below
	doctor_name text NOT NULL,
	at timestamptz NOT NULL,
	encounter text NOT NULL,
	questionnaire_id bigint,
	shared_at timestamptz,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, questionnaire_id) REFERENCES questionnaire (practice_group_id, id)
);
CREATE INDEX consultation_patient ON consultation (practice_group_id, patient_id, id);
CREATE INDEX consultation_at ON consultation (practice_group_id, at, id);
CREATE INDEX consultation_created ON consultation (practice_group_id, created_at, id);
CREATE INDEX consultation_updated ON consultation (practice_group_id, updated_at, id);

-- An entry of a consultation. patient_id is the consultation's, for the lists of
-- one patient's entries. detail is JSON: what only some kinds of entry have.
CREATE TABLE record_item (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	consultation_id bigint NOT NULL,
	patient_id bigint NOT NULL,
	kind text NOT NULL,
	section_id bigint,
	section_title text NOT NULL,
	title text NOT NULL,
	term text NOT NULL,
	dated text NOT NULL,
	clinical_status text NOT NULL,
	severity text NOT NULL,
	from_date text NOT NULL,
	until_date text NOT NULL,
	snomed_code text NOT NULL,
	snomed_term text NOT NULL,
	detail text NOT NULL,
	comments text NOT NULL,
	staff_id bigint,
	doctor_name text NOT NULL,
	shared_at timestamptz,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, consultation_id) REFERENCES consultation (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX record_item_consultation ON record_item (practice_group_id, consultation_id, id);
CREATE INDEX record_item_patient ON record_item (practice_group_id, patient_id, id);
CREATE INDEX record_item_dated ON record_item (practice_group_id, dated, id);
CREATE INDEX record_item_created ON record_item (practice_group_id, created_at, id);
CREATE INDEX record_item_updated ON record_item (practice_group_id, updated_at, id);

-- What an entry said before each change of it.
CREATE TABLE record_version (
	practice_group_id bigint NOT NULL,
	record_id bigint NOT NULL,
	version bigint NOT NULL,
	replaced_at timestamptz NOT NULL,
	replaced_by text NOT NULL,
	was text NOT NULL,
	PRIMARY KEY (practice_group_id, record_id, version),
	FOREIGN KEY (practice_group_id, record_id) REFERENCES record_item (practice_group_id, id)
);

-- To whom a letter goes: recipient_kind says whether to a patient, whose id is a
-- column of its own so that a merge finds it, or to somebody else.
CREATE TABLE letter (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	staff_id bigint,
	location_id bigint,
	recipient_kind text NOT NULL,
	recipient_patient_id bigint,
	recipient_id bigint,
	dated text NOT NULL,
	title text NOT NULL,
	body text NOT NULL,
	review text NOT NULL,
	shared_at timestamptz,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, recipient_patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, location_id) REFERENCES location (practice_group_id, id)
);
CREATE INDEX letter_patient ON letter (practice_group_id, patient_id, id);
CREATE INDEX letter_recipient ON letter (practice_group_id, recipient_patient_id) WHERE recipient_patient_id IS NOT NULL;
CREATE INDEX letter_staff ON letter (practice_group_id, staff_id, id);
CREATE INDEX letter_dated ON letter (practice_group_id, dated, id);
CREATE INDEX letter_created ON letter (practice_group_id, created_at, id);
CREATE INDEX letter_updated ON letter (practice_group_id, updated_at, id);

-- content is JSON: the medicines, other things, and what was ordered.
CREATE TABLE prescription (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	staff_id bigint,
	at timestamptz NOT NULL,
	status text NOT NULL,
	kind text NOT NULL,
	content text NOT NULL,
	comments text NOT NULL,
	shared_at timestamptz,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX prescription_patient ON prescription (practice_group_id, patient_id, id);
CREATE INDEX prescription_at ON prescription (practice_group_id, at, id);
CREATE INDEX prescription_created ON prescription (practice_group_id, created_at, id);
CREATE INDEX prescription_updated ON prescription (practice_group_id, updated_at, id);

-- A request to a laboratory; results is JSON, as it came.
CREATE TABLE lab (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	staff_id bigint,
	status text NOT NULL,
	requested_on text NOT NULL,
	sampled_on text NOT NULL,
	fasting boolean,
	order_number text NOT NULL,
	tests text NOT NULL,
	results text NOT NULL,
	received_at timestamptz,
	shared_at timestamptz,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX lab_patient ON lab (practice_group_id, patient_id, id);
CREATE INDEX lab_received ON lab (practice_group_id, received_at, id);
CREATE INDEX lab_created ON lab (practice_group_id, created_at, id);
CREATE INDEX lab_updated ON lab (practice_group_id, updated_at, id);
