-- Links by which patients book for themselves, and the appointments they made.

-- +goose Up

-- What a booking link offers: ids with commas between, of types of appointment,
-- places (none is all) and practitioners (none is all), and the first and the
-- last day; empty is no bound.
CREATE TABLE booking_link (
	practice_group_id bigint NOT NULL,
	link_id bigint NOT NULL,
	types text NOT NULL,
	locations text NOT NULL,
	practitioners text NOT NULL,
	from_date text NOT NULL,
	to_date text NOT NULL,
	PRIMARY KEY (practice_group_id, link_id),
	FOREIGN KEY (practice_group_id, link_id) REFERENCES link (practice_group_id, id)
);

ALTER TABLE appointment ADD COLUMN link_id bigint;
CREATE INDEX appointment_link ON appointment (practice_group_id, link_id) WHERE link_id IS NOT NULL;
