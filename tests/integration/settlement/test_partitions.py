"""Fee lines lie in monthly partitions; what came before its month existed moves over."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from tongchou.control import roles
from tongchou.settlement import api
from tongchou.settlement.partitions import missing_fee_months

pytestmark = pytest.mark.django_db(transaction=True)

INSERT = (
    "INSERT INTO settlement_feeline (fee_month, encounter_id, line_no, occurred_at, item_code, local_code, item_class,"
    " charge_type, quantity, unit_price, amount, out_of_scope, over_limit, prior_self_pay, in_scope)"
    " VALUES (%s, 1, 1, now(), '', '', '', '', 1, 1, %s, 0, 0, 0, %s)"
)


def execute(sql: str, *parameters: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def test_a_month_created_late_takes_its_lines_from_the_default_partition() -> None:
    month = date(2031, 5, 1)
    execute(INSERT, month, 5, 5)
    assert execute("SELECT tableoid::regclass::text FROM settlement_feeline") == [("settlement_feeline_default",)]
    assert api.ensure_fee_months(around=date(2031, 5, 20), behind=0, ahead=1) == 2
    assert execute("SELECT tableoid::regclass::text FROM settlement_feeline") == [("settlement_feeline_2031_05",)]
    assert api.ensure_fee_months(around=date(2031, 5, 20), behind=0, ahead=1) == 0
    assert missing_fee_months(around=month) == []
    assert missing_fee_months(around=date(2031, 6, 1)) == ["settlement_feeline_2031_07"]
    execute("DROP TABLE settlement_feeline_2031_05, settlement_feeline_2031_06")


def test_the_role_with_the_least_rights_makes_months_and_nothing_else() -> None:
    """The service may not create tables; through this one function it may, so that the first claim of a month is settled."""
    for statement in ("CREATE ROLE tongchou_least", *roles.statements("tongchou_least")):
        execute(statement)
    try:
        with transaction.atomic():
            execute("SET LOCAL ROLE tongchou_least")
            assert api.ensure_fee_months(around=date(2032, 1, 1), behind=0, ahead=0) == 1
            execute(INSERT, date(2032, 1, 1), 5, 5)
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                execute("CREATE TABLE mine (a int)")
    finally:
        execute("DROP OWNED BY tongchou_least")
        execute("DROP ROLE tongchou_least")
        execute("DROP TABLE settlement_feeline_2032_01")


def test_the_doctor_names_months_that_are_missing() -> None:
    found = [finding for finding in api.examine(today=date(2033, 2, 1)) if "settlement_feeline_2033_03" in finding.what]
    assert [finding.severity for finding in found] in (["warning"], ["error"])
    assert "分区" in found[0].remedy or "日终" in found[0].remedy


def test_the_table_refuses_a_split_that_does_not_sum_and_a_month_that_is_none() -> None:
    with pytest.raises(DatabaseError, match="feeline_split"):
        execute(INSERT, date(2026, 11, 1), 5, 4)
    with pytest.raises(DatabaseError, match="feeline_month"):
        execute(INSERT, date(2026, 11, 2), 5, 5)
