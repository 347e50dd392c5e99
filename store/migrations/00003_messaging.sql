-- Messages to patients, one and many, and what goes into the record of them.

-- +goose Up

-- Sending can be stopped for the whole database. beat counts how long this
-- database has been in use, so that a copy from before can be told; database_id
-- tells it from other databases.
ALTER TABLE instance ADD COLUMN database_id bigint NOT NULL DEFAULT 0;
ALTER TABLE instance ADD COLUMN beat bigint NOT NULL DEFAULT 0;
ALTER TABLE instance ADD COLUMN paused_at timestamptz;
ALTER TABLE instance ADD COLUMN paused_why text NOT NULL DEFAULT '';

ALTER TABLE practice_group ADD COLUMN unread_minutes bigint NOT NULL DEFAULT 60;
ALTER TABLE practice_group ADD COLUMN sms_price bigint NOT NULL DEFAULT 0;
-- The minutes of the day, in the group's zone, between which messages go out.
ALTER TABLE practice_group ADD COLUMN send_from bigint NOT NULL DEFAULT 0;
ALTER TABLE practice_group ADD COLUMN send_until bigint NOT NULL DEFAULT 1440;

CREATE TABLE batch (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	name text NOT NULL,
	channel text NOT NULL,
	subject text NOT NULL,
	content text NOT NULL,
	purpose text NOT NULL,
	status text NOT NULL, -- loading until every recipient is kept
	paused boolean NOT NULL,
	asked_at timestamptz, -- when it was told to send
	cancelled_at timestamptz,
	completed_at timestamptz,
	submitted_by text NOT NULL,
	key_id bigint NOT NULL,
	events bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);

-- Who a batch is for, as they were named, and what became of that.
CREATE TABLE batch_recipient (
	practice_group_id bigint NOT NULL,
	batch_id bigint NOT NULL,
	ordinal bigint NOT NULL,
	nhs_number text NOT NULL,
	birth_date text NOT NULL,
	named_id bigint, -- the patient as named, who may not exist
	status text NOT NULL,
	reason text NOT NULL,
	patient_id bigint,
	message_id bigint,
	PRIMARY KEY (practice_group_id, batch_id, ordinal),
	FOREIGN KEY (practice_group_id, batch_id) REFERENCES batch (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX batch_recipient_status ON batch_recipient (practice_group_id, batch_id, status, ordinal);
CREATE INDEX batch_recipient_patient ON batch_recipient (practice_group_id, patient_id) WHERE patient_id IS NOT NULL;

-- A message goes by its first leg, channel, and then perhaps by a second one,
-- fallback. due_at is when the next thing is to be done about it: send the leg,
-- or see whether it was read. Whoever does it holds it by lease; prior is the
-- state it had before.
CREATE TABLE message (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	batch_id bigint NOT NULL, -- 0 for a message of its own
	channel text NOT NULL,
	contact text NOT NULL,
	contact_source text NOT NULL,
	fallback text NOT NULL,
	fallback_contact text NOT NULL,
	subject text NOT NULL,
	content text NOT NULL,
	encrypted boolean NOT NULL,
	purpose text NOT NULL,
	leg bigint NOT NULL,
	leg_channel text NOT NULL,
	state text NOT NULL,
	prior text NOT NULL,
	due_at timestamptz,
	lease bigint,
	lease_until timestamptz,
	tries bigint NOT NULL,
	carrier text NOT NULL,
	provider_id text NOT NULL,
	code text NOT NULL,
	reason text NOT NULL,
	parts bigint NOT NULL,
	encoding text NOT NULL,
	cost bigint NOT NULL, -- in pence; 0 when that is not known
	send_at timestamptz NOT NULL,
	send_by timestamptz NOT NULL,
	unread_minutes bigint NOT NULL,
	sent_at timestamptz,
	delivered_at timestamptz,
	read_at timestamptz,
	ended_at timestamptz,
	write_to_record boolean NOT NULL,
	task_id text NOT NULL,
	submitted_by text NOT NULL,
	key_id bigint NOT NULL,
	link text, -- the secret part of the address of its page
	events bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX message_due ON message (practice_group_id, batch_id, leg_channel, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX message_lease ON message (practice_group_id, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX message_patient ON message (practice_group_id, patient_id, id);
-- What is in a batch. That the indexes say so keeps PostgreSQL from using them
-- to find a message by its id, or those that are due, while it knows nothing of
-- a table that has just filled.
CREATE INDEX message_batch ON message (practice_group_id, batch_id, id) WHERE batch_id <> 0;
CREATE INDEX message_batch_state ON message (practice_group_id, batch_id, state) WHERE batch_id <> 0;
CREATE INDEX message_provider ON message (practice_group_id, provider_id) WHERE provider_id <> '';
CREATE UNIQUE INDEX message_link_secret ON message (practice_group_id, link) WHERE link IS NOT NULL;

-- What happened to a message, in order.
CREATE TABLE message_step (
	practice_group_id bigint NOT NULL,
	message_id bigint NOT NULL,
	id bigint NOT NULL,
	at timestamptz NOT NULL,
	leg bigint NOT NULL,
	channel text NOT NULL,
	carrier text NOT NULL,
	what text NOT NULL,
	provider_id text NOT NULL,
	code text NOT NULL,
	reason text NOT NULL,
	PRIMARY KEY (practice_group_id, message_id, id),
	FOREIGN KEY (practice_group_id, message_id) REFERENCES message (practice_group_id, id)
);

-- How often somebody tried to open a message with a wrong birth date, and until
-- when it may be read since it was opened.
CREATE TABLE message_link (
	practice_group_id bigint NOT NULL,
	message_id bigint NOT NULL,
	wrong bigint NOT NULL,
	opened_at timestamptz,
	PRIMARY KEY (practice_group_id, message_id),
	FOREIGN KEY (practice_group_id, message_id) REFERENCES message (practice_group_id, id)
);

CREATE TABLE message_reply (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	carrier text NOT NULL,
	provider_id text NOT NULL,
	message_id bigint,
	patient_id bigint,
	channel text NOT NULL,
	contact text NOT NULL,
	content text NOT NULL,
	at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, message_id) REFERENCES message (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE UNIQUE INDEX message_reply_provider ON message_reply (practice_group_id, carrier, provider_id);
CREATE INDEX message_reply_message ON message_reply (practice_group_id, message_id, id);
CREATE INDEX message_reply_patient ON message_reply (practice_group_id, patient_id, id);

-- Numbers and addresses that asked for nothing but direct care.
CREATE TABLE opt_out (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	channel text NOT NULL,
	contact text NOT NULL,
	source text NOT NULL,
	at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, channel, contact)
);

-- What is to be written into a patient's record, and whether it was.
CREATE TABLE record_entry (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	message_id bigint NOT NULL,
	snomed_code text NOT NULL,
	snomed_term text NOT NULL,
	content text NOT NULL,
	channel text NOT NULL,
	status text NOT NULL,
	reason text NOT NULL,
	hash bytea,
	expires_at timestamptz,
	approved_by text NOT NULL,
	approved_at timestamptz,
	written_at timestamptz,
	events bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, message_id) REFERENCES message (practice_group_id, id)
);
CREATE INDEX record_entry_patient ON record_entry (practice_group_id, patient_id, id);
CREATE UNIQUE INDEX record_entry_message ON record_entry (practice_group_id, message_id);
