-- Names this installation for as long as its database lasts: what it marks elsewhere as its own is told by that.
CREATE TABLE cluster (id uuid NOT NULL);
CREATE UNIQUE INDEX cluster_single ON cluster ((true));
INSERT INTO cluster VALUES (gen_random_uuid());
