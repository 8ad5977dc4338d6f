"""``tongchou gateway-keys``: make, register, list and end the keys of variant ``sm``.

A private key made here for an institution is shown once, or written to one file, and not kept: the centre needs the public
one only. Better still the institution makes its own pair and hands in the public key (``add``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.signing import keyring, misconfiguration, sm
from tongchou.exchange.signing.keyring import CENTRE, Key, KeysWrong, Ring

CENTRE_NOTICE_DAYS = 30
"""So long ahead a new key of the centre is announced, if nothing else is said."""


def run(args: argparse.Namespace) -> int:
    """Run the action; 2 where the person at the terminal has to mend something."""
    if not sm.available():
        return _problem("需要 gmssl-pyx：请安装 pip install 'tongchou[sm]' / GmSSL's binding is not installed")
    try:
        return _ACTIONS[args.action](args, datetime.now(TIME_ZONE).date())
    except KeysWrong as wrong:
        return _problem(f"密钥文件有误：{wrong}；请修正或从备份恢复该文件")
    except (OSError, ValueError) as error:
        return _problem(str(error) or type(error).__name__)


def _problem(text: str) -> int:
    print(f"错误：{text}", file=sys.stderr)
    return 2


# --- actions ----------------------------------------------------------------------------------------------------------


def _centre(args: argparse.Namespace, today: date) -> int:
    kept = keyring.ring(CENTRE) or Ring()
    since = args.since or (today + timedelta(days=CENTRE_NOTICE_DAYS) if kept.valid(today) else today)
    private, public = sm.make_pair()
    key = Key(keyring.next_id(kept, today), sm.public_key(public), bytes.fromhex(private), since)
    file = keyring.write(CENTRE, replace(kept, keys=(*kept.keys, key)))
    print(
        f"中心密钥 {key.id} 已写入 {file}，自 {since} 起用于签署应答。请把公钥交给各机构：\n\n    centre = {public}\n"
    )
    if len(kept.keys):
        print(f"各机构须在 {since} 前同时认可新旧两个公钥；所有应用服务器须有同样的密钥目录。")
    return 0


def _make(args: argparse.Namespace, today: date) -> int:
    private, public = sm.make_pair()
    return _register(args, today, public=public, private=private)


def _add(args: argparse.Namespace, today: date) -> int:
    return _register(args, today, public=args.public, private="")


def _register(args: argparse.Namespace, today: date, *, public: str, private: str) -> int:
    code = _institution(args.institution)
    centre = keyring.ring(CENTRE) or Ring()
    if not centre.valid(today):
        return _problem("中心还没有密钥：请先运行 tongchou gateway-keys centre")
    kept = _agreed(keyring.ring(code) or Ring(), args)
    secret = "" if kept.encryption == keyring.OFF else sm.make_key()
    key = Key(keyring.next_id(kept, today), sm.public_key(public), bytes.fromhex(secret), args.since or today)
    if any(each.public == key.public for each in kept.keys):
        return _problem("该公钥已登记")
    changed = keyring.add_key(kept, key, overlap_until=key.since + timedelta(days=args.overlap))
    keyring.write(code, changed)
    keyring.ring(code)  # it can be read again
    handed = _handed_over(code, changed, key, private=private, centre=centre)
    if args.out is not None:
        keyring.write_private(args.out, handed)
        print(f"机构 {code} 的密钥 {key.id} 已登记；须交付的内容在 {args.out}，请当面或加密交付后删除")
    else:
        print(handed)
        print("请当面或加密交付以上内容。私钥中心不保存，丢失须重新生成。", file=sys.stderr)
    return 0


def _agreed(kept: Ring, args: argparse.Namespace) -> Ring:
    given = {name: getattr(args, name) for name in ("covers", "empties", "encryption", "cipher") if getattr(args, name)}
    agreed = replace(kept, **given)
    if agreed.encryption == keyring.BOTH and agreed.covers != keyring.ALL:
        raise ValueError("双向加密（both）须签名覆盖 input（--covers all）")
    return agreed


def _institution(text: str) -> str:
    if len(text) != 12 or text[0] not in "HP" or not text[1:].isdigit():
        raise ValueError(f"机构编号应为 H 或 P 加 11 位数字：{text}")
    return text


def _handed_over(code: str, kept: Ring, key: Key, *, private: str, centre: Ring) -> str:
    coming = ", ".join(f'"04{each.public.hex().upper()}"' for each in centre.keys if each.until is None)
    lines = [
        f"# 机构 {code} 接入中心接口的密钥（用法见接口签名说明）；私钥和 sm4 须保密",
        f'institution = "{code}"',
        f'key = "{key.id}"',
        f"since = {key.since.isoformat()}",
        *([f'private = "{private}"'] if private else []),
        f'public = "04{key.public.hex().upper()}"',
        f"centre = [{coming}]",
        f'signer = "{sm.SIGNER.decode()}"',
        f'covers = "{kept.covers}"',
        f'empties = "{kept.empties}"',
        f'encryption = "{kept.encryption}"',
    ]
    if key.secret:
        lines += [f'cipher = "{kept.cipher}"', f'sm4 = "{key.secret.hex().upper()}"']
    return "\n".join(lines) + "\n"


def _retire(args: argparse.Namespace, today: date) -> int:
    code = _institution(args.institution)
    kept = keyring.ring(code)
    if kept is None or all(key.id != args.key for key in kept.keys):
        return _problem(f"机构 {code} 没有密钥 {args.key}：用 tongchou gateway-keys list 查看")
    until = args.on or today - timedelta(days=1)
    keys = tuple(replace(key, until=until) if key.id == args.key else key for key in kept.keys)
    changed = replace(kept, keys=keys)
    keyring.write(code, changed)
    left = len(changed.valid(max(today, until + timedelta(days=1))))
    print(f"机构 {code} 的密钥 {args.key} 有效至 {until}，此后还有 {left} 组有效密钥")
    return 0


def _exempt(args: argparse.Namespace, today: date) -> int:
    code = _institution(args.institution)
    kept = keyring.ring(code) or Ring()
    keyring.write(code, replace(kept, unsigned_until=args.until))
    print(f"机构 {code} 在 {args.until}（含）前可不签名" if args.until >= today else f"机构 {code} 须签名")
    return 0


def _list(args: argparse.Namespace, today: date) -> int:
    for name in (CENTRE, *keyring.names()):
        kept = keyring.ring(name)
        if kept is None:
            print("中心尚无密钥：tongchou gateway-keys centre")
            continue
        print("中心" if name == CENTRE else f"{name}  {_agreement(kept, today)}")
        for key in kept.keys:
            state = "有效" if key.valid(today) else "未启用" if key.since > today else "已停用"
            print(
                f"    {key.id}  {key.since} — {key.until or '无止期'}  {state}  公钥 04{key.public.hex().upper()[:16]}…"
            )
    return 0


def _agreement(kept: Ring, today: date) -> str:
    words = [
        "签名含 input" if kept.covers == keyring.ALL else "签名不含 input（仅兼容旧系统）",
        {"off": "不加密", "answers": "应答加密", "both": "双向加密"}[kept.encryption],
    ]
    if kept.encryption != keyring.OFF:
        words.append(kept.cipher + ("（相同的块加密后相同，仅兼容旧系统）" if kept.cipher == sm.ECB else ""))
    if kept.unsigned_until is not None and kept.unsigned_until >= today:
        words.append(f"{kept.unsigned_until} 前可不签名")
    if not kept.valid(today):
        words.append("今天没有有效密钥")
    return "，".join(words)


def _check(args: argparse.Namespace, today: date) -> int:
    wrong = misconfiguration()
    for name in keyring.names():
        keyring.ring(name)
    for file in sorted(keyring.folder().glob("*.toml")):
        if file.stat().st_mode & 0o077:
            wrong = wrong or f"{file} 他人可读：chmod 600"
    if wrong:
        return _problem(wrong)
    print(f"密钥目录 {keyring.folder()}：{len(keyring.names())} 家机构，均可用")
    return 0


_ACTIONS: dict[str, Callable[[argparse.Namespace, date], int]] = {
    "centre": _centre,
    "make": _make,
    "add": _add,
    "retire": _retire,
    "exempt": _exempt,
    "list": _list,
    "check": _check,
}
