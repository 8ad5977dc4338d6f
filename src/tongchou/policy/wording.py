"""Puts expressions of a pack into Chinese words for the explanation."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tongchou.policy.model import AccumulatorSpec, Adjustment, FactSpec, Quantity
from tongchou.policy.vocabulary import COMPONENT_TITLES

_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+(?::[0-9]+)?")
_STEP_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FUNCTIONS = {
    "min(": "取小(",
    "max(": "取大(",
    "positive(": "不小于零(",
    "share_down(": "按比例舍去(",
    "share(": "按比例(",
    "divide(": "平分(",
    "prorate_down(": "按份额舍去(",
    "prorate(": "按份额(",
    "round_down_to(": "舍去到(",
    "quotient(": "比值(",
    "round_to(": "取整(",
    "whole(": "整倍数(",
    "next_month(": "次月一日(",
    "add_months(": "若干月后(",
    "year_start(": "年初(",
    "year_of(": "年度(",
    "days_between(": "天数(",
    "add_days(": "若干天后(",
    "months_between(": "满月数(",
    "age_on(": "周岁(",
}
_KEYWORDS = (
    (r"\bif\b", "如果"),
    (r"\bthen\b", "则"),
    (r"\belse\b", "否则"),
    (r"\bnot in\b", "不属于"),
    (r"\bnot\b", "不是"),
    (r"\bin\b", "属于"),
    (r"\band\b", "并且"),
    (r"\bor\b", "或者"),
)
_SIGNS = (
    (" == ", "为"),
    (" != ", "不为"),
    (">=", "≥"),
    ("<=", "≤"),
    ("pp", "个百分点"),
    (" * ", " × "),
    (" - ", " − "),
)
_OTHER = {"bill.total": "总费用"}
_OPERATIONS = {"times": "乘以", "set": "定为", "at_least": "不低于", "at_most": "不高于"}


def in_words(text: str, facts: Mapping[str, FactSpec], accumulators: Mapping[str, AccumulatorSpec]) -> str:
    """An expression with the titles of its names: ``min(5, person.continuous_years - 1) * 1pp`` → 取小(5, 连续缴费年数 − 1) × 1个百分点."""
    for word, chinese in _FUNCTIONS.items():
        text = text.replace(word, chinese)
    for pattern, chinese in _KEYWORDS:
        text = re.sub(pattern, chinese, text)

    def title(match: re.Match[str]) -> str:
        name = match.group()
        known: FactSpec | AccumulatorSpec | None = facts.get(name) or accumulators.get(name)
        component = COMPONENT_TITLES.get(name.partition(".")[2], "") if name.startswith(("bill.", "burden.")) else ""
        return known.title if known else component or _OTHER.get(name, name)

    text = _NAME.sub(title, text)
    for sign, shown in _SIGNS:
        text = text.replace(sign, shown)
    return text


def formula_in_words(text: str, names: Mapping[str, str], tables: Mapping[str, str] | None = None) -> str:
    """An expression of a formula with each of its names replaced, by titles or by values; ``tables`` are Chinese names."""
    replaced = _STEP_NAME.sub(lambda match: names.get(match.group(), match.group()), text)
    for name in sorted(tables or (), key=len, reverse=True):
        replaced = replaced.replace(name, (tables or {})[name])
    return in_words(replaced, {}, {})


def facts_in(text: str, facts: Mapping[str, FactSpec]) -> tuple[str, ...]:
    """The facts that an expression mentions, each once, in order."""
    return tuple(dict.fromkeys(name for name in _NAME.findall(text) if name in facts))


def adjustment_in_words(
    adjustment: Adjustment, facts: Mapping[str, FactSpec], accumulators: Mapping[str, AccumulatorSpec]
) -> str:
    """``add: -10pp`` → 降低10个百分点; ``times: 110%`` → 乘以110%; with the values of the facts that it uses, and its label."""
    text = adjustment.amount.text
    words = in_words(text, facts, accumulators)
    if adjustment.op == "add":
        words = f"降低{words[1:].strip()}" if words.startswith("-") else f"提高{words}"
    else:
        words = _OPERATIONS[adjustment.op] + words
    known = "、".join(f"{facts[name].title}={{fact:{name}}}" for name in facts_in(text, facts))
    condition = adjustment.when.text if adjustment.when else ""
    label = in_words(condition, facts, accumulators) if adjustment.label == condition else adjustment.label
    remark = "；".join(part for part in (label, known) if part)
    return f"{words}（{remark}）" if remark else words


def table_facts(quantity: Quantity, tables: Mapping[str, Quantity]) -> tuple[str, ...]:
    """The facts by which a quantity is looked up, also when it only names a table."""
    table = quantity.table
    named = tables.get(quantity.text.strip())
    if table is None and named is not None:
        table = named.table
    return table.by if table else ()
