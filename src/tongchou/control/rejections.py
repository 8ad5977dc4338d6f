"""What control refuses."""

from __future__ import annotations

from tongchou.kernel import rejection

SIGN_IN_REFUSED = rejection.kind(
    "CTRL-001",
    zh="登录名或密码不正确",
    en="login name or password is wrong",
    remedy="请检查大小写锁定后重新输入；还可以再试 {left} 次。忘记密码请联系管理员重置",
    field="password",
)
LOCKED_OUT = rejection.kind(
    "CTRL-002",
    zh="连续 {limit} 次登录失败，已暂时锁定",
    en="locked after {limit} failures",
    remedy="请在 {minutes} 分钟后再试，或联系管理员确认是否有人冒用",
    field="login",
)
