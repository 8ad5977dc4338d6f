"""Gives expressions their types and turns them into the text of plain integer arithmetic.

Types: ``fen``, ``int``, ``rate`` (an integer numerator over a known scale), ``bool``, ``date`` (day ordinal),
``enum:NAME`` and ``code:NAME`` (index into the fact's values), ``set:NAME`` (bit mask). Units never mix: yuan are only
added to yuan; a rate meets money only in ``share(money, rate)``, which rounds half up to the fen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lcm

from tongchou.policy.expressions import (
    COMPARISONS,
    Day,
    Expression,
    ExpressionError,
    Membership,
    Name,
    Number,
    Operation,
)
from tongchou.policy.model import FactSpec

UNIT_TYPES = {"元": "fen", "率": "rate", "数": "rate", "个": "int", "日": "date", "是否": "bool"}
TYPE_NAMES = {"fen": "金额", "rate": "比例", "int": "个数", "bool": "条件", "date": "日期"}
DATE_FUNCTIONS = {
    "next_month": ("date", ("date",)),
    "add_months": ("date", ("date", "int")),
    "year_start": ("date", ("int",)),
    "year_of": ("int", ("date",)),
    "days_between": ("int", ("date", "date")),
    "add_days": ("date", ("date", "int")),
    "months_between": ("int", ("date", "date")),
    "age_on": ("int", ("date", "date")),
}


ROUNDING_FUNCTIONS = (
    "share",
    "share_down",
    "divide",
    "prorate",
    "prorate_down",
    "quotient",
    "round_to",
    "round_down_to",
    "whole",
)
ROUNDS = frozenset(ROUNDING_FUNCTIONS) - {"whole"}
"""Those that leave something out; ``whole`` counts."""
MOST_PLACES = 6


@dataclass(frozen=True, slots=True)
class Code:
    """Source text of an integer (or truth) value, its type, and for rates the scale (denominator)."""

    text: str
    type: str
    scale: int = 1

    @property
    def atomic(self) -> bool:
        """Whether the text is a single name or number."""
        return self.text.isidentifier() or self.text.lstrip("-").isdigit()


Resolver = Callable[[str], "Code | Expression | None"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean: ``resolve`` gives a Code, or an expression to be typed in its place, or ``None``.

    ``let`` writes a statement that names a value (wanted name, text), so that a text may mention it twice. With ``exact``
    nothing is rounded: amounts are fractions of a fen, for the explanation.
    """

    resolve: Resolver
    fact: Callable[[str], FactSpec]
    let: Callable[[str, str], str]
    dates: bool = False
    exact: bool = False


def typed(expression: Expression, scope: Scope) -> Code:
    """Type an expression.

    Raises:
        ExpressionError: an unknown name, or parts that do not fit together.
    """
    if isinstance(expression, Number):
        return _number(expression)
    if isinstance(expression, Day):
        return Code(str(expression.value.toordinal()), "date")
    if isinstance(expression, Name):
        return _name(expression, scope)
    if isinstance(expression, Membership):
        return _membership(expression, scope)
    return _operation(expression, scope)


def typed_as(expression: Expression, wanted: str, scope: Scope) -> Code:
    """Type an expression and insist on a type."""
    code = typed(expression, scope)
    if code.type == wanted:
        return code
    if wanted == "rate" and code.type == "int":
        return Code(code.text, "rate", 1)
    written = TYPE_NAMES.get(code.type) or ("集合" if code.type.startswith("set") else "枚举的取值")
    raise ExpressionError(f"这里应为{TYPE_NAMES.get(wanted, wanted)}，写的是{written}")


def at_scale(code: Code, scale: int) -> str:
    """The text of a rate's numerator over another scale (a multiple of its own)."""
    factor = scale // code.scale
    if factor == 1:
        return code.text
    if code.text.lstrip("-").isdigit():
        return str(int(code.text) * factor)
    return f"({code.text}) * {factor}" if not code.atomic else f"{code.text} * {factor}"


def _number(number: Number) -> Code:
    value = number.value
    if number.unit == "元":
        fen = value * 100
        if fen.denominator != 1:
            raise ExpressionError("金额不能细于一分")
        return Code(str(fen.numerator), "fen")
    if number.unit or value.denominator != 1:
        scale = lcm(100, value.denominator)
        return Code(str((value * scale).numerator), "rate", scale)
    return Code(str(value.numerator), "int")


def _name(name: Name, scope: Scope) -> Code:
    found = scope.resolve(name.text)
    if found is None:
        raise ExpressionError(f"不认识的名称“{name.text}”")
    return found if isinstance(found, Code) else typed(found, scope)


def _membership(expression: Membership, scope: Scope) -> Code:
    options = expression.options
    if isinstance(options, tuple):
        item = typed(expression.item, scope)
        if item.type.startswith("set:"):
            title, fact = scope.fact(item.type[4:]).title, item.type[4:]
            each = " or ".join(f"{option.text} in {fact}" for option in options)
            raise ExpressionError(f"“{title}”是集合，一个人可以同时有几个，不写在in的左边。请写：{each}")
        if item.type.partition(":")[0] not in ("enum", "code"):
            raise ExpressionError("in的左边应为枚举信息")
        indexes = [str(_index(item, option, scope)) for option in options]
        return Code("(" + " or ".join(f"{item.text} == {index}" for index in indexes) + ")", "bool")
    container = typed(options, scope)
    if not container.type.startswith("set:") or not isinstance(expression.item, Name):
        raise ExpressionError("in的右边应为集合信息，左边应为其中的一个词")
    bit = 1 << _index(container, expression.item, scope)
    return Code(f"({container.text} & {bit} != 0)", "bool")


def _index(item: Code, option: Expression, scope: Scope) -> int:
    """The index of a word among the values of an enumerated fact."""
    spec = scope.fact(item.type.partition(":")[2])
    if not isinstance(option, Name):
        raise ExpressionError(f"“{spec.title}”只能与其取值比较")
    word = dict(spec.aliases).get(option.text, option.text)
    if word not in spec.values:
        raise ExpressionError(f"“{spec.title}”没有取值“{option.text}”，可用：{'、'.join(spec.values)}")
    return spec.values.index(word)


def _operation(operation: Operation, scope: Scope) -> Code:
    op = operation.op
    if op in ("and", "or", "not"):
        parts = [typed_as(arg, "bool", scope).text for arg in operation.args]
        return Code(f"(not {parts[0]})" if op == "not" else "(" + f" {op} ".join(parts) + ")", "bool")
    if op in COMPARISONS:
        return _comparison(operation, scope)
    if op in DATE_FUNCTIONS:
        return _date_function(operation, scope)
    if op in ROUNDING_FUNCTIONS:
        return _rounded(operation, scope)
    if op == "positive":
        code = typed(operation.args[0], scope)
        return Code(_extreme("max", [code.text, "0"], scope), code.type, code.scale)
    if op == "if":
        condition = typed_as(operation.args[0], "bool", scope)
        (yes, no), code_type, scale = _same([typed(arg, scope) for arg in operation.args[1:]])
        return Code(f"({yes} if {condition.text} else {no})", code_type, scale)
    if op in ("min", "max"):
        texts, code_type, scale = _same([typed(arg, scope) for arg in operation.args])
        return Code(_extreme(op, texts, scope), code_type, scale)
    return _arithmetic(op, [typed(arg, scope) for arg in operation.args])


def _extreme(op: str, texts: list[str], scope: Scope) -> str:
    """The smallest or largest, as comparisons: a call would cost more than all the rest of a short expression."""
    name, sign = ("least", "<") if op == "min" else ("most", ">")
    found = scope.let(name, texts[0])
    for text in texts[1:]:
        other = scope.let(name, text)
        found = scope.let(name, f"{found} if {found} {sign} {other} else {other}")
    return found


def _rounded(operation: Operation, scope: Scope) -> Code:
    """The functions that round, half up to the fen unless their name says otherwise."""
    op = operation.op
    codes = [typed(arg, scope) for arg in operation.args]
    if op == "whole":
        (amount, unit), _, _ = _same(codes)
        return Code(f"(({amount}) // {_positive(unit)})", "int")
    if scope.exact:
        return _unrounded(op, codes)
    if op == "quotient":
        (part, whole), _, _ = _same(codes[:2])
        scale = 10 ** _places(codes[2].text)
        return Code(_quotient(f"({part}) * {scale}", whole), "rate", scale)
    amount = typed_as(operation.args[0], "fen", scope).text
    if op == "round_to":
        step = int(_positive(typed_as(operation.args[1], "fen", scope).text))
        return Code(f"((2 * ({amount}) + {step}) // {2 * step} * {step})", "fen")
    if op == "round_down_to":
        step = int(_positive(typed_as(operation.args[1], "fen", scope).text))
        return Code(f"(({amount}) // {step} * {step})", "fen")
    if op == "divide":
        count = typed_as(operation.args[1], "int", scope).text
        return Code(_quotient(f"({amount})", count), "fen")
    if op == "prorate":
        (part, whole), _, _ = _same(codes[1:])
        return Code(_quotient(f"({amount}) * ({part})", whole), "fen")
    if op == "prorate_down":
        (part, whole), _, _ = _same(codes[1:])
        return Code(f"(({amount}) * ({part}) // ({whole}) if ({whole}) > 0 else 0)", "fen")
    rate = typed_as(operation.args[1], "rate", scope)
    if op == "share_down":
        return Code(f"(({amount}) * ({rate.text}) // {rate.scale})", "fen")
    return Code(f"((2 * ({amount}) * ({rate.text}) + {rate.scale}) // {2 * rate.scale})", "fen")


def _unrounded(op: str, codes: list[Code]) -> Code:
    """What a rounding function rounds, as a fraction."""
    amount = codes[0]
    if op in ("round_to", "round_down_to"):
        return amount
    if op == "quotient":
        (part, whole), _, _ = _same(codes[:2])
        scale = 10 ** _places(codes[2].text)
        return Code(f"(Fraction({part}) * {scale} / ({whole}) if ({whole}) > 0 else 0)", "rate", scale)
    if op in ("share", "share_down"):
        return Code(f"(({amount.text}) * Fraction({codes[1].text}) / {codes[1].scale})", "fen")
    part, whole = ("1", codes[1].text) if op == "divide" else tuple(_same(codes[1:])[0])
    return Code(f"(({amount.text}) * Fraction({part}) / ({whole}) if ({whole}) > 0 else 0)", "fen")


def _positive(text: str) -> str:
    """A divisor that must be a number above zero written in the text itself."""
    if text.isdigit() and int(text) > 0:
        return text
    raise ExpressionError("除数应是写明的正数")


def _places(text: str) -> int:
    """How many decimals a quotient is rounded to: a number written in the text itself."""
    if text.isdigit() and int(text) <= MOST_PLACES:
        return int(text)
    raise ExpressionError(f"小数位数应写明，最多{MOST_PLACES}位")


def _quotient(dividend: str, divisor: str) -> str:
    """Half up; nothing where the divisor is not above zero, so that every expression has a value."""
    if divisor.isdigit():
        number = int(_positive(divisor))
        return f"((2 * {dividend} + {number}) // {2 * number})"
    return f"((2 * {dividend} + ({divisor})) // (2 * ({divisor})) if ({divisor}) > 0 else 0)"


def _same(codes: list[Code]) -> tuple[list[str], str, int]:
    """Bring values of one type to one scale."""
    types = {code.type for code in codes}
    if types == {"rate", "int"}:
        types = {"rate"}
    if len(types) != 1:
        raise ExpressionError("单位混用:" + "与".join(sorted(TYPE_NAMES.get(t, t) for t in types)))
    scale = lcm(*(code.scale for code in codes))
    return [at_scale(code, scale) for code in codes], types.pop(), scale


def _arithmetic(op: str, codes: list[Code]) -> Code:
    if any(code.type not in ("fen", "int", "rate", "date") for code in codes):
        raise ExpressionError("只有数字可以加减乘")
    if op == "neg":
        return Code(f"(-{codes[0].text})", codes[0].type, codes[0].scale)
    if op == "*":
        left, right = codes
        types = {left.type, right.type}
        if types == {"fen", "rate"}:
            raise ExpressionError("金额乘比例会产生零头，请写share(金额, 比例)，它四舍五入到分")
        if ("int" not in types and types != {"rate"}) or "date" in types:
            raise ExpressionError("这两个量不能相乘")
        kind = next((t for t in ("fen", "rate") if t in types), "int")
        text = left.text if right.text == "1" else f"({left.text} * {right.text})"
        return Code(text, kind, left.scale * right.scale)
    texts, code_type, scale = _same(codes)
    if code_type == "date":
        raise ExpressionError("日期不能相加减，请用days_between或add_months")
    return Code(f"({texts[0]} {op} {texts[1]})", code_type, scale)


def _comparison(operation: Operation, scope: Scope) -> Code:
    left_node, right_node = operation.args
    left = typed(left_node, scope)
    if left.type.partition(":")[0] in ("enum", "code"):
        if operation.op not in ("==", "!="):
            raise ExpressionError("枚举信息只能用==或!=比较")
        return Code(f"({left.text} {operation.op} {_index(left, right_node, scope)})", "bool")
    if left.type.startswith("set:"):
        raise ExpressionError("集合不用==、!=比较，一个人可以同时有几个：写成“低保 in person.identities”的形式")
    if left.type == "bool":
        raise ExpressionError("条件不用==比较：成立写名称本身，不成立写not 名称")
    texts, _, _ = _same([left, typed(right_node, scope)])
    return Code(f"({texts[0]} {operation.op} {texts[1]})", "bool")


def _date_function(operation: Operation, scope: Scope) -> Code:
    if not scope.dates:
        raise ExpressionError(f"{operation.op}只能用在formulas里")
    result, wanted = DATE_FUNCTIONS[operation.op]
    args = [typed_as(arg, kind, scope).text for arg, kind in zip(operation.args, wanted, strict=True)]
    return Code(f"{operation.op}({', '.join(args)})", result)
