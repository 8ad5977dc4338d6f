"""Commands of control: ``tongchou trail``, ``tongchou keys``, ``tongchou operator``, ``tongchou grants-sql``."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
from typing import Any

NEEDS_DATABASE = True


def add_parser(subparsers: Any) -> None:
    """Add the four commands."""
    trail = subparsers.add_parser("trail", help="审计留痕：封存、校验 / audit trail: seal, verify")
    trail.set_defaults(act=_trail)
    trail.add_argument(
        "action",
        choices=("seal", "verify", "status", "reanchor"),
        help="seal 封存；verify 校验；status 未封存行数；reanchor 恢复后重新存证",
    )
    trail.add_argument("--reason", default="", help="重新存证的理由 / why the roots outside are written anew")
    trail.add_argument("--every", type=int, metavar="秒", help="每隔若干秒封存一次，直到停止 / seal again and again")
    keys = subparsers.add_parser("keys", help="数据密钥：状态、轮换、清理 / data keys: status, rotate, forget old ones")
    keys.set_defaults(act=_keys)
    keys.add_argument(
        "action",
        choices=("status", "rotate", "finish", "forget"),
        help="status 状态；rotate 换新密钥；finish 重新加密；forget 清除旧密钥 / forget: drop keys that nothing uses",
    )
    keys.add_argument("--cipher", choices=("AES-256-GCM", "SM4-GCM"), help="新密钥的算法 / cipher of the new key")
    keys.add_argument("--search-key", action="store_true", help="同时更换检索摘要密钥 / renew the search key too")
    operator = subparsers.add_parser(
        "operator", help="操作员：建立首批操作员、解锁 / operators: the first ones, unlocking"
    )
    operator.set_defaults(act=_operator)
    operator.add_argument("action", choices=("add", "unlock", "list"), help="add 建立；unlock 解锁；list 列表")
    operator.add_argument("login", nargs="?", default="", help="登录名 / login name")
    for name, text in (("--name", "姓名"), ("--organisation", "机构"), ("--area", "区划"), ("--post", "岗位编码")):
        operator.add_argument(name, default="", help=text)
    operator.add_argument("--id-number", default="", help="身份证号 / ID number")
    grants = subparsers.add_parser(
        "grants-sql", help="打印应用数据库角色的最小授权语句 / least rights of the application's role"
    )
    grants.set_defaults(act=_grants_sql)
    grants.add_argument("role", help="角色名 / name of the role")


def run(args: argparse.Namespace) -> int:
    """Run the command that was parsed, as the person at the terminal."""
    from tongchou.control.actor import Actor, acting

    with acting(Actor(operator=f"cli:{getpass.getuser()}"[:30], channel="cli", reason="命令行")):
        return int(args.act(args))


def _trail(args: argparse.Namespace) -> int:
    from django.utils import timezone

    from tongchou.control.services import sealing

    if args.action == "status":
        count, oldest = sealing.pending()
        print(f"未封存 {count} 行" + (f"，最早写于 {timezone.localtime(oldest):%Y-%m-%d %H:%M:%S}" if oldest else ""))
        return 0
    if args.action == "verify":
        found = sealing.check()
        for finding in found:
            print(f"{finding.number} {finding.what}\n   处理办法：{finding.remedy}")
        print("留痕校验：" + (f"发现 {len(found)} 处问题" if found else "完整无误"))
        return 1 if any(finding.severity == "error" for finding in found) else 0
    if args.action == "reanchor":
        if not args.reason.strip():
            print("请用 --reason 写明理由，例如恢复的时间点和批准人", file=sys.stderr)
            return 2
        print(f"已重新存证，原存证移至 {sealing.reanchor(reason=args.reason, now=timezone.now())}")
        return 0
    while True:
        done = sealing.seal(now=timezone.now())
        print(
            f"封存 {done.rows} 行，{done.blocks} 个区块" + ("（有长事务未结束，下次再封存）" if done.waited_out else "")
        )
        if not done.anchored:
            print("库外存证比数据库新，未改写：请先查明（tongchou trail verify）", file=sys.stderr)
        if not args.every:
            return 0 if done.anchored else 1
        time.sleep(args.every)


def _keys(args: argparse.Namespace) -> int:
    from tongchou.control import columns, vault
    from tongchou.control.services import rotation

    if os.environ.get("TONGCHOU_DATA_KEYS") and args.action in ("rotate", "forget"):
        print(
            "密钥来自环境变量 TONGCHOU_DATA_KEYS，不能在这里更换：请在各机的变量中先加入新密钥，再改 current 并重启，"
            "然后运行 tongchou keys finish；旧密钥在 keys status 不再列出后删去",
            file=sys.stderr,
        )
        return 2
    if args.action == "rotate":
        number, rows = rotation.rotate(cipher=args.cipher, new_search_key=args.search_key)
        print(f"当前密钥 {number}（{vault.keys().ciphers[number][0]}），已换密 {rows} 行；旧密钥可用 keys forget 清理")
    elif args.action == "finish":
        print(f"已换密 {rotation.finish(rehash=args.search_key)} 行")
    elif args.action == "forget":
        gone = rotation.forget_old_keys()
        print(f"已清理密钥 {'、'.join(map(str, gone)) or '无'}；早先的备份还需要它们：备份过期后再从密钥备份中销毁")
    kept = vault.keys()
    print(f"密钥文件 {vault.keys_file()}，当前密钥 {kept.current}，共 {len(kept.ciphers)} 个")
    for column in columns.columns():
        used = sorted(rotation.usage(column).items())
        held = "，".join(f"密钥 {number}: {rows} 行" if number else f"明文: {rows} 行" for number, rows in used)
        print(f"  {column.name}: {held or '无数据'}")
    return 0


def _operator(args: argparse.Namespace) -> int:
    from django.utils import timezone

    from tongchou.control.models import Operator
    from tongchou.control.services import operators

    if args.action == "list":
        for each in Operator.objects.order_by("login"):
            print(
                f"{each.login:<16}{each.name}  {each.get_post_display()}  {each.area}"
                + ("" if each.is_active else "  已停用")
            )
        return 0
    if args.action == "unlock":
        operators.unlock(operator=Operator.objects.get(login=args.login), now=timezone.now())
        print(f"{args.login} 已解锁")
        return 0
    missing = [name for name in ("login", "name", "organisation", "area", "post") if not getattr(args, name)]
    if missing:
        print(f"缺少参数：{', '.join(missing)}", file=sys.stderr)
        return 2
    password = getpass.getpass("初始密码：") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    made = operators.create_operator(
        login=args.login,
        password=password,
        name=args.name,
        organisation=args.organisation,
        area=args.area,
        post=args.post,
        id_number=args.id_number,
    )
    print(f"已建立 {made}，岗位 {made.get_post_display()}；首批操作员之外的授权请走授权申请")
    return 0


def _grants_sql(args: argparse.Namespace) -> int:
    from tongchou.control import roles

    print(";\n".join(roles.statements(args.role)) + ";")
    return 0
