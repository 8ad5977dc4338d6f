"""Every model and every column says in Chinese what it is; screens, imports and the admin show these names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.apps import apps
from django.db import models

from tests.house.source import report

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_models_have_chinese_names() -> None:
    found = [model._meta.label for model in _models() if not CHINESE.search(str(model._meta.verbose_name))]
    assert not found, report(found)


def test_fields_have_chinese_names() -> None:
    found = [
        f"{model._meta.label}.{field.name}"
        for model in _models()
        for field in model._meta.local_fields
        if not field.auto_created and not field.primary_key and not CHINESE.search(str(field.verbose_name))
    ]
    assert not found, report(found)


def _models() -> Iterator[type[models.Model]]:
    for config in apps.get_app_configs():
        if config.name.startswith("tongchou."):
            yield from config.get_models()
