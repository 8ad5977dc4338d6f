"""System parameters (系统参数) with effective dates and two people; dictionaries; numbers without gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from tongchou.control import rejections
from tongchou.control.actor import writing
from tongchou.control.models import CodeSet, CodeValue, IssuedNumber, NumberSeries, Parameter, ParameterValue
from tongchou.control.services.case_kinds import Change
from tongchou.kernel.areas import check_area

_NUMBERS = {Parameter.Kind.INTEGER, Parameter.Kind.FEN, Parameter.Kind.RATE}


STANDARD: tuple[dict[str, Any], ...] = (
    {"code": "case.days", "name": "复核办结期限", "kind": "integer", "unit": "工作日", "least": 1, "most": 60,
     "purpose": "复核事项没有另定期限时的办结期限", "standard": "5"},
    {"code": "grant.longest_days", "name": "授权最长期限", "kind": "integer", "unit": "天", "least": 1, "most": 366,
     "purpose": "一次授权最多有效的天数，到期须重新申请", "standard": "366"},
    {"code": "session.idle_minutes", "name": "空闲锁屏时间", "kind": "integer", "unit": "分钟", "least": 1, "most": 30,
     "purpose": "没有人工操作超过这个时间，会话锁定", "standard": "15"},
    {"code": "sign_in.failures", "name": "登录失败次数上限", "kind": "integer", "unit": "次", "least": 3, "most": 10,
     "purpose": "同一登录名从同一地址连续失败达到次数后暂停登录", "standard": "5"},
    {"code": "sign_in.lock_minutes", "name": "登录暂停时间", "kind": "integer", "unit": "分钟", "least": 5, "most": 1440,
     "purpose": "失败次数过多后暂停登录的时间，也是计数的时间", "standard": "15"},
    {"code": "retention.jobs_days", "name": "任务记录保存期", "kind": "integer", "unit": "天", "least": 30, "most": 3660,
     "purpose": "任务的记录、日志和结果文件（含导出文件）保存的天数", "standard": "400"},
    {"code": "retention.messages_days", "name": "站内消息保存期", "kind": "integer", "unit": "天", "least": 30, "most": 3660,
     "purpose": "站内消息保存的天数", "standard": "180"},
    {"code": "retention.outbound_days", "name": "外发消息保存期", "kind": "integer", "unit": "天", "least": 7, "most": 3660,
     "purpose": "已发送的短信和邮件保存的天数", "standard": "90"},
    {"code": "retention.sign_ins_days", "name": "登录记录保存期", "kind": "integer", "unit": "天", "least": 183, "most": 3660,
     "purpose": "登录记录保存的天数，不少于六个月（网络安全法第二十一条）", "standard": "400"},
    {"code": "retention.sessions_days", "name": "工作会话保存期", "kind": "integer", "unit": "天", "least": 183, "most": 3660,
     "purpose": "已结束的工作会话保存的天数，不少于六个月（网络安全法第二十一条）", "standard": "400"},
    {"code": "retention.uploads_days", "name": "导入文件保存期", "kind": "integer", "unit": "天", "least": 1, "most": 30,
     "purpose": "已上传、未确认的导入文件保存的天数", "standard": "3"},
    {"code": "retention.answers_days", "name": "应答内容保存期", "kind": "integer", "unit": "天", "least": 90, "most": 3660,
     "purpose": "已答复机构报文的应答内容保存的天数；受理记录一直保存，重复报文不会重复结算", "standard": "400"},
    {"code": "retention.simulation_days", "name": "模拟数据保存期", "kind": "integer", "unit": "天", "least": 30, "most": 3660,
     "purpose": "政策模拟的费用数据最后一次使用后保存的天数；已有的模拟结果随任务记录保存", "standard": "400"},
    {"code": "paper.blind.correction", "name": "信息更正须双人盲录", "kind": "flag", "unit": "",
     "purpose": "1：参保人员信息更正一律双人盲录；0：可以单人录入", "standard": "0"},
    {"code": "paper.blind.agreement", "name": "服务协议须双人盲录", "kind": "flag", "unit": "",
     "purpose": "1：纸质定点服务协议一律双人盲录；0：可以单人录入", "standard": "0"},
    {"code": "paper.blind.mapping", "name": "目录对照须双人盲录", "kind": "flag", "unit": "",
     "purpose": "1：纸质目录对照申请一律双人盲录；0：可以单人录入", "standard": "0"},
    {"code": "extract.least_persons", "name": "匿名抽取最少人数", "kind": "integer", "unit": "人", "least": 3, "most": 1000,
     "purpose": "匿名抽取的数据中，同一组特征至少对应的人数（k-匿名）", "standard": "10"},
    {"code": "family.relations", "name": "家庭共济范围", "kind": "text",
     "purpose": "可以使用个人账户的亲属，以顿号分隔：配偶、父母、子女、兄弟姐妹、祖父母外祖父母、孙子女外孙子女"
     "（国办发〔2021〕14号；扩大到近亲属的见国办发〔2024〕38号）", "standard": "配偶、父母、子女"},
    {"code": "family.most_members", "name": "家庭共济成员上限", "kind": "integer", "unit": "人", "least": 1, "most": 50,
     "purpose": "一个个人账户同时可以绑定的共济成员人数", "standard": "7"},
)  # fmt: skip
"""Parameters that the software itself reads, with what holds until a case gives a value. What a policy says stands in its
package, never here."""
_STANDARD_VALUES = {one["code"]: one["standard"] for one in STANDARD}


def ensure_parameters() -> None:
    """Make the standard parameters known. Idempotent; values are not touched."""
    for one in STANDARD:
        if not Parameter.objects.filter(code=one["code"]).exists():
            define(**{name: value for name, value in one.items() if name != "standard"})


def parameters_known() -> bool:
    """Has the instance every standard parameter? A newer version brings new ones."""
    return set(_STANDARD_VALUES) <= set(Parameter.objects.values_list("code", flat=True))


def standard_value(code: str) -> str:
    """What a parameter is worth while no case has given a value; empty for those that must be given one."""
    return _STANDARD_VALUES.get(code, "")


def value_of(*, code: str, on: date, area: str = "") -> str:
    """The value of a parameter on a day, as text: the area's own, else the one for everywhere, else the standard one.

    Raises:
        Rejection: CTRL-040 no such parameter, or neither a value on that day nor a standard one.
    """
    found = ParameterValue.objects.filter(parameter__code=code, area__in={"", area}, period__contains=on)
    value = found.order_by("-area").values_list("value", flat=True).first() or standard_value(code)
    if not value:
        raise rejections.UNKNOWN_PARAMETER(code=code)
    return str(value)


def integer_of(*, code: str, on: date, area: str = "") -> int:
    """The value of a parameter of kind integer, fen or rate (1/10,000)."""
    return int(value_of(code=code, on=on, area=area))


def define(*, code: str, name: str, kind: str, **more: Any) -> Parameter:
    """Make a parameter known (a room does so when it is installed). Its values come by approved cases."""
    return Parameter.objects.update_or_create(code=code, defaults={"name": name, "kind": kind, **more})[0]


def check_value(payload: dict[str, Any]) -> None:
    """Look at a new value before it is handed in and before it comes into force.

    ``payload``: code, area, value (text), since (ISO date), source.

    Raises:
        Rejection: CTRL-008 no such area, CTRL-040 … CTRL-042.
    """
    parameter = _parameter(payload["code"])
    _check_day(payload["since"])
    _check_area(payload["area"])
    value, wrong = payload["value"], ""
    if parameter.kind in _NUMBERS:
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            wrong = f"应为整数（单位：{parameter.unit or parameter.get_kind_display()}）"
        elif parameter.least is not None and int(value) < parameter.least:
            wrong = f"不能小于 {parameter.least}"
        elif parameter.most is not None and int(value) > parameter.most:
            wrong = f"不能大于 {parameter.most}"
    elif parameter.kind == Parameter.Kind.FLAG and value not in ("0", "1"):
        wrong = "应为 0（否）或 1（是）"
    elif parameter.kind == Parameter.Kind.DATE:
        try:
            date.fromisoformat(value)
        except ValueError:
            wrong = "应为日期，如 2026-11-22"
    if not value.strip():
        wrong = "不能为空"
    if wrong:
        raise rejections.WRONG_VALUE(name=parameter.name, value=value, why=wrong)


def set_value(*, payload: dict[str, Any], case_id: int) -> str:
    """Executor of kind ``parameter.value``: from its day on the new value holds; the one before ends the day before.

    Raises:
        Rejection: as :func:`check_value`.
    """
    check_value(payload)
    parameter, since, area = _parameter(payload["code"]), date.fromisoformat(payload["since"]), payload["area"]
    kept = ParameterValue.objects.filter(parameter=parameter, area=area)
    # What was planned from that day on or later gives way; history before it stays as it is.
    kept.filter(period__startswith__gte=since).delete()
    current = kept.filter(period__contains=since).first()
    if current is not None:
        current.period = DateRange(current.period.lower, since)
        current.save(update_fields=["period"])
    ParameterValue.objects.create(
        parameter=parameter,
        area=area,
        value=payload["value"],
        source=payload.get("source", "")[:200],
        case_id=case_id,
        period=DateRange(since, None),
    )
    return f"“{parameter.name}”自 {since} 起为 {payload['value']}"


def describe_value(payload: dict[str, Any]) -> Sequence[Change]:
    """The side-by-side of a change of a parameter."""
    parameter = Parameter.objects.filter(code=payload["code"]).first()
    since = date.fromisoformat(payload["since"])
    held = ParameterValue.objects.filter(
        parameter__code=payload["code"], area=payload["area"], period__contains=since
    ).first()
    name = (
        f"{parameter.name}（{parameter.unit}）" if parameter and parameter.unit else str(parameter or payload["code"])
    )
    before = held.value if held else standard_value(payload["code"])
    return [
        Change(label=name, before=before or "无", after=payload["value"]),
        Change(label="生效日期", before=str(held.period.lower) if held else "—", after=payload["since"]),
        Change(label="依据", before=held.source if held else "—", after=payload.get("source", "")),
    ]


def load_code_set(
    *, code: str, name: str, source: str, version: str, values: Iterable[tuple[str, str]], now: datetime
) -> CodeSet:
    """Load a version of a dictionary; it becomes the current one. The same version again replaces nothing."""
    with writing(reason=f"装载字典 {code} {version}"):
        held = CodeSet.objects.filter(code=code, version=version).first()
        if held is not None:
            return held
        CodeSet.objects.filter(code=code, current=True).update(current=False)
        made = CodeSet.objects.create(code=code, name=name, source=source, version=version, loaded_at=now)
        rows = [CodeValue(code_set=made, value=value, name=text, order=at) for at, (value, text) in enumerate(values)]
        CodeValue.objects.bulk_create(rows)
    return made


def next_number(*, series: str, area: str, document: str, now: datetime) -> int:
    """The next number of a series for a document. Must be called inside the transaction that writes the document.

    The series' row stays locked until that transaction ends, and a roll-back gives the number back: no gaps. The price is
    that documents of one series are written one after the other; only where law wants it.

    Raises:
        RuntimeError: called outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a number is taken inside the transaction that writes its document")
    year = timezone.localdate(now).year
    NumberSeries.objects.bulk_create([NumberSeries(code=series, area=area, year=year)], ignore_conflicts=True)
    row = NumberSeries.objects.select_for_update().get(code=series, area=area, year=year)
    row.last += 1
    row.save(update_fields=["last"])
    IssuedNumber.objects.create(series=row, number=row.last, document=document, issued_at=now)
    return row.last


def number_gaps() -> list[tuple[str, int, int]]:
    """Series whose issued numbers are not 1 … last: series, how many are issued, the last number. Empty when in order."""
    sql = """SELECT s.code || ' ' || s.area || ' ' || s.year, count(i.id), s.last FROM control_numberseries s
             LEFT JOIN control_issuednumber i ON i.series_id = s.id
             GROUP BY s.id HAVING count(i.id) <> s.last OR coalesce(max(i.number), 0) <> s.last"""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        return [(str(name), int(count), int(last)) for name, count, last in cursor.fetchall()]


def _parameter(code: str) -> Parameter:
    found = Parameter.objects.filter(code=code).first()
    if found is None:
        raise rejections.UNKNOWN_PARAMETER(code=code)
    return found


def _check_area(text: str) -> None:
    try:
        _ = text and check_area(text)
    except ValueError:
        raise rejections.UNKNOWN_AREA(area=text[:20]) from None


def _check_day(text: str) -> None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise rejections.WRONG_DAY(day=text, why="不是日期") from None
    if day < timezone.localdate():
        raise rejections.WRONG_DAY(day=text, why="不能改变已经过去的日子")
