-- Names compare by their bytes, so that every database sorts them alike whatever its locale is.
-- json, not jsonb, keeps a spec's fields in the order in which its owner wrote them.
CREATE TABLE resource (
  type text COLLATE "C" NOT NULL,
  mesh text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  labels json NOT NULL,
  spec json NOT NULL,
  version integer NOT NULL,
  creation_time timestamptz NOT NULL,
  modification_time timestamptz NOT NULL,
  PRIMARY KEY (type, mesh, name)
);

-- How many changes were ever committed. A row rather than a sequence: its lock is held until the commit, so
-- that numbers have no gaps and follow the order of commits; a listener sees from them that it missed one.
CREATE TABLE resource_revision (revision bigint NOT NULL);
CREATE UNIQUE INDEX resource_revision_single ON resource_revision ((true));
INSERT INTO resource_revision VALUES (0);

CREATE FUNCTION announce_resource_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed resource%ROWTYPE;
  current_revision bigint;
  payload text;
BEGIN
  IF TG_OP = 'DELETE' THEN
    changed := OLD;
  ELSE
    changed := NEW;
  END IF;
  UPDATE resource_revision SET revision = revision + 1 RETURNING revision INTO current_revision;
  payload := json_build_array(
    current_revision,
    json_build_object('type', changed.type, 'mesh', changed.mesh, 'name', changed.name)
  )::text;
  -- "In the default configuration it must be shorter than 8000 bytes."
  -- https://www.postgresql.org/docs/18/sql-notify.html
  -- A revision without a key tells the listener to read everything.
  IF octet_length(payload) >= 8000 THEN
    payload := json_build_array(current_revision)::text;
  END IF;
  PERFORM pg_notify('ecs_mesh_resource', payload);
  RETURN NULL;
END
$$;

CREATE TRIGGER resource_changed AFTER INSERT OR UPDATE OR DELETE ON resource
  FOR EACH ROW EXECUTE FUNCTION announce_resource_change();
