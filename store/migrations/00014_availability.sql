-- When staff do not work, and who set when they do.

-- +goose Up

-- created_by and updated_by are members of staff; NULL is a program.
ALTER TABLE session ADD COLUMN comment text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN created_by bigint;
ALTER TABLE session ADD COLUMN updated_by bigint;

-- Time taken away on each date from start_date to until_date, from minute
-- from_minute of the day to to_minute, which is of the next day when it is not
-- after it: of one practitioner wherever they are, or, without one, of everybody
-- at the place. excluded are dates it is not about, with commas between.
CREATE TABLE block (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	practitioner_id bigint,
	location_id bigint NOT NULL,
	start_date text NOT NULL,
	until_date text NOT NULL,
	from_minute bigint NOT NULL,
	to_minute bigint NOT NULL,
	time_zone text NOT NULL,
	excluded text NOT NULL,
	comment text NOT NULL,
	created_by bigint,
	updated_by bigint,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, practitioner_id) REFERENCES practitioner (practice_group_id, id),
	FOREIGN KEY (practice_group_id, location_id) REFERENCES location (practice_group_id, id)
);
CREATE INDEX block_practitioner ON block (practice_group_id, practitioner_id, until_date);
CREATE INDEX block_until ON block (practice_group_id, until_date);
