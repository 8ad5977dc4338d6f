"""Refusals of the room reports."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

TOO_FEW = kind(
    "REPO-001",
    zh="抽取后没有可以提供的数据：{given} 笔中没有一组特征达到 {k} 人",
    en="nothing is left: no cell of {given} claims has {k} persons",
    remedy="请换一个年度或险种，或在全市数据足够多时再抽取",
)
NO_CLAIMS = kind(
    "REPO-002",
    zh="{area} 险种 {scheme} 在 {year} 年度没有结算",
    en="{area} has no settlements of {scheme} in {year}",
    remedy="请核对统筹区、险种和年度",
)
WRONG_REQUEST = kind(
    "REPO-003",
    zh="抽取申请不正确：{why}",
    en="the request is not valid: {why}",
    remedy="请更正后重新提交",
)
