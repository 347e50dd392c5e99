-- What is given to a team or a member of staff is found by whom it is given to.

-- +goose Up

CREATE INDEX episode_assignee_whom ON episode_assignee (practice_group_id, assignee_type, assignee_id);
