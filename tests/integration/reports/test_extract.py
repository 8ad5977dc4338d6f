"""The extract of a real year: asked for, approved, written by a job; nobody in it can be found again."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.web import city as cities
from tests.security.conftest import id_number
from tongchou.control.api import create_operator
from tongchou.control.models import Case, Parameter, ParameterValue, Trail
from tongchou.control.services import approvals
from tongchou.kernel.rejection import Rejection
from tongchou.operation import running
from tongchou.operation.models import JobRun
from tongchou.registry.models import Person
from tongchou.reports import api as reports
from tongchou.reports import core
from tongchou.settlement import planning

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


@pytest.fixture
def city(tmp_path: Path, settings: object) -> Iterator[cities.City]:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    made = cities.build(persons=24, visits=48)
    made.operators["director"] = create_operator(
        login="director", password="x", name="主任", organisation="x", area=cities.AREA, post="director",
        id_number=id_number(1),
    )  # fmt: skip
    parameter = Parameter.objects.get(code="extract.least_persons")
    ParameterValue.objects.create(parameter=parameter, value="3", period=("2020-01-01", None))
    yield made
    planning.use_book(None)


def taken(city: cities.City, path: Path) -> list[dict[str, object]]:
    reports.write_extract(path, area=cities.AREA, scheme="310", year=YEAR)
    return parquet.read_table(path).to_pylist()


def test_k_persons_share_everything_that_is_told(city: cities.City, tmp_path: Path) -> None:
    rows = taken(city, tmp_path / "a.parquet")
    assert rows
    assert set(rows[0]) == {"person", *core.PERSON, *core.VISIT, *core.AMOUNTS}
    for columns in (core.PERSON, core.PERSON + core.VISIT):
        cells: dict[tuple[object, ...], set[object]] = {}
        for row in rows:
            cells.setdefault(tuple(row[name] for name in columns), set()).add(row["person"])
        assert min(len(persons) for persons in cells.values()) >= 3
    assert {str(row["county"]) for row in rows} <= {core.ANY, cities.DISTRICT, cities.COUNTY}
    assert all(row["total"] % 100 == 0 for row in rows)  # type: ignore[operator]
    noted = Trail.objects.get(action="export", object_kind="extract")
    assert '"k":3' in str(noted.after)


@pytest.mark.requirement("R3.27")
def test_nobody_is_found_again_by_number_or_name(city: cities.City, tmp_path: Path) -> None:
    """Not in the bytes, not by hashing what one knows, not from one extract to the next."""
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    reports.write_extract(first, area=cities.AREA, scheme="310", year=YEAR)
    reports.write_extract(second, area=cities.AREA, scheme="310", year=YEAR)
    text = first.read_text("utf-8")
    names = {line.split(",")[0].strip('"') for line in text.splitlines()[1:]}
    again = {line.split(",")[0].strip('"') for line in second.read_text("utf-8").splitlines()[1:]}
    assert names
    assert not names & again, "the key of one extract is thrown away with it"
    assert not re.search(r"[1-9][0-9]{16}[0-9X]", text)
    for person in Person.objects.all():
        for known in (person.number, person.cert_no, person.name, str(person.pk)):
            assert person.number not in text
            assert person.name not in text
            for digest in (hashlib.sha256, hashlib.md5, hashlib.sha1):
                assert not names & {digest(known.encode()).hexdigest()[:16]}
            assert not names & {hmac.digest(b"", known.encode(), "sha256").hex()[:16]}
        assert core.pseudonym(key=b"", person=person.pk) not in names
    assert {len(name) for name in names} == {16}


def test_too_few_persons_give_nothing(city: cities.City, tmp_path: Path) -> None:
    ParameterValue.objects.filter(parameter__code="extract.least_persons").update(value="900")
    with pytest.raises(Rejection) as refused:
        reports.write_extract(tmp_path / "a.parquet", area=cities.AREA, scheme="310", year=YEAR)
    assert refused.value.code == "REPO-001"
    assert not (tmp_path / "a.parquet").exists()
    with pytest.raises(Rejection) as empty:
        reports.write_extract(tmp_path / "a.parquet", area=cities.AREA, scheme="310", year=1999)
    assert empty.value.code == "REPO-002"


def test_it_is_asked_for_with_a_reason_approved_and_written_once(city: cities.City) -> None:
    accountant, director, now = city.operators["accountant"], city.operators["director"], timezone.now()
    given = {"area": cities.AREA, "scheme": "310", "year": YEAR, "form": "csv", "maker": accountant, "now": now}
    for wrong in ({"reason": ""}, {"reason": "x", "form": "xlsx"}, {"reason": "x", "year": 1}):
        with pytest.raises(Rejection) as refused:
            reports.request_extract(**(given | wrong))  # type: ignore[arg-type]
        assert refused.value.code == "REPO-003"
    with pytest.raises(Rejection) as clerk:
        reports.request_extract(**(given | {"reason": "x", "maker": city.operators["clerk"]}))  # type: ignore[arg-type]
    assert clerk.value.code == "CTRL-003"
    case = reports.request_extract(**given, reason="基金运行分析")  # type: ignore[arg-type]
    assert not JobRun.objects.filter(kind=reports.JOB).exists(), "nothing before it is approved"
    approvals.approve(case_id=case.pk, operator=director, seen_hash=case.payload_hash, now=now)
    run = JobRun.objects.get(kind=reports.JOB)
    assert Case.objects.get().state == "done"
    running.execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.requested_by) == ("done", accountant)
    assert run.file.endswith(".csv")
    assert run.result["最小一组人数"] >= 3


def test_the_page_hands_in_keeps_what_was_typed_and_notes_each_download(city: cities.City) -> None:
    client, other = Client(), Client()
    client.post("/login/", {"login": "accountant", "password": cities.PASSWORD})
    empty = client.get("/extracts/").content.decode()
    assert "还没有批准过的抽取" in empty
    typed = {"scheme": "310", "year": str(YEAR), "form": "csv", "reason": ""}
    refused = client.post("/extracts/", typed)
    assert refused.status_code == 422
    assert "没有写明用途" in refused.content.decode()
    assert client.post("/extracts/", typed | {"reason": "基金运行分析"}).status_code == 302
    case = Case.objects.get()
    assert case.title in client.get("/extracts/").content.decode(), "it waits"
    approvals.approve(
        case_id=case.pk, operator=city.operators["director"], seen_hash=case.payload_hash, now=timezone.now()
    )
    run = JobRun.objects.get(kind=reports.JOB)
    running.execute(run.pk)
    file = client.get(f"/extracts/{run.pk}/file/")
    assert b"".join(file.streaming_content).startswith(b'"person","county"')  # type: ignore[attr-defined]
    assert Trail.objects.filter(action="export", object_id=str(run.pk), operator="accountant").count() == 1
    assert client.get(f"/operation/jobs/{run.pk}/file/").status_code == 404, "by its own page only"
    second = create_operator(
        login="second", password=cities.PASSWORD, name="第二会计", organisation="x", area=cities.AREA, post="accountant"
    )
    other.post("/login/", {"login": second.login, "password": cities.PASSWORD})
    assert other.get(f"/extracts/{run.pk}/file/").status_code == 404, "for who asked for it"
