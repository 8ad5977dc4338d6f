"""Personal data at rest, expanding: columns for ciphertexts and keyed hashes beside the plain ones.

Between this and 0007 both versions can work: the older one goes on with the plain columns; the new one writes ciphertexts only
and reads what 0006 has filled. A person whom the new version registers has no plain number for the older one; what the older
one still enters is encrypted by 0007, before the plain columns go.
"""

import django.db.models.deletion
from django.db import migrations, models

import tongchou.control.api

COLUMNS = """
ALTER TABLE registry_person
    ADD COLUMN cert_no_cipher bytea, ADD COLUMN cert_no_hash varchar(64), ADD COLUMN phone_cipher bytea,
    ADD COLUMN address_cipher bytea, ALTER COLUMN cert_no DROP NOT NULL, ALTER COLUMN phone DROP NOT NULL,
    ALTER COLUMN address DROP NOT NULL,
    ADD CONSTRAINT person_certificate_hash_unique UNIQUE (cert_no_hash, cert_type);
ALTER TABLE registry_card
    ADD COLUMN number_cipher bytea, ADD COLUMN number_hash varchar(64), ALTER COLUMN number DROP NOT NULL,
    ADD CONSTRAINT card_number_hash_unique UNIQUE (kind, number_hash);
ALTER TABLE registry_household ADD COLUMN address_cipher bytea, ALTER COLUMN address DROP NOT NULL;
"""

SNAPSHOT = """
CREATE OR REPLACE FUNCTION registry_person_snapshot(person_number text, scheme text, day date) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object(
        'id', p.id, 'number', p.number, 'cert_type', p.cert_type,
        'cert_no', coalesce(p.cert_no, 'sealed:' || encode(p.cert_no_cipher, 'base64')), 'name', p.name,
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

HISTORY = r"""
CREATE OR REPLACE FUNCTION registry_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_was jsonb := to_jsonb(OLD);
    v_now jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(NEW) END;
    v_plain text[];
    v_sealed text[];
    v_change bigint;
BEGIN
    SELECT coalesce(array_agg(key) FILTER (WHERE key !~ '_(cipher|hash)$'), '{}'),
           coalesce(array_agg(key) FILTER (WHERE key ~ '_cipher$'), '{}')
      INTO v_plain, v_sealed
      FROM jsonb_each(v_was) WHERE TG_OP = 'DELETE' OR value IS DISTINCT FROM v_now -> key;
    -- The same text under another key is no change.
    IF TG_OP = 'UPDATE' AND current_setting('tongchou.rotating', true) = 'on' THEN
        v_sealed := '{}';
    END IF;
    IF v_plain = '{}' AND v_sealed = '{}' THEN
        RETURN NULL;
    END IF;
    INSERT INTO registry_change (subject, row_id, person_id, old, new, operator, reason, changed_at)
    VALUES (TG_TABLE_NAME,
            v_was ->> TG_ARGV[0],
            (v_was ->> nullif(TG_ARGV[1], ''))::bigint,
            (SELECT coalesce(jsonb_object_agg(key, v_was -> key), '{}') FROM unnest(v_plain) AS key),
            (SELECT coalesce(jsonb_object_agg(key, v_now -> key), '{}') FROM unnest(v_plain) AS key WHERE TG_OP = 'UPDATE'
             HAVING TG_OP = 'UPDATE'),
            coalesce(current_setting('tongchou.operator', true), ''),
            coalesce(current_setting('tongchou.reason', true), ''),
            clock_timestamp())
    RETURNING id INTO v_change;
    INSERT INTO registry_sealedchange (change_id, label, side, value_cipher)
    SELECT v_change, replace(TG_TABLE_NAME, 'registry_', 'registry.') || '.' || left(key, -7), side, decode(substr(hex, 3), 'hex')
    FROM unnest(v_sealed) AS key, LATERAL (VALUES ('old', v_was ->> key), ('new', v_now ->> key)) AS sides(side, hex)
    WHERE hex IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION registry_sealed_change_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.id, OLD.change_id, OLD.label, OLD.side) IS DISTINCT FROM (NEW.id, NEW.change_id, NEW.label, NEW.side)
    THEN
        RAISE EXCEPTION 'registry_sealedchange is a history: only its keys are changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON registry_sealedchange
    FOR EACH ROW EXECUTE FUNCTION registry_sealed_change_stays();
"""


def sealed(verbose_name, label, column, search=""):
    """A sealed text."""
    given = {"search": search} if search else {}
    return tongchou.control.api.SealedText(verbose_name, label=label, db_column=column, **given)


class Migration(migrations.Migration):

    dependencies = [("registry", "0004_trail")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(COLUMNS)],
            state_operations=[
                migrations.RemoveConstraint("person", "person_certificate_unique"),
                migrations.RemoveConstraint("card", "card_number_unique"),
                migrations.RemoveField("person", "cert_no"),
                migrations.RemoveField("person", "phone"),
                migrations.RemoveField("person", "address"),
                migrations.RemoveField("card", "number"),
                migrations.RemoveField("household", "address"),
                migrations.AddField(
                    "person",
                    "cert_no",
                    sealed("证件号码", "registry.person.cert_no", "cert_no_cipher", "cert_no_hash"),
                ),
                migrations.AddField(
                    "person", "cert_no_hash", tongchou.control.api.SearchHash("证件号码检索摘要", of="cert_no")
                ),
                migrations.AddField("person", "phone", sealed("联系电话", "registry.person.phone", "phone_cipher")),
                migrations.AddField("person", "address", sealed("地址", "registry.person.address", "address_cipher")),
                migrations.AddField(
                    "card", "number", sealed("凭证号码", "registry.card.number", "number_cipher", "number_hash")
                ),
                migrations.AddField(
                    "card", "number_hash", tongchou.control.api.SearchHash("凭证号码检索摘要", of="number")
                ),
                migrations.AddField(
                    "household", "address", sealed("地址", "registry.household.address", "address_cipher")
                ),
                migrations.AddConstraint(
                    "person",
                    models.UniqueConstraint(
                        fields=("cert_no_hash", "cert_type"), name="person_certificate_hash_unique"
                    ),
                ),
                migrations.AddConstraint(
                    "card", models.UniqueConstraint(fields=("kind", "number_hash"), name="card_number_hash_unique")
                ),
            ],
        ),
        migrations.CreateModel(
            name="SealedChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("label", models.CharField(max_length=60, verbose_name="加密列")),
                (
                    "side",
                    models.CharField(
                        choices=[("old", "变更前"), ("new", "变更后")], max_length=3, verbose_name="变更前后"
                    ),
                ),
                ("value_cipher", models.BinaryField(verbose_name="密文")),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sealed",
                        to="registry.change",
                        verbose_name="变更记录",
                    ),
                ),
            ],
            options={"verbose_name": "变更密文", "verbose_name_plural": "变更密文"},
        ),
        migrations.AddConstraint(
            "sealedchange",
            models.UniqueConstraint(fields=("change", "label", "side"), name="sealed_change_unique"),
        ),
        migrations.RunSQL(SNAPSHOT),
        migrations.RunSQL(HISTORY),
    ]
