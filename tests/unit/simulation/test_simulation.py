"""A year of claims from Parquet: the totals are those of the single claims, however the files and batches are cut."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tongchou.policy import Bill, PolicyBook, default_pack_directory
from tongchou.simulation.core import OrderError, Question, person_starts, simulate
from tongchou.simulation.parquet import ColumnError, simulate_files

DAY = date(2026, 6, 1)
LEVELS = ("一级", "二级", "三级")
FIXED = {"person.type": "居民", "person.continuous_years": 3, "visit.where": "本市"}
BOOK = PolicyBook.load(default_pack_directory())
PLAN = BOOK.plan(area="629900", scheme="390", benefit="住院", on=DAY)


def year_of_claims(persons: int, seed: int = 1) -> list[tuple[int, int, str, int]]:
    """(person, year, level, eligible fen), each person's in order."""
    chance = random.Random(seed)
    return [
        (person, 2025 + (number > 2), chance.choice(LEVELS), chance.choice((0, 10_001, chance.randrange(6_000_000))))
        for person in range(persons)
        for number in range(chance.randrange(1, 6))
    ]


def write(path: Path, claims: list[tuple[int, int, str, int]], row_group: int = 7) -> Path:
    person, year, level, amount = zip(*claims, strict=True)
    table = pa.table({
        "person": pa.array(person, pa.int64()),
        "year": pa.array(year, pa.int16()),
        "visit.level": pa.array(level),
        "in_scope": pa.array(amount, pa.int64()),
    })  # fmt: skip
    pq.write_table(table, path, row_group_size=row_group)
    return path


def one_by_one(claims: list[tuple[int, int, str, int]]) -> dict[str, dict[str, int]]:
    """Sums per level and layer through ``Plan.evaluate``, claim after claim."""
    sums: dict[str, dict[str, int]] = {level: {layer.id: 0 for layer in PLAN.layers} for level in LEVELS}
    used: dict[tuple[int, int], dict[str, int]] = {}
    for person, year, level, amount in claims:
        before = used.setdefault((person, year), {})
        outcome = PLAN.evaluate({**FIXED, "visit.level": level}, Bill(in_scope=amount), before)
        for payment in outcome.payments:
            sums[level][payment.layer] += payment.amount
        for name, delta in outcome.accumulator_delta.items():
            before[name] = before.get(name, 0) + delta
    return sums


def question(**changes: Any) -> Question:
    asked = {"plans": (PLAN,), "varying": ("visit.level",), "fixed": FIXED, "group_by": ("visit.level",)} | changes
    return Question(**asked)


@pytest.mark.requirement("R0.49")
def test_totals_are_those_of_the_single_claims_in_any_number_of_files(tmp_path: Path) -> None:
    claims = year_of_claims(200)
    middle = next(n for n, claim in enumerate(claims) if claim[0] == 90)
    files = [write(tmp_path / "a.parquet", claims[:middle]), write(tmp_path / "b.parquet", claims[middle:], 1000)]
    total = simulate_files(question(), files, threads=2)[0]
    assert total.claims == len(claims)
    expected = one_by_one(claims)
    assert {name[0]: dict(zip(total.layers, row, strict=True)) for name, row in zip(question().group_names(), total.paid, strict=True)} == expected  # fmt: skip


def test_a_person_may_go_on_in_the_next_batch() -> None:
    claims = year_of_claims(50, seed=3)
    columns = {
        "person": np.array([claim[0] for claim in claims]),
        "year": np.array([claim[1] for claim in claims], dtype=np.int16),
        "visit.level": np.array([LEVELS.index(claim[2]) for claim in claims], dtype=np.int8),
        "in_scope": np.array([claim[3] for claim in claims]),
    }
    whole = simulate(question(), [columns])
    cuts = [{name: column[n : n + 3] for name, column in columns.items()} for n in range(0, len(claims), 3)]
    assert [total.paid for total in simulate(question(), cuts)] == [total.paid for total in whole]


def test_another_plan_beside_it(tmp_path: Path) -> None:
    later = BOOK.plan(area="629900", scheme="390", benefit="住院", on=date(2009, 6, 1))
    asked = question(plans=(PLAN, later), group_by=())
    now, then = simulate_files(asked, [write(tmp_path / "a.parquet", year_of_claims(80))])
    assert now.layers != then.layers or now.paid != then.paid
    assert now.claims == then.claims


@pytest.mark.parametrize("person", [[3, 2], [1, 1, 5, 4]])
def test_unsorted_claims_are_refused(person: list[int]) -> None:
    with pytest.raises(OrderError):
        person_starts(np.array(person))


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    claims = year_of_claims(5)
    one, other = write(tmp_path / "a.parquet", claims), write(tmp_path / "b.parquet", claims)
    with pytest.raises(OrderError, match=r"a\.parquet 与 .*b\.parquet"):
        simulate_files(question(), [one, other])
    odd = write(tmp_path / "c.parquet", [(1, 2026, "四级", 1)])
    with pytest.raises(ColumnError, match="四级"):
        simulate_files(question(), [odd])
    pq.write_table(pa.table({"person": [1], "in_scope": [5]}), tmp_path / "d.parquet")
    with pytest.raises(ColumnError, match=r"缺少列 year、visit\.level"):
        simulate_files(question(), [tmp_path / "d.parquet"])


def test_at_the_terminal(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", year_of_claims(20))
    command = [
        sys.executable,
        "-m",
        "tongchou.project.cli",
        "simulate",
        str(file),
        "--on",
        "2026-06-01",
        "--sums",
        "visit.level",
    ]
    fixed = ["--fixed", "person.type=居民", "--fixed", "person.continuous_years=3", "--fixed", "visit.where=本市"]
    done = subprocess.run([*command, *fixed], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "合计\t统筹基金" in done.stdout
    refused = subprocess.run([*command, "--fixed", "nobody=1"], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("错误：")
