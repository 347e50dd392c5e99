-- Short links by which patients come to their pages.

-- +goose Up

-- hash is the SHA-256 of the secret in the address, and sealed the secret itself,
-- which the practice is shown again. uses counts what the link was used for, of
-- max_uses (NULL is no limit); visit is the visitor it was counted for last.
CREATE TABLE link (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	kind text NOT NULL,
	hash bytea NOT NULL,
	sealed bytea NOT NULL,
	uuid text NOT NULL,
	patient_id bigint,
	attachment_id bigint,
	expires_at timestamptz NOT NULL,
	max_uses bigint,
	uses bigint NOT NULL,
	opens bigint NOT NULL,
	wrong bigint NOT NULL,
	locks bigint NOT NULL,
	visit text NOT NULL,
	withdrawn_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, attachment_id) REFERENCES patient_attachment (practice_group_id, id)
);
CREATE UNIQUE INDEX link_hash ON link (practice_group_id, hash);
CREATE INDEX link_patient ON link (practice_group_id, patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX link_attachment ON link (practice_group_id, attachment_id) WHERE attachment_id IS NOT NULL;
