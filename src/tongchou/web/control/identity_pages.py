"""统一身份认证绑定: an administrator hands a binding in for review, or takes one away at once."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from tongchou.control.api import Operator, identities, queries, rights
from tongchou.kernel.rejection import Rejection
from tongchou.web.access import Request, page
from tongchou.web.control.provider import Provider, identity_provider


@require_POST
@page(rights.OPERATOR_MANAGE)
def bind(request: Request, login: str) -> HttpResponse:
    """Hand in that a subject of the provider is this operator; another person reviews it."""
    operator, provider = _found(request, login)
    if operator.pk == request.user.pk:
        messages.error(request, "不能对自己的账号办理，请由另一名管理员办理")
        return redirect("control_operator", login=login)
    try:
        case = identities.request_binding(
            operator=operator,
            issuer=provider.issuer,
            subject=request.POST.get("subject", "").strip(),
            area=request.scope.area,
            maker=request.user,
            reason=request.POST.get("reason", "").strip(),
            now=timezone.now(),
        )
    except Rejection as refused:
        messages.error(request, refused.told)
        return redirect("control_operator", login=login)
    messages.success(request, f"绑定申请已提交（事项 {case.pk}），待内控复核")
    return redirect("control_case", case_id=case.pk)


@require_POST
@page(rights.OPERATOR_MANAGE)
def release(request: Request, login: str) -> HttpResponse:
    """End the binding; the operator signs in with the password from now on."""
    operator, provider = _found(request, login)
    held = identities.identity_of(operator=operator, issuer=provider.issuer)
    reason = request.POST.get("reason", "").strip()
    if held is None:
        raise Http404("没有绑定")
    if not reason:
        messages.error(request, "请填写理由")
    else:
        identities.release(identity=held, reason=reason, now=timezone.now())
        messages.success(request, "已解除绑定")
    return redirect("control_operator", login=login)


def _found(request: Request, login: str) -> tuple[Operator, Provider]:
    operator, provider = queries.operator_in(login=login, area=request.scope.area), identity_provider()
    if operator is None or provider is None:
        raise Http404("没有这个操作员，或不在您的数据范围内")
    return operator, provider
