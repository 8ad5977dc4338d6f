"""Shared fixtures. A PostgreSQL cluster of our own is started when, and only when, a test asks for the database.

Each pytest process (each worker of pytest-xdist too) has its own cluster in a temporary folder, so sessions never meet.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tongchou.project.postgres import Cluster, packaged_binaries
from tongchou.project.postgres_owner import Owner, prepare_for

FAST_AND_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
}


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes name no test: they may hold the time of day, and then two workers would collect different tests."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """A temporary folder that the server's user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    owner = Owner.current()
    if owner.switched:
        os.chown(folder, owner.uid, owner.gid)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(postgres_folder: Path) -> Iterator[Cluster]:
    """The running PostgreSQL cluster of this test session; not durable, but real."""
    owner = Owner.current()
    binaries = packaged_binaries()
    prepare_for(owner, postgres_folder, binaries)
    copy = owner.binaries_copy(binaries)
    cluster = Cluster(
        data=postgres_folder / "data",
        socket=postgres_folder / "socket",
        log=postgres_folder / "postgres.log",
        bin=copy if copy.is_dir() else binaries,
        owner=owner,
        overrides=FAST_AND_FORGETFUL,
    )
    cluster.start()
    yield cluster
    cluster.stop(mode="immediate")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(cluster: Cluster, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Point Django at this session's cluster before pytest-django creates the test database."""
    from django.conf import settings
    from django.db import connections

    address = {"HOST": str(cluster.socket), "PORT": "5432", "USER": "tongchou", "PASSWORD": "", "NAME": "postgres"}
    settings.DATABASES["default"].update(address)
    connections["default"].settings_dict.update(address)
    connections["default"].settings_dict.setdefault("TEST", {}).setdefault("NAME", "test_tongchou")


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_guards() -> None:
    """Let Django empty the tables between tests: the ledger's triggers refuse TRUNCATE, and fee lines are not managed."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    original = DatabaseOperations.sql_flush

    def sql_flush(self: DatabaseOperations, style: object, tables: list[str], **options: object) -> list[str]:
        statements = original(
            self, style, [*tables, "settlement_feeline", "control_trail"] if tables else tables, **options
        )
        return ["SET session_replication_role = replica", *statements, "RESET session_replication_role"]

    DatabaseOperations.sql_flush = sql_flush


@pytest.fixture(autouse=True)
def _anchors_of_this_test(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The trail's anchors lie outside the database, so they would outlive the database that a test leaves behind."""
    monkeypatch.setenv("TONGCHOU_TRAIL_ANCHORS", str(tmp_path_factory.mktemp("anchors")))


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The project's reference material (requirements, cases, interface tables); not part of the product.

    ``TONGCHOU_SHARED`` names it; otherwise a folder ``shared`` beside the repository is taken.
    """
    named = os.environ.get("TONGCHOU_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"no reference material at {folder} (set TONGCHOU_SHARED)")
    return folder
