"""Encrypted columns: what lies in the table, who finds it, changing keys while the system runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from tests.integration.control.conftest import id_number
from tongchou.control import columns, vault
from tongchou.control.api import Operator
from tongchou.control.models import Operator as OperatorRow
from tongchou.control.services import operators, rotation
from tongchou.kernel.rejection import Rejection

Staff = Callable[..., Operator]
LABEL = operators.ID_NUMBER_COLUMN
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_keys(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys of this test's own."""
    settings.HOME = SimpleNamespace(root=tmp_path)
    monkeypatch.delenv("TONGCHOU_DATA_KEYS", raising=False)
    monkeypatch.delenv("TONGCHOU_CIPHER", raising=False)
    return tmp_path


@pytest.mark.parametrize("cipher", [vault.AES, vault.SM4])
def test_a_text_comes_back_and_looks_different_each_time(monkeypatch: pytest.MonkeyPatch, cipher: str) -> None:
    monkeypatch.setenv("TONGCHOU_CIPHER", cipher)
    one, two = (vault.encrypt(column="a.b.c", text="620102198503120018") for _ in range(2))
    assert one != two
    assert b"620102" not in one
    assert vault.decrypt(column="a.b.c", data=one) == vault.decrypt(column="a.b.c", data=two) == "620102198503120018"


@pytest.mark.parametrize("cipher", [vault.AES, vault.SM4])
def test_a_changed_or_moved_ciphertext_is_refused(monkeypatch: pytest.MonkeyPatch, cipher: str) -> None:
    monkeypatch.setenv("TONGCHOU_CIPHER", cipher)
    data = vault.encrypt(column="a.b.c", text="x")
    for column, tampered in (("a.b.d", data), ("a.b.c", data[:-1] + bytes([data[-1] ^ 1])), ("a.b.c", b"short")):
        with pytest.raises(Rejection) as refused:
            vault.decrypt(column=column, data=tampered)
        assert refused.value.code == "CTRL-051"


def test_the_keys_lie_outside_the_database_for_their_owner_only(own_keys: Path) -> None:
    vault.keys()
    file = own_keys / "keys" / "data-keys.json"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_missing_key_says_what_to_do(own_keys: Path) -> None:
    data = vault.encrypt(column="a.b.c", text="x")
    (own_keys / "keys" / "data-keys.json").unlink()
    vault.keys()
    other = data[:1] + (9).to_bytes(2, "big") + data[3:]
    with pytest.raises(Rejection) as refused:
        vault.decrypt(column="a.b.c", data=other)
    assert refused.value.code == "CTRL-050"


def test_the_id_number_of_an_operator_is_found_by_hash_and_readable_nowhere(staff: Staff) -> None:
    clerk = staff("clerk", person=3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT o::text FROM control_operator o WHERE id = %s", [clerk.pk])
        assert id_number(3) not in cursor.fetchone()[0]
        assert id_number(3).encode() not in bytes(clerk.id_number_cipher or b"")
    assert OperatorRow.objects.get(person=vault.search_hash(column=LABEL, text=id_number(3))).pk == clerk.pk


@pytest.mark.django_db(transaction=True)
def test_keys_change_while_others_read_and_write(staff: Staff) -> None:
    """Readers never fail, writers with the old key are caught up with, and at the end the old key is needed by nobody."""
    for person in range(1, 9):
        staff("clerk", login=f"clerk{person}", person=person)
    stop, failures = threading.Event(), []

    def read_and_write() -> None:
        while not stop.is_set():
            try:
                for row in OperatorRow.objects.all():
                    text = vault.decrypt(column=LABEL, data=bytes(row.id_number_cipher or b""))
                    OperatorRow.objects.filter(pk=row.pk).update(
                        id_number_cipher=vault.encrypt(column=LABEL, text=text)
                    )
            except Exception as failure:
                failures.append(failure)
        connection.close()

    others = [threading.Thread(target=read_and_write) for _ in range(2)]
    for other in others:
        other.start()
    number, _ = rotation.rotate(cipher=vault.SM4, new_search_key=True)
    stop.set()
    for other in others:
        other.join()
    rotation.finish()
    assert failures == []
    assert rotation.forget_old_keys() == [1]
    column = next(column for column in columns.columns() if column.label == LABEL)
    assert rotation.usage(column) == {number: 8}
    for person in range(1, 9):
        found = OperatorRow.objects.get(person=vault.search_hash(column=LABEL, text=id_number(person)))
        assert vault.decrypt(column=LABEL, data=bytes(found.id_number_cipher or b"")) == id_number(person)


def test_keys_from_the_environment_are_changed_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse
    import json

    from tongchou.control import cli

    monkeypatch.setenv("TONGCHOU_DATA_KEYS", json.dumps(vault.keys().as_json()))
    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    for action, code in (("rotate", 2), ("forget", 2), ("finish", 0), ("status", 0)):
        assert cli.run(parser.parse_args(["keys", action])) == code
    assert capsys.readouterr().err.count("TONGCHOU_DATA_KEYS") == 2
