"""信息更正: a clerk proposes a correction of a person's record; a reviewer decides it."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from tongchou.control.api import record_reading, rights
from tongchou.control.rejections import WRONG_VALUE
from tongchou.kernel.rejection import Rejection
from tongchou.registry.api import CORRECTABLE, propose_correction
from tongchou.web import person_queries
from tongchou.web.access import Request, page
from tongchou.web.control.paper import FORMS


@require_http_methods(["GET", "POST"])
@page(rights.CORRECTION_MAKE)
def correction(request: Request, number: str) -> HttpResponse:
    """Which field is wrong, what it should be, on which grounds."""
    found = person_queries.person(number, timezone.localdate(), request.scope.parameters())
    if found is None:
        raise Http404("没有这个人员编号，或不在您的数据范围内")
    if FORMS["correction"].must_be_blind(on=timezone.localdate(), area=request.scope.area):
        messages.info(request, "中心规定信息更正须双人盲录，请按纸质申请表录入")
        return redirect(
            f"{reverse('control_paper_double', args=['correction'])}?{urlencode({'person_number': number})}"
        )
    form = {name: request.POST.get(name, "").strip() for name in ("field", "value", "reason")}
    refusal = None
    if request.method == "POST":
        try:
            _check(form)
            case = propose_correction(
                person_number=number,
                changes={form["field"]: form["value"]},
                maker=request.user,
                reason=form["reason"],
                now=timezone.now(),
            )
        except Rejection as refused:
            refusal = refused
        else:
            messages.success(request, f"更正已提交（事项 {case}），复核通过后生效")
            return redirect("control_case", case_id=case)
    else:
        record_reading(persons=[found["id"]], object_kind="person", object_id=number)
    context = {"person": found, "form": form, "fields": CORRECTABLE, "refusal": refusal}
    return render(request, "control/correction.html", context, status=422 if refusal else 200)


def _check(form: dict[str, str]) -> None:
    if form["field"] not in CORRECTABLE:
        raise WRONG_VALUE(name="栏目", value=form["field"], why="请选择要更正的栏目", field="field")
    name = CORRECTABLE[form["field"]]
    if not form["value"]:
        raise WRONG_VALUE(name=name, value="", why="不能为空", field="value")
    if not form["reason"]:
        raise WRONG_VALUE(name="更正依据", value="", why="请写明依据的证件或材料", field="reason")
    if form["field"] == "birth_date":
        try:
            date.fromisoformat(form["value"])
        except ValueError:
            raise WRONG_VALUE(name=name, value=form["value"], why="日期应如 1985-03-12", field="value") from None
