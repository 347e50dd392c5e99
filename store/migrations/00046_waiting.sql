-- The waiting list: who would have a time that becomes free, which times have become
-- free, and to whom they were offered.

-- +goose Up

-- How long an offered time is held, and how long before its start a time is offered at
-- the latest, in minutes. waited is that there has been someone on the list: times that
-- become free are followed from then on.
ALTER TABLE practice_group ADD COLUMN offer_minutes bigint NOT NULL DEFAULT 30;
ALTER TABLE practice_group ADD COLUMN offer_notice bigint NOT NULL DEFAULT 120;
ALTER TABLE practice_group ADD COLUMN waited boolean NOT NULL DEFAULT false;

-- locations, practitioners and weekdays (Sunday is 0) are ids and digits with commas
-- between; empty is any. from_date and to_date are empty without a bound. replaces_id is
-- the appointment that is given up for an earlier time, and appointment_id what came of
-- it. facts counts its events.
CREATE TABLE waiting_entry (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	appointment_type_id bigint NOT NULL,
	locations text NOT NULL,
	practitioners text NOT NULL,
	weekdays text NOT NULL,
	from_date text NOT NULL,
	to_date text NOT NULL,
	part text NOT NULL,
	priority bigint NOT NULL,
	replaces_id bigint,
	state text NOT NULL,
	reason text NOT NULL,
	offer_id bigint NOT NULL,
	appointment_id bigint,
	link_id bigint NOT NULL,
	source text NOT NULL,
	facts bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, appointment_type_id) REFERENCES appointment_type (practice_group_id, id),
	FOREIGN KEY (practice_group_id, replaces_id) REFERENCES appointment (practice_group_id, id),
	FOREIGN KEY (practice_group_id, appointment_id) REFERENCES appointment (practice_group_id, id)
);
CREATE INDEX waiting_entry_state ON waiting_entry (practice_group_id, state, id);
CREATE INDEX waiting_entry_patient ON waiting_entry (practice_group_id, patient_id, id);
CREATE INDEX waiting_entry_over ON waiting_entry (practice_group_id, to_date)
	WHERE state = 'waiting' AND to_date <> '';

-- What entries that wait would have, a row for each combination: practitioner and
-- location 0 are any, and half is twice the day of the week, and one more after noon; -1
-- is any. A time that is free is looked up by equality in its first six columns, and its
-- rows stand in the order in which the entries come.
CREATE TABLE waiting_want (
	practice_group_id bigint NOT NULL,
	appointment_type_id bigint NOT NULL,
	practitioner_id bigint NOT NULL,
	location_id bigint NOT NULL,
	half bigint NOT NULL,
	priority bigint NOT NULL,
	entry_id bigint NOT NULL,
	from_date text NOT NULL,
	to_date text NOT NULL,
	PRIMARY KEY (practice_group_id, appointment_type_id, practitioner_id, location_id, half, priority, entry_id),
	FOREIGN KEY (practice_group_id, entry_id) REFERENCES waiting_entry (practice_group_id, id)
);
CREATE INDEX waiting_want_entry ON waiting_want (practice_group_id, entry_id);

-- A time offered: appointment_id holds it until until_at. replaces_id is as the entry's
-- was then.
CREATE TABLE waiting_offer (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	entry_id bigint NOT NULL,
	appointment_id bigint NOT NULL,
	link_id bigint NOT NULL,
	practitioner_id bigint NOT NULL,
	start_at timestamptz NOT NULL,
	until_at timestamptz NOT NULL,
	replaces_id bigint NOT NULL,
	state text NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, entry_id) REFERENCES waiting_entry (practice_group_id, id),
	FOREIGN KEY (practice_group_id, appointment_id) REFERENCES appointment (practice_group_id, id),
	FOREIGN KEY (practice_group_id, link_id) REFERENCES link (practice_group_id, id)
);
CREATE INDEX waiting_offer_entry ON waiting_offer (practice_group_id, entry_id, id);
CREATE INDEX waiting_offer_appointment ON waiting_offer (practice_group_id, appointment_id);
CREATE UNIQUE INDEX waiting_offer_link ON waiting_offer (practice_group_id, link_id);
CREATE INDEX waiting_offer_time ON waiting_offer (practice_group_id, practitioner_id, start_at);
CREATE INDEX waiting_offer_held ON waiting_offer (practice_group_id, until_at) WHERE state = 'held';

-- Time that became free and was not taken or offered since. due_at is when it is looked
-- at next; NULL is that no entry fits it, until one is added or waits again, which wakes
-- counts.
CREATE TABLE waiting_free (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	practitioner_id bigint NOT NULL,
	from_at timestamptz NOT NULL,
	to_at timestamptz NOT NULL,
	due_at timestamptz,
	wakes bigint NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, practitioner_id) REFERENCES practitioner (practice_group_id, id)
);
CREATE UNIQUE INDEX waiting_free_time ON waiting_free (practice_group_id, practitioner_id, from_at, to_at);
CREATE INDEX waiting_free_due ON waiting_free (practice_group_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX waiting_free_over ON waiting_free (practice_group_id, to_at);
