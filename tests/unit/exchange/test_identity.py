"""Who is meant by a certificate (冒名顶替): what the message says against what the centre knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from tongchou.exchange.handlers.persons import check_identity
from tongchou.kernel.rejection import Rejection


@dataclass(frozen=True)
class Known:
    number: str = "6299000000000001"
    cert_type: str = "01"
    cert_no: str = "11010519491231002X"
    name: str = "张三"
    sex: str = "2"
    ethnicity: str = "1"
    birth_date: date = date(1949, 12, 31)


def message(**fields: str) -> dict[str, str]:
    return {"mdtrt_cert_type": "03", "mdtrt_cert_no": "LA1", **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"certno": "11010519491231002x", "psn_cert_type": "01"},
        {"certno": "110105491231002", "psn_cert_type": "1"},
        {"mdtrt_cert_type": "02", "mdtrt_cert_no": "11010519491231002x"},
        {"certno": "E12345678", "psn_cert_type": "08"},
        {"psn_name": "张三", "psn_no": "6299000000000001"},
    ],
)
def test_the_same_person_in_other_words(fields: dict[str, str]) -> None:
    """A small x, the old number of 15 digits and 1 for 01 mean the same; a passport that we don't know is no contradiction."""
    check_identity(Known(), message(**fields))


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"psn_no": "6299000000000002"}, "人员编号"),
        ({"certno": "110105194912310021", "psn_cert_type": "01"}, "证件号码"),
        ({"certno": "110105194912310021", "psn_cert_type": "1"}, "证件号码"),
        ({"mdtrt_cert_type": "02", "mdtrt_cert_no": "110105194912310021"}, "证件号码"),
        ({"psn_name": "李四"}, "姓名"),
    ],
)
def test_somebody_else_is_refused_with_what_differs(fields: dict[str, str], what: str) -> None:
    with pytest.raises(Rejection) as refused:
        check_identity(Known(), message(**fields))
    assert refused.value.code == "EXCH-031"
    assert refused.value.message == f"就诊凭证登记的{what}与报文不一致"
