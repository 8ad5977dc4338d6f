"""试算: a person, visits in a year, and what a version pays; the case as a file that ``policy evaluate`` takes, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from tongchou.control.api import rights
from tongchou.kernel.rejection import Rejection
from tongchou.policy import COMPONENT_TITLES, FactSpec, Finding, PolicyBook, PolicyErrors
from tongchou.policy.casedata import Data, case_data, case_text
from tongchou.policy.caseread import read_case_file
from tongchou.policy.cases import CaseResult, VisitResult, run_case
from tongchou.policy.model import BILL_COMPONENTS
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.publication import api as publication
from tongchou.web.access import Request, page
from tongchou.web.policy.reading import chains_of
from tongchou.web.waterfall import Bar, bars_of

MOST_VISITS = 12
MOST_CASES = 100
LARGEST = 512 * 1024
_FIELD = re.compile(r"v(\d{1,2})\.(.+)")
YES_NO = ("是", "否")


@dataclass(frozen=True, slots=True)
class Field:
    """One fact of the form: its name in the form, its specification, what was entered."""

    name: str
    spec: FactSpec
    value: str
    values: frozenset[str]

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be chosen; none for numbers, dates and open lists."""
        if self.spec.kind == "bool":
            return YES_NO
        aliases = tuple(alias for alias, _ in self.spec.aliases)
        return (*self.spec.values, *aliases) if self.spec.kind in ("enum", "code") else self.spec.values

    @property
    def hint(self) -> str:
        """The unit or the form of the value."""
        return {"fen": "元", "date": "日期"}.get(self.spec.kind, self.spec.unit)


@dataclass(frozen=True, slots=True)
class VisitForm:
    """One visit of the form."""

    number: int
    on: str
    benefit: str
    account: str
    bill: tuple[tuple[str, str, str], ...]
    facts: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ShownVisit:
    """One computed visit: the waterfall, the steps, what the year has counted after it."""

    result: VisitResult
    bars: list[Bar]
    counters: list[tuple[str, int, bool]]


@require_http_methods(["GET", "POST"])
@page(rights.REFERENCE_READ)
def trying(request: Request) -> HttpResponse:
    """The form, and below it what the visits give."""
    book = publication.library()
    sent = request.POST if request.method == "POST" else request.GET
    uploaded = request.FILES.get("file")
    if uploaded is not None:
        return _uploaded(request, book, uploaded.read(LARGEST + 1))
    form = _form(book, sent)
    if request.method != "POST" or sent.get("do") in ("refresh", "add", "remove"):
        return render(request, "policy/trying.html", _context(book, form))
    data = _case(form)
    if sent.get("do") == "file":
        response = HttpResponse(case_text([data], "试算案例"), content_type="application/yaml; charset=utf-8")
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote('试算案例.yaml')}"
        return response
    results, problem = _computed(book, case_text([data], "试算"), entered=True)
    return render(request, "policy/trying.html", _context(book, form) | {"results": results, "problem": problem})


def _uploaded(request: Request, book: PolicyBook, content: bytes) -> HttpResponse:
    """A case file: all its cases are computed; the form shows the first."""
    if len(content) > LARGEST:
        results: list[dict[str, Any]] = []
        problem, text = "文件过大，案例文件不超过512KB", ""
    else:
        text = content.decode("utf-8", "replace")
        results, problem = _computed(book, text)
    form = _form(book, _fields_of(text) if not problem else request.GET)
    return render(
        request, "policy/trying.html", _context(book, form) | {"results": results, "problem": problem, "uploaded": True}
    )


def _computed(book: PolicyBook, text: str, *, entered: bool = False) -> tuple[list[dict[str, Any]], str]:
    """The results of a case file, and what was wrong with it; of what was ``entered`` on the page, in the page's words."""
    try:
        tree = parse_yaml(text, "案例")
        cases = read_case_file(tree) if isinstance(tree, Map) else []
        if len(cases) > MOST_CASES:
            return (
                [],
                f"文件中有{len(cases)}个案例，页面一次最多算{MOST_CASES}个；请分成几个文件，或用 tongchou policy evaluate",
            )
        shown = [_shown(run_case(book, case)) for case in cases]
    except PolicyErrors as errors:
        told = _in_words if entered else Finding.text
        return [], "；".join(dict.fromkeys(told(finding) for finding in errors.findings[:3]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [], f"案例写法不对：{error}。写法见手册第14节"
    return shown, "" if shown else "文件中没有案例"


def _in_words(finding: Finding) -> str:
    """A finding on what stands in a field of the form: its label instead of the key and line of a file."""
    message = finding.message
    for name, title in (COMPONENT_TITLES | {"account": "账户余额", "on": "日期"}).items():
        message = message.replace(f"“{name}: ", f"{title}“")
    return f"{message}。{finding.remedy}"


def _shown(result: CaseResult) -> dict[str, Any]:
    visits = [ShownVisit(visit, _bars(visit), _counters(visit)) for visit in result.visits]
    failures = [text for text in result.failures if "被拒绝" not in text]
    return {"result": result, "visits": visits, "failures": failures}


def _bars(visit: VisitResult) -> list[Bar]:
    titles = {layer.id: layer.title for layer in visit.plan.layers}
    payments = [("bar-fund", titles[one.layer], one.amount) for one in visit.outcome.payments]
    account = visit.plan.payer.title if visit.plan.payer else "个人账户"
    payments.append(("bar-account", account, visit.outcome.account_pay))
    parts = {name: getattr(visit.bill, name) for name in BILL_COMPONENTS}
    return bars_of(total=visit.bill.total, parts=parts, payments=payments, cash=visit.outcome.cash_pay)


def _counters(visit: VisitResult) -> list[tuple[str, int, bool]]:
    return [(spec.title, visit.accumulators[spec.name], spec.unit == "元") for spec in visit.plan.accumulators]


# -- the form ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """What was chosen and entered."""

    chain: str
    chains: tuple[tuple[str, str], ...]
    benefits: tuple[str, ...]
    facts: tuple[Field, ...]
    visits: tuple[VisitForm, ...]
    missing: str


def _form(book: PolicyBook, sent: Any) -> Form:
    today = timezone.localdate()
    chains = _all_chains(book)
    chain = sent.get("chain", "") or (chains[0][0] if chains else "")
    if chain not in dict(chains):
        chains = [*chains, *(found for found in chains_of(book, chain) if chain in book.packs)]
        chain = chain if chain in dict(chains) else chains[0][0]
    count = max([int(match.group(1)) for key in sent if (match := _FIELD.fullmatch(key))] or [1])
    count += {"add": 1, "remove": -1}.get(sent.get("do", ""), 0)
    numbers = range(1, min(max(count, 1), MOST_VISITS) + 1)
    days = {
        n: sent.get(f"v{n}.on", "") or sent.get(f"v{n - 1}.on", "") or sent.get("on", "") or today.isoformat()
        for n in numbers
    }
    offered = _benefits(book, chain, [_day(text, today) for text in days.values()])
    visits: list[VisitForm] = []
    specs: dict[str, FactSpec] = {}
    for n in numbers:
        asked = sent.get(f"v{n}.benefit", "") or sent.get(f"v{n - 1}.benefit", "") or sent.get("benefit", "")
        benefit = asked if asked in offered else offered[0] if offered else ""
        needed = _facts(book, chain, benefit, _day(days[n], today))
        specs |= {spec.name: spec for spec in needed if not spec.name.startswith(("visit.", "bill."))}
        own = [spec for spec in needed if spec.name.startswith(("visit.", "bill."))]
        visits.append(
            VisitForm(
                number=n,
                on=days[n],
                benefit=benefit,
                account=sent.get(f"v{n}.account", ""),
                bill=tuple(
                    (name, COMPONENT_TITLES[name], sent.get(f"v{n}.bill.{name}", ""))
                    for name in reversed(BILL_COMPONENTS)
                ),
                facts=tuple(_field(f"v{n}.{spec.name}", spec, sent, f"v{n - 1}.{spec.name}") for spec in own),
            )
        )
    shared = tuple(_field(name, spec, sent, "") for name, spec in specs.items())
    missing = "" if offered else "所选的政策在这一天没有按就诊计算的待遇，请另选日期或政策包"
    return Form(chain, tuple(chains), offered, shared, tuple(visits), missing)


def _all_chains(book: PolicyBook) -> list[tuple[str, str]]:
    newest = [one for key in book.bindings.schemes if (one := book.bindings.newest(*key)) is not None]
    return [(f"{one.area}/{one.scheme}", f"{one.area_name} {one.title}") for one in newest]


def _packs(book: PolicyBook, chain: str, day: date) -> tuple[str, ...]:
    """The packs that a scheme uses on a day, or the one pack that was chosen."""
    area, slash, scheme = chain.partition("/")
    if not slash:
        return (chain,)
    bound = book.bindings.on(area, scheme, day)
    return bound.packs if bound is not None else ()


def _benefits(book: PolicyBook, chain: str, days: list[date]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for day in days:
        for version in book.in_force(_packs(book, chain, day), day):
            names |= dict.fromkeys(name for entry in version.pack.benefits for name in entry.names)
    return tuple(names)


def _facts(book: PolicyBook, chain: str, benefit: str, day: date) -> tuple[FactSpec, ...]:
    """The facts that the plan of a benefit asks for; none where it can't be compiled."""
    try:
        return book.plan_of(_packs(book, chain, day), benefit=benefit, on=day).facts if benefit else ()
    except (Rejection, PolicyErrors):
        return ()


def _field(name: str, spec: FactSpec, sent: Any, before: str) -> Field:
    value = sent.get(name, sent.get(before, "")) if before else sent.get(name, "")
    many = frozenset(sent.getlist(name) if hasattr(sent, "getlist") else ([value] if value else []))
    if not value and spec.default not in (None, frozenset()):
        value = (
            {True: "是", False: "否"}.get(spec.default, str(spec.default))
            if isinstance(spec.default, bool)
            else str(spec.default)
        )
    if not value and spec.kind in ("enum", "bool"):
        value = spec.values[0] if spec.values else "否"
    return Field(name, spec, value, many)


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today


def _case(form: Form) -> Data:
    """The form as a case."""
    area, slash, scheme = form.chain.partition("/")
    where: Data = {"area": area, "scheme": scheme} if slash else {"packs": [form.chain]}
    visits = []
    for visit in form.visits:
        step: Data = {"on": visit.on, "benefit": visit.benefit}
        facts = {field.spec.name: found for field in visit.facts if (found := _entered(field)) is not None}
        if facts:
            step["facts"] = facts
        if visit.account.strip():
            step["account"] = visit.account.strip()
        step["bill"] = {name: amount.strip() for name, _, amount in visit.bill if amount.strip()} or {"in_scope": "0"}
        visits.append(step)
    shared = {field.spec.name: found for field in form.facts if (found := _entered(field)) is not None}
    return {"id": "试算", "title": "试算", **where, "facts": shared, "visits": visits}


def _entered(field: Field) -> Any:
    if field.spec.kind == "set":
        return [word for word in field.spec.values if word in field.values]
    return field.value.strip() or None


def _fields_of(text: str) -> dict[str, str]:
    """A case file's first case as the form's fields."""
    try:
        tree = parse_yaml(text, "案例")
        first = case_data(tree)[0] if isinstance(tree, Map) else {}
    except (PolicyErrors, IndexError, TypeError, AttributeError):
        return {}
    packs = first.get("packs") or []
    chain = (
        f"{first['area']}/{first['scheme']}"
        if first.get("area")
        else packs[0]
        if isinstance(packs, list) and packs
        else str(packs)
    )
    fields = {"chain": chain}
    for name, value in (first.get("facts") or {}).items():
        fields[name] = _as_field(value)
    listed = first.get("visits")
    visits = listed if isinstance(listed, list) else [first]
    for number, visit in enumerate([visit for visit in visits if "reverse" not in visit][:MOST_VISITS], 1):
        at = f"v{number}."
        fields[f"{at}on"] = str(visit.get("on") or first.get("on") or "")
        fields[f"{at}benefit"] = str(visit.get("benefit") or first.get("benefit") or "")
        fields[f"{at}account"] = str(visit.get("account") or "")
        for name, value in {**(first.get("facts") or {}), **(visit.get("facts") or {})}.items():
            fields[at + name] = _as_field(value)
        for name, value in (visit.get("bill") or {}).items():
            fields[f"{at}bill.{name}"] = str(value)
    return fields


def _as_field(value: Any) -> str:
    if isinstance(value, list):
        return str(value[0]) if value else ""
    return {"true": "是", "false": "否"}.get(str(value), str(value))


def _context(book: PolicyBook, form: Form) -> dict[str, Any]:
    return {"form": form, "tab": "trying", "most": MOST_VISITS, "results": None, "problem": ""}
