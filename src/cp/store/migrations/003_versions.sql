-- What is made anew under an old name goes on above every version that was ever removed, so that nobody who remembers
-- a version of what is gone means by it what stands there now. One number for all, in the row that a removal locks
-- anyway, rather than one for each name that there was.
ALTER TABLE resource_revision ADD COLUMN removed_version integer NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION announce_resource_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  -- "In the default configuration it must be shorter than 8000 bytes."
  -- https://www.postgresql.org/docs/18/sql-notify.html
  most CONSTANT integer := 7900;
  channel CONSTANT text := 'ecs_mesh_resource';
  changes bigint;
  newest integer;
  told bigint;
  key text;
  keys text := '';
BEGIN
  SELECT count(*), CASE TG_OP WHEN 'DELETE' THEN max(version) ELSE 0 END INTO changes, newest FROM changed;
  IF changes = 0 THEN
    RETURN NULL;
  END IF;
  UPDATE resource_revision
  SET revision = revision + changes, removed_version = greatest(removed_version, newest)
  RETURNING revision - changes INTO told;
  FOR key IN
    SELECT CASE TG_OP
      WHEN 'DELETE' THEN json_build_object('type', type, 'mesh', mesh, 'name', name, 'gone', true)
      ELSE json_build_object('type', type, 'mesh', mesh, 'name', name)
    END::text
    FROM changed
  LOOP
    IF keys <> '' AND octet_length(keys) + octet_length(key) > most THEN
      PERFORM pg_notify(channel, '[' || told || keys || ']');
      keys := '';
    END IF;
    told := told + 1;
    IF octet_length(key) > most THEN
      -- A revision without a key tells the listener to read everything.
      PERFORM pg_notify(channel, '[' || told || ']');
    ELSE
      keys := keys || ',' || key;
    END IF;
  END LOOP;
  IF keys <> '' THEN
    PERFORM pg_notify(channel, '[' || told || keys || ']');
  END IF;
  RETURN NULL;
END
$$;

-- As before, but that a new row's version follows those that were removed.
CREATE OR REPLACE FUNCTION put_resources(desired json) RETURNS TABLE (
  place integer,
  outcome text,
  version integer,
  creation_time timestamptz,
  modification_time timestamptz,
  revision bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH wanted AS MATERIALIZED (
    SELECT * FROM json_to_recordset(desired) AS d(
      place integer, type text, mesh text, name text, labels json, spec json, expected integer
    )
  ), found AS MATERIALIZED (
    SELECT
      w.place, r.version, r.creation_time, r.modification_time,
      r.version IS NOT NULL AND r.labels::jsonb = w.labels::jsonb AND r.spec::jsonb = w.spec::jsonb AS same,
      w.expected IS NOT NULL AND w.expected <> coalesce(r.version, -1) AS refused
    FROM wanted w LEFT JOIN resource r ON r.type = w.type AND r.mesh = w.mesh AND r.name = w.name
  ), locked AS MATERIALIZED (
    SELECT w.place
    FROM found f
    JOIN wanted w ON w.place = f.place
    JOIN resource r ON r.type = w.type AND r.mesh = w.mesh AND r.name = w.name AND r.version = f.version
    WHERE NOT f.same AND NOT f.refused
    FOR UPDATE OF r SKIP LOCKED
  ), updated AS (
    UPDATE resource r
    SET labels = w.labels, spec = w.spec, version = r.version + 1, modification_time = now()
    FROM locked l JOIN wanted w ON w.place = l.place
    WHERE r.type = w.type AND r.mesh = w.mesh AND r.name = w.name
    RETURNING w.place, r.version, r.creation_time, r.modification_time
  ), inserted AS (
    INSERT INTO resource (type, mesh, name, labels, spec, version, creation_time, modification_time)
    SELECT
      w.type, w.mesh, w.name, w.labels, w.spec, 1 + (SELECT removed_version FROM resource_revision), now(), now()
    FROM found f JOIN wanted w ON w.place = f.place
    WHERE f.version IS NULL AND NOT f.refused
    ORDER BY w.type COLLATE "C", w.mesh COLLATE "C", w.name COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING type, mesh, name, version, creation_time
  )
  SELECT
    f.place,
    CASE
      WHEN u.place IS NOT NULL THEN 'updated'
      WHEN i.type IS NOT NULL THEN 'inserted'
      WHEN f.refused THEN 'refused'
      WHEN f.same THEN 'kept'
      ELSE 'busy'
    END,
    coalesce(u.version, i.version, f.version),
    coalesce(u.creation_time, i.creation_time, f.creation_time),
    coalesce(u.modification_time, i.creation_time, f.modification_time),
    NULL::bigint
  FROM found f
  JOIN wanted w ON w.place = f.place
  LEFT JOIN updated u ON u.place = f.place
  LEFT JOIN inserted i ON i.type = w.type AND i.mesh = w.mesh AND i.name = w.name;

  RETURN QUERY
  SELECT NULL::integer, NULL, NULL::integer, NULL::timestamptz, NULL::timestamptz, revision FROM resource_revision;
END
$$;
