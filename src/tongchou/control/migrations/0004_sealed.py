"""Personal data at rest: private texts of cases, attachments, blind entries; the trail keeps no ciphertexts.

A ciphertext in the trail could not be given a new key: the trail is append-only. So a change of an encrypted column is shown
by the column's digest (密文), which says that it changed and nothing more. Attachments need no conversion: a ciphertext begins
otherwise than the files that are allowed, both are read, and ``tongchou keys finish`` encrypts those from before.
"""

import django.db.models.deletion
from django.db import migrations, models

import tongchou.control.fields

SHOWN = r"""
CREATE OR REPLACE FUNCTION control_trail_shown(p_row jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE
        WHEN jsonb_typeof(value) = 'string' AND left(value #>> '{}', 4) = '\x01'
        THEN to_jsonb('密文 ' || left(encode(sha256(convert_to(value #>> '{}', 'UTF8')), 'hex'), 12))
        ELSE value END), '{}')
    FROM jsonb_each(p_row - ARRAY['password', 'factor_cipher', 'factor_last_step', 'id_number_cipher', 'last_login', 'content',
                                  'code_hash', 'key_hash'])
$$;
"""

GUARDS = """
DROP TRIGGER immutable ON control_attachment;
CREATE TRIGGER immutable BEFORE DELETE OR TRUNCATE ON control_attachment
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
CREATE TRIGGER sealed_only BEFORE UPDATE ON control_attachment FOR EACH ROW
    WHEN ((OLD.id, OLD.case_id, OLD.name, OLD.content_type, OLD.digest)
          IS DISTINCT FROM (NEW.id, NEW.case_id, NEW.name, NEW.content_type, NEW.digest))
    EXECUTE FUNCTION control_refuse_change();
CREATE TRIGGER immutable BEFORE DELETE OR TRUNCATE ON control_caseprivate
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
CREATE TRIGGER sealed_only BEFORE UPDATE ON control_caseprivate FOR EACH ROW
    WHEN ((OLD.id, OLD.case_id, OLD.digest) IS DISTINCT FROM (NEW.id, NEW.case_id, NEW.digest))
    EXECUTE FUNCTION control_refuse_change();
"""

# Nothing of the product enters documents blind yet, so no older process reads this column.
BLIND = "ALTER TABLE control_blindentry ALTER COLUMN payload TYPE bytea USING convert_to(payload, 'UTF8'), ALTER COLUMN payload DROP NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("control", "0003_guards")]

    operations = [
        migrations.RunSQL(SHOWN),
        migrations.CreateModel(
            name="CasePrivate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, verbose_name="摘要")),
                (
                    "text",
                    tongchou.control.fields.SealedText("内容", db_column="text_cipher", label="control.case.private"),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="private",
                        to="control.case",
                        verbose_name="复核事项",
                    ),
                ),
            ],
            options={"verbose_name": "事项中的个人信息", "verbose_name_plural": "事项中的个人信息"},
        ),
        migrations.AddConstraint(
            "caseprivate", models.UniqueConstraint(fields=("case", "digest"), name="case_private_unique")
        ),
        migrations.AlterField(
            "attachment",
            "content",
            tongchou.control.fields.SealedBytes("内容", label="control.attachment.content"),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(BLIND)],
            state_operations=[
                migrations.AlterField(
                    "blindentry",
                    "payload",
                    tongchou.control.fields.SealedText("录入内容", label="control.blind_entry.payload"),
                )
            ],
        ),
        migrations.RunSQL(GUARDS),
    ]
