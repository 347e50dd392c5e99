-- Where prescribers send prescriptions.

-- +goose Up

CREATE TABLE pharmacy (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	staff_id bigint NOT NULL,
	name text NOT NULL,
	email text NOT NULL,
	mobile text NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, staff_id) REFERENCES staff (practice_group_id, id)
);
CREATE INDEX pharmacy_staff ON pharmacy (practice_group_id, staff_id, id);
