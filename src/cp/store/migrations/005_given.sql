-- As `put_resources`, but that what is put given another resource is put only where that is there: it can't be removed
-- before this commits, and may well be written. All of them are locked first, in order: whoever removes one locks it
-- first, too, and then what goes with it.
CREATE FUNCTION put_resources(desired json, given json) RETURNS TABLE (
  place integer,
  outcome text,
  version integer,
  creation_time timestamptz,
  modification_time timestamptz,
  revision bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  held integer[];
  missing integer[];
BEGIN
  held := ARRAY(
    SELECT g.place
    FROM json_to_recordset(given) AS g(place integer, type text, mesh text, name text)
    JOIN resource r ON r.type = g.type AND r.mesh = g.mesh AND r.name = g.name
    ORDER BY r.type COLLATE "C", r.mesh COLLATE "C", r.name COLLATE "C"
    FOR KEY SHARE OF r
  );
  missing := ARRAY(SELECT g.place FROM json_to_recordset(given) AS g(place integer) WHERE g.place <> ALL (held));
  IF cardinality(missing) = 0 THEN
    RETURN QUERY SELECT * FROM put_resources(desired);
    RETURN;
  END IF;
  RETURN QUERY
  SELECT m.place, 'missing', NULL::integer, NULL::timestamptz, NULL::timestamptz, NULL::bigint
  FROM unnest(missing) AS m(place);
  RETURN QUERY SELECT * FROM put_resources(coalesce((
    SELECT json_agg(d.one) FROM json_array_elements(desired) AS d(one) WHERE (d.one ->> 'place')::integer <> ALL (missing)
  ), '[]'::json));
END
$$;
