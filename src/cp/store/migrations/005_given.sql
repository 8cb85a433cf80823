-- As `put_resources`, but that what is put given another resource is put only where that is there: it can't be removed
-- before this commits, and may well be written. They are locked before anything else, as whoever removes one does, and
-- none that another transaction holds is waited for.
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
  rest integer[];
BEGIN
  held := ARRAY(
    SELECT g.place
    FROM json_to_recordset(given) AS g(place integer, type text, mesh text, name text)
    JOIN resource r ON r.type = g.type AND r.mesh = g.mesh AND r.name = g.name
    FOR KEY SHARE OF r SKIP LOCKED
  );
  rest := ARRAY(SELECT g.place FROM json_to_recordset(given) AS g(place integer) WHERE g.place <> ALL (held));
  IF cardinality(rest) = 0 THEN
    RETURN QUERY SELECT * FROM put_resources(desired);
    RETURN;
  END IF;
  RETURN QUERY
  SELECT
    g.place, CASE WHEN r.type IS NULL THEN 'missing' ELSE 'busy' END,
    NULL::integer, NULL::timestamptz, NULL::timestamptz, NULL::bigint
  FROM json_to_recordset(given) AS g(place integer, type text, mesh text, name text)
  LEFT JOIN resource r ON r.type = g.type AND r.mesh = g.mesh AND r.name = g.name
  WHERE g.place = ANY (rest);
  RETURN QUERY SELECT * FROM put_resources(coalesce((
    SELECT json_agg(d.one) FROM json_array_elements(desired) AS d(one) WHERE (d.one ->> 'place')::integer <> ALL (rest)
  ), '[]'::json));
END
$$;
