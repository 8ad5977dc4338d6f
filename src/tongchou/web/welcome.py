"""What `tongchou run` prints when the site is up: where to go, as whom, what to look at."""

from __future__ import annotations

from django.conf import settings

from tongchou.control.api import DEMO_OPERATORS, Operator, demo_password


def welcome_lines(url: str) -> list[str]:
    """The lines to print, in Chinese; the demo logins only where the demo operators exist."""
    lines = [f"业务系统    {url}/", f"目录与机构  {url}/admin/"]
    password = demo_password(settings.HOME.root)
    demo_logins = {login for login, _, _ in DEMO_OPERATORS}
    operators = list(Operator.objects.filter(login__in=demo_logins, is_active=True).order_by("id"))
    if not password or not operators:
        return lines
    lines += ["", f"演示操作员（密码都是 {password}，首次启动时随机生成）："]
    lines += [f"  {operator.login:<12}{operator.get_post_display()}  {operator.name}" for operator in operators]
    lines += [
        "",
        "可以先看：",
        f"  工作台 {url}/ 今日数据与最近结算",
        f"  参保人员 {url}/persons/ 按姓名查一个人，再看他的结算和瀑布图",
        f"  日终对账 {url}/days/ 机构、结算、账簿三方相等到分",
    ]
    return lines
