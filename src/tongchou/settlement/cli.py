"""Commands of the room: ``tongchou doctor``, ``tongchou close-day`` and ``tongchou resettle``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tongchou.settlement.resettle import cli as resettle

if TYPE_CHECKING:
    from datetime import date, datetime

    from tongchou.settlement.closing import DayView

NEEDS_DATABASE = True


def add_parser(subparsers: Any) -> None:
    """Add the commands."""
    doctor = subparsers.add_parser("doctor", help="检查数据库中的不变式 / check the invariants of the live database")
    doctor.add_argument("--area", help="统筹区代码,缺省为全部 / pooling area, all by default")
    close = subparsers.add_parser("close-day", help="日结并打印三方对账 / close the day and print the reconciliation")
    close.add_argument("--area", help="统筹区代码,缺省为全部 / pooling area, all by default")
    close.add_argument(
        "--day", type=_day, help="业务日 YYYY-MM-DD,缺省为今天;更早的未结日一并日结 / business day, today by default"
    )
    close.add_argument("--dry-run", action="store_true", help="只打印,不日结 / print only")
    resettle.add_parser(subparsers)


def run(args: argparse.Namespace) -> int:
    """Run one of the commands; returns the exit code."""
    if args.command == "resettle":
        return resettle.run(args)
    return _doctor(args) if args.command == "doctor" else _close(args)


def _doctor(args: argparse.Namespace) -> int:
    from tongchou.settlement.doctor import examine

    findings = examine(area=args.area, today=_now().date())
    for finding in findings:
        mark = "错误" if finding.severity == "error" else "警告"
        print(f"{mark} {finding.number} {finding.what}\n     处理：{finding.remedy}")
    errors = sum(finding.severity == "error" for finding in findings)
    if not findings:
        print("检查完成：全部不变式成立 / all invariants hold")
    else:
        print(f"检查完成：{errors} 项错误，{len(findings) - errors} 项警告 / {errors} errors")
    return 1 if findings else 0


def _close(args: argparse.Namespace) -> int:
    from tongchou.ledger import api as ledger
    from tongchou.settlement import api

    now = _now()
    day = args.day or now.date()
    api.ensure_fee_months(around=day)
    areas = [args.area] if args.area else ledger.areas()
    if not areas:
        print("还没有统筹区：请先导入演示数据或建立科目表 / there is no pooling area yet")
    for area in areas:
        for open_day in [d for d in ledger.open_days(area=area, until=day) if d != day] + [day]:
            if not args.dry_run:
                api.close_day(area=area, day=open_day, now=now)
            _print(api.day_view(area=area, day=open_day))
    return 0


def _day(text: str) -> date:
    import datetime

    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        message = f"日期 {text} 无效，应为 YYYY-MM-DD / not a date: {text}"
        raise argparse.ArgumentTypeError(message) from None


def _print(view: DayView) -> None:
    from tongchou.kernel.money import format_yuan_grouped
    from tongchou.ledger.api import FUNDS

    names = ("机构", "结算", "账簿")
    print(f"\n统筹区 {view.area} 业务日 {view.day} {'已日结' if view.closed else '未日结'}")
    print(f"{_wide('项目', 40)}{''.join(_wide(name, 20, right=True) for name in names)}  结果")
    for figure in view.figures:
        amounts = [view.views.get(name, {}).get(figure, 0) for name in names]
        title = f"{figure} {FUNDS.get(figure, '')}" if figure.isdigit() else figure
        shown = "".join(_wide(format_yuan_grouped(amount), 20, right=True) for amount in amounts)
        print(f"{_wide(title, 40)}{shown}  {'平' if len(set(amounts)) == 1 else '不平'}")
    equal = sum(claim.equal for claim in view.claims)
    print(f"机构对账（3201）：{equal} 组一致，{len(view.claims) - equal} 组不一致")
    for claim in view.claims:
        if claim.equal:
            continue
        where = f"{claim.institution_code} 险种 {claim.scheme or '全部'} 清算类别 {claim.clearing_type or '全部'}"
        amount = format_yuan_grouped(claim.claimed["total"])
        print(f"  不一致 {where}：机构报 {claim.claimed.get('count', 0)} 笔 {amount} 元")
    if view.silent:
        print(f"未对账机构（3201）：{'、'.join(view.silent)}")


def _wide(text: str, width: int, *, right: bool = False) -> str:
    """Pad to a width in terminal columns; a Chinese character takes two."""
    fill = " " * max(0, width - sum(2 if ord(character) > 0x2E7F else 1 for character in text))
    return fill + text if right else text + fill


def _now() -> datetime:
    from datetime import UTC, datetime

    from tongchou.settlement.reading import LOCAL

    return datetime.now(UTC).astimezone(LOCAL)
