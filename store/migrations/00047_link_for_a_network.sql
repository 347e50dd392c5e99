-- Links by which patients of the network's other practices come to a hub.

-- +goose Up

-- network_patients lets a link for anyone register a person who is a patient of another practice of the network.
ALTER TABLE link ADD COLUMN network_patients boolean NOT NULL DEFAULT false;
