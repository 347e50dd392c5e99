-- Files kept with patients, files others are made from, and with whom what was
-- shared.

-- +goose Up

CREATE TABLE folder (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	patient_id bigint, -- none for files others are made from
	parent_id bigint,
	name text NOT NULL,
	path text NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, parent_id) REFERENCES folder (practice_group_id, id)
);
CREATE INDEX folder_patient ON folder (practice_group_id, patient_id, id);

CREATE TABLE document (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	patient_id bigint, -- none for a file others are made from
	folder_id bigint,
	title text NOT NULL,
	name text NOT NULL,
	media_type text NOT NULL,
	size bigint NOT NULL,
	hash bytea, -- SHA-256 of the content
	uploaded_at timestamptz,
	shared_at timestamptz,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, folder_id) REFERENCES folder (practice_group_id, id)
);
CREATE INDEX document_patient ON document (practice_group_id, patient_id, id);
CREATE INDEX document_template ON document (practice_group_id, id) WHERE patient_id IS NULL;
CREATE INDEX document_created ON document (practice_group_id, created_at, id);
CREATE INDEX document_updated ON document (practice_group_id, updated_at, id);

-- Apart from the rest of a document, which is read and changed without it.
CREATE TABLE document_content (
	practice_group_id bigint NOT NULL,
	document_id bigint NOT NULL,
	content bytea NOT NULL,
	PRIMARY KEY (practice_group_id, document_id),
	FOREIGN KEY (practice_group_id, document_id) REFERENCES document (practice_group_id, id)
);

-- What was shared is named by its kind and its id. With the patient it is about,
-- recipient_id is not there: it is patient_id.
CREATE TABLE share (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	kind text NOT NULL,
	subject_id bigint NOT NULL,
	patient_id bigint NOT NULL,
	recipient_kind text NOT NULL,
	recipient_id bigint,
	email text NOT NULL,
	name text NOT NULL,
	title text NOT NULL,
	method text NOT NULL,
	record_ids text NOT NULL,
	at timestamptz NOT NULL,
	deleted_at timestamptz,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX share_patient ON share (practice_group_id, patient_id, at);
CREATE INDEX share_subject ON share (practice_group_id, kind, subject_id, at);

-- A token's text is made from its id again whenever it is needed.
CREATE TABLE integration_token (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	expires_at timestamptz NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX integration_token_patient ON integration_token (practice_group_id, patient_id, expires_at);
CREATE INDEX integration_token_expires ON integration_token (practice_group_id, expires_at);
