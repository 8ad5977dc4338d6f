"""Encrypted columns of models: what stands in the table, what the code sees, when a ciphertext changes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import connection

from tongchou.control import vault
from tongchou.control.api import check, hashes_of
from tongchou.control.columns import columns
from tongchou.control.models import Attachment
from tongchou.control.services import rotation
from tongchou.exchange.models import StoredFile
from tongchou.kernel.findings import Finding
from tongchou.kernel.rejection import Rejection
from tongchou.registry.models import Area, Change, Person

pytestmark = pytest.mark.django_db
NUMBER = "629901199003070013"


@pytest.fixture(autouse=True)
def own_keys(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys of this test's own."""
    settings.HOME = SimpleNamespace(root=tmp_path)
    monkeypatch.delenv("TONGCHOU_DATA_KEYS", raising=False)
    vault.keys()
    return tmp_path / "keys" / "data-keys.json"


@pytest.fixture
def person(own_keys: Path) -> Person:
    Area.objects.create(code="629901", name="市本级", pooling_area="629900")
    return Person.objects.create(
        number="P1",
        cert_no=NUMBER,
        name="张三",
        sex="1",
        birth_date=date(1990, 3, 7),
        area_id="629901",
        phone="13800138000",
    )


def stored(column: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM registry_person")
        return cursor.fetchone()[0]


def keys_findings() -> list[Finding]:
    return [finding for finding in check() if finding.number.startswith("K")]


def test_the_table_holds_a_ciphertext_and_the_code_sees_text(person: Person) -> None:
    assert NUMBER.encode() not in bytes(stored("cert_no_cipher"))
    again = Person.objects.get()
    assert (again.cert_no, again.phone, again.address) == (NUMBER, "13800138000", "")
    assert stored("address_cipher") is None
    assert Person.objects.get(cert_no_hash__in=hashes_of(Person, "cert_no", NUMBER)) == person


def test_a_number_is_looked_for_by_its_hash_only(person: Person) -> None:
    for lookup in ("cert_no", "cert_no__startswith", "phone__in"):
        with pytest.raises(FieldError, match="encrypted"):
            Person.objects.filter(**{lookup: NUMBER})
    assert Person.objects.filter(address__isnull=True).count() == 1


def test_what_did_not_change_keeps_its_ciphertext_and_leaves_no_history(person: Person) -> None:
    before = bytes(stored("cert_no_cipher"))
    again = Person.objects.get()
    again.cert_no, again.name = again.cert_no, "张三丰"
    again.save()
    assert bytes(stored("cert_no_cipher")) == before
    assert Change.objects.get().old == {"name": "张三"}
    assert not Change.objects.get().sealed.exists()
    again.phone = "13900139000"
    again.save()
    latest = Change.objects.latest("pk")
    assert (latest.old, latest.new) == ({}, {})
    assert {(each.label, each.side) for each in latest.sealed.all()} == {
        ("registry.person.phone", "old"),
        ("registry.person.phone", "new"),
    }


def test_another_number_is_found_under_another_hash(person: Person) -> None:
    person.cert_no = "629901199003070021"
    person.save()
    assert not Person.objects.filter(cert_no_hash__in=hashes_of(Person, "cert_no", NUMBER)).exists()
    assert Person.objects.filter(cert_no_hash__in=hashes_of(Person, "cert_no", "629901199003070021")).exists()


def test_without_the_key_only_the_number_is_lost(person: Person, own_keys: Path) -> None:
    own_keys.write_text(own_keys.read_text().replace('"1"', '"7"').replace('"current": 1', '"current": 7'))
    again = Person.objects.get()
    assert again.name == "张三"
    with pytest.raises(Rejection) as refused:
        _ = again.cert_no
    assert refused.value.code == "CTRL-050"


@pytest.mark.requirement("R4.05")
def test_a_missing_key_is_one_finding_with_its_remedy(person: Person, own_keys: Path) -> None:
    own_keys.write_text(own_keys.read_text().replace('"1"', '"7"').replace('"current": 1', '"current": 7'))
    (found,) = keys_findings()
    assert (found.number, found.severity) == ("K1", "error")
    assert "缺少编号为 1 的数据密钥" in found.what
    assert "密钥备份" in found.remedy


def test_an_exchanged_key_is_one_finding_with_its_remedy(person: Person, own_keys: Path) -> None:
    kept = json.loads(own_keys.read_text())
    kept["keys"]["1"]["key"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    own_keys.write_text(json.dumps(kept))
    (found,) = keys_findings()
    assert found.number == "K2"
    assert "不是加密时的那一把" in found.what
    assert "密钥备份" in found.remedy


def test_an_altered_row_and_a_wrong_hash_are_found_by_number(person: Person) -> None:
    other = Person.objects.create(
        number="P2", cert_no="629901199003070021", name="李四", sex="2", birth_date=date(1990, 3, 7), area_id="629901"
    )
    assert keys_findings() == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_person SET cert_no_hash = 'x' WHERE id = %s", [other.pk])
        cursor.execute(
            "UPDATE registry_person SET cert_no_cipher = set_byte(cert_no_cipher, 20, 255 - get_byte(cert_no_cipher, 20))"
            " WHERE id = %s",
            [person.pk],
        )
    tampered, hashed = keys_findings()
    assert (tampered.number, hashed.number) == ("K2", "K3")
    assert f"registry.person.cert_no {person.pk}" in tampered.what
    assert f"registry.person.cert_no {other.pk}" in hashed.what


def test_lost_keys_are_not_replaced_by_new_ones(person: Person, own_keys: Path) -> None:
    own_keys.unlink()
    with pytest.raises(Rejection) as refused:
        vault.keys()
    assert refused.value.code == "CTRL-053"
    assert not own_keys.exists()
    (found,) = keys_findings()
    assert found.number == "K1"
    assert str(own_keys) in found.what


@pytest.mark.parametrize("content", ["", "{}", '{"current": 1, "keys": {}, "search": 5}'])
def test_keys_that_can_t_be_read_say_so(own_keys: Path, content: str) -> None:
    own_keys.write_text(content)
    with pytest.raises(Rejection) as refused:
        vault.keys()
    assert refused.value.code == "CTRL-054"


def test_files_from_before_are_read_counted_and_encrypted_by_finish(person: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exchange_storedfile (number, filename, institution_code, content, created_at, expires_at)"
            " VALUES ('n', 'f', 'H1', %s, now(), now())",
            [b"PK\x03\x04" + NUMBER.encode()],
        )
    assert StoredFile.objects.get().content == b"PK\x03\x04" + NUMBER.encode()
    (found,) = keys_findings()
    assert (found.number, found.severity) == ("K4", "warning")
    assert "keys finish" in found.remedy
    assert rotation.finish() == 1
    assert keys_findings() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM exchange_storedfile")
        assert NUMBER.encode() not in bytes(cursor.fetchone()[0])
    assert StoredFile.objects.get().content == b"PK\x03\x04" + NUMBER.encode()


def test_every_ciphertext_column_is_known_to_rotation() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name LIKE '%\\_cipher'"
        )
        inside = set(cursor.fetchall())
    known = {(column.table, column.cipher) for column in columns()}
    assert inside <= known
    assert {(Attachment._meta.db_table, "content"), ("settlement_receipt", "answer")} <= known
