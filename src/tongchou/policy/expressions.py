"""The expression language of packs: a small total grammar, parsed into frozen nodes.

    value  := or | "if" or "then" value "else" value
    or     := and ("or" and)*          and := not ("and" not)*         not := "not" not | compare
    compare:= sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum | ["not"] "in" ("(" word, … ")" | sum))?
    sum    := product (("+" | "-") product)*      product := unary ("*" unary)*      unary := "-" unary | primary
    primary:= number [元 | % | pp] | date | name | word | function "(" value, … ")" | "(" value ")"

Names are dotted Latin words (facts, accumulators, bill components) or Chinese words (values of an enumeration, named
conditions, named tables). There is no division operator (``divide``, ``prorate`` and ``whole`` say how they round), no loop, no attribute, no way out into Python. Nothing is typed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeAlias

MAX_LENGTH = 2000
MAX_NESTING = 50


class ExpressionError(Exception):
    """A text is no expression, or its parts do not fit; the message is Chinese and is shown in a finding."""


@dataclass(frozen=True, slots=True)
class Number:
    """A literal. ``unit`` is ``""`` (plain), ``"元"``, ``"%"`` or ``"pp"``; percent values are already divided by 100."""

    value: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Day:
    """A date literal."""

    value: date


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted Latin name or a Chinese word; what it means is found when it is typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """``op`` over ``args``: ``+ - * neg == != < <= > >= and or not if`` or a function's name."""

    op: str
    args: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Membership:
    """``item in (a, b)`` over enumeration values, or ``word in set``."""

    item: Expression
    options: tuple[Name, ...] | Expression


Expression: TypeAlias = Number | Day | Name | Operation | Membership


def parts_of(expression: Expression | None) -> Iterator[Expression]:
    """The expression and everything in it, from left to right."""
    if expression is None:
        return
    yield expression
    if isinstance(expression, Operation):
        for argument in expression.args:
            yield from parts_of(argument)
    elif isinstance(expression, Membership):
        yield from parts_of(expression.item)
        if not isinstance(expression.options, tuple):
            yield from parts_of(expression.options)


def names_in(expression: Expression | None) -> tuple[str, ...]:
    """The names that an expression mentions, each once; words of an enumeration that it is compared with are among them."""
    return tuple(dict.fromkeys(part.text for part in parts_of(expression) if isinstance(part, Name)))


def operations_in(expression: Expression | None) -> set[str]:
    """The operators and functions that an expression uses."""
    return {part.op for part in parts_of(expression) if isinstance(part, Operation)}


FUNCTIONS = {
    "min": (2, 9),
    "max": (2, 9),
    "share": (2, 2),
    "share_down": (2, 2),
    "divide": (2, 2),
    "prorate": (3, 3),
    "prorate_down": (3, 3),
    "quotient": (3, 3),
    "round_to": (2, 2),
    "round_down_to": (2, 2),
    "whole": (2, 2),
    "positive": (1, 1),
    "next_month": (1, 1),
    "add_months": (2, 2),
    "year_start": (1, 1),
    "year_of": (1, 1),
    "days_between": (2, 2),
    "add_days": (2, 2),
    "months_between": (2, 2),
    "age_on": (2, 2),
}
KEYWORDS = {"and", "or", "not", "in", "if", "then", "else"}
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")

_TOKEN = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d{2}-\d{2})"
    r"|(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>元|%|pp)?"
    r"|(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*(?::[0-9]+)?)"
    r"|(?P<word>[\u4e00-\u9fff][\u4e00-\u9fff0-9A-Za-z]*|[A-Z][A-Z0-9]+)"
    r"|(?P<op>==|!=|<=|>=|[-+*<>(),]))"
)


def parse_expression(text: str) -> Expression:
    """Parse an expression.

    Raises:
        ExpressionError: it is not one, or it is too long or too deep.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError("表达式过长")
    parser = _Parser(_tokens(text), text)
    result = parser.value()
    if parser.kind != "end":
        raise ExpressionError(f"表达式“{text}”在“{parser.text}”处无法理解{_hint(parser.text)}")
    return result


_HINTS = {
    "=": "（相等写==）",
    "且": "（并且写and）",
    "并且": "（并且写and）",
    "或": "（或者写or）",
    "或者": "（或者写or）",
    "非": "（不是写not）",
    "万": "（写成数字，如150000）",
    "％": "（百分号应为半角的%）",
    ",": "（数字里不写千分位的逗号，如10000）",
    "¥": "（金额只写数字，如10000）",
    "/": "（没有除号：用divide、prorate或share）",
    "，": "（逗号应为半角）",
    "（": "（括号应为半角）",
    "）": "（括号应为半角）",
    "、": "（并列写成in (甲, 乙)）",
    "≥": "（大于等于写>=）",
    "≤": "（小于等于写<=）",
    "×": "（乘号写*）",
}
"""What people write where the language has another sign, and how it is written."""


def _hint(rest: str) -> str:
    return next((hint for sign, hint in _HINTS.items() if rest.startswith(sign)), "")


def _tokens(text: str) -> list[tuple[str, str, str]]:
    tokens, position = [], 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            rest = stripped[position:].strip()
            raise ExpressionError(f"表达式“{text}”在“{rest[:10]}”处无法理解{_hint(rest)}")
        kind = match.lastgroup or ""
        if kind == "unit":
            kind = "number"
        tokens.append((kind, match.group(kind), match.group("unit") or ""))
        position = match.end()
    tokens.append(("end", "", ""))
    return tokens


class _Parser:
    """Recursive descent over the token list; every method consumes what it returns."""

    def __init__(self, tokens: list[tuple[str, str, str]], source: str) -> None:
        self.tokens = tokens
        self.source = source
        self.at = 0
        self.depth = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def text(self) -> str:
        return self.tokens[self.at][1]

    def accept(self, *texts: str) -> str:
        if self.kind in ("op", "name") and self.text in texts:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise ExpressionError(f"表达式“{self.source}”缺少“{text}”")

    def deeper(self, parse: Callable[[], Expression]) -> Expression:
        """Parse one level further down; the depth is bounded."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise ExpressionError("表达式嵌套过深")
        result = parse()
        self.depth -= 1
        return result

    def value(self) -> Expression:
        return self.deeper(self.choice)

    def choice(self) -> Expression:
        if not self.accept("if"):
            return self.disjunction()
        condition = self.disjunction()
        self.expect("then")
        chosen = self.value()
        self.expect("else")
        return Operation("if", (condition, chosen, self.value()))

    def disjunction(self) -> Expression:
        parts = [self.conjunction()]
        while self.accept("or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Operation("or", tuple(parts))

    def conjunction(self) -> Expression:
        parts = [self.negation()]
        while self.accept("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Operation("and", tuple(parts))

    def negation(self) -> Expression:
        if self.accept("not"):
            return self.deeper(lambda: Operation("not", (self.negation(),)))
        return self.comparison()

    def comparison(self) -> Expression:
        left = self.sum()
        operator = self.accept(*COMPARISONS)
        if operator:
            return Operation(operator, (left, self.sum()))
        negated = bool(self.accept("not"))
        if negated and self.text != "in":
            raise ExpressionError(f"表达式“{self.source}”的not后面应为in")
        if self.accept("in"):
            inside = Membership(left, self.options())
            return Operation("not", (inside,)) if negated else inside
        return left

    def options(self) -> tuple[Name, ...] | Expression:
        if not self.accept("("):
            return self.sum()
        names = [self.option()]
        while self.accept(","):
            names.append(self.option())
        self.expect(")")
        return tuple(names)

    def option(self) -> Name:
        if self.kind not in ("word", "name"):
            raise ExpressionError(f"表达式“{self.source}”的in列表应为词语")
        self.at += 1
        return Name(self.tokens[self.at - 1][1])

    def sum(self) -> Expression:
        left = self.product()
        while operator := self.accept("+", "-"):
            left = Operation(operator, (left, self.product()))
        return left

    def product(self) -> Expression:
        left = self.unary()
        while self.accept("*"):
            left = Operation("*", (left, self.unary()))
        return left

    def unary(self) -> Expression:
        if self.accept("-"):
            return self.deeper(lambda: Operation("neg", (self.unary(),)))
        return self.primary()

    def primary(self) -> Expression:
        kind, text, unit = self.tokens[self.at]
        if kind == "number":
            self.at += 1
            return Number(Fraction(text) / (100 if unit in ("%", "pp") else 1), unit)
        if kind == "date":
            self.at += 1
            return _day(text)
        if self.accept("("):
            inner = self.value()
            self.expect(")")
            return inner
        if kind in ("name", "word") and text not in KEYWORDS:
            self.at += 1
            return self.call(text) if text in FUNCTIONS and self.accept("(") else Name(text)
        raise ExpressionError(f"表达式“{self.source}”在“{text or '结尾'}”处无法理解")

    def call(self, function: str) -> Expression:
        args = [self.value()]
        while self.accept(","):
            args.append(self.value())
        self.expect(")")
        low, high = FUNCTIONS[function]
        if not low <= len(args) <= high:
            raise ExpressionError(f"函数{function}的参数个数不对")
        return Operation(function, tuple(args))


def _day(text: str) -> Day:
    try:
        return Day(date.fromisoformat(text))
    except ValueError as error:
        raise ExpressionError(f"“{text}”不是日期") from error
