"""Published versions are never changed; undoing only before the day; what is handed in stays; every change raises the revision."""

from django.db import migrations

FORWARD = r"""
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON publication_publishedversion
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON publication_undoing
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();

-- One version of a pack from one day on, those aside that were undone.
CREATE FUNCTION publication_keep_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('tongchou.publication.' || NEW.pack, 0));
    IF EXISTS (
        SELECT 1 FROM publication_publishedversion v
        WHERE v.pack = NEW.pack AND v.starts_on = NEW.starts_on
          AND NOT EXISTS (SELECT 1 FROM publication_undoing u WHERE u.version_id = v.id)) THEN
        RAISE EXCEPTION 'pack % has a version from % already', NEW.pack, NEW.starts_on USING ERRCODE = 'TC020';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_days BEFORE INSERT ON publication_publishedversion
    FOR EACH ROW EXECUTE FUNCTION publication_keep_days();

CREATE FUNCTION publication_undo_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT v.starts_on FROM publication_publishedversion v WHERE v.id = NEW.version_id)
            <= (now() AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'a version that is in force is not undone: publish another one' USING ERRCODE = 'TC021';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER in_time BEFORE INSERT ON publication_undoing FOR EACH ROW EXECUTE FUNCTION publication_undo_in_time();

-- What is handed in for review is not edited behind the reviewer's back.
CREATE FUNCTION publication_keep_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' AND (NEW.pack, NEW.starts_on, NEW.text, NEW.cases, NEW.amendments, NEW.expectations)
            IS DISTINCT FROM (OLD.pack, OLD.starts_on, OLD.text, OLD.cases, OLD.amendments, OLD.expectations) THEN
        RAISE EXCEPTION 'a draft that was handed in is not edited: take it back first' USING ERRCODE = 'TC022';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON publication_draft FOR EACH ROW EXECUTE FUNCTION publication_keep_draft();

-- A number that was never there before: it comes from a sequence, which is not rolled back.
CREATE SEQUENCE publication_revision_number START 2;
CREATE FUNCTION publication_raise_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO publication_revision (id, number) VALUES (1, nextval('publication_revision_number'))
    ON CONFLICT (id) DO UPDATE SET number = EXCLUDED.number;
    RETURN NULL;
END $$;
INSERT INTO publication_revision (id, number) VALUES (1, 1);
CREATE TRIGGER raise_revision AFTER INSERT ON publication_publishedversion
    FOR EACH STATEMENT EXECUTE FUNCTION publication_raise_revision();
CREATE TRIGGER raise_revision AFTER INSERT ON publication_undoing
    FOR EACH STATEMENT EXECUTE FUNCTION publication_raise_revision();
"""

BACKWARD = r"""
DROP TRIGGER raise_revision ON publication_undoing;
DROP TRIGGER raise_revision ON publication_publishedversion;
DROP FUNCTION publication_raise_revision();
DROP SEQUENCE publication_revision_number;
DELETE FROM publication_revision;
DROP TRIGGER keep ON publication_draft;
DROP FUNCTION publication_keep_draft();
DROP TRIGGER in_time ON publication_undoing;
DROP FUNCTION publication_undo_in_time();
DROP TRIGGER keep_days ON publication_publishedversion;
DROP FUNCTION publication_keep_days();
DROP TRIGGER immutable ON publication_undoing;
DROP TRIGGER immutable ON publication_publishedversion;
"""


class Migration(migrations.Migration):

    dependencies = [("publication", "0001_initial"), ("control", "0003_guards")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
