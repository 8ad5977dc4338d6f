"""Pharmacy settlements (2102, ten lines) through HTTP: 8 and 32 callers, against TPC-B on the same server."""

from __future__ import annotations

import itertools
import os
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec
import psutil

from benchmarks.harness import Context, Row, thousands
from benchmarks.load import PATH, SUCCESS, Result, run
from benchmarks.settlement_core import used

LINES = 10
WORKERS = len(os.sched_getaffinity(0))
CALLERS = (8, 32)
WARM_UP = 500
PER_SECOND = 3_000
"""Messages prepared per second of a run; a run that uses them all up says so."""
AIM_RATIO = 35
AIM_MILLISECONDS = 60


def measure(context: Context) -> list[Row]:
    """Needs the demo city; leaves what it settled in the instance, which is thrown away."""
    rows = []
    with context.site(workers=WORKERS) as url:
        bodies = _messages(context, url, WARM_UP + len(CALLERS) * PER_SECOND * context.seconds)
        run(url, iter(bodies[:WARM_UP]), callers=8, seconds=context.seconds)
        share = (len(bodies) - WARM_UP) // len(CALLERS)
        for number, callers in enumerate(CALLERS):
            begin = WARM_UP + number * share
            before = _used()
            result = run(url, iter(bodies[begin : begin + share]), callers=callers, seconds=context.seconds)
            spent = _used() - before
            if result.failed:
                raise RuntimeError(f"{result.failed} settlements failed, the first: {result.first_failure}")
            rows += _rows(result, callers, context.figures.get("tpcb_tps", 0))
            each = int(spent * 1_000_000 / result.answered)
            rows.append(Row(rows[-1].what, thousands(each), "µs processor time each", note="of the server processes"))
    print(context.tongchou("doctor"))
    return rows


def _used() -> float:
    """Processor seconds that the server processes have used: a neighbour's load falls on wall time as it likes."""
    ours = psutil.Process().children(recursive=True)
    return sum(used(process) for process in ours if "granian" in " ".join(process.cmdline()))


def _rows(result: Result, callers: int, tpcb: int) -> list[Row]:
    what = f"settlements, {callers} callers"
    rows = [
        Row(
            what,
            thousands(result.per_second),
            "settlements/s",
            note=f"2102 with {LINES} lines, {WORKERS} server processes, {result.answered} settled",
        ),
        Row(what, result.milliseconds(50), "ms p50"),
        Row(what, result.milliseconds(99), "ms p99", f"≤ {AIM_MILLISECONDS}" if callers == max(CALLERS) else ""),
    ]
    if tpcb:
        percent = result.per_second * 100 // tpcb
        rows.append(Row(what, f"{percent // 100}.{percent % 100:02d}", "of TPC-B", f"≥ 0.{AIM_RATIO}"))
    return rows


def _messages(context: Context, url: str, count: int) -> list[bytes]:
    """Distinct purchases of random insured people at all pharmacies, as bytes ready to send."""
    os.environ["TONGCHOU_HOME"] = str(context.home)
    from tongchou.project.cli import set_django_up

    set_django_up()
    from tongchou.traffic import supplies, wire
    from tongchou.traffic.desk import Desk

    now = datetime.now(wire.TIME_ZONE)
    city = supplies.load(patients=20_000, seed=1, on=now.date())
    random = Random(1)
    desks = [Desk(institution=pharmacy, started_at=now - timedelta(hours=1)) for pharmacy in city.pharmacies]
    for desk in desks:
        _sign_in(url, desk)

    def one(desk: Desk) -> bytes:
        patient = city.insured.take(random, scheme=supplies.EMPLOYEES)
        city.insured.give_back(patient)
        lines = supplies.bill(desk.institution, random, lines=LINES, setting=supplies.PHARMACY_SALE)
        return desk.message("2102", wire.purchase(patient, lines, now)).body

    turns: Iterator[Desk] = itertools.cycle(desks)
    return [one(next(turns)) for _ in range(count)]


def _sign_in(url: str, desk: Any) -> None:
    """9001: each pharmacy signs in once, as its system does in the morning."""
    node = {"signIn": {"opter_no": "001", "mac": "02:00:00:00:00:01", "ip": "10.0.0.1"}}
    request = urllib.request.Request(url + PATH, data=desk.message("9001", node).body, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (our own address)
        body = answer.read()
    if SUCCESS not in body.replace(b" ", b""):
        raise RuntimeError(f"9001 was refused: {body.decode()}")
    desk.sign_no = msgspec.json.decode(body)["output"]["signinoutb"]["sign_no"]
