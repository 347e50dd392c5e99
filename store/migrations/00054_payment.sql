-- Invoices paid through Stripe.

-- +goose Up

-- The payment provider's own id of a payment or of a refund, which is noted once.
ALTER TABLE payment ADD COLUMN external_id text;
ALTER TABLE refund ADD COLUMN external_id text;
CREATE UNIQUE INDEX payment_external ON payment (practice_group_id, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX refund_external ON refund (practice_group_id, external_id) WHERE external_id IS NOT NULL;

-- The provider's customers that are patients. A patient may have several after a merge; the newest is used.
CREATE TABLE payment_customer (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	external_id text NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX payment_customer_patient ON payment_customer (practice_group_id, patient_id, id);
CREATE UNIQUE INDEX payment_customer_external ON payment_customer (practice_group_id, external_id, patient_id);

-- An invoice that is asked to be paid: kind 'page' is a payment page, 'invoice' an invoice the provider made. The id is
-- the key under which the provider is asked, so that asking twice is asking once. appointment_id is the hold that is
-- confirmed when it has been paid. due_at is when the provider is asked next what has been paid; NULL is never. checks
-- counts how often it was. reported are the provider's ids of money that could not be noted and was reported to staff.
CREATE TABLE payment_request (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	invoice_id bigint NOT NULL,
	kind text NOT NULL,
	state text NOT NULL,
	amount bigint NOT NULL,
	external_id text NOT NULL,
	customer_id text NOT NULL,
	url text NOT NULL,
	reason text NOT NULL,
	reported text NOT NULL,
	appointment_id bigint,
	expires_at timestamptz,
	due_at timestamptz,
	checks bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	CHECK (amount >= 0),
	FOREIGN KEY (practice_group_id, invoice_id) REFERENCES invoice (practice_group_id, id),
	FOREIGN KEY (practice_group_id, appointment_id) REFERENCES appointment (practice_group_id, id)
);
CREATE INDEX payment_request_invoice ON payment_request (practice_group_id, invoice_id, id);
CREATE UNIQUE INDEX payment_request_live ON payment_request (practice_group_id, invoice_id)
	WHERE state IN ('opening', 'open');
CREATE UNIQUE INDEX payment_request_external ON payment_request (practice_group_id, external_id)
	WHERE external_id <> '';
CREATE INDEX payment_request_due ON payment_request (practice_group_id, due_at) WHERE due_at IS NOT NULL;

-- What the provider told us, by its own id, so that it is heard once.
CREATE TABLE payment_event (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id text NOT NULL,
	kind text NOT NULL,
	at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE INDEX payment_event_at ON payment_event (practice_group_id, at);
