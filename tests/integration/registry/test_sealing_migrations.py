"""An instance from before encryption is upgraded in its two phases: nothing is lost, nothing stays in clear."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest

from tests.at_rest import id_numbers, rows_of_everything
from tongchou.control import vault
from tongchou.kernel.identifiers import id_check_character
from tongchou.project.postgres import Cluster

pytestmark = pytest.mark.slow
PERSONS = 2_300
"""More than two batches."""
Command = Callable[..., subprocess.CompletedProcess[str]]


def number(sequence: int) -> str:
    body = f"6299021980{1 + sequence % 12:02}{1 + sequence // 1000:02}{sequence % 1000:03}"
    return body + id_check_character(body)


@pytest.fixture
def database(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """An empty database."""
    with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as owner:
        owner.execute("CREATE DATABASE before_sealing")
        with psycopg.connect(cluster.conninfo("before_sealing"), autocommit=True) as connection:
            yield connection
        owner.execute("DROP DATABASE before_sealing WITH (FORCE)")


@pytest.fixture
def command(cluster: Cluster, database: psycopg.Connection, tmp_path: Path) -> Command:
    """Runs ``python -m MODULE ARGUMENTS`` on the database."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "TONGCHOU", "PG"))
    }
    environment |= {
        "DATABASE_URL": cluster.conninfo("before_sealing"),
        "TONGCHOU_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "tongchou.project.settings",
    }

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments], env=environment | more, capture_output=True, text=True, timeout=300
        )

    return run


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fill(database: psycopg.Connection) -> None:
    """What the version before wrote."""
    database.execute("INSERT INTO registry_area (code, name, pooling_area) VALUES ('629902', '安定区', '629900')")
    database.execute("INSERT INTO registry_household (number, area_id, address) VALUES ('H1', '629902', '永定路77号')")
    with (
        database.cursor() as cursor,
        cursor.copy(
            "COPY registry_person (number, cert_type, cert_no, name, sex, ethnicity, birth_date, phone, address, area_id, created_at)"
            " FROM STDIN"
        ) as copy,
    ):
        for each in range(PERSONS):
            copy.write_row(
                (
                    f"P{each}",
                    "01",
                    number(each),
                    f"张{each}",
                    "1",
                    "1",
                    "1980-01-01",
                    "13712345678",
                    "",
                    "629902",
                    "2026-01-01",
                )
            )
    database.execute(
        "INSERT INTO registry_card (person_id, kind, number, serial, active) SELECT id, '03', 'D' || id, '', true FROM registry_person"
    )
    database.execute("UPDATE registry_person SET cert_no = %s WHERE number = 'P7'", [number(PERSONS + 7)])


def test_two_phases(database: psycopg.Connection, command: Command, tmp_path: Path) -> None:
    ok(command("django", "migrate", "registry", "0004_trail", "-v0"))
    fill(database)

    done = command("tongchou.project.cli", "upgrade", TONGCHOU_DATA_KEYS="{")
    assert done.returncode == 2
    assert "CTRL-054" in done.stderr
    assert "Traceback" not in done.stderr

    ok(command("tongchou.project.cli", "upgrade"))
    assert count(database, "cert_no IS NOT NULL AND cert_no_cipher IS NOT NULL AND phone_cipher IS NOT NULL") == PERSONS
    read = database.execute("SELECT registry_person_snapshot('P8', '310', '2026-06-01') ->> 'cert_no'").fetchone()
    assert read == (number(8),), "the version before still reads what it wrote"
    database.execute(
        "INSERT INTO registry_person (number, cert_type, cert_no, name, sex, ethnicity, birth_date, phone, address, area_id, created_at)"
        " VALUES ('late', '01', %s, '李四', '1', '1', '1980-01-01', '', '', '629902', now())",
        [number(PERSONS + 1)],
    )
    due = command("tongchou.project.cli", "upgrade", "--check")
    assert (due.returncode, "registry.0007_plain_columns_go" in due.stdout) == (1, True)

    ok(command("tongchou.project.cli", "upgrade", "--contract"))
    keys = (tmp_path / "keys" / "data-keys.json").read_text()
    with patch.dict(os.environ, {"TONGCHOU_DATA_KEYS": keys}):
        assert clear(database, "P8") == number(8)
        assert clear(database, "late") == number(PERSONS + 1)
        assert clear(database, "P7") == number(PERSONS + 7)
        hashes = vault.search_hashes(column="registry.card.number", text="D9")
        assert database.execute(
            "SELECT count(*) FROM registry_card WHERE number_hash = ANY(%s)", [hashes]
        ).fetchone() == (1,)
        history = database.execute("SELECT side, value_cipher FROM registry_sealedchange ORDER BY side").fetchall()
        told = {side: vault.decrypt(column="registry.person.cert_no", data=cipher) for side, cipher in history}
        assert told == {"new": number(PERSONS + 7), "old": number(7)}
    assert count(database, "cert_no_cipher IS NOT NULL AND cert_no_hash IS NOT NULL") == PERSONS + 1
    with database.cursor() as cursor:
        named = {table for table, text in rows_of_everything(cursor) if id_numbers(text)}
    assert named == {"control_trail"}, "the trail of before is sealed: it can't be written anew"


def count(database: psycopg.Connection, condition: str) -> int:
    found = database.execute(f"SELECT count(*) FROM registry_person WHERE {condition}").fetchone()
    assert found is not None
    return int(found[0])


def clear(database: psycopg.Connection, person: str) -> str:
    found = database.execute("SELECT cert_no_cipher FROM registry_person WHERE number = %s", [person]).fetchone()
    assert found is not None
    return vault.decrypt(column="registry.person.cert_no", data=found[0])
