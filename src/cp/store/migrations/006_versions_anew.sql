-- What is made anew asks for the highest version that was removed when its own row is about to stand, whatever its
-- statement said: a statement sees what was there as it began, and may since have waited for another of its rows. Nobody
-- could then tell what was made and removed under that name meanwhile from what stands there now.
CREATE FUNCTION begin_above_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT removed_version + 1 INTO NEW.version FROM resource_revision;
  RETURN NEW;
END
$$;

CREATE TRIGGER resource_begun BEFORE INSERT ON resource
  FOR EACH ROW EXECUTE FUNCTION begin_above_removed();
