"""What a user may choose from: the numbers of the policy in force, in words; all packs; the funds' balances."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.policy import PolicyBook, PolicyErrors
from tongchou.policy.overlays import Parameter, parameters
from tongchou.publication import api as publication
from tongchou.registry import api as registry
from tongchou.settlement import api as settlement
from tongchou.simulation.rejections import POLICY_UNUSABLE

CLAIM_SECTIONS = ("tables", "define", "exclusions", "benefits", "payers", "financing")
"""What decides about claims and income; how fee lines are split is decided before."""
WORDS = {
    "layers": "", "bands": "分段", "tiers": "", "ratio": "支付比例", "deductible": "起付标准", "caps": "限额", "amount": "金额",
    "adjust": "调整", "add": "增减", "times": "乘以", "set": "改为", "at_least": "不低于", "at_most": "不高于", "to": "上限",
    "when": "条件", "requires": "条件", "rules": "", "value": "", "nth": "多次", "factors": "系数", "floor": "最低",
    "classes": "", "total": "合计", "person": "个人", "central": "中央财政", "province": "省财政", "city": "市财政",
    "county": "县区财政", "on_behalf": "代缴", "subtract": "每次减少", "reduce": "每次降低", "step": "每档", "limit": "限额", "per": "每",
}  # fmt: skip
SECTION_TITLES = {
    "tables": "标准表",
    "define": "条件",
    "exclusions": "不予支付",
    "payers": "个人账户",
    "financing": "筹资标准",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A number that may be changed: its path, what it is called, its value, its article."""

    path: str
    label: str
    value: str
    cite: str


def choices(book: PolicyBook, *, area: str, scheme: str, on: date) -> list[tuple[str, list[Choice]]]:
    """The numbers of the packs in force on a day that decide about claims, by document and benefit."""
    bound = book.bindings.on(area, scheme, on)
    if bound is None:
        return []
    groups: dict[str, list[Choice]] = {}
    for version in book.in_force(bound.packs, on):
        readings = {entry.id: entry.adopted for entry in version.ambiguities} | bound.readings
        titles = {layer.id: layer.title for benefit in version.pack.benefits for layer in benefit.layers}
        for entry in parameters([version.tree], readings=readings):
            _, section, name, *rest = [*entry.path.split("/"), ""]
            if section in CLAIM_SECTIONS:
                head = SECTION_TITLES.get(section, name)
                group = f"{version.pack.title} · {head}"
                inner = rest if section == "benefits" else [name, *rest]
                groups.setdefault(group, []).append(_choice(entry, inner, titles, set(readings.values())))
    return list(groups.items())


def financing_classes(book: PolicyBook, *, area: str, scheme: str, on: date) -> list[str]:
    """The person classes of the financing table in force on a day; none where the scheme has no table."""
    try:
        return [entry.id for entry in book.financing(area=area, scheme=scheme, on=on).classes]
    except Rejection:
        return []


def _choice(entry: Parameter, inner: list[str], titles: dict[str, str], readings: set[str]) -> Choice:
    words = [titles.get(word, WORDS.get(word, word)) for word in inner]
    words = [f"第{word}档" if word.isdigit() else word for word in words if word and word not in readings]
    return Choice(entry.path, " · ".join(words), entry.text, entry.cite)


def all_packs() -> PolicyBook:
    """Every pack of the instance, also those that no area has bound, with what was published.

    Raises:
        Rejection: SIMU-004 some pack can't be read.
    """
    try:
        return publication.library()
    except PolicyErrors as errors:
        raise POLICY_UNUSABLE(findings="；".join(finding.text() for finding in errors.findings[:5])) from errors


def drafts(book: PolicyBook, *, area: str, scheme: str) -> list[publication.Draft]:
    """The drafts of the area that change the scheme's packs or their arrangement and are not yet published, newest first."""
    subjects = [*book.bindings.packs_of(area, scheme), publication.binding_key(area, scheme)]
    states = (publication.Draft.State.OPEN, publication.Draft.State.SUBMITTED)
    return list(publication.Draft.objects.filter(area=area, pack__in=subjects, state__in=states).order_by("-pk"))


def balances(*, area: str, funds: list[str], on: date) -> dict[str, int]:
    """What the ledger says each fund holds, in fen: its opening balance, income and outlay of the year; only positive ones."""
    known = ledger.account_ids(area=area)
    found = {}
    for fund in funds:
        codes = [f"{account}.{fund}" for account in ("3001", "4001", "4002", "5001")]
        held = -sum(ledger.balance(area=area, account_code=code, party=None, on=on) for code in codes if code in known)
        if held > 0:
            found[fund] = held
    return found


def insured(*, area: str, scheme: str, on: date) -> dict[str, int]:
    """Insured persons of a day by the policy's classes."""
    found: dict[str, int] = {}
    for code, count in registry.insured_by_type(pooling_area=area, scheme=scheme, on=on).items():
        word = settlement.PERSON_TYPES.get(code, "其他")
        found[word] = found.get(word, 0) + count
    return found
