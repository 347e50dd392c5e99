-- Clinical pathways of episodes, and the invoices that belong to them.

-- +goose Up

-- Whose a pathway is stands with its episode. clinician_id and created_by name members of staff; 0 is none.
CREATE TABLE clinical_pathway (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	episode_id bigint NOT NULL,
	status text NOT NULL,
	start_date text NOT NULL,
	product_id bigint NOT NULL,
	diagnosis text NOT NULL,
	clinician_id bigint NOT NULL,
	created_by bigint NOT NULL,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, episode_id) REFERENCES episode (practice_group_id, id),
	FOREIGN KEY (practice_group_id, product_id) REFERENCES product (practice_group_id, id)
);
CREATE INDEX clinical_pathway_episode ON clinical_pathway (practice_group_id, episode_id, id)
	WHERE deleted_at IS NULL;

-- pathway_id is the clinical pathway an invoice belongs to, deleted or not; 0 is none.
ALTER TABLE invoice ADD COLUMN pathway_id bigint NOT NULL DEFAULT 0;
CREATE INDEX invoice_pathway ON invoice (practice_group_id, pathway_id, id) WHERE pathway_id <> 0;
