"""Who stands at the counter: the certificate must belong to the person the message speaks of (冒名顶替)."""

from __future__ import annotations

from typing import Any

from tongchou.exchange import rejections
from tongchou.exchange.answers import Person
from tongchou.kernel.identifiers import normal_id_number
from tongchou.registry import api as registry

ID_CARD = "02"
"""mdtrt_cert_type of an ID card; its number is the certificate number."""
RESIDENT_ID = "01"
"""psn_cert_type 居民身份证."""


def person_of_card(data: dict[str, Any]) -> registry.PersonView:
    """The holder of the certificate in mdtrt_cert_type, mdtrt_cert_no, card_sn.

    Raises:
        Rejection: REG-001 unknown, REG-002 the card is not active.
    """
    return registry.find_person(
        kind=data["mdtrt_cert_type"], number=data["mdtrt_cert_no"] or "", serial=data["card_sn"] or ""
    )


def check_identity(person: Person, data: dict[str, Any]) -> None:
    """Compare what the message says about the person with what the centre knows. Pure: no card is looked up.

    Raises:
        Rejection: EXCH-031 another person number, certificate or name.
    """
    same_type = data.get("psn_cert_type") in (None, person.cert_type, person.cert_type.lstrip("0"))
    certificate = data.get("certno") if same_type else None
    shown = data["mdtrt_cert_no"] if data["mdtrt_cert_type"] == ID_CARD and person.cert_type == RESIDENT_ID else None
    claims = (
        ("人员编号", "psn_no", data.get("psn_no"), person.number),
        ("证件号码", "certno", certificate, person.cert_no),
        ("证件号码", "mdtrt_cert_no", shown, person.cert_no),
        ("姓名", "psn_name", data.get("psn_name"), person.name),
    )
    for what, field, claimed, known in claims:
        if claimed is not None and known not in (claimed, normal_id_number(claimed)):
            raise rejections.CARD_OF_ANOTHER(what=what, field=field)


def check_visitor(data: dict[str, Any]) -> None:
    """The certificate at registration or admission belongs to psn_no.

    Raises:
        Rejection: REG-001, REG-002, EXCH-031.
    """
    if data["mdtrt_cert_no"]:
        check_identity(person_of_card(data), data)
