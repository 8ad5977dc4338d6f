"""Settings of the test suite: the site's own, without what needs a filled home folder."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("TONGCHOU_SECRET_KEY", "for tests only, protects nothing")
os.environ.setdefault("TONGCHOU_HOME", f"{tempfile.gettempdir()}/tongchou-tests-have-no-home")

from tongchou.project.settings import *  # noqa: F403
from tongchou.project.settings import DATABASES, STORAGES

# Tests hold one connection each; the address is filled in by tests/conftest.py when the cluster runs.
DATABASES["default"]["OPTIONS"].pop("pool", None)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
