-- Who saw whom, through whatever door, found again by the patient.

-- +goose Up

-- How many subjects an entry has that it does not name.
ALTER TABLE audit ADD COLUMN more bigint NOT NULL DEFAULT 0;

-- Whether reads are written before they are answered, or many at once.
ALTER TABLE practice_group ADD COLUMN audit_before_answer boolean NOT NULL DEFAULT false;

-- What entries are about besides their entity.
CREATE TABLE audit_subject (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	kind text NOT NULL,
	subject_id bigint NOT NULL,
	audit_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, kind, subject_id, audit_id)
);
CREATE INDEX audit_actor ON audit (practice_group_id, actor, at, id);

-- Entries of reads as they were written, many in one row. Each row becomes rows of
-- audit, and is deleted, when there is little else to write or the trail is read.
CREATE TABLE audit_held (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	entries text NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
