"""No float touches money: no float literal, no ``float(...)``, no true division in a room that computes amounts.

``/`` is allowed where it is exact or no number: on paths (a string or a name that says so on either side) and on
Fractions (a ``Fraction(...)`` on either side); anywhere else the line must end in a comment ``# exact: why``.
"""

from __future__ import annotations

import ast
import re

from tests.house.source import MONEY_ROOMS, Source, dotted, product, report

PATH_NAME = re.compile(r"(path|dir|folder|root|parent|file|base|here|packs?|policies|data)s?$", re.IGNORECASE)
FLOAT_CALLS = {"float", "math.floor", "math.ceil", "math.sqrt", "round"}


LANES = {"src/tongchou/policy/arrays/columns.py"}
"""The one exception: whole numbers carried in float64 lanes for speed, exact below 2⁵³. The module refuses amounts that
could leave that range, and a test holds it against the integer function claim by claim."""


def test_no_float_in_a_money_room() -> None:
    rooms = [source for source in product() if source.room in MONEY_ROOMS and source.name not in LANES]
    found = [finding for source in rooms for finding in _floats(source)]
    assert not found, report(found)


def _floats(source: Source) -> list[str]:
    lines = source.text.splitlines()
    guards = {id(name) for call in ast.walk(source.tree) if _is_type_test(call) for name in ast.walk(call)}
    found = []
    for node in ast.walk(source.tree):
        line = getattr(node, "lineno", 0)
        if line and "# exact:" in lines[line - 1]:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"{source.name}:{line} float literal {node.value}")
        elif isinstance(node, ast.Call) and dotted(node.func) in FLOAT_CALLS:
            found.append(f"{source.name}:{line} {dotted(node.func)}()")
        elif isinstance(node, ast.Name) and node.id == "float" and id(node) not in guards:
            found.append(f"{source.name}:{line} the type float")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div) and not _is_exact(node):
            found.append(f"{source.name}:{line} true division")
    return found


def _is_type_test(node: ast.AST) -> bool:
    """``isinstance(value, float)`` is how a float is refused."""
    return isinstance(node, ast.Call) and dotted(node.func) == "isinstance"


def _is_exact(node: ast.BinOp | ast.AugAssign) -> bool:
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
    return any(_is_path_or_fraction(side) for side in sides)


def _is_path_or_fraction(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _is_exact(node)
    if isinstance(node, ast.Call):
        return dotted(node.func).rpartition(".")[2] in ("Path", "Fraction", "files")
    return PATH_NAME.search(dotted(node)) is not None
