"""Every documented endpoint, asked by a machine that reads the document (schemathesis): no bug, and every answer as documented.

The data are made up from the schemas; what a stranger can't make up (the numbers of institutions, persons, items that exist) is
put into half of them, so that they get past the first refusals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.exchange.gateway import CALL, Gateway
from tests.integration.settlement import world as worlds
from tongchou.exchange import tables
from tongchou.project.openapi import document

pytestmark = pytest.mark.django_db
SCHEMA = schemathesis.openapi.from_dict(
    document(), config=schemathesis.Config.from_dict({"generation": {"allow-x00": False}})
)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS: dict[str, Any] = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations()}
OWN = sorted(label for label in OPERATIONS if CALL in label or "/fsi/api/" not in label)
"""Each transaction once, and all other addresses; the national spellings lead to the same transactions."""
SPELLINGS = sorted(set(OPERATIONS) - set(OWN))
NAMES: dict[str, list[Any]] = {
    "psn_no": [worlds.person_number(1), worlds.person_number(2)],
    "certno": [f"62990219800101{1:04d}"],
    "mdtrt_cert_no": [f"62990219800101{1:04d}", worlds.person_number(1)],
    "psn_name": ["张1"],
    "mdtrt_cert_type": ["02"],
    "psn_cert_type": ["01"],
    "insutype": ["310"],
    "med_type": ["41", "11", "21"],
    "med_list_codg": [worlds.CLASS_A, worlds.CLASS_B],
    "medins_list_codg": [f"L{worlds.CLASS_A}", f"L{worlds.CLASS_B}"],
    "begntime": ["2026-11-20 10:30:00"],
    "fee_ocur_time": ["2026-11-20 10:30:00"],
    "inf_time": ["2026-11-20 10:30:00"],
}
ENVELOPE = {
    "mdtrtarea_admvs": worlds.POOL, "insuplc_admdvs": worlds.POOL, "recer_sys_code": "01", "infver": "V1.0",
    "opter_type": "1", "opter": "001", "opter_name": "王五", "fixmedins_name": "测试机构",
}  # fmt: skip


def known(value: Any, institution: str, pick: int) -> Any:
    """The same tree with numbers that exist in this city."""
    if isinstance(value, dict):
        return {
            name: institution
            if name == "fixmedins_code"
            else NAMES[name][pick % len(NAMES[name])]
            if name in NAMES
            else known(one, institution, pick)
            for name, one in value.items()
        }
    return [known(one, institution, pick) for one in value] if isinstance(value, list) else value


def ask(case: Any, gateway: Gateway, pick: int, client: requests.Session, seen: set[str]) -> None:
    """Send one made-up request and hold the answer against the document."""
    if isinstance(case.body, dict) and "infno" in case.body and pick % 2:
        institution = (worlds.PHARMACY, worlds.HOSPITAL)[pick // 2 % 2]
        case.body = {**known(case.body, institution, pick // 4), **ENVELOPE}
    if isinstance(case.body, dict) and "jsonStr" in case.body and pick % 2:
        node = {"fsUploadIn": {"filename": "a.zip", "fixmedins_code": worlds.HOSPITAL}}
        message = {**ENVELOPE, "infno": "9101", "msgid": f"U{pick}", "inf_time": "2026-11-20 10:30:00",
                   "fixmedins_code": worlds.HOSPITAL, "input": node}  # fmt: skip
        case.body = {**case.body, "jsonStr": json.dumps(message)}
    answer = case.call(base_url=gateway.url, session=client, allow_redirects=False)
    case.validate_response(answer, checks=CHECKS)
    if answer.headers.get("content-type", [""])[0].startswith("application/json;"):
        envelope = json.loads(answer.content)
        code = envelope["err_msg"][1:].partition("】")[0] or "done"
        assert code != "EXCH-099", f"a bug of ours: {envelope['err_msg']}\n{gateway.log[-2000:]}"
        seen.add(code)


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[requests.Session]:
    gateway.collect_static()  # the pages' own errors are pages
    with requests.Session() as session:
        yield session


def fuzz(label: str, gateway: Gateway, client: requests.Session, examples: int) -> set[str]:
    seen: set[str] = set()
    quiet = [
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ]

    @seed(20261122)
    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=quiet)
    @given(case=OPERATIONS[label].as_strategy(), pick=st.integers(0, 255))
    def run(case: Any, pick: int) -> None:
        ask(case, gateway, pick, client, seen)

    run()
    return seen


def test_every_documented_endpoint_is_asked() -> None:
    assert len(OPERATIONS) == sum(len(path) for path in document()["paths"].values())
    assert {label.rsplit("/", 1)[1] for label in OWN if f"{CALL}/" in label} == tables.transactions()


@pytest.mark.parametrize("label", OWN)
def test_answers_are_as_documented_and_never_a_bug(label: str, gateway: Gateway, client: requests.Session) -> None:
    seen = fuzz(label, gateway, client, examples=12)
    if "callService/" in label:
        assert seen, "nobody answered"


@pytest.mark.slow
@pytest.mark.parametrize("label", [*OWN, *SPELLINGS])
def test_deeper(label: str, gateway: Gateway, client: requests.Session) -> None:
    fuzz(label, gateway, client, examples=150 if label in OWN else 25)
