"""What the database itself refuses, whoever writes: changes of journals, unbalanced journals, late entries, closed days."""

from django.db import migrations, models

FORWARD = r"""
-- Made for LIKE searches, which nobody does on business keys.
DROP INDEX IF EXISTS ledger_journal_business_key_7e2993dc_like;

-- The transaction that wrote a journal; only that transaction may add its entries.
ALTER TABLE ledger_journal ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id();

-- One advisory lock per pooling area: whoever posts holds it shared, closing a day holds it alone.
CREATE FUNCTION ledger_area_lock_key(p_area text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT hashtextextended('tongchou.ledger.area:' || p_area, 0) $$;

-- The last closed day of an area, or NULL. Closing a day closes all days before it.
CREATE FUNCTION ledger_closed_through(p_area text) RETURNS date
LANGUAGE sql STABLE AS $$
    SELECT max(day) FROM ledger_businessday WHERE area = p_area AND closed_at IS NOT NULL
$$;

-- Keep closing out until this transaction ends, then say how far the area is closed.
CREATE FUNCTION ledger_hold_open(p_area text) RETURNS date
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'journals are posted at isolation level READ COMMITTED only' USING ERRCODE = 'TC005';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(ledger_area_lock_key(p_area));
    -- A statement of its own, so that it sees what was committed while we waited for the lock.
    RETURN ledger_closed_through(p_area);
END $$;

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: journals and entries are immutable, correct them by a reversal (红冲)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'TC001';
END $$;

CREATE FUNCTION ledger_keep_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.id = OLD.id AND NEW.area = OLD.area AND NEW.code = OLD.code THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM ledger_entry WHERE account_id = OLD.id) THEN
        RAISE EXCEPTION 'account % of area % has entries: it is neither deleted nor renumbered', OLD.code, OLD.area
            USING ERRCODE = 'TC007';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION ledger_check_new_journals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_area text;
    v_day date;
    v_closed date;
BEGIN
    IF EXISTS (SELECT 1 FROM added WHERE written_by <> pg_current_xact_id()) THEN
        RAISE EXCEPTION 'written_by of a journal is set by the database' USING ERRCODE = 'TC003';
    END IF;
    FOR v_area, v_day IN SELECT area, min(business_date) FROM added GROUP BY area ORDER BY area LOOP
        v_closed := ledger_hold_open(v_area);
        IF v_day <= v_closed THEN
            RAISE EXCEPTION 'business day % of area % is closed (through %)', v_day, v_area, v_closed USING ERRCODE = 'TC004';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- The plan is kept for the session's life; made while the tables are small, it might scan them for ever. By key only:
CREATE FUNCTION ledger_check_new_entries() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off AS $$
DECLARE
    v_journal bigint;
BEGIN
    SELECT e.journal_id INTO v_journal
    FROM added e
    LEFT JOIN ledger_account a ON a.id = e.account_id
    -- Joined by the key alone: with more conditions the planner might prefer an index over a whole day.
    LEFT JOIN ledger_journal j ON j.id = e.journal_id
    WHERE j.id IS NULL OR a.id IS NULL OR j.written_by <> pg_current_xact_id()
       OR j.business_date <> e.business_date OR j.area <> a.area
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry refused: journal % was written by another transaction, on another day or for another area (or no such account)',
            v_journal USING ERRCODE = 'TC003';
    END IF;
    RETURN NULL;
END $$;

-- At commit: count, balance and turnover as the journal states; a reversal mirrors its original exactly.
CREATE FUNCTION ledger_check_journal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_count bigint;
    v_sum numeric;
    v_debit numeric;
BEGIN
    SELECT count(*), coalesce(sum(amount), 0), coalesce(sum(amount) FILTER (WHERE amount > 0), 0)
    INTO v_count, v_sum, v_debit
    FROM ledger_entry WHERE journal_id = NEW.id;
    IF v_sum <> 0 OR v_count <> NEW.entry_count OR v_debit <> NEW.turnover THEN
        RAISE EXCEPTION 'journal % (%) refused: its % entries sum to %, debits %; stated: % entries, turnover %',
            NEW.id, NEW.business_key, v_count, v_sum, v_debit, NEW.entry_count, NEW.turnover USING ERRCODE = 'TC002';
    END IF;
    IF NEW.reversal_of_id IS NOT NULL THEN
        PERFORM ledger_check_mirror(NEW.id, NEW.reversal_of_id, NEW.area);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_check_mirror(p_reversal bigint, p_original bigint, p_area text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM ledger_journal WHERE id = p_original AND area = p_area AND reversal_of_id IS NULL AND id <> p_reversal
    ) THEN
        RAISE EXCEPTION 'journal % refused: % is no journal of the area that could be reversed', p_reversal, p_original
            USING ERRCODE = 'TC006';
    END IF;
    IF EXISTS (
        (SELECT account_id, party, -amount, count(*) FROM ledger_entry WHERE journal_id = p_original GROUP BY 1, 2, 3
         EXCEPT SELECT account_id, party, amount, count(*) FROM ledger_entry WHERE journal_id = p_reversal GROUP BY 1, 2, 3)
        UNION ALL
        (SELECT account_id, party, amount, count(*) FROM ledger_entry WHERE journal_id = p_reversal GROUP BY 1, 2, 3
         EXCEPT SELECT account_id, party, -amount, count(*) FROM ledger_entry WHERE journal_id = p_original GROUP BY 1, 2, 3)
    ) THEN
        RAISE EXCEPTION 'journal % refused: it does not mirror journal %', p_reversal, p_original USING ERRCODE = 'TC006';
    END IF;
END $$;

CREATE TRIGGER journal_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER entry_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER account_kept BEFORE UPDATE OR DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_keep_account();
CREATE TRIGGER journal_added AFTER INSERT ON ledger_journal REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_new_journals();
CREATE TRIGGER entry_added AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_new_entries();
CREATE CONSTRAINT TRIGGER journal_balanced AFTER INSERT ON ledger_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_journal();

-- The one way in: journals and their entries as JSON arrays of arrays' objects; see ledger.services.post.
CREATE FUNCTION ledger_post(p_journals json, p_entries json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_journal (id, area, business_date, kind, business_key, cause, cause_id, policy, memo,
                                reversal_of_id, entry_count, turnover, posted_at)
    SELECT id, area, business_date, kind, business_key, cause, cause_id, policy, memo,
           reversal_of, entry_count, turnover, posted_at
    FROM json_to_recordset(p_journals) AS j(
        id bigint, area text, business_date date, kind text, business_key text, cause text, cause_id bigint, policy text,
        memo text, reversal_of bigint, entry_count smallint, turnover bigint, posted_at timestamptz);
    INSERT INTO ledger_entry (journal_id, line, account_id, party, amount, business_date)
    SELECT journal_id, line, account_id, party, amount, business_date
    FROM json_to_recordset(p_entries) AS e(
        journal_id bigint, line smallint, account_id bigint, party bigint, amount bigint, business_date date);
END $$;
"""

BACKWARD = r"""
DROP FUNCTION ledger_post(json, json);
DROP TRIGGER journal_balanced ON ledger_journal;
DROP TRIGGER entry_added ON ledger_entry;
DROP TRIGGER journal_added ON ledger_journal;
DROP TRIGGER account_kept ON ledger_account;
DROP FUNCTION ledger_keep_account();
DROP TRIGGER entry_immutable ON ledger_entry;
DROP TRIGGER journal_immutable ON ledger_journal;
DROP FUNCTION ledger_check_mirror(bigint, bigint, text);
DROP FUNCTION ledger_check_journal();
DROP FUNCTION ledger_check_new_entries();
DROP FUNCTION ledger_check_new_journals();
DROP FUNCTION ledger_refuse_change();
DROP FUNCTION ledger_hold_open(text);
DROP FUNCTION ledger_closed_through(text);
DROP FUNCTION ledger_area_lock_key(text);
ALTER TABLE ledger_journal DROP COLUMN written_by;
"""


class Migration(migrations.Migration):
    """Triggers, the closing lock and the posting function."""

    dependencies = [("ledger", "0001_initial")]

    operations = [
        # The composite primary key begins with the journal already: a second index would only cost.
        migrations.AlterField(
            model_name="entry",
            name="journal",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, on_delete=models.PROTECT, to="ledger.journal", verbose_name="凭证"
            ),
        ),
        # One foreign key check for each entry would lock the few hot account rows; the trigger checks all at once.
        migrations.AlterField(
            model_name="entry",
            name="account",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, on_delete=models.PROTECT, to="ledger.account", verbose_name="科目"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
