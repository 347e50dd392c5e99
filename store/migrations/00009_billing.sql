-- Contacts, products, invoices, and account statements. Amounts are in pence.

-- +goose Up

-- People and organisations a practice deals with who are not patients.
-- search_key is what a search looks at, without case and accents.
CREATE TABLE contact (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	title text NOT NULL,
	first_name text NOT NULL,
	last_name text NOT NULL,
	company text NOT NULL,
	email text NOT NULL,
	line_1 text NOT NULL,
	line_2 text NOT NULL,
	town text NOT NULL,
	postcode text NOT NULL,
	country text NOT NULL,
	specialty text NOT NULL,
	is_payor boolean NOT NULL,
	is_doctor boolean NOT NULL,
	invoice_recipient text NOT NULL,
	billing_frequency text NOT NULL,
	billing_details text NOT NULL,
	payment_reference text NOT NULL,
	search_key text NOT NULL,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE INDEX contact_created ON contact (practice_group_id, created_at, id);
CREATE INDEX contact_updated ON contact (practice_group_id, updated_at, id);

CREATE TABLE contact_phone (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	contact_id bigint NOT NULL,
	kind text NOT NULL,
	number text NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, contact_id) REFERENCES contact (practice_group_id, id)
);
CREATE INDEX contact_phone_contact ON contact_phone (practice_group_id, contact_id, id);

-- What a practice offers. An appointment has the id of its appointment type, and
-- whoever writes the one writes the other: name, price, length, whether it is by
-- video, and whether it is offered at all are the same in both. vat_permille is
-- NULL where the practice's own rate is meant.
CREATE TABLE product (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	kind text NOT NULL,
	name text NOT NULL,
	name_key text NOT NULL,
	code text NOT NULL,
	serial_number text NOT NULL,
	code_key text NOT NULL,
	price bigint NOT NULL,
	cost bigint,
	vat_permille bigint,
	vat_name text NOT NULL,
	vat_code text NOT NULL,
	stock bigint,
	supplier text NOT NULL,
	comments text NOT NULL,
	colour text NOT NULL,
	minutes bigint NOT NULL,
	video boolean NOT NULL,
	bookable boolean NOT NULL,
	needs_payment boolean NOT NULL,
	needs_confirmation boolean NOT NULL,
	membership_frequency text NOT NULL,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE INDEX product_created ON product (practice_group_id, created_at, id);
CREATE INDEX product_updated ON product (practice_group_id, updated_at, id);
-- An accent in a name is found without it once the type is saved again.
INSERT INTO product (practice_group_id, id, kind, name, name_key, code, serial_number, code_key, price, vat_name, vat_code, supplier, comments,
		colour, minutes, video, bookable, needs_payment, needs_confirmation, membership_frequency, deleted_at, version, created_at, updated_at)
	SELECT practice_group_id, id, 'appointment', name, lower(name), '', '', '', price, '', '', '', '',
		'', minutes, video, true, false, false, '', CASE WHEN active THEN NULL ELSE updated_at END, 1, created_at, updated_at
	FROM appointment_type;

-- The appointments that come with a product, for example with a membership.
CREATE TABLE product_part (
	practice_group_id bigint NOT NULL,
	product_id bigint NOT NULL,
	part_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, product_id, part_id),
	FOREIGN KEY (practice_group_id, product_id) REFERENCES product (practice_group_id, id),
	FOREIGN KEY (practice_group_id, part_id) REFERENCES product (practice_group_id, id)
);

-- Where and by whom products are offered.
CREATE TABLE product_location (
	practice_group_id bigint NOT NULL,
	location_id bigint NOT NULL,
	product_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, location_id, product_id),
	FOREIGN KEY (practice_group_id, location_id) REFERENCES location (practice_group_id, id),
	FOREIGN KEY (practice_group_id, product_id) REFERENCES product (practice_group_id, id)
);
CREATE TABLE product_practitioner (
	practice_group_id bigint NOT NULL,
	practitioner_id bigint NOT NULL,
	product_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, practitioner_id, product_id),
	FOREIGN KEY (practice_group_id, practitioner_id) REFERENCES practitioner (practice_group_id, id),
	FOREIGN KEY (practice_group_id, product_id) REFERENCES product (practice_group_id, id)
);

-- How patients pay. Every practice begins with the same five.
CREATE TABLE payment_type (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	name text NOT NULL,
	active boolean NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
INSERT INTO payment_type (practice_group_id, id, name, active, created_at, updated_at)
	SELECT practice_group_id, 1, 'Card', true, created_at, created_at FROM practice_group;
INSERT INTO payment_type (practice_group_id, id, name, active, created_at, updated_at)
	SELECT practice_group_id, 2, 'Cash', true, created_at, created_at FROM practice_group;
INSERT INTO payment_type (practice_group_id, id, name, active, created_at, updated_at)
	SELECT practice_group_id, 3, 'Bank transfer', true, created_at, created_at FROM practice_group;
INSERT INTO payment_type (practice_group_id, id, name, active, created_at, updated_at)
	SELECT practice_group_id, 4, 'Insurance', true, created_at, created_at FROM practice_group;
INSERT INTO payment_type (practice_group_id, id, name, active, created_at, updated_at)
	SELECT practice_group_id, 5, 'Other', true, created_at, created_at FROM practice_group;

-- How a practice bills: last_number is that of its newest invoice. Whoever makes
-- an invoice holds the row until it is made, so that no number is lost.
CREATE TABLE billing (
	practice_group_id bigint NOT NULL PRIMARY KEY REFERENCES practice_group (practice_group_id),
	last_number bigint NOT NULL,
	vat_permille bigint NOT NULL
);

-- total and vat are the sums of the lines, paid and refunded those of what was
-- paid and given back.
CREATE TABLE invoice (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	number bigint NOT NULL,
	kind text NOT NULL,
	dated text NOT NULL,
	patient_id bigint NOT NULL,
	payer_patient_id bigint,
	payer_contact_id bigint,
	practitioner_id bigint NOT NULL,
	location_id bigint NOT NULL,
	payee text NOT NULL,
	payment_reference text NOT NULL,
	comments text NOT NULL,
	extra_info text NOT NULL,
	total bigint NOT NULL,
	vat bigint NOT NULL,
	paid bigint NOT NULL,
	refunded bigint NOT NULL,
	shared_at timestamptz,
	cancelled_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	CHECK (total >= 0 AND vat >= 0 AND refunded >= 0 AND paid >= refunded AND paid - refunded <= total),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, payer_patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, payer_contact_id) REFERENCES contact (practice_group_id, id),
	FOREIGN KEY (practice_group_id, practitioner_id) REFERENCES practitioner (practice_group_id, id),
	FOREIGN KEY (practice_group_id, location_id) REFERENCES location (practice_group_id, id)
);
CREATE UNIQUE INDEX invoice_number ON invoice (practice_group_id, number);
CREATE INDEX invoice_dated ON invoice (practice_group_id, dated, id);
CREATE INDEX invoice_patient ON invoice (practice_group_id, patient_id, dated, id);
CREATE INDEX invoice_payer_patient ON invoice (practice_group_id, payer_patient_id, dated) WHERE payer_patient_id IS NOT NULL;
CREATE INDEX invoice_payer_contact ON invoice (practice_group_id, payer_contact_id, dated) WHERE payer_contact_id IS NOT NULL;
CREATE INDEX invoice_created ON invoice (practice_group_id, created_at, id);
CREATE INDEX invoice_updated ON invoice (practice_group_id, updated_at, id);

-- What an invoice is for, as the product was when it was put on. quantity is in
-- thousandths; total is with VAT.
CREATE TABLE invoice_line (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	invoice_id bigint NOT NULL,
	dated text NOT NULL,
	product_id bigint NOT NULL,
	title text NOT NULL,
	kind text NOT NULL,
	code text NOT NULL,
	cost bigint,
	price bigint NOT NULL,
	quantity bigint NOT NULL,
	vat_permille bigint NOT NULL,
	vat bigint NOT NULL,
	total bigint NOT NULL,
	booking_id bigint,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, invoice_id) REFERENCES invoice (practice_group_id, id),
	FOREIGN KEY (practice_group_id, product_id) REFERENCES product (practice_group_id, id),
	FOREIGN KEY (practice_group_id, booking_id) REFERENCES appointment (practice_group_id, id)
);
CREATE INDEX invoice_line_invoice ON invoice_line (practice_group_id, invoice_id, id);
CREATE INDEX invoice_line_booking ON invoice_line (practice_group_id, booking_id) WHERE booking_id IS NOT NULL;

CREATE TABLE payment (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	invoice_id bigint NOT NULL,
	payment_type_id bigint NOT NULL,
	source text NOT NULL, -- the payment type's name when it was paid
	amount bigint NOT NULL,
	paid_on text NOT NULL,
	comment text NOT NULL,
	deleted_at timestamptz,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	CHECK (amount > 0),
	FOREIGN KEY (practice_group_id, invoice_id) REFERENCES invoice (practice_group_id, id),
	FOREIGN KEY (practice_group_id, payment_type_id) REFERENCES payment_type (practice_group_id, id)
);
CREATE INDEX payment_invoice ON payment (practice_group_id, invoice_id, id);

CREATE TABLE refund (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	invoice_id bigint NOT NULL,
	payment_id bigint NOT NULL,
	amount bigint NOT NULL,
	refunded_on text NOT NULL,
	reason text NOT NULL,
	comment text NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	CHECK (amount > 0),
	FOREIGN KEY (practice_group_id, invoice_id) REFERENCES invoice (practice_group_id, id),
	FOREIGN KEY (practice_group_id, payment_id) REFERENCES payment (practice_group_id, id)
);
CREATE INDEX refund_invoice ON refund (practice_group_id, invoice_id, id);

-- What somebody was billed for and paid in a stretch of time, as it was when the
-- statement was made.
CREATE TABLE statement (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	kind text NOT NULL,
	made_at timestamptz NOT NULL,
	from_date text NOT NULL,
	until_date text NOT NULL,
	patient_id bigint,
	contact_id bigint,
	header text NOT NULL,
	comments text NOT NULL,
	reference text NOT NULL,
	total bigint NOT NULL,
	paid bigint NOT NULL,
	outstanding bigint NOT NULL,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, contact_id) REFERENCES contact (practice_group_id, id)
);
CREATE INDEX statement_patient ON statement (practice_group_id, patient_id) WHERE patient_id IS NOT NULL;

CREATE TABLE statement_invoice (
	practice_group_id bigint NOT NULL,
	statement_id bigint NOT NULL,
	invoice_id bigint NOT NULL,
	total bigint NOT NULL,
	paid bigint NOT NULL, -- less what was given back
	outstanding bigint NOT NULL,
	PRIMARY KEY (practice_group_id, statement_id, invoice_id),
	FOREIGN KEY (practice_group_id, statement_id) REFERENCES statement (practice_group_id, id),
	FOREIGN KEY (practice_group_id, invoice_id) REFERENCES invoice (practice_group_id, id)
);
