"""``tongchou postgres-settings``: PostgreSQL knows every name and takes every value, and a server starts with them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import psycopg
import pytest

from tests.instance import Instance
from tongchou.project.postgres import Cluster

pytestmark = pytest.mark.slow


def printed(home: Path, memory: str, cpus: int) -> dict[str, str]:
    done = Instance(home).command("postgres-settings", "--memory", memory, "--cpus", str(cpus))
    assert done.returncode == 0, done.stderr
    return dict(line.split(" = ") for line in done.stdout.splitlines())


@pytest.mark.parametrize(("memory", "cpus"), [("2GB", 2), ("64GB", 32), ("512GB", 128)])
def test_postgresql_takes_every_setting(cluster: Cluster, tmp_path: Path, memory: str, cpus: int) -> None:
    with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as connection:
        for name, value in printed(tmp_path / "home", memory, cpus).items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value.strip(chr(39))}'")
        connection.execute("ALTER SYSTEM RESET ALL")


def test_a_server_starts_with_them(cluster: Cluster, postgres_folder: Path, tmp_path: Path) -> None:
    given = {name: value.strip("'") for name, value in printed(tmp_path / "home", "2GB", 2).items()}
    other = dataclasses.replace(
        cluster,
        data=postgres_folder / "tuned",
        socket=postgres_folder / "t",
        log=postgres_folder / "t.log",
        overrides=given,
    )
    other.start()
    try:
        with psycopg.connect(other.conninfo("postgres"), autocommit=True) as connection:
            assert connection.execute("SHOW shared_buffers").fetchone() == ("512MB",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    finally:
        other.stop(mode="immediate")
