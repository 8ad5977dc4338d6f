"""Pages for what went wrong: each says what happened and what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the operator's post does not hold the right; the nearest obstacle and its remedy, where they are known."""
    told = str(exception.args[0]) if exception and exception.args else ""
    usual = "您的岗位没有这项功能的权限。确需办理的，请由有权限的同事办理，或提出授权申请。"
    return _page(request, 403, "没有办理权限", told or usual)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form is too old or came from elsewhere."""
    return _page(
        request, 403, "页面已过期", "为了安全，这次提交没有被接受，也没有写入任何数据。请返回上一页刷新后重新提交。"
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing there, or not in the operator's areas."""
    told = str(exception.args[0]) if exception and exception.args and isinstance(exception.args[0], str) else ""
    return _page(request, 404, "没有找到", f"{told or '这个页面或记录不存在'}。请核对编号，或从左侧菜单重新查询。")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request can't be read."""
    return _page(request, 400, "请求无法识别", "请返回上一页刷新后重试；仍不成功请联系管理员。")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a bug. Nothing is asked of the database, which may be what failed."""
    return HttpResponse(loader.get_template("web/errors/500.html").render({}, request=None), status=500)


def _page(request: HttpRequest, status: int, title: str, told: str) -> HttpResponse:
    signed_in = getattr(request, "user", None) is not None and request.user.is_authenticated
    template = "web/errors/inside.html" if signed_in else "web/errors/outside.html"
    return render(request, template, {"status": status, "error_title": title, "told": told}, status=status)
