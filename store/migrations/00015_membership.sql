-- Memberships; for whom messages are; what invoices take of stocks.

-- +goose Up

-- That a patient is, or was, a member. One at most of a patient's has not ended.
CREATE TABLE membership (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	product_id bigint NOT NULL,
	start_date text NOT NULL,
	said text NOT NULL, -- the same as it was given
	comments text NOT NULL,
	ended_at timestamptz,
	merge_id bigint, -- the merge that ended it, because the other patient was a member too
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, product_id) REFERENCES product (practice_group_id, id)
);
CREATE INDEX membership_of ON membership (practice_group_id, patient_id, id);
CREATE UNIQUE INDEX membership_one ON membership (practice_group_id, patient_id) WHERE ended_at IS NULL;

-- Nothing was ever written to these, which were to hold it.
ALTER TABLE patient_profile DROP COLUMN membership_id;
ALTER TABLE patient_profile DROP COLUMN membership_since;
ALTER TABLE patient_profile DROP COLUMN membership_comments;

-- The member of staff whom what comes of a message is for.
ALTER TABLE message ADD COLUMN assignee_id bigint;

-- How many of the product's stock a line took; none of lines from before.
ALTER TABLE invoice_line ADD COLUMN taken bigint NOT NULL DEFAULT 0;
