"""Several processes on one database never give out the same serial number: nodes are leased, not configured."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from tongchou.kernel.rejection import Rejection
from tongchou.settlement import serials
from tongchou.settlement.models import SerialNode

pytestmark = pytest.mark.django_db(transaction=True)

PROCESSES, EACH = 6, 3_000
PROGRAM = f"""
import django; django.setup()
from datetime import UTC, datetime
from tongchou.settlement.serials import next_id
print("\\n".join(str(next_id(datetime.now(UTC))) for _ in range({EACH})))
"""


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has no lease yet."""
    monkeypatch.setattr(serials, "_source", None)


def test_processes_that_start_together_share_no_number(tmp_path: object) -> None:
    settings = connection.settings_dict
    url = f"postgresql://{settings['USER']}@/{settings['NAME']}?host={settings['HOST']}&port={settings['PORT']}"
    # A fixed node, as it could once be set, would make all of them count alike.
    environment = os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tongchou.project.settings",
        "TONGCHOU_HOME": str(tmp_path),
        "TONGCHOU_NODE": "7",
    }
    processes = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    numbers = [int(line) for process in processes for line in process.communicate(timeout=120)[0].split()]
    assert len(numbers) == PROCESSES * EACH
    assert len(set(numbers)) == len(numbers)
    assert SerialNode.objects.exclude(holder="").count() == PROCESSES


def test_a_lease_outlives_the_transaction_that_needed_it() -> None:
    """Rolled back with the caller's work it would be given to somebody else, while this process goes on with it."""
    with transaction.atomic():
        serials.next_id(datetime.now(UTC))
        transaction.set_rollback(True)
    assert SerialNode.objects.exclude(holder="").count() == 1


def test_a_forked_process_has_numbers_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    numbers = [serials.next_id(now) for _ in range(100)]
    assert numbers == sorted(set(numbers))
    monkeypatch.setattr(os, "getpid", lambda: serials._owner + 1)
    assert serials.next_id(now) not in numbers
    assert SerialNode.objects.exclude(holder="").count() == 2


def test_when_all_nodes_are_taken_it_is_said() -> None:
    serials.next_id(datetime.now(UTC))
    SerialNode.objects.update(holder="somebody", until_ms=2**62)
    serials._source = None
    with pytest.raises(Rejection, match="SETL-004"):
        serials.next_id(datetime.now(UTC))
