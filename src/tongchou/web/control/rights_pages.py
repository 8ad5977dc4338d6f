"""岗位与权限: operators and their grants, posts, asking for a grant, taking one back, the yearly review, accounts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongchou.control.api import Operator, approvals, identities, operators, posts, queries, rights
from tongchou.control.rejections import UNKNOWN_OPERATOR, WRONG_DAY, WRONG_VALUE
from tongchou.kernel.areas import is_within
from tongchou.kernel.rejection import Rejection
from tongchou.registry.api import areas
from tongchou.web.access import Request, page
from tongchou.web.control.provider import identity_provider


@require_safe
@page(rights.RIGHTS_READ)
def overview(request: Request) -> HttpResponse:
    """Operators of the area with what they hold."""
    text = request.GET.get("q", "").strip()[:30]
    today = timezone.localdate()
    listed = []
    for operator in queries.operators(area=request.scope.area, text=text):
        running = [each for each in operator.grants.all() if each.ended_at is None and each.until > today]
        listed.append({"operator": operator, "grants": running, "soon": today + timedelta(days=30)})
    context = {
        "listed": listed,
        "q": text,
        "today": today,
    }
    return render(request, "control/rights.html", context)


@require_safe
@page(rights.RIGHTS_READ)
def posts_page(request: Request) -> HttpResponse:
    """Posts, their functions and limits, the rules of separation, the review steps."""
    titles = {kind.code: kind.title for kind in approvals.kinds()}
    context = {
        "posts": queries.posts(),
        "separations": queries.separations(),
        "rules": queries.review_rules(),
        "functions": rights.FUNCTIONS,
        "titles": titles,
    }
    return render(request, "control/posts.html", context)


@require_safe
@page(rights.RIGHTS_READ)
def operator_page(request: Request, login: str) -> HttpResponse:
    """One operator: account, grants now and before."""
    return _operator_page(request, login)


@require_http_methods(["GET", "POST"])
@page(rights.RIGHTS_REQUEST)
def grant_request(request: Request) -> HttpResponse:
    """授权申请: who, which post, where, until when, why."""
    today = timezone.localdate()
    form = {
        "login": request.GET.get("login", request.user.login),
        "post": request.GET.get("post", ""),
        "area": request.scope.area,
        "since": today.isoformat(),
        "until": (today + timedelta(days=365)).isoformat(),
        "deputy_for": "",
        "reason": "",
    } | {name: str(value).strip() for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    refusal = None
    if request.method == "POST":
        try:
            made = _hand_in(request, form)
        except Rejection as refused:
            refusal = refused
        else:
            messages.success(request, f"授权申请已提交（事项 {made.pk}），待内控复核和审批")
            return redirect("control_case", case_id=made.pk)
    context = {"form": form, "refusal": refusal, "posts": queries.posts()} | _choices(request)
    return render(request, "control/grant_request.html", context, status=422 if refusal else 200)


@require_POST
@page(rights.RIGHTS_REVIEW)
def grant_end(request: Request, grant_id: int) -> HttpResponse:
    """Take a grant back, with the reason."""
    reason = request.POST.get("reason", "").strip()
    login = request.POST.get("login", "")
    grant = _grant_in(request, login, grant_id)
    if not reason:
        messages.error(request, "收回授权须填写理由")
    else:
        try:
            posts.end_grant(grant_id=grant.pk, reason=reason, now=timezone.now())
        except Rejection as refused:
            messages.error(request, refused.told)
        else:
            messages.success(request, "授权已收回，该岗位的会话已结束")
    return redirect("control_operator", login=login)


@require_http_methods(["GET", "POST"])
@page(rights.RIGHTS_REVIEW)
def yearly(request: Request) -> HttpResponse:
    """年度权限复核: every grant in force is looked at once a year."""
    today = timezone.localdate()
    refusal = None
    listed = [
        grant for grant in posts.yearly_list(year=today.year, on=today) if is_within(grant.area, request.scope.area)
    ]
    if request.method == "POST":
        wanted = request.POST.get("grant", "")
        if wanted not in {str(grant.pk) for grant in listed}:
            raise Http404("没有这个授权，或已复核")
        try:
            posts.review_grant(
                grant_id=int(wanted),
                year=today.year,
                kept=request.POST.get("kept") == "1",
                remark=request.POST.get("remark", "").strip(),
                reviewer=request.user,
                now=timezone.now(),
            )
        except Rejection as refused:
            refusal = refused
        else:
            return redirect("control_yearly")
    context = {"listed": listed, "year": today.year, "refusal": refusal}
    return render(request, "control/yearly.html", context, status=422 if refusal else 200)


@require_http_methods(["GET", "POST"])
@page(rights.OPERATOR_MANAGE)
def operator_new(request: Request) -> HttpResponse:
    """Make an account without any right; the first password is shown once."""
    form = {name: request.POST.get(name, "").strip() for name in ("login", "name", "organisation", "id_number")}
    refusal = None
    if request.method == "POST":
        try:
            _check_new(form)
            made, first = operators.open_account(by=request.user, now=timezone.now(), **form)
        except Rejection as refused:
            refusal = refused
        else:
            return render(request, "control/first_password.html", {"operator": made, "first": first})
    return render(
        request, "control/operator_new.html", {"form": form, "refusal": refusal}, status=422 if refusal else 200
    )


@require_POST
@page(rights.OPERATOR_MANAGE)
def operator_change(request: Request, login: str) -> HttpResponse:
    """Unlock, reset the password, drop a lost second factor, note leaving and return."""
    operator = queries.operator_in(login=login, area=request.scope.area)
    if operator is None:
        raise Http404("没有这个操作员，或不在您的数据范围内")
    now, action = timezone.now(), request.POST.get("action", "")
    reason = request.POST.get("reason", "").strip()
    if operator.pk == request.user.pk:
        messages.error(request, "不能对自己的账号办理，请由另一名管理员办理")
        return redirect("control_operator", login=login)
    if action in ("leave", "come_back", "drop_factor") and not reason:
        messages.error(request, "请填写理由")
        return redirect("control_operator", login=login)
    if action in ("reset", "come_back"):
        first = (
            operators.reset_password(operator=operator, by=request.user, now=now)
            if action == "reset"
            else operators.come_back(operator=operator, by=request.user, reason=reason, now=now)
        )
        return render(request, "control/first_password.html", {"operator": operator, "first": first})
    if action == "unlock":
        operators.unlock(operator=operator, now=now)
        messages.success(request, "登录锁定已解除")
    elif action == "drop_factor":
        operators.drop_factor(operator=operator, reason=reason)
        messages.success(request, "动态口令已停用，请本人重新启用")
    elif action == "leave":
        ended = operators.leave(operator=operator, on=timezone.localdate(now), reason=reason, now=now)
        messages.success(request, f"已办理离岗，收回 {ended} 个授权，会话已结束")
    return redirect("control_operator", login=login)


@require_POST
@page(rights.RIGHTS_READ)
def operator_confirm(request: Request, login: str) -> HttpResponse:
    """Control or the director confirms that the owner has an account whose password an administrator gave out."""
    operator = queries.operator_in(login=login, area=request.scope.area)
    if operator is None or not operator.password_given_by:
        raise Http404("没有这个操作员，或没有待确认的口令发放")
    if not _may_confirm(request):
        raise PermissionDenied("确认账号由本人取回，须有授权内控复核或授权审批的权限。请由相应岗位人员办理。")
    try:
        operators.confirm_in_hand(operator=operator, by=request.user)
    except Rejection as refused:
        messages.error(request, refused.told)
    else:
        messages.success(request, "已确认由本人取回，可以复核")
    return redirect("control_operator", login=login)


def _may_confirm(request: Request) -> bool:
    return request.user.may(rights.RIGHTS_REVIEW) or request.user.may(rights.RIGHTS_APPROVE)


def _choices(request: Request) -> dict[str, Any]:
    """What the form offers by name: areas, operators and grants that may be deputised, as far as one may see them."""
    mine = request.scope.area
    known = areas(pooling_area=request.scope.pooling_area)
    listed = queries.operators(area=mine) if request.user.may(rights.RIGHTS_READ) else [request.user]
    today = timezone.localdate()
    running = [
        grant for each in listed for grant in each.grants.all() if grant.ended_at is None and grant.until > today
    ]
    return {
        "areas": [(each.code, each.name) for each in known if is_within(each.code, mine)],
        "logins": [(each.login, each.name) for each in listed],
        "deputies": running if request.user.may(rights.RIGHTS_READ) else [],
    }


def _hand_in(request: Request, form: dict[str, str]) -> Any:
    deputy = form["deputy_for"]
    payload: dict[str, Any] = {
        "login": form["login"][:30],
        "post": form["post"][:20],
        "area": form["area"][:12],
        "organisation": "",
        "since": form["since"][:10],
        "until": form["until"][:10],
        "deputy_for": int(deputy) if deputy.isdecimal() else None,
    }
    _check_dates(payload)
    if not form["reason"]:
        raise WRONG_VALUE(name="申请理由", value="", why="不能为空", field="reason")
    if (
        request.user.login != payload["login"]
        and queries.operator_in(login=payload["login"], area=request.scope.area) is None
    ):
        raise UNKNOWN_OPERATOR(login=payload["login"])
    who: dict[str, Any] = dict(Operator.objects.filter(login=payload["login"]).values("person", "name").first() or {})
    names = {post.code: post.name for post in queries.posts()}
    return approvals.request_approval(
        kind="rights.grant",
        subject=f"{payload['login']}:{payload['post']}:{payload['area']}",
        subject_person=who.get("person", ""),
        title=f"授予 {who.get('name') or payload['login']} 岗位“{names.get(payload['post'], payload['post'])}”",
        payload=payload,
        area=request.scope.area,
        maker=request.user,
        reason=form["reason"],
        now=timezone.now(),
    )


def _check_dates(payload: dict[str, Any]) -> None:
    for name in ("since", "until"):
        try:
            date.fromisoformat(payload[name])
        except ValueError:
            raise WRONG_DAY(day=payload[name], why="不是日期", field=name) from None


def _check_new(form: dict[str, str]) -> None:
    names = {
        "login": ("登录名", 30),
        "name": ("姓名", 50),
        "organisation": ("所属机构", 100),
        "id_number": ("身份证号", 18),
    }
    for field, (title, most) in names.items():
        if not form[field]:
            raise WRONG_VALUE(name=title, value="", why="不能为空", field=field)
        if len(form[field]) > most:
            raise WRONG_VALUE(name=title, value=form[field][:20] + "…", why=f"最多 {most} 字", field=field)
    if not (form["login"].isascii() and form["login"].replace(".", "").replace("-", "").isalnum()):
        raise WRONG_VALUE(name="登录名", value=form["login"], why="只能用字母、数字、点和短横", field="login")


def _grant_in(request: Request, login: str, grant_id: int) -> Any:
    operator = queries.operator_in(login=login, area=request.scope.area)
    grant = operator and operator.grants.filter(pk=grant_id).first()
    if not grant or not is_within(grant.area, request.scope.area):
        raise Http404("没有这个授权，或不在您的数据范围内")
    return grant


def _operator_page(request: Request, login: str) -> HttpResponse:
    operator = queries.operator_in(login=login, area=request.scope.area)
    if operator is None:
        raise Http404("没有这个操作员，或不在您的数据范围内")
    context = {
        "operator": operator,
        "grants": queries.grants_of(operator),
        "today": timezone.localdate(),
        "may_confirm": _may_confirm(request),
    }
    provider = identity_provider()
    if provider is not None:
        held = identities.identity_of(operator=operator, issuer=provider.issuer)
        context |= {"provider": provider, "identity": held}
    return render(request, "control/operator.html", context)
