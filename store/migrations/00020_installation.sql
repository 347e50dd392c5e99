-- +goose Up

-- What a database knows of the programs that run on it: a text sealed with the key
-- of its secrets, by which a program with another key is known, and where the
-- database was when a server last ran on it, by which a copy is.
CREATE TABLE installation (
	id bigint NOT NULL PRIMARY KEY,
	sealed bytea NOT NULL,
	home text NOT NULL
);

-- +goose Down

DROP TABLE installation;
