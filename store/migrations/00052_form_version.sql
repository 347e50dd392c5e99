-- Versions of forms, and the responses to them.

-- +goose Up

-- title and content are the published version's, and published is its number; 0 is that
-- none was published yet. draft is JSON: what is edited and not published; empty is none.
ALTER TABLE questionnaire ADD COLUMN form_type text NOT NULL DEFAULT 'questionnaire';
ALTER TABLE questionnaire ADD COLUMN published bigint NOT NULL DEFAULT 1;
ALTER TABLE questionnaire ADD COLUMN draft text NOT NULL DEFAULT '';

-- What was published, and never changes.
CREATE TABLE questionnaire_version (
	practice_group_id bigint NOT NULL,
	questionnaire_id bigint NOT NULL,
	number bigint NOT NULL,
	title text NOT NULL,
	content text NOT NULL,
	published_by text NOT NULL,
	published_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, questionnaire_id, number),
	FOREIGN KEY (practice_group_id, questionnaire_id) REFERENCES questionnaire (practice_group_id, id)
);
INSERT INTO questionnaire_version (practice_group_id, questionnaire_id, number, title, content, published_by,
	published_at)
SELECT practice_group_id, id, 1, title, content, '', created_at FROM questionnaire;

-- The version that is being filled in by a link; 0 is that it was not opened yet.
ALTER TABLE form_link ADD COLUMN form_version bigint NOT NULL DEFAULT 0;
UPDATE form_link SET form_version = 1 WHERE EXISTS (SELECT 1 FROM form_draft d
	WHERE d.practice_group_id = form_link.practice_group_id AND d.link_id = form_link.link_id);

-- What a consultation with the answers to a form is beyond that, by its id: the version
-- that was filled in, by which link and for which appointment, and what came of it, as
-- JSON. admin_id is a member of staff.
CREATE TABLE form_response (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	questionnaire_id bigint NOT NULL,
	form_version bigint NOT NULL,
	link_id bigint,
	appointment_id bigint,
	admin_id bigint,
	hidden boolean NOT NULL,
	outcome text NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, id) REFERENCES consultation (practice_group_id, id),
	FOREIGN KEY (practice_group_id, questionnaire_id) REFERENCES questionnaire (practice_group_id, id),
	FOREIGN KEY (practice_group_id, link_id) REFERENCES link (practice_group_id, id),
	FOREIGN KEY (practice_group_id, appointment_id) REFERENCES appointment (practice_group_id, id)
);
INSERT INTO form_response (practice_group_id, id, questionnaire_id, form_version, link_id, appointment_id, admin_id,
	hidden, outcome, created_at, updated_at)
SELECT c.practice_group_id, c.id, c.questionnaire_id, 1, f.link_id, f.for_appointment_id, coalesce(f.assignee_id,
	c.staff_id), false, '', c.created_at, c.created_at
FROM consultation c
LEFT JOIN form_link f ON f.practice_group_id = c.practice_group_id AND f.response_id = c.id
WHERE c.questionnaire_id IS NOT NULL;
CREATE INDEX form_response_created ON form_response (practice_group_id, created_at, id);
CREATE INDEX form_response_form ON form_response (practice_group_id, questionnaire_id, created_at, id);
CREATE INDEX form_response_link ON form_response (practice_group_id, link_id) WHERE link_id IS NOT NULL;
CREATE INDEX form_response_appointment ON form_response (practice_group_id, appointment_id)
	WHERE appointment_id IS NOT NULL;
