"""The commands ``tongchou codesets`` (national code sets as dictionaries) and ``tongchou gateway-keys``."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

NEEDS_DATABASE = True


def add_parser(subparsers: Any) -> None:
    """Add the commands."""
    codesets = subparsers.add_parser(
        "codesets", help="装载国家接口代码集到字典 / load the national code sets as dictionaries"
    )
    codesets.set_defaults(act=_codesets)
    _add_gateway_keys(subparsers)


def run(args: argparse.Namespace) -> int:
    """Run the command that was parsed."""
    return int(args.act(args))


def _codesets(args: argparse.Namespace) -> int:
    from django.utils import timezone

    from tongchou.exchange.dictionary import load_dictionaries

    print(f"字典 {load_dictionaries(now=timezone.now())} 个，均为当前版本")
    return 0


def _gateway_keys(args: argparse.Namespace) -> int:
    from tongchou.exchange.signing import cli

    return cli.run(args)


def _add_gateway_keys(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "gateway-keys", help="接口国密密钥：生成、登记、停用、检查 / keys of the gateway's SM2 and SM4"
    )
    parser.set_defaults(needs_database=False, act=_gateway_keys)
    actions = parser.add_subparsers(dest="action", required=True, metavar="操作 ACTION")
    centre = actions.add_parser("centre", help="生成中心的密钥对，打印公钥 / the centre's own pair")
    centre.add_argument("--since", type=date.fromisoformat, help="启用日期；更换时默认 30 天后 / first day of use")
    make = actions.add_parser("make", help="为机构生成一组密钥，打印须交付的内容 / a pair for an institution")
    make.add_argument("--out", type=Path, help="交付内容写入此文件（0600），不打印 / write what is handed over here")
    add = actions.add_parser("add", help="登记机构自行生成的公钥 / register a public key made by the institution")
    add.add_argument("--public", required=True, help="公钥，十六进制 / public key in hexadecimal")
    add.add_argument("--out", type=Path, help="SM4 密钥写入此文件（0600），不打印 / write the SM4 key here")
    for each in (make, add):
        _add_agreement(each)
    retire = actions.add_parser("retire", help="停用机构的一组密钥 / end a key")
    retire.add_argument("institution", help="机构编号")
    retire.add_argument("key", help="密钥编号")
    retire.add_argument("--on", type=date.fromisoformat, help="最后有效日，默认昨天（立即停用）/ last valid day")
    exempt = actions.add_parser("exempt", help="限期允许机构不签名 / let unsigned messages in until a day")
    exempt.add_argument("institution", help="机构编号")
    exempt.add_argument("--until", type=date.fromisoformat, required=True, help="最后一天 / last day")
    actions.add_parser("list", help="列出机构和密钥的有效期 / list")
    actions.add_parser("check", help="检查设置和全部密钥文件 / check the settings and every file")


def _add_agreement(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("institution", help="机构编号（H 或 P 加 11 位数字）/ institution's number")
    parser.add_argument("--since", type=date.fromisoformat, help="启用日期，默认今天 / first day of use")
    parser.add_argument("--overlap", type=int, default=30, help="旧密钥再有效多少天（30）/ days")
    parser.add_argument("--covers", choices=("all", "envelope"), help="签名范围：all 含 input；envelope 只含其余各项")
    parser.add_argument("--empties", choices=("kept", "dropped"), help="空值：kept 参加签名；dropped 不参加")
    parser.add_argument(
        "--encryption", choices=("off", "answers", "both"), help="加密：off 不加密；answers 只应答；both 双向"
    )
    parser.add_argument("--cipher", choices=("SM4-GCM", "SM4-ECB"), help="加密方式")
