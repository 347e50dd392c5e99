-- A patient's matters: what gathers tasks, messages, replies, form responses and
-- appointments until the practice closes it.

-- +goose Up

-- priority is 1, lowest, to 5, highest. active_at is when something last came into it,
-- and facts counts its events.
CREATE TABLE episode (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	subject text NOT NULL,
	status text NOT NULL,
	priority bigint NOT NULL,
	origin text NOT NULL,
	reason text NOT NULL,
	closed_by text NOT NULL,
	closed_at timestamptz,
	active_at timestamptz NOT NULL,
	created_by text NOT NULL,
	facts bigint NOT NULL,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX episode_patient ON episode (practice_group_id, patient_id, created_at, id);
CREATE INDEX episode_patient_priority ON episode (practice_group_id, patient_id, priority, created_at, id);
CREATE INDEX episode_created ON episode (practice_group_id, created_at, id);
CREATE INDEX episode_priority ON episode (practice_group_id, priority, created_at, id);
CREATE INDEX episode_priority_newest ON episode (practice_group_id, priority, created_at DESC, id DESC);
-- Those that are not closed are what a practice works with.
CREATE INDEX episode_live ON episode (practice_group_id, created_at, id) WHERE status <> 'closed';
CREATE INDEX episode_live_priority ON episode (practice_group_id, priority, created_at, id)
	WHERE status <> 'closed';
CREATE INDEX episode_live_newest ON episode (practice_group_id, priority, created_at DESC, id DESC)
	WHERE status <> 'closed';

-- Whose an episode is: members of staff and teams.
CREATE TABLE episode_assignee (
	practice_group_id bigint NOT NULL,
	episode_id bigint NOT NULL,
	assignee_type text NOT NULL,
	assignee_id bigint NOT NULL,
	place bigint NOT NULL,
	PRIMARY KEY (practice_group_id, episode_id, assignee_type, assignee_id),
	FOREIGN KEY (practice_group_id, episode_id) REFERENCES episode (practice_group_id, id)
);

-- What is in an episode: a task, a message, a reply, a form response (a consultation) or
-- an appointment, which is in one at most. at is when it came to be. Whose it is stands
-- with the thing: what is another patient's than the episode is not shown in it.
CREATE TABLE episode_item (
	practice_group_id bigint NOT NULL,
	kind text NOT NULL,
	item_id bigint NOT NULL,
	episode_id bigint NOT NULL,
	at timestamptz NOT NULL,
	added_by text NOT NULL,
	PRIMARY KEY (practice_group_id, kind, item_id),
	FOREIGN KEY (practice_group_id, episode_id) REFERENCES episode (practice_group_id, id)
);
CREATE INDEX episode_item_episode ON episode_item (practice_group_id, episode_id, at, item_id, kind);

-- A row for each patient something arrived of, which is locked while it is decided which
-- episode it belongs to. It names the patient alone, also one who has been merged since.
CREATE TABLE episode_turn (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	patient bigint NOT NULL,
	PRIMARY KEY (practice_group_id, patient)
);

-- The messages that carried a link: what comes by it belongs where the message is.
CREATE INDEX message_carried ON message (practice_group_id, short_link_id, id) WHERE short_link_id <> 0;
