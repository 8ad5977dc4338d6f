"""Institutions, agreements, operators' sign-ins."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tongchou.kernel.rejection import Rejection
from tongchou.providers import api
from tongchou.providers.models import Agreement, Institution

pytestmark = pytest.mark.django_db

CODE = "H62990100001"
DAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def agreement() -> Agreement:
    institution = Institution.objects.create(
        code=CODE, name="陇安市人民医院", kind="1", credit_code="", grade="2", level="3", area="629901"
    )
    return Agreement.objects.create(
        institution=institution, number="X1", med_types=["11", "21"], period=(date(2026, 1, 1), date(2027, 1, 1))
    )


def refusal(code: str = CODE, on: date = DAY) -> str:
    with pytest.raises(Rejection) as refused:
        api.provider(code=code, on=on)
    return refused.value.code


@pytest.mark.requirement("R1.5.12")
def test_an_institution_is_accepted_only_while_its_agreement_is_in_force(agreement: Agreement) -> None:
    view = api.provider(code=CODE, on=DAY)
    assert (view.name, view.level, view.agreement and view.agreement.number) == ("陇安市人民医院", "3", "X1")
    assert refusal(code="H62990199999") == "PROV-001"
    assert refusal(on=date(2025, 12, 31)) == "PROV-002"
    assert api.provider(code=CODE, on=date(2026, 12, 31)).agreement is not None
    assert refusal(on=date(2027, 1, 1)) == "PROV-002"


@pytest.mark.requirement("R1.5.13")
def test_suspension_holds_at_once_and_can_be_lifted(agreement: Agreement) -> None:
    api.provider(code=CODE, on=DAY)
    agreement.suspended = True
    agreement.save()
    assert refusal() == "PROV-003"
    agreement.suspended = False
    agreement.save()
    api.provider(code=CODE, on=DAY)


def test_medical_categories_of_the_agreement(agreement: Agreement) -> None:
    view = api.provider(code=CODE, on=DAY)
    api.check_med_type(view, "21")
    with pytest.raises(Rejection) as refused:
        api.check_med_type(view, "41")
    assert refused.value.code == "PROV-004"


def test_a_known_institution_costs_no_query_when_the_revision_is_given(agreement: Agreement) -> None:
    revision = api.revision()
    api.provider(code=CODE, on=DAY, revision=revision)
    with CaptureQueriesContext(connection) as queries:
        api.provider(code=CODE, on=DAY, revision=revision)
    assert len(queries) == 0


def test_sign_in_and_out(agreement: Agreement) -> None:
    number = api.sign_in(institution_code=CODE, operator_no="001", mac="00-00", ip="10.0.0.1", now=NOW)
    assert len(number) == 30
    session = api.session(number=number)
    assert session is not None
    assert (session.institution_code, session.operator_no, session.signed_out_at) == (CODE, "001", None)
    with pytest.raises(Rejection) as refused:
        api.sign_out(number=number, institution_code="H62990100002", now=NOW)
    assert refused.value.code == "PROV-005"
    api.sign_out(number=number, institution_code=CODE, now=NOW)
    with pytest.raises(Rejection) as refused:
        api.sign_out(number=number, institution_code=CODE, now=NOW)
    assert refused.value.code == "PROV-006"


def test_nobody_signs_in_without_an_agreement(agreement: Agreement) -> None:
    with pytest.raises(Rejection) as refused:
        api.sign_in(institution_code=CODE, operator_no="1", now=datetime(2027, 6, 1, tzinfo=UTC))
    assert refused.value.code == "PROV-002"
