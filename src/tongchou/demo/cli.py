"""``tongchou demo``: build the demo city."""

from __future__ import annotations

import argparse
from typing import Any

NEEDS_DATABASE = True


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "demo", help="建立演示城市 / build the demo city", description="在空数据库中建立虚构的陇安市"
    )
    parser.add_argument("--persons", type=int, default=20_000, metavar="N", help="参保人数（默认 20000）")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="随机种子：相同种子得到相同的城市（默认 1）")
    parser.add_argument("--year", type=int, default=None, metavar="YYYY", help="城市所处年度（默认今年）")
    parser.add_argument("--replace", action="store_true", help="先清空原演示数据（仅限没有就诊和结算记录的数据库）")
    parser.add_argument("--quiet", action="store_true", help="不显示进度")


def run(args: argparse.Namespace) -> int:
    """Build the city and say what it has."""
    from django.conf import settings
    from django.utils import timezone

    from tongchou.control.api import create_demo_operators, posts
    from tongchou.demo import city, tables
    from tongchou.exchange.api import load_dictionaries
    from tongchou.kernel.money import format_yuan_grouped

    year = args.year or city.this_year(timezone.now())
    built = city.build(
        persons=args.persons,
        seed=args.seed,
        year=year,
        replace=args.replace,
        report=(lambda line: None) if args.quiet else (lambda line: print(line, flush=True)),
    )
    organisation = f"{tables.CITY_NAME}医疗保障服务中心"
    create_demo_operators(area=tables.CITY, organisation=organisation, folder=settings.HOME.root)
    load_dictionaries(now=timezone.now())
    posts.load_organisations(_organisations(organisation))
    print(
        f"{tables.CITY_NAME}（{tables.CITY}）已建成：参保人员 {built.persons:,} 名，参保单位 {built.employers:,} 个，"
        f"定点机构 {len(tables.institutions())} 家，目录项目 {len(tables.items())} 项，诊断 {len(tables.diagnoses())} 条；"
        f"个人账户 {built.accounts:,} 个，余额 {format_yuan_grouped(built.account_total)} 元，"
        f"家庭共济绑定 {built.families:,} 项。"
    )
    print(f"用时 {built.seconds:.1f} 秒，其中人员装载每秒 {built.persons_per_second:,} 人。")
    return 0


def _organisations(centre: str) -> list[tuple[str, str, str, str, str]]:
    """The tree of the demo city: the centre, a county's centre, stations and communities below, the institutions."""
    from tongchou.demo import tables
    from tongchou.registry.api import areas

    kinds = {6: "centre", 9: "station", 12: "community"}
    suffixes = {6: "医疗保障服务中心", 9: "医保服务站", 12: "医保服务点"}
    rows = [(tables.CITY, centre, "centre", "", tables.CITY)]
    below = [area for area in areas(pooling_area=tables.CITY) if area.code != tables.CITY]
    known = {tables.CITY} | {area.code for area in below}
    for area in sorted(below, key=lambda one: (len(one.code), one.code)):
        parent = area.parent if area.parent in known else tables.CITY
        rows.append((area.code, area.name + suffixes[len(area.code)], kinds[len(area.code)], parent or "", area.code))
    rows += [
        (one.code, one.name, "institution", one.area if one.area in known else tables.CITY, one.area)
        for one in tables.institutions()
    ]
    return rows
