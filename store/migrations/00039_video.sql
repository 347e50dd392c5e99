-- Video consultations: the room of each appointment, and whose video service a practice uses.

-- +goose Up

-- The address of a room at the practice's own provider, with {room} where the
-- room goes; empty is our own room.
ALTER TABLE practice_group ADD COLUMN video_url_template text NOT NULL DEFAULT '';

-- One room for each appointment that takes place by video. The two secrets open our
-- own room, and are kept as their SHA-256 alone; name is the room at a provider, sealed.
CREATE TABLE video_room (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	appointment_id bigint NOT NULL,
	patient_hash bytea NOT NULL,
	staff_hash bytea NOT NULL,
	name bytea NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, appointment_id) REFERENCES appointment (practice_group_id, id)
);
CREATE UNIQUE INDEX video_room_appointment ON video_room (practice_group_id, appointment_id);
CREATE UNIQUE INDEX video_room_patient ON video_room (practice_group_id, patient_hash);
CREATE UNIQUE INDEX video_room_staff ON video_room (practice_group_id, staff_hash);
