"""纸质单据录入: forms keyed by one person and reviewed by another, and 双人盲录, where two people key the same document."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongchou.control.api import blind, rights
from tongchou.control.rejections import ENTRIES_DIFFER
from tongchou.kernel.rejection import Rejection
from tongchou.web.access import SIGNED_IN, Request, page
from tongchou.web.control.finding import FINDERS
from tongchou.web.control.paper import FORMS, Content, Keyed, PaperForm, forms_of, tidy
from tongchou.web.rejections import BLIND_NEEDED, FORM_FIELD

LONGEST_DOCUMENT = 60


@require_safe
@page(SIGNED_IN)
def overview(request: Request) -> HttpResponse:
    """The forms that the operator may key, and the documents that wait for their second entry."""
    forms = forms_of(request.user)
    waiting = blind.waiting(kinds=[form.code for form in forms], operator=request.user)
    context = {
        "forms": [(form, _must_be_blind(request, form)) for form in forms],
        "waiting": waiting,
        "titles": {form.code: form.title for form in forms},
    }
    return render(request, "control/paper.html", context)


@require_http_methods(["GET", "POST"])
@page(SIGNED_IN)
def single(request: Request, code: str) -> HttpResponse:
    """One person keys, another reviews."""
    form = _form(request, code)
    content = form.read(request.POST if request.method == "POST" else request.GET)
    refusal = None
    if _must_be_blind(request, form):  # what was typed goes on as the first of two entries
        refusal = BLIND_NEEDED(form=form.title) if request.method == "POST" else None
        return _form_page(request, form, content, refusal=refusal, blind=True)
    if request.method == "POST":
        try:
            form.check(content)
            case = form.hand_in(content, _keyed(request))
        except Rejection as refused:
            refusal = refused
        else:
            messages.success(request, f"{form.title}已提交（事项 {case}），待复核")
            return redirect("control_case", case_id=case)
    return _form_page(request, form, content, refusal=refusal)


@require_http_methods(["GET", "POST"])
@page(SIGNED_IN)
def double(request: Request, code: str) -> HttpResponse:
    """双人盲录: the first entry waits; the second is compared with it."""
    form = _form(request, code)
    given = request.POST if request.method == "POST" else request.GET
    content, document = form.read(given), tidy(given.get("document", ""))[:LONGEST_DOCUMENT]
    shown: dict[str, Any] = {"document": document}
    refusal = None
    if request.method == "POST":
        try:
            _check_document(form, document)
            form.check(content)
            answer = _step(request, form, document, content, shown)
        except Rejection as refused:
            refusal = refused
            if refused.code == ENTRIES_DIFFER.code:
                refusal = _told_in_words(form, document, content, request, shown)
        else:
            if answer is not None:
                return answer
    return _form_page(request, form, content, refusal=refusal, blind=True, **shown)


@require_POST
@page(SIGNED_IN)
def discard(request: Request, code: str) -> HttpResponse:
    """Drop one's own first entry."""
    form = _form(request, code)
    document = request.POST.get("document", "")[:LONGEST_DOCUMENT]
    blind.discard_blind(kind=form.code, document=document, operator=request.user)
    messages.success(request, f"单据 {document} 您的录入已作废，可重新录入")
    return redirect("control_paper")


@require_POST
@page(SIGNED_IN)
def find(request: Request, code: str, field: str) -> HttpResponse:
    """Codes that fit what is being typed in a field. Names are not sent in an address: it would be kept."""
    form = _form(request, code)
    finder = next((each.finder for each in form.fields if each.name == field and each.finder), None)
    if finder is None:
        raise Http404("没有这个栏目")
    if finder == "person" and not request.user.authority.decide(rights.PERSON_READ).allowed:
        raise PermissionDenied("您的岗位不能查询参保人员。")
    text = tidy(request.POST.get("q", ""))[:60]
    found = FINDERS[finder](text, request.scope) if text else []
    listed = [{"value": one.value, "name": one.name, "more": one.more} for one in found]
    return JsonResponse({"found": listed}, json_dumps_params={"ensure_ascii": False})


def _must_be_blind(request: Request, form: PaperForm) -> bool:
    return form.must_be_blind(on=timezone.localdate(), area=request.scope.area)


def _step(
    request: Request, form: PaperForm, document: str, content: Content, shown: dict[str, Any]
) -> HttpResponse | None:
    """What the button asks for. ``None``: the page is shown again, with what ``shown`` says."""
    action = request.POST.get("action", "key")
    if action == "compare":
        shown["first"], shown["compared"] = _compared(form, document, content, request)
        return None
    if action == "settle":
        return _hand_in(request, form, document, content)
    with transaction.atomic():
        result = blind.enter_blind(
            kind=form.code, document=document, payload=content, operator=request.user, now=timezone.now()
        )
        if result.complete:
            return _hand_in(request, form, document, content)
    messages.success(request, f"单据 {document} 第一遍录入已保存，请另一名人员录入第二遍")
    return redirect("control_paper")


def _hand_in(request: Request, form: PaperForm, document: str, content: Content) -> HttpResponse:
    """The second entry goes on as a case; who keyed first is named, and does not review it."""
    with transaction.atomic():
        first, differing = blind.compare_blind(
            kind=form.code, document=document, payload=content, operator=request.user
        )
        names = "、".join(_labels(form)[each.field] for each in differing)
        how = f"两遍不一致的栏目（{names}）以第二遍为准" if names else "两遍一致"
        note = f"双人盲录单据 {document}：第一遍 {first.name}，第二遍 {request.user.name}，{how}"
        case = form.hand_in(content, _keyed(request, note=note, first=first))
        blind.finish_blind(kind=form.code, document=document)
    messages.success(request, f"单据 {document} {how}，已提交（事项 {case}），待复核")
    return redirect("control_case", case_id=case)


def _compared(form: PaperForm, document: str, content: Content, request: Request) -> tuple[Any, list[dict[str, str]]]:
    first, differing = blind.compare_blind(kind=form.code, document=document, payload=content, operator=request.user)
    fields = {field.name: field for field in form.fields}
    rows = [
        {
            "label": fields[each.field].label,
            "first": _in_words(fields[each.field].choices, each.first),
            "second": _in_words(fields[each.field].choices, each.second),
        }
        for each in differing
    ]
    return first, rows


def _told_in_words(
    form: PaperForm, document: str, content: Content, request: Request, shown: dict[str, Any]
) -> Rejection:
    """The refusal with the fields' titles; the page marks them and offers to look at both entries."""
    _, differing = blind.compare_blind(kind=form.code, document=document, payload=content, operator=request.user)
    shown["differing"] = {each.field for each in differing}
    return ENTRIES_DIFFER(fields="、".join(_labels(form)[each.field] for each in differing))


def _labels(form: PaperForm) -> dict[str, str]:
    return {field.name: field.label for field in form.fields}


def _in_words(choices: Any, value: str) -> str:
    return "、".join(choices.get(each, each) for each in value.split("、")) if choices and value else value


def _check_document(form: PaperForm, document: str) -> None:
    if not document:
        raise FORM_FIELD(name=form.document, why="不能为空", field="document")


def _form(request: Request, code: str) -> PaperForm:
    form = FORMS.get(code)
    if form is None:
        raise Http404("没有这种单据")
    answer = request.user.authority.decide(form.right)
    if not answer.allowed:
        raise PermissionDenied(f"{answer.reason}。{answer.remedy}。")
    return form


def _keyed(request: Request, **more: Any) -> Keyed:
    return Keyed(maker=request.user, scope=request.scope, now=timezone.now(), **more)


def _form_page(
    request: Request,
    form: PaperForm,
    content: Content,
    *,
    refusal: Rejection | None,
    blind: bool = False,
    **more: Any,
) -> HttpResponse:
    differing = more.get("differing", set())
    fields = [
        {
            "field": field,
            "value": content[field.name],
            "chosen": content[field.name].split("、"),
            "wrong": field.name in differing or (refusal is not None and refusal.field == field.name),
        }
        for field in form.fields
    ]
    context = {"form": form, "fields": fields, "refusal": refusal, "blind": blind} | more
    wrong = (
        refusal is not None and refusal.code != ENTRIES_DIFFER.code
    )  # two entries that differ are an outcome, no mistake
    return render(request, "control/paper_form.html", context, status=422 if wrong else 200)
