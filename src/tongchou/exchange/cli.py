"""The command ``tongchou codesets``: load the national code sets as dictionaries."""

from __future__ import annotations

import argparse
from typing import Any

NEEDS_DATABASE = True


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    subparsers.add_parser("codesets", help="装载国家接口代码集到字典 / load the national code sets as dictionaries")


def run(args: argparse.Namespace) -> int:
    """Load them and say how many there are."""
    from django.utils import timezone

    from tongchou.exchange.dictionary import load_dictionaries

    print(f"字典 {load_dictionaries(now=timezone.now())} 个，均为当前版本")
    return 0
