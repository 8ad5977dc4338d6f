"""``tongchou resettle``: what a re-run would change, printed; nothing is written. Booking takes two people, on the screens."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from typing import Any

ON_SCREEN = "入账须经两人：请在“重新结算”页面试算后提交复核；命令行只试算，请加 --dry-run"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    made = subparsers.add_parser(
        "resettle", help="重新结算试算:列出差异,不入账 / what settling again would change; writes nothing"
    )
    who = made.add_mutually_exclusive_group(required=True)
    who.add_argument("--person", metavar="人员编号", help="一名参保人员 / one person")
    who.add_argument("--batch", action="store_true", help="政策版本涉及的全部人员 / everybody a policy version touches")
    who.add_argument("--list", metavar="文件", help="人员编号名单,Excel 或 CSV / a list of person numbers")
    made.add_argument("--area", help="统筹区代码;只有一个统筹区时可省略 / pooling area")
    made.add_argument("--scheme", default="", help="险种,缺省为全部 / scheme, all by default")
    made.add_argument("--from", dest="begin", type=_day, help="服务日期起,缺省为今年一月一日 / first day of service")
    made.add_argument("--to", dest="end", type=_day, help="服务日期止,缺省为今天 / last day of service")
    made.add_argument("--keep-facts", action="store_true", help="沿用原参保身份 / keep the facts as they were")
    made.add_argument("--keep-policy", action="store_true", help="沿用原政策版本 / keep the versions as they were")
    made.add_argument("--reason", default="", help="原因,写入审计留痕 / the reason, kept in the trail")
    made.add_argument("--dry-run", action="store_true", help="试算(必选) / try only (required)")
    made.add_argument("--json", action="store_true", help="每人一行 JSON,金额为分 / one JSON object a person, fen")


def run(args: argparse.Namespace) -> int:
    """Run the command; exit code 0, or 2 for what the caller can mend."""
    from tongchou.kernel.rejection import Rejection

    if not args.dry_run:
        print(ON_SCREEN, file=sys.stderr)
        return 2
    try:
        return _print(args)
    except Rejection as refusal:
        print(f"{refusal.code} {refusal.message}。{refusal.remedy}", file=sys.stderr)
        return 2


def _print(args: argparse.Namespace) -> int:
    from tongchou.control import api as control
    from tongchou.settlement.resettle import report, runs

    scope = _scope(args)
    persons = _persons(args, scope)
    control.record_reading(persons=persons, object_kind="resettlement", reason=args.reason or "重新结算试算")
    trials = runs.trials_of(persons, scope)
    if args.json:
        for trial in trials:
            row = {"person": trial.number, "seen": trial.seen, "fund": trial.fund, "account": trial.account,
                   "cash": trial.cash, **trial.proposal}  # fmt: skip
            print(json.dumps(row, ensure_ascii=False))
    else:
        for line in report.text(trials):
            print(line)
    return 0


def _scope(args: argparse.Namespace) -> Any:
    from tongchou.ledger import api as ledger
    from tongchou.settlement import rejections
    from tongchou.settlement.reading import local_day
    from tongchou.settlement.resettle import runs
    from tongchou.settlement.resettle.choosing import Scope

    begin, end = runs.default_period(local_day(datetime.datetime.now(datetime.UTC)))
    areas = ledger.areas()
    area = args.area or (areas[0] if len(areas) == 1 else "")
    if area not in areas:
        raise rejections.RERUN_NOBODY(why=f"请用 --area 指明统筹区（现有 {'、'.join(areas) or '无'}）")
    return runs.check_period(
        Scope(
            area=area,
            begin=args.begin or begin,
            end=args.end or end,
            scheme=args.scheme,
            facts=not args.keep_facts,
            policy=not args.keep_policy,
        )
    )


def _persons(args: argparse.Namespace, scope: Any) -> list[int]:
    from pathlib import Path

    from tongchou.registry import api as registry
    from tongchou.settlement.resettle import lists, runs

    if args.person:
        return [registry.person_by_number(number=args.person).id]
    if args.list:
        path = Path(args.list)
        return lists.persons_in(content=path.read_bytes(), filename=path.name, area=scope.area)
    return runs.touched_persons(scope)


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"日期 {text} 无效，应为 YYYY-MM-DD / not a date: {text}") from None
