"""A new simulation: which claims, which policy beside the one in force, by what measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_http_methods

from tongchou.control.api import rights
from tongchou.kernel.money import format_yuan, parse_yuan
from tongchou.kernel.rejection import Rejection
from tongchou.operation import api as operation
from tongchou.operation.api import JobRun
from tongchou.settlement import api as settlement
from tongchou.simulation import api as simulation
from tongchou.web.access import Request, page
from tongchou.web.simulation.data import schemes_of, store_of

NUMBERS, DAY, PACKS, DRAFT = "numbers", "day", "packs", "draft"
LONGEST_TITLE = 60


@dataclass(slots=True)
class Asked:
    """What stands in the form, as text, with what is wrong beside each field."""

    scheme: str
    data: str = ""
    kind: str = NUMBERS
    title: str = ""
    since: str = ""
    against_on: str = ""
    packs: str = ""
    draft: str = ""
    on: str = ""
    threshold: str = "20000"
    months: str = ""
    fixed: str = ""
    changed: dict[str, str] = field(default_factory=dict)
    balances: dict[str, str] = field(default_factory=dict)
    insured: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@require_http_methods(["GET", "POST"])
@page(rights.SIMULATION_RUN)
def new(request: Request) -> HttpResponse:
    """The form; sent, it starts a run and shows its progress."""
    schemes = dict(schemes_of(request))
    if not schemes:
        return render(request, "web/simulation/new.html", {"schemes": []})
    asked = _sent(request.POST, schemes) if request.method == "POST" else _fresh(request, schemes)
    context = _context(request, asked, schemes)
    if request.method == "POST":
        try:
            inputs = _inputs(request, asked, context)
            if not asked.errors:
                return redirect("simulation_run", run_id=_start(request, asked, inputs).pk)
        except Rejection as refused:
            if not _beside_the_field(refused, asked, context):
                context["refusal"] = refused
    return render(request, "web/simulation/new.html", context, status=422 if request.method == "POST" else 200)


def _beside_the_field(refused: Rejection, asked: Asked, context: Mapping[str, Any]) -> bool:
    """Whether a refusal concerns one changed number; it is then said beside it, in the words of its row."""
    path, reason = refused.details.get("parameter"), refused.details.get("reason")
    if reason is None or path not in context["values"]:
        return False
    asked.errors[f"p:{path}"] = f"不能改为“{refused.details['value']}”：{reason}"
    return True


def _fresh(request: Request, schemes: Mapping[str, str]) -> Asked:
    """An empty form, or the inputs of an earlier run to be changed."""
    scheme = request.GET.get("scheme", "")
    asked = Asked(scheme=scheme if scheme in schemes else next(iter(schemes)))
    earlier = request.GET.get("from", "")
    if earlier.isdecimal():
        run = JobRun.objects.filter(kind=simulation.KIND, area=request.scope.pooling_area, pk=int(earlier[:18])).first()
        if run is not None:
            return _again(run, asked)
    draft = request.GET.get("draft", "")
    if draft.isdecimal():  # from the draft's own page
        asked.kind, asked.draft = DRAFT, draft[:18]
    return asked


def _again(run: JobRun, asked: Asked) -> Asked:
    inputs = simulation.Inputs.of(run.arguments["inputs"])
    asked.scheme, asked.on, asked.against_on = inputs.scheme, inputs.on, inputs.against_on
    asked.packs = ", ".join(inputs.against_packs)
    asked.kind = PACKS if inputs.against_packs else DAY if inputs.against_on else DRAFT if inputs.draft else NUMBERS
    asked.threshold = format_yuan(inputs.threshold)
    asked.months = str(inputs.months or "")
    asked.fixed = "；".join(f"{name}={value}" for name, value in inputs.fixed.items())
    asked.data = run.result.get("数据哈希") or run.arguments.get("data") or f"db:{run.arguments.get('year', '')}"
    for text in inputs.sets:
        head, _, value = text.partition("=")
        path, _, day = head.partition("@")
        asked.changed[path] = value
        asked.since = day or asked.since
    asked.insured = {name: str(count) for name, count in inputs.insured.items()}
    asked.balances = {fund: format_yuan(fen) for fund, fen in inputs.balances.items()}
    return asked


def _sent(post: Mapping[str, str], schemes: Mapping[str, str]) -> Asked:
    names = ("data", "kind", "title", "since", "against_on", "packs", "draft", "on", "threshold", "months", "fixed")
    given = {name: post.get(name, "").strip()[:500] for name in names}
    scheme = post.get("scheme", "")
    asked = Asked(scheme=scheme if scheme in schemes else next(iter(schemes)), **given)
    asked.changed = {name[2:]: value.strip()[:200] for name, value in post.items() if name.startswith("p:")}
    asked.insured = {name[2:]: value.strip()[:12] for name, value in post.items() if name.startswith("i:")}
    asked.balances = {name[2:]: value.strip()[:30] for name, value in post.items() if name.startswith("b:")}
    return asked


def _context(request: Request, asked: Asked, schemes: Mapping[str, str]) -> dict[str, Any]:
    area, today = request.scope.pooling_area, timezone.localdate()
    book = settlement.book()
    groups = simulation.choices(book, area=area, scheme=asked.scheme, on=today)
    funds = {fund.code: fund.name for fund in book.funds(area=area, scheme=asked.scheme)}
    held = simulation.balances(area=area, funds=list(funds), on=today)
    rows = [
        (title, [(choice, asked.changed.get(choice.path, choice.value)) for choice in chosen])
        for title, chosen in groups
    ]
    return {
        "asked": asked,
        "schemes": list(schemes.items()),
        "years": settlement.years_with_claims(area=area, scheme=asked.scheme),
        "sets": [one for one in store_of(request).all() if one.scheme == asked.scheme],
        "groups": rows,
        "values": {choice.path: choice.value for _, chosen in groups for choice in chosen},
        "funds": [
            (code, name, asked.balances.get(code, format_yuan(held[code]) if code in held else ""), code in held)
            for code, name in funds.items()
        ],
        "classes": [
            (name, asked.insured.get(name, ""))
            for name in simulation.financing_classes(book, area=area, scheme=asked.scheme, on=today)
        ],
        "insured": simulation.insured(area=area, scheme=asked.scheme, on=today),
        "drafts": simulation.drafts(book, area=area, scheme=asked.scheme),
        "today": today,
    }


# -- from the form to the inputs ------------------------------------------------------------------------------------------


def _inputs(request: Request, asked: Asked, context: Mapping[str, Any]) -> simulation.Inputs:
    """The inputs, with what is wrong noted in ``asked.errors``.

    Raises:
        Rejection: SIMU-005 nothing is compared, POL-05x, SIMU-004 the changed policy can't be used.
    """
    since = _day(asked, "since")
    values: Mapping[str, str] = context["values"]
    changed = {path: value for path, value in asked.changed.items() if path in values and value != values[path]}
    for path, value in changed.items():
        if not value:
            asked.errors[f"p:{path}"] = "请填写新值"
    draft = (
        next((one for one in context["drafts"] if str(one.pk) == asked.draft), None) if asked.kind == DRAFT else None
    )
    packs = tuple(name.strip() for name in asked.packs.replace("，", ",").split(",") if name.strip())
    inputs = simulation.Inputs(
        area=request.scope.pooling_area,
        scheme=asked.scheme,
        on=_day(asked, "on"),
        sets=tuple(f"{path}{'@' + since if since else ''}={value}" for path, value in changed.items())
        if asked.kind == NUMBERS
        else (),
        against_on=_day(asked, "against_on") if asked.kind == DAY else "",
        against_packs=packs if asked.kind == PACKS else (),
        draft=draft.text if draft is not None else "",
        draft_title=draft.title if draft is not None else "",
        threshold=_yuan(asked, "threshold", asked.threshold),
        balances={fund: _yuan(asked, f"b:{fund}", text) for fund, text in asked.balances.items() if text},
        months=_months(asked),
        fixed=_fixed(asked),
        insured=_insured(asked),
    )
    _check_data(request, asked)
    if not asked.errors:
        simulation.require_comparison(inputs)
        _check_packs(asked, packs)
        simulation.scenarios_of(inputs, settlement.book(), simulation.all_packs() if packs else None)
    return inputs


def _check_data(request: Request, asked: Asked) -> None:
    kind, _, year = asked.data.partition(":")
    if kind == "db" and year.isdecimal():
        return
    if store_of(request).find(asked.data) is None:
        asked.errors["data"] = "请选择费用数据"


def _check_packs(asked: Asked, packs: tuple[str, ...]) -> None:
    known = simulation.all_packs().packs
    unknown = [name for name in packs if name not in known]
    if asked.kind == PACKS and unknown:
        asked.errors["packs"] = f"没有政策包 {'、'.join(unknown)}；可用：{'、'.join(sorted(known))}"


def _day(asked: Asked, name: str) -> str:
    text = getattr(asked, name)
    if text:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            asked.errors[name] = "日期请写成2026-07-01的形式"
    return ""


def _yuan(asked: Asked, name: str, text: str) -> int:
    try:
        fen = int(parse_yuan(text))
    except ValueError:
        fen = -1
    if fen < 0:
        asked.errors[name] = "请填写金额（元），最多两位小数"
    return max(fen, 0)


def _months(asked: Asked) -> int:
    if not asked.months:
        return 0
    if not asked.months.isdecimal() or not 1 <= int(asked.months) <= 120:
        asked.errors["months"] = "请填写1至120的整数，或留空"
        return 0
    return int(asked.months)


def _insured(asked: Asked) -> dict[str, int]:
    for name, text in asked.insured.items():
        if text and not text.isdecimal():
            asked.errors[f"i:{name}"] = "请填写人数"
    return {name: int(text) for name, text in asked.insured.items() if text.isdecimal() and int(text)}


def _fixed(asked: Asked) -> dict[str, str]:
    """``事实=取值`` several times, parted by semicolons."""
    parts = [part.strip() for part in asked.fixed.replace("；", ";").split(";") if part.strip()]
    pairs = [part.partition("=") for part in parts]
    if any(not equals or not name.strip() or not value.strip() for name, equals, value in pairs):
        asked.errors["fixed"] = "请写成 事实=取值，几个用分号隔开，如 area.assistance_percent=60"
    return {name.strip(): value.strip() for name, _, value in pairs}


def _start(request: Request, asked: Asked, inputs: simulation.Inputs) -> JobRun:
    kind, _, year = asked.data.partition(":")
    source = {"year": int(year)} if kind == "db" else {"data": asked.data}
    described = {
        NUMBERS: f"修改 {len(inputs.sets)} 个参数",
        DAY: f"{inputs.against_on} 的政策",
        PACKS: "另一政策包",
        DRAFT: f"草稿 {inputs.draft_title}",
    }
    title = asked.title[:LONGEST_TITLE] or described.get(asked.kind, "")
    return operation.request_job(
        kind=simulation.KIND,
        key=get_random_string(20),
        now=timezone.now(),
        title=f"政策模拟：{title}",
        area=inputs.area,
        arguments={"inputs": inputs.as_data(), **source},
        operator=request.user,
    )
