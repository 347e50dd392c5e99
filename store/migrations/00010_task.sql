-- What members of staff have to do.

-- +goose Up

CREATE TABLE task (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	patient_id bigint,
	assigned_to bigint NOT NULL, -- a member of staff, as are the next two
	created_by bigint,
	updated_by bigint,
	created_by_name text NOT NULL,
	updated_by_name text NOT NULL,
	subject text NOT NULL,
	comments text NOT NULL,
	due text NOT NULL,
	kind text NOT NULL,
	priority text NOT NULL,
	status text NOT NULL,
	assigned_at timestamptz NOT NULL,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX task_assigned ON task (practice_group_id, assigned_to, id);
CREATE INDEX task_patient ON task (practice_group_id, patient_id, id);
CREATE INDEX task_created ON task (practice_group_id, created_at, id);
CREATE INDEX task_updated ON task (practice_group_id, updated_at, id);
