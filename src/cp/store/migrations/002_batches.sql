-- Whoever writes many rows at once takes the revision's lock once, and tells them in few notifications. A revision
-- still counts one change. A notification is [last revision, key, ...]: its keys are those of the revisions up to the
-- last one, each with the next. What is gone says so, as its listeners have nothing to read then.
DROP TRIGGER resource_changed ON resource;
DROP FUNCTION announce_resource_change();

CREATE FUNCTION announce_resource_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  -- "In the default configuration it must be shorter than 8000 bytes."
  -- https://www.postgresql.org/docs/18/sql-notify.html
  most CONSTANT integer := 7900;
  channel CONSTANT text := 'ecs_mesh_resource';
  changes bigint;
  told bigint;
  key text;
  keys text := '';
BEGIN
  SELECT count(*) INTO changes FROM changed;
  IF changes = 0 THEN
    RETURN NULL;
  END IF;
  UPDATE resource_revision SET revision = revision + changes RETURNING revision - changes INTO told;
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

CREATE TRIGGER resource_inserted AFTER INSERT ON resource
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION announce_resource_changes();
CREATE TRIGGER resource_updated AFTER UPDATE ON resource
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION announce_resource_changes();
CREATE TRIGGER resource_deleted AFTER DELETE ON resource
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION announce_resource_changes();

-- Puts resources, each by itself: what becomes of one says nothing of the others. `desired` is a list of
-- {place, type, mesh, name, labels, spec, expected}: expected is a version, -1 where nothing may be, null where
-- whatever is there is written over. It gives a row for each, and one without a place that holds the newest revision:
-- where something was written, that of its last change, since the revision's row is locked until the end.
--
-- It never waits for a row that somebody else has locked, so that one of them doesn't hold up all the others: such a
-- row is "busy", and so is one that was changed meanwhile. New rows are inserted in the order of their keys: two who
-- insert the same ones wait for each other in one direction only.
CREATE FUNCTION put_resources(desired json) RETURNS TABLE (
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
    SELECT w.type, w.mesh, w.name, w.labels, w.spec, 1, now(), now()
    FROM found f JOIN wanted w ON w.place = f.place
    WHERE f.version IS NULL AND NOT f.refused
    ORDER BY w.type COLLATE "C", w.mesh COLLATE "C", w.name COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING type, mesh, name, creation_time
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
    CASE WHEN i.type IS NOT NULL THEN 1 ELSE coalesce(u.version, f.version) END,
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
