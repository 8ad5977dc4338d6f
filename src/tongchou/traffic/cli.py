"""``tongchou traffic``: plays the institutions of the demo city against a running gateway and reconciles."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

NEEDS_DATABASE = True
PATIENTS_PER_VISIT = 2
FEWEST_PATIENTS = 500
MOST_PATIENTS = 20_000
PROGRESS_EVERY = 100


def add_parser(subparsers: Any) -> None:
    """Add the command ``traffic``."""
    parser = subparsers.add_parser("traffic", help="演一天的就医结算:对运行中的接口 / play a day against the gateway")
    parser.add_argument("--visits", type=_positive, default=5000, help="场景数 / scenes (5000)")
    parser.add_argument("--seed", type=int, default=1, help="随机种子 / seed (1)")
    parser.add_argument(
        "--url", type=_address, default="http://127.0.0.1:8000", help="接口地址 / address of the gateway"
    )
    parser.add_argument("--concurrency", type=_positive, default=16, help="并发连接 / connections (16)")
    parser.add_argument("--date", type=date.fromisoformat, default=None, help="就诊日期,默认今天 / day of the visits")
    parser.add_argument(
        "--keys", type=Path, default=None, help="各机构密钥目录,按 SM2 签名 / folder of the keys to sign with"
    )
    parser.add_argument("--books", type=Path, default=None, help="各机构账册目录 / folder of the institutions' books")


def _positive(text: str) -> int:
    if not text.isdigit() or (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"须为正整数 / must be positive: {text}")
    return number


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname:
        raise argparse.ArgumentTypeError(f"须形如 http://127.0.0.1:8000 / must look like http://127.0.0.1:8000: {text}")
    return text


def run(args: argparse.Namespace) -> int:
    """Play, reconcile, report. Exit code 1 when anything is unequal or not as expected, 2 when it can't be played."""
    from django.conf import settings

    from tongchou.traffic import supplies
    from tongchou.traffic.client import NoAnswer
    from tongchou.traffic.wire import TIME_ZONE

    today = datetime.now(TIME_ZONE).date()
    day = datetime.combine(args.date or today, datetime.min.time())
    folder = args.books or Path(settings.HOME.root) / "traffic"
    folder.mkdir(parents=True, exist_ok=True)
    patients = min(max(args.visits * PATIENTS_PER_VISIT, FEWEST_PATIENTS), MOST_PATIENTS)
    try:
        supply = supplies.load(patients=patients, seed=args.seed, on=day.date())
    except LookupError:
        print("没有可演的机构和人员:请先运行 tongchou demo / nothing to play with: run tongchou demo first")
        return 2
    try:
        lines, good = asyncio.run(_day(supply, args, day=day, folder=folder))
    except NoAnswer as silence:
        print(
            f"错误：接口 {args.url} 没有应答（{silence}）：请先启动 tongchou run，或用 --url 指定地址 / "
            f"no answer from {args.url} ({silence}): start tongchou run, or give the address with --url",
            file=sys.stderr,
        )
        return 2
    print("\n".join(lines))
    return 0 if good else 1


async def _day(supply: Any, args: argparse.Namespace, *, day: datetime, folder: Path) -> tuple[list[str], bool]:
    from tongchou.traffic.client import listening
    from tongchou.traffic.player import Player
    from tongchou.traffic.reconcile import today
    from tongchou.traffic.report import render
    from tongchou.traffic.signer import Signer

    await listening(args.url)
    begin = today()
    signers = None if args.keys is None else {file.stem: Signer.load(file) for file in sorted(args.keys.glob("*.toml"))}
    player = Player(supply, url=args.url, seed=args.seed, day=day, books=folder, signers=signers)
    await player.open_books(begin)
    result = await player.play(
        scenes=args.visits, concurrency=args.concurrency, progress=lambda done: _say(done, args.visits)
    )
    calls = sum(desk.calls for desk in player.desks.values())
    repeats = sum(desk.repeats for desk in player.desks.values())
    outcomes = await player.reconcile(begin=begin, end=today())
    good = not result.failures and all(outcome.equal for outcome in outcomes)
    return render(result, outcomes, calls=calls, repeats=repeats), good


def _say(done: int, all_scenes: int) -> None:
    """A line on the way, every tenth of a long day."""
    if done % max(PROGRESS_EVERY, all_scenes // 10) == 0 and done < all_scenes:
        print(f"已演 {done}/{all_scenes} 个场景 …", file=sys.stderr, flush=True)
