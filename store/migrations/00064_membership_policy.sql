-- What members pay less, and which lines of invoices it was taken off.

-- +goose Up

-- What a membership takes off the price of other products: a share, in hundredths of a per cent, or an amount in
-- pence. The one that is not meant is 0.
CREATE TABLE membership_policy (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	product_id bigint NOT NULL, -- the membership
	name text NOT NULL,
	percent_off bigint NOT NULL,
	amount_off bigint NOT NULL,
	ended_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	CHECK (percent_off >= 0 AND percent_off <= 10000 AND amount_off >= 0 AND (percent_off = 0) <> (amount_off = 0)),
	FOREIGN KEY (practice_group_id, product_id) REFERENCES product (practice_group_id, id)
);
CREATE INDEX membership_policy_active ON membership_policy (practice_group_id, id) WHERE ended_at IS NULL;
CREATE INDEX membership_policy_of ON membership_policy (practice_group_id, product_id, id) WHERE ended_at IS NULL;

-- The products it is for; a policy without any is for all that are no memberships.
CREATE TABLE membership_policy_product (
	practice_group_id bigint NOT NULL,
	policy_id bigint NOT NULL,
	product_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, policy_id, product_id),
	FOREIGN KEY (practice_group_id, policy_id) REFERENCES membership_policy (practice_group_id, id),
	FOREIGN KEY (practice_group_id, product_id) REFERENCES product (practice_group_id, id)
);

-- The policy by which a member pays less, and the price that it was taken off; 0 is none.
ALTER TABLE invoice_line ADD COLUMN membership_policy_id bigint NOT NULL DEFAULT 0;
ALTER TABLE invoice_line ADD COLUMN list_price bigint NOT NULL DEFAULT 0;
