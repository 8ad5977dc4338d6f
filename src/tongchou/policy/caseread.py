"""Reads case files into plain data. What a file says once for all its cases stands at its top."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from tongchou.kernel.money import parse_yuan
from tongchou.kernel.rate import Rate
from tongchou.policy.findings import Finding, PolicyErrors
from tongchou.policy.lines import LIMIT_SCALE, LineFacts
from tongchou.policy.model import BILL_COMPONENTS
from tongchou.policy.nodes import Map, Scalar, Seq, Tree
from tongchou.policy.plan import Bill
from tongchou.policy.reader import Cursor

UNDATED = date(2000, 1, 1)
"""Used where a file names no day: a plan for it is found only if it has always been in force."""
FULL_WIDTH = str.maketrans("０１２３４５６７８９．，－＋", "0123456789.,-+")
FactText = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case: a visit, a reversal, a formula, or a year's dues. ``expect`` is text, as written."""

    on: date
    benefit: str = ""
    rules_of: date | None = None
    facts: dict[str, FactText] = field(default_factory=dict)
    bill: Bill = field(default_factory=Bill)
    lines: tuple[LineFacts, ...] = ()
    days: tuple[date | None, ...] = ()
    """On which day each line's cost arose, where the file says so: what a stay that is divided is divided by."""
    accumulators: dict[str, str] = field(default_factory=dict)
    admitted: date | None = None
    account: int | None = None
    reverse: int = 0
    formula: str = ""
    person_class: str = ""
    holder_of: tuple[str, ...] = ()
    expect: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the packs or the bound area × scheme, the readings, the steps in order."""

    file: str
    line: int
    id: str
    title: str
    source: str
    packs: tuple[str, ...]
    area: str
    scheme: str
    readings: dict[str, str]
    steps: tuple[Step, ...]
    arithmetic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Shared:
    packs: tuple[str, ...]
    area: str
    scheme: str
    on: date
    benefit: str
    facts: dict[str, FactText]
    source: str


def read_case_file(tree: Map) -> list[Case]:
    """All cases of a file.

    Raises:
        PolicyErrors: with every finding.
    """
    findings: list[Finding] = []
    top = Cursor(tree, findings)
    shared = _Shared(
        top.words("packs"),
        top.text("area"),
        top.text("scheme"),
        top.day("on") or UNDATED,
        top.text("benefit"),
        _facts(top, "facts"),
        top.text("source"),
    )
    cases = [_case(item, shared) for item in top.children("cases")]
    top.text("title")
    if top.tree.get("cases") is None:
        top.report(
            "没有写案例", "案例写在cases:之下，每个案例是列表的一项：- {id: 甲, title: 说明, bill: {in_scope: 1350}}"
        )
    else:
        top.done()
    _once(cases, findings)
    if findings:
        raise PolicyErrors(findings)
    return cases


def _once(cases: list[Case], findings: list[Finding]) -> None:
    """Each case has a number of its own, so that a result can be told from the others."""
    lines: dict[str, int] = {}
    for case in cases:
        first = lines.setdefault(case.id, case.line)
        if case.id and first != case.line:
            findings.append(Finding(case.file, case.line, "", f"案例“{case.id}”与第{first}行的编号相同", "请另取编号"))


def _case(item: Cursor, shared: _Shared) -> Case:
    visits = item.children("visits")
    own = _step(item, shared, many=bool(visits))
    inner = _Shared(shared.packs, shared.area, shared.scheme, own.on, own.benefit, own.facts, shared.source)
    steps = tuple(_step(visit, inner, many=False) for visit in visits) if visits else (own,)
    for visit in visits:
        visit.done()
    case = Case(
        item.tree.file,
        item.tree.line,
        item.needed_text("id"),
        item.needed_text("title"),
        item.text("source") or shared.source,
        item.words("packs") or shared.packs,
        item.text("area") or shared.area,
        item.text("scheme") or shared.scheme,
        {key: node.text for key, node in item.named("readings") if isinstance(node, Scalar)},
        steps,
        item.words("arithmetic"),
    )
    _complete(item, visits)
    item.done()
    return case


WORKED_OUT = ("bill", "lines", "formula", "financing", "reverse")
"""What a step works out; each stands in the step itself, never above it."""


def _complete(item: Cursor, visits: list[Cursor]) -> None:
    """Every step says what is to be worked out, and only once; beside ``visits`` nothing stands that would be passed over."""
    for step in visits or [item]:
        written = [key for key in WORKED_OUT if step.tree.get(key) is not None]
        if not written and step.used.issuperset(step.tree.entries):  # else a misspelt key is said
            remedy = (
                "就诊写bill或lines，公式写formula，筹资写financing，撤销写reverse；没有费用的就诊写bill: {in_scope: 0}"
            )
            step.report("没有写要算什么", remedy)
        elif len(written) > 1:
            step.report(f"同时写了{'和'.join(written)}", "只写其中一个：明细写lines，四个成分写bill")
    for key in (*WORKED_OUT, "accumulators", "account") if visits else ():
        if item.tree.get(key) is not None:
            remedy = f"请写进visits里的某一次，例如第一次：- {{{key}: …}}"
            item.report(f"写了visits，旁边的{key}不起作用", remedy, item.tree.get(key))


def _step(item: Cursor, shared: _Shared, *, many: bool) -> Step:
    account, on, admitted = item.text("account"), item.day("on") or shared.on, item.day("admitted")
    if admitted is not None and admitted > on:
        item.report(f"入院日期{admitted}晚于出院日期{on}", "请核对admitted和on", item.tree.get("admitted"))
    balance = _yuan(item, "account", account) if account else None
    if balance is not None and balance < 0:
        item.report(f"账户余额{account}是负数", "请写就诊前的余额，没有余额写0", item.tree.get("account"))
    lines = [_line(line) for line in item.children("lines")]
    return Step(
        on=on,
        benefit=item.text("benefit") or shared.benefit,
        rules_of=item.day("rules_of"),
        admitted=admitted,
        facts=shared.facts | _facts(item, "facts") | _facts(item, "inputs"),
        bill=_bill(item),
        lines=tuple(line for line, _ in lines),
        days=tuple(day for _, day in lines),
        accumulators=_texts(item, "accumulators"),
        account=balance,
        reverse=_number(item, "reverse"),
        formula=item.text("formula"),
        person_class=item.text("financing"),
        holder_of=item.words("holder_of"),
        expect={} if many else _texts(item, "expect"),
    )


def _number(item: Cursor, key: str) -> int:
    text = item.text(key) or "0"
    if text.isdecimal():
        return int(text)
    item.report(f"“{key}: {text}”不是次序", "请写第几次就诊，例如1")
    return 0


def _bill(item: Cursor) -> Bill:
    amounts = {}
    for name, text in _texts(item, "bill").items():
        if name in BILL_COMPONENTS:
            amounts[name] = _yuan(item, name, text)
        else:
            item.report(f"费用没有成分“{name}”", f"可用：{'、'.join(BILL_COMPONENTS)}", item.tree.get("bill"))
    return Bill(**amounts)


def _facts(item: Cursor, key: str) -> dict[str, FactText]:
    return {name: _fact(node) for name, node in item.named(key)}


def _fact(node: Tree) -> FactText:
    if isinstance(node, Seq):
        return tuple(entry.text for entry in node.items if isinstance(entry, Scalar))
    return node.text if isinstance(node, Scalar) else ""


def _texts(item: Cursor, key: str) -> dict[str, str]:
    return {name: node.text for name, node in item.named(key) if isinstance(node, Scalar)}


def _yuan(item: Cursor, key: str, text: str) -> int:
    try:
        return int(parse_yuan(text))
    except ValueError:
        item.report(f"“{key}: {text}”不是金额", _how_to_write(text))
        return 0


def _how_to_write(text: str) -> str:
    """What is most likely wrong with an amount."""
    if not text.isascii() and text.translate(FULL_WIDTH).isascii():
        return "数字和标点应为半角，例如100.01"
    if any(word in text for word in "元万亿￥¥"):
        return "只写数字，单位是元，例如13500.00"
    if len(text.partition(".")[2].rstrip("0")) > 2:
        return "金额到分为止，最多两位小数，例如100.01"
    if "," in text:
        return "千分位的逗号每三位一个，例如1,350.50；小数点用."
    if text.lstrip("+-").isdecimal():
        return "金额过大，请核对位数"
    return "请写成元，例如100.01"


def _line(item: Cursor) -> tuple[LineFacts, date | None]:
    """A fee line with its day: amount in yuan, quantity and price as decimal text, both optional as is the day."""
    day, ratio = item.day("on"), item.text("ratio")
    limit = item.text("price_limit")
    written = item.needed_text("amount")
    amount = _yuan(item, "amount", written) if written else 0
    quantity = _scaled(item, "quantity", 10_000, "1")
    default_price = amount * LIMIT_SCALE // quantity if quantity else 0
    line = LineFacts(
        amount=amount,
        quantity=quantity,
        unit_price=_scaled(item, "unit_price", 1_000_000, "") if item.text("unit_price") else default_price,
        item_class=item.needed_text("class"),
        prior_self_pay=_rate(item, ratio) if ratio else None,
        price_limit=_scaled(item, "price_limit", 1_000_000, "") if limit else None,
        restricted=item.flag("restricted"),
        restriction_met=item.choice("restriction_met", ("true", "false"), "true") == "true",
        item_kinds=tuple(kind for kind in item.text("kind").split("、") if kind),
    )
    item.done()
    return line, day


def _rate(item: Cursor, text: str) -> Rate | None:
    try:
        return Rate.parse(text)
    except ValueError:
        item.report(f"“ratio: {text}”不是比例", "请写成百分比，例如10%")
        return None


def _scaled(item: Cursor, key: str, scale: int, default: str) -> int:
    text = item.text(key, default)
    try:
        value = Rate.parse(text).value * scale
    except ValueError:
        item.report(f"“{key}: {text}”不是数字", "请写成十进制数")
        return 0
    return value.numerator // value.denominator
