"""The person snapshot for settlement, the change history, the number series.

``registry_person_snapshot`` is one jsonb that settlement composes with the snapshots of the other rooms into its single
read. Every lookup in it goes through an index on the person.
"""

from django.db import migrations

SNAPSHOT = """
CREATE FUNCTION registry_person_snapshot(person_number text, scheme text, day date) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object(
        'id', p.id, 'number', p.number, 'cert_type', p.cert_type, 'cert_no', p.cert_no, 'name', p.name,
        'sex', p.sex, 'ethnicity', p.ethnicity, 'birth_date', p.birth_date, 'death_date', p.death_date,
        'enrolment', (
            SELECT jsonb_build_object(
                'id', e.id, 'person_type', e.person_type, 'area', e.area_id, 'pooling_area', a.pooling_area,
                'civil_servant', e.civil_servant, 'flexible', e.flexible, 'status', e.status,
                'employer_name', m.name, 'since', lower(e.period))
            FROM registry_enrolment e
            JOIN registry_area a ON a.code = e.area_id
            LEFT JOIN registry_employer m ON m.id = e.employer_id
            WHERE e.person_id = p.id AND e.scheme = $2 AND e.period @> $3),
        'identities', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'level', i.level) ORDER BY i.kind), '[]')
            FROM registry_identityclass i WHERE i.person_id = p.id AND i.period @> $3),
        'diseases', (
            SELECT coalesce(jsonb_agg(d.disease_code ORDER BY d.disease_code), '[]')
            FROM registry_diseasecertificate d WHERE d.person_id = p.id AND d.period @> $3))
    FROM registry_person p WHERE p.number = $1
$$;
"""

HISTORY = """
CREATE FUNCTION registry_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(NEW) END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, after -> b.key)
          INTO before, after
          FROM jsonb_each(before) b WHERE b.value IS DISTINCT FROM after -> b.key;
        IF before IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO registry_change (subject, row_id, person_id, old, new, operator, reason, changed_at)
    VALUES (TG_TABLE_NAME,
            to_jsonb(OLD) ->> TG_ARGV[0],
            (to_jsonb(OLD) ->> nullif(TG_ARGV[1], ''))::bigint,
            before, after,
            coalesce(current_setting('tongchou.operator', true), ''),
            coalesce(current_setting('tongchou.reason', true), ''),
            clock_timestamp());
    RETURN NULL;
END $$;

CREATE TRIGGER keep_history AFTER UPDATE OR DELETE ON registry_person
    FOR EACH ROW EXECUTE FUNCTION registry_keep_history('id', 'id');
CREATE TRIGGER keep_history AFTER UPDATE OR DELETE ON registry_card
    FOR EACH ROW EXECUTE FUNCTION registry_keep_history('id', 'person_id');
CREATE TRIGGER keep_history AFTER UPDATE OR DELETE ON registry_enrolment
    FOR EACH ROW EXECUTE FUNCTION registry_keep_history('id', 'person_id');
CREATE TRIGGER keep_history AFTER UPDATE OR DELETE ON registry_identityclass
    FOR EACH ROW EXECUTE FUNCTION registry_keep_history('id', 'person_id');
CREATE TRIGGER keep_history AFTER UPDATE OR DELETE ON registry_diseasecertificate
    FOR EACH ROW EXECUTE FUNCTION registry_keep_history('id', 'person_id');
CREATE TRIGGER keep_history AFTER UPDATE OR DELETE ON registry_employer
    FOR EACH ROW EXECUTE FUNCTION registry_keep_history('id', '');

CREATE FUNCTION registry_history_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'registry_change is a history: rows are neither changed nor deleted';
END $$;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON registry_change
    FOR EACH ROW EXECUTE FUNCTION registry_history_is_immutable();
"""

HISTORY_UNDO = """
DROP TRIGGER immutable ON registry_change;
DROP FUNCTION registry_history_is_immutable();
DROP TRIGGER keep_history ON registry_person;
DROP TRIGGER keep_history ON registry_card;
DROP TRIGGER keep_history ON registry_enrolment;
DROP TRIGGER keep_history ON registry_identityclass;
DROP TRIGGER keep_history ON registry_diseasecertificate;
DROP TRIGGER keep_history ON registry_employer;
DROP FUNCTION registry_keep_history();
"""

SERIES = """
CREATE SEQUENCE registry_person_number;
CREATE SEQUENCE registry_employer_number;
"""


class Migration(migrations.Migration):

    dependencies = [("registry", "0002_cards_and_changes")]

    operations = [
        migrations.RunSQL(SNAPSHOT, "DROP FUNCTION registry_person_snapshot(text, text, date)"),
        migrations.RunSQL(HISTORY, HISTORY_UNDO),
        migrations.RunSQL(SERIES, "DROP SEQUENCE registry_person_number; DROP SEQUENCE registry_employer_number"),
    ]
