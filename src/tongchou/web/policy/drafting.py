"""政策草稿: made from a version or uploaded, numbers changed in the document, checked, tried, handed in for review."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tongchou.control.api import rights
from tongchou.kernel.rejection import Rejection
from tongchou.policy import PolicyErrors
from tongchou.policy.document import document_of
from tongchou.publication import api as publication
from tongchou.publication.api import Draft
from tongchou.web.access import Request, page
from tongchou.web.policy import arranging, reading

VALUE, CITE = "value:", "cite:"
MOST_TEXT = 500


@require_safe
@page(rights.POLICY_MAKE)
def drafts(request: Request) -> HttpResponse:
    """The drafts of the pooling area."""
    found = Draft.objects.filter(area=request.scope.pooling_area).select_related("maker")[:100]
    return render(request, "policy/drafts.html", {"drafts": found, "tab": "drafts"})


@require_POST
@page(rights.POLICY_MAKE)
def draft_new(request: Request, pack: str, since: date) -> HttpResponse:
    """A draft of the version that follows this one."""
    version = reading.version_or_404(publication.library(), pack, since)
    today = timezone.localdate()
    start = max(date(today.year + 1, 1, 1), since.replace(year=since.year + 1, day=1))
    draft = publication.draft_from(
        version=version, starts_on=start, operator=request.user, area=request.scope.pooling_area, now=timezone.now()
    )
    return redirect("policy_draft", draft_id=draft.pk)


@require_POST
@page(rights.POLICY_MAKE)
def draft_upload(request: Request) -> HttpResponse:
    """A draft of an uploaded pack."""
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, "没有选择文件。请选择一个YAML文件，或含政策包和cases目录的zip文件")
        return redirect("policy_drafts")
    try:
        draft = publication.draft_from_upload(
            name=file.name or "", content=file.read(), operator=request.user, area=request.scope.pooling_area,
            now=timezone.now(),
        )  # fmt: skip
    except Rejection as refused:
        messages.error(request, refused.told)
        return redirect("policy_drafts")
    return redirect("policy_draft", draft_id=draft.pk)


@require_safe
@page(rights.POLICY_MAKE)
def draft(request: Request, draft_id: int) -> HttpResponse:
    """The draft as a document whose numbers can be changed."""
    found = _visible(request, draft_id)
    return arranging.draft_page(request, found) if found.arranges else _draft_page(request, found)


@require_POST
@page(rights.POLICY_MAKE)
def draft_save(request: Request, draft_id: int) -> HttpResponse:
    """Keep the day, the note and the changed numbers."""
    found = _visible(request, draft_id)
    if found.arranges:
        return arranging.save(request, found)
    try:
        start = date.fromisoformat(request.POST.get("starts_on", ""))
    except ValueError:
        return _draft_page(request, found, problem="生效日期应如 2027-01-01", sent=_sent(request, found))
    changes = _changes(request, found)
    try:
        if found.amends:
            publication.amend(
                draft=found, starts_on=start, note=request.POST.get("note", "")[:300], changes=changes,
                operator=request.user, now=timezone.now(),
            )  # fmt: skip
        else:
            text = request.POST.get("text", "")
            publication.replace_text(
                draft=found, text=text.replace("\r\n", "\n"), operator=request.user, now=timezone.now()
            )
    except Rejection as refused:
        problem = refused.told
        return _draft_page(request, found, problem=problem, sent=_sent(request, found))
    except PolicyErrors as errors:
        problem = "；".join(f"{finding.message}。{finding.remedy}" for finding in errors.findings)
        return _draft_page(request, found, problem=problem, sent=_sent(request, found))
    messages.success(request, f"草稿已保存，改动 {len(changes)} 处" if found.amends else "草稿已保存")
    return redirect("policy_draft_trial" if request.POST.get("then") == "trial" else "policy_draft", draft_id=draft_id)


def _sent(request: Request, found: Draft) -> dict[str, tuple[str, str]]:
    """What was typed, so that nothing is lost when it is refused."""
    return {name: pair for name, pair in _fields(request).items() if name in _parameters(found).values()}


def _changes(request: Request, found: Draft) -> dict[str, tuple[str, str]]:
    """The numbers that differ from the base, each with its article: its own, or the one given for all."""
    if not found.amends:
        return {}
    common = request.POST.get("cite", "").strip()[:200]
    base = _raw(found)
    return {
        name: (value, cite or common)
        for name, (value, cite) in _fields(request).items()
        if name in base and value and value != base[name]
    }


def _fields(request: Request) -> dict[str, tuple[str, str]]:
    found = {}
    for key, value in request.POST.items():
        if key.startswith(VALUE):
            name = key.removeprefix(VALUE)
            found[name] = (str(value).strip()[:MOST_TEXT], request.POST.get(CITE + name, "").strip()[:200])
    return found


def _parameters(found: Draft) -> dict[tuple[int, int], str]:
    return publication.parameters_of(found.base_text) if found.amends else {}


def _raw(found: Draft) -> dict[str, str]:
    """The value of each parameter in the base, as it is written."""
    base = publication.base_version(found)
    entries = document_of(base.pack).entries().values() if base else ()
    places = _parameters(found)
    return {places[entry.place.span]: entry.raw for entry in entries if entry.place.span in places}


@require_safe
@page(rights.POLICY_MAKE)
def draft_trial(request: Request, draft_id: int) -> HttpResponse:
    """What the checker finds, what changes in words, how the cases come out; from here it is handed in."""
    return _trial_page(request, _visible(request, draft_id))


@require_POST
@page(rights.POLICY_MAKE)
def draft_expectation(request: Request, draft_id: int) -> HttpResponse:
    """A case's new expectation with its reason, or the old one again."""
    found = _visible(request, draft_id)
    case = request.POST.get("case", "")[:120]
    now = timezone.now()
    try:
        if request.POST.get("keep") == "1":
            publication.keep_expectation(draft=found, case=case, operator=request.user, now=now)
        else:
            expect = {
                key.removeprefix("expect:"): str(value).strip()[:60]
                for key, value in request.POST.items()
                if key.startswith("expect:") and str(value).strip()
            }
            publication.change_expectation(
                draft=found,
                case=case,
                expect=expect,
                reason=request.POST.get("reason", ""),
                operator=request.user,
                now=now,
            )
    except Rejection as refused:
        return _trial_page(request, found, refusal=refused)
    messages.success(request, f"案例 {case} 的期望已{'恢复' if request.POST.get('keep') == '1' else '修改'}")
    return redirect("policy_draft_trial", draft_id=draft_id)


@require_POST
@page(rights.POLICY_MAKE)
def draft_cases(request: Request, draft_id: int) -> HttpResponse:
    """A case file of the draft's own."""
    found = _visible(request, draft_id)
    file = request.FILES.get("file")
    try:
        if file is not None:
            publication.attach_cases(draft=found, content=file.read(), operator=request.user, now=timezone.now())
            messages.success(request, "案例文件已上传")
        else:
            messages.error(request, "没有选择文件。请选择案例文件（YAML）")
    except Rejection as refused:
        return _trial_page(request, found, refusal=refused)
    return redirect("policy_draft_trial", draft_id=draft_id)


@require_POST
@page(rights.POLICY_MAKE)
def draft_hand_in(request: Request, draft_id: int) -> HttpResponse:
    """Hand the draft in for review."""
    found = _visible(request, draft_id)
    try:
        case = publication.hand_in(
            draft=found, reason=request.POST.get("reason", ""), operator=request.user, now=timezone.now()
        )
    except Rejection as refused:
        return _trial_page(request, found, refusal=refused)
    messages.success(request, f"草稿已提交复核（事项 {case}）；复核、审批通过后自 {found.starts_on} 起施行")
    return redirect("control_case", case_id=case)


@require_POST
@page(rights.POLICY_MAKE)
def draft_withdraw(request: Request, draft_id: int) -> HttpResponse:
    """Give the draft up, or take it back out of the review to edit it."""
    found = _visible(request, draft_id)
    try:
        if request.POST.get("reopen") == "1":
            publication.reopen(draft=found, operator=request.user, now=timezone.now())
            messages.success(request, "草稿已取回，可以修改后重新提交")
            return redirect("policy_draft", draft_id=draft_id)
        publication.withdraw(draft=found, operator=request.user, now=timezone.now())
    except Rejection as refused:
        messages.error(request, refused.told)
        return redirect("policy_draft", draft_id=draft_id)
    messages.success(request, "草稿已撤回")
    return redirect("policy_drafts")


# -- pages ------------------------------------------------------------------------------------------------------------------


def _visible(request: Request, draft_id: int) -> Draft:
    try:
        return publication.visible(draft_id=draft_id, area=request.scope.pooling_area)
    except Rejection as refused:
        raise Http404(refused.message) from None


def _draft_page(
    request: Request, found: Draft, *, problem: str = "", sent: dict[str, tuple[str, str]] | None = None
) -> HttpResponse:
    base = publication.base_version(found)
    open_ = found.state == Draft.State.OPEN
    values = {item["parameter"]: (item["value"], item["cite"]) for item in found.amendments} | (sent or {})
    sections: tuple[reading.ShownSection, ...] = ()
    if base is not None:
        printer = reading.Printer(_parameters(found), values)
        sections = printer.sections(document_of(base.pack).sections)
    context: dict[str, Any] = {
        "draft": found,
        "open": open_,
        "sections": sections,
        "problem": problem,
        "text": request.POST.get("text", found.text),
        "form": {
            "starts_on": request.POST.get("starts_on", found.starts_on.isoformat()),
            "note": request.POST.get("note", found.note),
            "cite": request.POST.get("cite", found.amendments[0]["cite"] if found.amendments else ""),
        },
        "tab": "drafts",
        "step": "edit",
    } | reading.draft_head(request.user, found)
    return render(request, "policy/draft.html", context, status=422 if problem else 200)


def _trial_page(request: Request, found: Draft, *, refusal: Rejection | None = None) -> HttpResponse:
    outcome = publication.tried(found)
    counted = [case for case in outcome.cases if not case.outdated]
    context = {
        "draft": found,
        "open": found.state == Draft.State.OPEN,
        "outcome": outcome,
        "changes": [change for change in outcome.differences if change.address != "version"],
        "failing": outcome.failing,
        "passing": [case for case in counted if case.result.ok],
        "outdated": len(outcome.cases) - len(counted),
        "ready": not outcome.errors and not outcome.failing,
        "refusal": refusal,
        "reason": request.POST.get("reason", ""),
        "scheme": next((scheme for _, scheme in outcome.book.bindings.schemes), "") if outcome.book else "",
        "overdue": found.starts_on <= timezone.localdate(),
        "tab": "drafts",
        "step": "trial",
    } | reading.draft_head(request.user, found)
    return render(request, "policy/draft_trial.html", context, status=422 if refusal else 200)
