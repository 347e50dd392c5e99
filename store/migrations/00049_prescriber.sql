-- By what members of staff prescribe and sign.

-- +goose Up

-- By what other systems know a member of staff as a prescriber; empty text is not known.
CREATE TABLE staff_prescriber (
	practice_group_id bigint NOT NULL,
	staff_id bigint NOT NULL,
	external_id text NOT NULL,
	detailed boolean NOT NULL, -- whether the next three were given
	name text NOT NULL,
	email text NOT NULL,
	registration_code text NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, staff_id),
	FOREIGN KEY (practice_group_id, staff_id) REFERENCES staff (practice_group_id, id)
);

-- A member of staff's signature: an image or a text, sealed.
CREATE TABLE staff_signature (
	practice_group_id bigint NOT NULL,
	staff_id bigint NOT NULL,
	media_type text NOT NULL,
	size bigint NOT NULL,
	sealed bytea NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, staff_id),
	FOREIGN KEY (practice_group_id, staff_id) REFERENCES staff (practice_group_id, id)
);
