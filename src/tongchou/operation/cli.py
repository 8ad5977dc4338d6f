"""Commands of operation: ``backup``, ``restore``, ``drill``, ``standby``, ``worker``, ``plan``, ``upgrade``, ``postgres-settings``,
``retention``."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MEGABYTE = 1024 * 1024


def add_parser(subparsers: Any) -> None:
    """Add the commands."""
    backup = subparsers.add_parser("backup", help="备份数据库并归档日志 / back up the database")
    backup.add_argument("--list", action="store_true", dest="listing", help="列出已有备份 / list the backups")
    backup.add_argument("--verify", metavar="NAME", help="只校验一份备份的校验和 / check one backup's checksums")
    backup.add_argument("--new-key", metavar="FILE", type=Path, help="生成加密密钥，私钥写入 FILE / make a sealing key")
    backup.add_argument("--no-expire", action="store_true", help="不清理过期备份 / keep expired backups")
    backup.set_defaults(act=_backup)
    restore = subparsers.add_parser("restore", help="从备份恢复，可恢复到任意时刻 / restore, also to a point in time")
    restore.add_argument("--backup", metavar="NAME", help="备份名称（默认最近一份）/ which backup (the last)")
    restore.add_argument("--to", metavar="TIME", help='恢复到的时刻，如 "2026-11-22 10:00:00" / a point in time')
    restore.add_argument("--identity", metavar="FILE", type=Path, help="私钥文件 / private key")
    restore.set_defaults(act=_restore)
    drill = subparsers.add_parser(
        "drill", help="恢复演练：恢复最近备份到临时库并核对账簿 / prove that the last backup restores"
    )
    drill.add_argument("--backup", metavar="NAME", help="备份名称（默认最近一份）/ which backup (the last)")
    drill.add_argument("--identity", metavar="FILE", type=Path, help="私钥文件 / private key")
    drill.add_argument(
        "--keys",
        metavar="FILE",
        type=Path,
        help="用数据密钥的这份副本打开备份 / open it with this copy of the data keys",
    )
    drill.set_defaults(act=_drill)
    _add_standby(subparsers)
    worker = subparsers.add_parser("worker", help="后台进程：执行任务与日终计划 / run jobs and plans")
    worker.add_argument("--until-idle", action="store_true", help="队列空了就结束 / end when the queue is empty")
    worker.set_defaults(act=_worker)
    plan = subparsers.add_parser("plan", help="发起日终或月终 / start the end of a day or month")
    plan.add_argument("plan", choices=("daily", "monthly"), help="daily 日终；monthly 月终")
    plan.add_argument("--area", required=True, metavar="CODE", help="统筹区 / pooling area")
    plan.add_argument("--day", required=True, metavar="YYYY-MM-DD", help="业务日期 / business day")
    plan.set_defaults(act=_plan)
    retention = subparsers.add_parser(
        "retention", help="清理超过保存期的记录 / remove what is past its retention period"
    )
    retention.add_argument("--dry-run", action="store_true", help="只核对，不清理 / only count")
    retention.set_defaults(act=_retention)
    upgrade = subparsers.add_parser(
        "upgrade", help="升级数据库结构，分扩展与收缩两步 / upgrade the schema in two phases"
    )
    upgrade.add_argument("--check", action="store_true", help="只说明要做什么 / only say what is due")
    upgrade.add_argument("--contract", action="store_true", help="所有进程换成新版本之后 / when all processes are new")
    upgrade.set_defaults(act=_upgrade)
    tuning = subparsers.add_parser("postgres-settings", help="按内存大小给出 PostgreSQL 参数 / settings by memory size")
    tuning.add_argument("--memory", required=True, metavar="SIZE", help="数据库可用内存，如 24GB / memory for it")
    tuning.add_argument("--cpus", type=int, default=0, metavar="N", help="处理器数（默认本机）/ processors")
    tuning.set_defaults(act=_tuning)


def _add_standby(subparsers: Any) -> None:
    standby = subparsers.add_parser("standby", help="同步备机：建立、启用、提升、查看 / a synchronous standby")
    standby.set_defaults(act=_standby)
    steps = standby.add_subparsers(dest="step", required=True, metavar="步骤 STEP")
    allow = steps.add_parser("allow", help="在主机上开放复制（须先停库）/ on the primary: let a network replicate")
    allow.add_argument("--listen", required=True, metavar="ADDRESS", help="主机监听地址 / address to listen on")
    allow.add_argument("--network", required=True, metavar="CIDR", help="备机所在网段，如 10.0.0.2/32 / who may come")
    create = steps.add_parser("create", help="在备机上建立备库 / on the standby: copy the primary and follow it")
    create.add_argument("--primary", required=True, metavar="CONNINFO", help="主机连接串 / the primary's address")
    require = steps.add_parser(
        "require", help="在主机上要求提交等待备机 / on the primary: commits wait for the standby"
    )
    require.add_argument("--off", action="store_true", help="不再等待 / don't wait any longer")
    steps.add_parser("promote", help="在备机上：主机已停，提升为主机 / on the standby: become the primary")
    steps.add_parser("status", help="查看角色和落后量 / role and lag")
    for step in (create, require):
        step.add_argument("--name", default="tongchou_standby", help="备机名称 / the standby's name")


def run(args: argparse.Namespace) -> int:
    """Run the command that was parsed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.project.settings")
    return int(args.act(args))


def _say(line: str) -> None:
    print(line, flush=True)


def _foreign() -> str | None:
    return os.environ.get("DATABASE_URL") or None


def _place() -> Any:
    from tongchou.operation import backup

    return backup.default_store()


def _backup(args: argparse.Namespace) -> int:
    from django.conf import settings

    from tongchou.operation import backup, keycare, sealing, servers, store

    if args.new_key:
        return _new_key(args.new_key)
    place = _place()
    if args.listing:
        return _list(place)
    if args.verify:
        place.choose(name=args.verify).verify()
        _say(f"备份 {args.verify} 校验通过")
        return 0
    home = Path(settings.HOME.root)
    keycare.refuse_keys_beside(place.root, home)
    sealing.recipient()  # a wrong key is said before the work begins
    now = datetime.now(UTC)
    if url := _foreign():
        backup.dump(url, place, programs=settings.POSTGRES_PROGRAMS(), now=now, say=_say)
    else:
        with servers.running(servers.embedded()) as server:
            backup.take(server, place, now=now, say=_say)
    if not args.no_expire:
        removed = store.expire(place, today=now.date())
        if removed:
            _say(f"已清理过期备份和日志 {len(removed)} 项")
    if said := keycare.reminder(home):
        _say(said)
    return 0


def _new_key(path: Path) -> int:
    from tongchou.operation import sealing

    public, private = sealing.new_key()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# public key: {public}\n{private}\n")
    _say(f"私钥已写入 {path}：请移到离线介质、存入保险柜，并在第二处保存副本；没有它备份无法恢复")
    _say(f"在服务环境中设置 TONGCHOU_BACKUP_KEY={public}")
    return 0


def _list(place: Any) -> int:
    backups = place.backups()
    if not backups:
        _say(f"{place.root} 中还没有备份：请执行 tongchou backup")
        return 1
    for one in backups:
        local = one.manifest.finished.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        kind = {"physical": "整库+日志", "dump": "逻辑导出"}[one.manifest.kind]
        sealed = "，已加密" if one.manifest.sealed else ""
        _say(f"{one.name}  {local}  {one.bytes / MEGABYTE:8.1f} MB  {kind}{sealed}  统筹 {one.manifest.product}")
    return 0


def _restore(args: argparse.Namespace) -> int:
    from django.conf import settings

    from tongchou.operation import restore, sealing, servers, ties

    target = restore.Target(moment=restore.moment_of(args.to) if args.to else None)
    key = sealing.identity(args.identity) if args.identity else None
    place = _place()
    backup = restore.choose(place, name=args.backup, target=target)
    if url := _foreign():
        restore.refuse_target_for_dump(backup, target)
        figures = restore.load_dump(url, backup, programs=settings.POSTGRES_PROGRAMS(), key=key, say=_say)
        _say(f"恢复完成：{ties.summary(figures)}")
        return 0
    done = restore.replace_data(servers.embedded(), place, backup, target, key=key, say=_say)
    last = f"，最后一笔事务 {done.last_transaction}" if done.last_transaction else ""
    _say(f"恢复完成{last}；{ties.summary(done.totals)}")
    if done.old_data:
        _say(f"原数据目录保留在 {done.old_data}，确认无误后可删除")
    _say_of_trail(done.totals)
    _say("接着请执行：tongchou doctor 检查数据，tongchou backup 做一次新备份，然后启动服务")
    return 0


def _say_of_trail(totals: Any) -> None:
    """Does the trail reach as far as its seals outside the database? After a restore to a moment it does not."""
    _django()
    from tongchou.control.api import anchors
    from tongchou.operation import ties

    held = ties.trail_ends(totals)
    later = anchors.later_than(held)
    if not later:
        _say("留痕与库外存证衔接")
        return
    _say("库外存证比恢复后的数据库新：恢复时点之后的留痕不在库中")
    for anchor in later:
        _say(f"  {anchors.sentence(anchor, held)}")
    _say("存证保持原样；由审计岗核对后执行 tongchou trail reanchor --reason 恢复时点和批准人，原存证另存备查")


def _drill(args: argparse.Namespace) -> int:
    from django.conf import settings

    from tongchou.operation import drill, keycare, sealing, servers

    copy = keycare.read_copy(args.keys) if args.keys else ""
    _django()
    key = sealing.identity(args.identity) if args.identity else None
    server = servers.embedded()
    place = _place()
    backup = place.choose(name=args.backup, whole=True)
    live = server.conninfo(servers.DATABASE) if server.is_running() else None
    report = drill.run(
        server,
        place,
        backup,
        key=key,
        doctor=[*settings.COMMAND, "doctor"],
        live=live,
        now=datetime.now(restore_zone()),
        say=_say,
        keys=copy,
    )
    _say("\n".join(report.lines()))
    if copy and report.passed:
        proved = keycare.prove(Path(settings.HOME.root), copy, now=datetime.now(UTC))
        _say("密钥副本能打开备份" if proved else "密钥副本能打开这份备份，但不是现用密钥的副本：请重新复制")
    return 0 if report.passed else 1


def restore_zone() -> Any:
    """The centre's time zone."""
    from tongchou.operation.restore import LOCAL

    return LOCAL


def _standby(args: argparse.Namespace) -> int:
    from tongchou.operation import servers, standby

    if args.step == "status":
        url = _foreign()
        conninfo = url or servers.embedded().conninfo("postgres")
        _say("\n".join(standby.status(conninfo).lines()))
        return 0
    server = servers.embedded()
    if args.step == "allow":
        passwords = standby.allow(server, listen=args.listen, network=args.network)
        _say(f"下次启动后在 {args.listen}:5432 监听")
        if passwords is None:
            _say("本机是备机：口令与主机相同")
        else:
            _say("口令只显示一次：")
            _say(f"  复制  user={standby.REPLICATOR} password={passwords[0]}")
            _say(f"  业务  user=tongchou password={passwords[1]} dbname={servers.DATABASE}")
    elif args.step == "create":
        standby.create(server, primary=args.primary, name=args.name, say=_say)
        _say("备机已跟随主机；在主机上执行 tongchou standby require 后，提交即等待备机")
    elif args.step == "require":
        standby.require(server, name=None if args.off else args.name)
        _say("提交不再等待备机" if args.off else f"从现在起，每笔提交都等待备机 {args.name} 落盘后才应答")
    else:
        standby.promote(server, say=_say)
        _say("已成为主机。原主机恢复后须重新建为备机（tongchou standby create），不可直接启动")
    return 0


def _django() -> None:
    import django

    django.setup()


def _worker(args: argparse.Namespace) -> int:
    _django()
    from tongchou.operation import upgrade, worker

    upgrade.refuse_newer_schema()
    worker.work(until_idle=args.until_idle)
    return 0


def _retention(args: argparse.Namespace) -> int:
    import getpass

    _django()
    from tongchou.control.api import Actor, acting
    from tongchou.operation import retention

    now = datetime.now(UTC)
    with acting(Actor(operator=f"cli:{getpass.getuser()}"[:30], channel="cli", reason="命令行")):
        found = retention.run(now=now, dry=args.dry_run)
    _say(retention.report(found, dry=args.dry_run, now=now).rstrip())
    return 0


def _plan(args: argparse.Namespace) -> int:
    from datetime import date

    _django()
    from tongchou.operation import plans
    from tongchou.operation.rejections import NOT_A_TIME

    try:
        day = date.fromisoformat(args.day)
    except ValueError as error:
        raise NOT_A_TIME(text=args.day) from error
    run = plans.start(plan=args.plan, area=args.area, day=day, now=datetime.now(UTC))
    _say(
        f"{plans.PLANS[args.plan].title} {day}：{run.get_status_display()}（由 tongchou worker 执行，在 日终计划 查看）"
    )
    return 0


def _upgrade(args: argparse.Namespace) -> int:
    _django()
    from contextlib import nullcontext

    from tongchou.operation import servers, upgrade

    with nullcontext() if _foreign() else servers.running(servers.embedded()):
        found = upgrade.state()
        if args.check:
            upgrade.refuse_newer_schema()
            if found.ahead:
                _say(f"数据库已由新版本扩展 {len(found.ahead)} 个迁移，本版本可在其上运行")
            _say(f"扩展迁移 {len(found.expand)} 个（旧版本可继续运行）：{'、'.join(found.expand) or '无'}")
            _say(f"收缩迁移 {len(found.contract)} 个（须先停用旧版本）：{'、'.join(found.contract) or '无'}")
            return 1 if found.expand or found.contract else 0
        applied = upgrade.upgrade(contract=args.contract, now=datetime.now(UTC))
        _say(f"已执行迁移 {len(applied)} 个；上次升级 {found.stamp or '无记录'}")
        left = upgrade.state().contract
        if left:
            _say(f"待收缩 {len(left)} 个：所有进程换成新版本并备份后执行 tongchou upgrade --contract")
    return 0


def _tuning(args: argparse.Namespace) -> int:
    from tongchou.operation import tuning

    memory = tuning.megabytes(args.memory)
    for name, value in tuning.settings_for(memory_mb=memory, cpus=args.cpus or os.cpu_count() or 2).items():
        _say(f"{name} = {value}")
    return 0
