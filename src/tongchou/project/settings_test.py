"""Settings of the test suite: the site's own, without what needs a filled home folder."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

os.environ.setdefault("TONGCHOU_SECRET_KEY", "for tests only, protects nothing")
PREFIX = "tongchou-test-home-"
if PREFIX in os.environ.get("TONGCHOU_HOME", PREFIX):
    # A home per test process (workers inherit their controller's): files of one must not meet another's database.
    os.environ["TONGCHOU_HOME"] = tempfile.mkdtemp(prefix=PREFIX)
    atexit.register(shutil.rmtree, os.environ["TONGCHOU_HOME"], ignore_errors=True)

from tongchou.project.settings import *  # noqa: E402, F403
from tongchou.project.settings import DATABASES, STORAGES  # noqa: E402

# Tests hold one connection each; the address is filled in by tests/conftest.py when the cluster runs.
DATABASES["default"]["OPTIONS"].pop("pool", None)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
