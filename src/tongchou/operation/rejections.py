"""What operation refuses: each with what to do now."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

NOT_EMBEDDED = kind(
    "OPER-001",
    zh="本实例使用 DATABASE_URL 指定的外部数据库，此命令只用于内置数据库",
    en="this instance uses the server in DATABASE_URL; the command is for the embedded database only",
    remedy="请用外部数据库自己的工具（见 docs/operations/backup.md），或取消环境变量 DATABASE_URL",
)
NO_BACKUP = kind(
    "OPER-002",
    zh="备份目录 {folder} 中没有可用的备份{which}",
    en="no usable backup{which} in {folder}",
    remedy="请先执行 tongchou backup；备份在其他磁盘时用环境变量 TONGCHOU_BACKUPS 指定目录",
)
BACKUP_BROKEN = kind(
    "OPER-003",
    zh="备份 {backup} 已损坏：{reason}",
    en="backup {backup} is broken: {reason}",
    remedy="请改用另一份备份（tongchou backup --list），检查存放备份的磁盘，并立即做一次新备份",
)
NO_SPACE = kind(
    "OPER-004",
    zh="磁盘空间不足（{place}）：需要 {needed} MB，剩余 {free} MB",
    en="not enough disk space at {place}: {needed} MB needed, {free} MB free",
    remedy="请清理磁盘，或用环境变量 TONGCHOU_BACKUPS、TONGCHOU_HOME 指定更大的磁盘",
)
PROGRAM_FAILED = kind(
    "OPER-005",
    zh="{program} 执行失败：{reason}",
    en="{program} failed: {reason}",
    remedy="请按所列原因处理后重新执行；原因不明时查看 log/postgres.log",
)
OTHER_VERSION = kind(
    "OPER-006",
    zh="备份 {backup} 由 PostgreSQL {found} 生成，本程序自带 {wanted}，不能直接恢复",
    en="backup {backup} was made by PostgreSQL {found}, we bring {wanted}: it can't be restored here",
    remedy="请安装生成该备份的统筹版本后恢复，再用 pg_dump 迁移到新版本",
)
SERVER_RUNS = kind(
    "OPER-007",
    zh="数据库正在运行，不能覆盖恢复",
    en="the database is running and can't be overwritten",
    remedy="请先停止服务（systemctl stop tongchou 或 Ctrl-C）和数据库（tongchou db stop），再执行恢复",
)
TARGET_NOT_REACHED = kind(
    "OPER-008",
    zh="归档日志没有到达 {target}，止于 {last}",
    en="the archived log does not reach {target}, it ends at {last}",
    remedy="请给出不晚于该时间的 --to，或不带 --to 恢复到最后一笔事务",
)
NOT_A_TIME = kind(
    "OPER-009",
    zh="恢复时间 {text} 无法识别",
    en="{text} is not a time",
    remedy='请写成 --to "2026-11-22 10:00:00"（北京时间）',
)
BEFORE_FIRST_BACKUP = kind(
    "OPER-010",
    zh="{target} 早于最早的备份完成时间 {first}，无法恢复到该时间",
    en="{target} lies before the end of the first backup, {first}",
    remedy="请给出更晚的时间，或从异地取回更早的备份放入备份目录",
)
KEY_NEEDED = kind(
    "OPER-011",
    zh="备份 {backup} 已加密，需要私钥",
    en="backup {backup} is sealed; the private key is needed",
    remedy="请用 --identity 指定保险柜中的私钥文件（AGE-SECRET-KEY-…）",
)
WRONG_KEY = kind(
    "OPER-012",
    zh="私钥不能解开备份 {backup}，或备份已损坏",
    en="the private key does not open backup {backup}, or it is broken",
    remedy="请核对私钥文件是否与备份时的公钥成对",
)
NOT_A_KEY = kind(
    "OPER-013",
    zh="备份密钥无法识别：{reason}",
    en="not a backup key: {reason}",
    remedy="请用 tongchou backup --new-key 生成密钥：公钥写入环境变量 TONGCHOU_BACKUP_KEY，私钥离线保存",
)
RESTART_NEEDED = kind(
    "OPER-014",
    zh="数据库尚未开启日志归档，已写入设置，需要重启一次数据库才能生效",
    en="log archiving was off; it is set now and needs one restart of the database",
    remedy="请执行 tongchou db stop，再启动服务，然后重新执行本命令",
)
ARCHIVE_STUCK = kind(
    "OPER-015",
    zh="数据库日志未能归档到 {folder}（{reason}）",
    en="the database's log is not archived to {folder} ({reason})",
    remedy="请检查该目录的权限和剩余空间（属于其他用户的，改归数据库的系统用户）；归档恢复前数据库会一直保留日志，磁盘可能被占满",
)
NOT_EMPTY = kind(
    "OPER-016",
    zh="目标数据库不是空的，不能恢复到其中",
    en="the target database is not empty",
    remedy="请新建一个空数据库，把 DATABASE_URL 指向它后重新执行",
)
NO_POINT_IN_DUMP = kind(
    "OPER-017",
    zh="备份 {backup} 是逻辑导出，只能恢复到导出的时刻",
    en="backup {backup} is a dump; it restores to its own moment only",
    remedy="请不带 --to 执行；需要恢复到任意时刻时，请使用外部数据库自己的日志归档",
)
BUSY = kind(
    "OPER-018",
    zh="账簿正被长事务占用，无法确定备份点",
    en="a long transaction holds the ledger, so the backup's point can't be fixed",
    remedy="请等待批量业务结束后重试，或在 任务中心 查看正在运行的任务",
)
STANDBY_EXISTS = kind(
    "OPER-019",
    zh="{folder} 已有数据库，不能在其上建立备机",
    en="{folder} already holds a database",
    remedy="请换一个空目录；确认不需要其中数据后可移走该目录",
)
NOT_A_STANDBY = kind(
    "OPER-020",
    zh="{folder} 不是备机，不能提升",
    en="{folder} is not a standby",
    remedy="请在备机上执行，并用 TONGCHOU_HOME 指向备机的目录；tongchou standby status 可查看角色",
)
STANDBY_NOT_CONNECTED = kind(
    "OPER-021",
    zh="备机未能连上主机：{reason}",
    en="the standby does not reach the primary: {reason}",
    remedy="请检查主机地址、防火墙、复制用户与口令，以及备机目录下 log/postgres.log",
)
NEWER_SCHEMA = kind(
    "OPER-022",
    zh="数据库结构比程序新（含本程序不认识的 {unknown}；数据库由 {stamp} 升级）",
    en="the schema is newer than the program (it holds {unknown}; upgraded by {stamp})",
    remedy="请启动与数据库相同或更新版本的统筹；需要退回旧版本时见 docs/operations/upgrade.md",
)
CONTRACT_DUE = kind(
    "OPER-023",
    zh="收缩迁移会删除旧版本仍在使用的结构：{migrations}",
    en="contracting migrations remove what the old version still uses: {migrations}",
    remedy="请确认所有进程都已换成新版本并做好备份，再执行 tongchou upgrade --contract",
)
UNKNOWN_JOB = kind(
    "OPER-024",
    zh="没有名为 {kind} 的任务",
    en="there is no job kind {kind}",
    remedy="请从任务中心的列表中选择；新版本的任务需要重启后台进程",
)
JOB_NOT_FINISHED = kind(
    "OPER-025",
    zh="任务 {run} 正在排队或运行，不能重试",
    en="job {run} is queued or running and can't be retried",
    remedy="请等待它结束，或先取消",
)
JOB_FINISHED = kind(
    "OPER-026",
    zh="任务 {run} 已结束，不能取消",
    en="job {run} has ended and can't be cancelled",
    remedy="无需处理；查看结果即可",
)
DAYS_STILL_OPEN = kind(
    "OPER-028",
    zh="统筹区 {area} 还有未日结的业务日：{days}",
    en="area {area} still has open business days: {days}",
    remedy="请先在日终计划中完成这些业务日的日终，再重试本步骤",
)
DOCTOR_FOUND = kind(
    "OPER-029",
    zh="数据检查发现 {count} 个错误：{first}",
    en="the check of the data found {count} errors: {first}",
    remedy="请先按任务日志中每一条的处理办法更正（tongchou doctor 可重新检查），再重试本步骤；更正前不要继续后面的步骤",
)
DRILL_FAILED = kind(
    "OPER-030",
    zh="恢复演练未通过：{reason}",
    en="the restore drill failed: {reason}",
    remedy="该备份不可依赖：请立即做一次新备份并重新演练，保留此备份和演练报告供查明原因",
)
NOT_READY = kind(
    "OPER-031",
    zh="运行条件不满足：{reasons}",
    en="not ready to run: {reasons}",
    remedy="请按所列各项处理后重试本步骤",
)
MEMORY_UNKNOWN = kind(
    "OPER-032",
    zh="内存大小 {text} 无法识别",
    en="{text} is not an amount of memory",
    remedy="请写成 --memory 24GB",
)
KEYS_BESIDE_BACKUPS = kind(
    "OPER-033",
    zh="数据密钥 {keys} 与备份目录 {backups} 放在一起：拿到备份盘的人就能读出全部个人信息，丢了盘两样都没有",
    en="the data keys {keys} lie with the backups in {backups}",
    remedy="请把密钥副本移到备份目录以外（另一介质、保险柜），或用 TONGCHOU_BACKUPS 指定另一块盘上的备份目录",
)
NOT_KEYS = kind(
    "OPER-034",
    zh="{file} 不是数据密钥文件：{reason}",
    en="{file} holds no data keys: {reason}",
    remedy="请给出 keys/data-keys.json 的副本",
)
ONLY_A_DUMP = kind(
    "OPER-035",
    zh="备份 {backup} 是逻辑导出，不能用于恢复演练",
    en="backup {backup} is a dump; a drill needs a backup of the whole server with its log",
    remedy="请先用数据库所有者的身份（不带 DATABASE_URL）执行 tongchou backup，再演练；或不指定备份，由程序选最近的整库备份",
)
