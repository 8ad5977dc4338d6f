"""Operators of the demo city. Their password is made by chance at the first start and lies only in the home folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from tongchou.control.models import Operator
from tongchou.control.services.operators import create_operator
from tongchou.kernel.identifiers import id_check_character

KEPT_IN = "demo-password"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

DEMO_OPERATORS = (
    ("clerk", "王秀兰", "clerk"),
    ("reviewer", "李国强", "reviewer"),
    ("accountant", "陈静", "accountant"),
    ("admin", "赵明远", "administrator"),
    ("auditor", "孙丽华", "auditor"),
    ("controller", "周建平", "controller"),
    ("director", "吴志远", "director"),
)
"""Login name, name, post."""
_BIRTHDAYS = ("19850312", "19790825", "19881107", "19910219", "19760530", "19741216", "19690403")


def create_demo_operators(*, area: str, organisation: str, folder: Path) -> None:
    """Make the demo operators that do not exist yet, all with the one password kept in ``folder``. Idempotent."""
    password = demo_password(folder) or _make_password(folder)
    known = set(Operator.objects.filter(grants__isnull=False).values_list("login", flat=True))
    for index, (login, name, post) in enumerate(DEMO_OPERATORS):
        if login not in known:
            create_operator(
                login=login,
                password=password,
                name=name,
                organisation=organisation,
                area=area,
                post=post,
                id_number=_id_number(index),
            )


def demo_password(folder: Path) -> str | None:
    """The password of the demo operators, or None where no demo was made."""
    file = folder / KEPT_IN
    return file.read_text("ascii").strip() if file.is_file() else None


def _id_number(index: int) -> str:
    """An ID number that nobody bears: with an area code that was never given out."""
    body = f"620199{_BIRTHDAYS[index]}{index:03}"
    return body + id_check_character(body)


def _make_password(folder: Path) -> str:
    password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
    file = folder / KEPT_IN
    file.touch(mode=0o600)
    file.write_text(password + "\n", "ascii")
    return password
