"""Claims that somebody uploads (CSV or Parquet) → a claim file, or errors by row and column.

In CSV and in columns of decimals amounts are yuan; in columns of whole numbers they are fen. Persons may be any text or number
and become numbers by the order of their appearance in the sorted file; ID numbers are refused, they have no place here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv as pacsv  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from tongchou.kernel.identifiers import parse_id_number
from tongchou.policy import STANDARD_FACTS
from tongchou.simulation.files import AMOUNTS, BEFORE, KEYS, RowError, RowErrors
from tongchou.simulation.parquet import ColumnError

MOST_ROWS, MOST_COLUMNS, LONGEST_WORD = 3_000_000, 100, 200
"""What is taken in at once, in memory. A few bytes of Parquet can stand for thousands of millions of rows."""
TITLES = {
    "人员": "person", "人员编号": "person", "日期": "date", "就诊日期": "date", "年度": "year", "待遇年度": "year",
    "月份": "month", "待遇": "benefit", "符合范围费用": "in_scope", "先行自付": "prior_self_pay", "超限价自付": "over_limit",
    "全自费": "out_of_scope", "可用个人账户": "account_usable", "账户余额": "account_held", "账户已支付": "account_drawn",
    "基金已支付": "settled_fund",
} | {spec.title: name for name, spec in STANDARD_FACTS.items()}  # fmt: skip
"""Chinese heads of a CSV file."""
MONEY = (*AMOUNTS, "account_held", "account_drawn", "settled_fund", "settled_account", "settled_cash")
_YUAN = r"^-?[0-9]{1,13}(\.[0-9]{1,2})?$"
_WHOLE = r"^[0-9]{1,9}$"
_TRUE, _FALSE = ("是", "true", "True", "1"), ("否", "false", "False", "0", "")


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken in: how many claims, of how many persons."""

    claims: int
    persons: int


def take_in(source: Path, target: Path, *, name: str = "") -> Taken:
    """Read, check, sort and write a claim file.

    Args:
        source: CSV (UTF-8 or GB 18030) or Parquet.
        name: what the user calls the file.

    Raises:
        ColumnError: no claim file, columns are missing or unknown. RowErrors: rows can't be used, by row and column.
    """
    shown = name or source.name
    table = _read(source, shown)
    if table.num_rows == 0:
        raise ColumnError(f"{shown}: 文件中没有数据；请在表头下逐行填写")
    if table.num_rows > MOST_ROWS:
        raise _too_much(shown)
    reader = _Columns(table, shown)
    columns = {column: reader.typed(column) for column in table.column_names}
    if reader.errors:
        errors = sorted(reader.errors, key=lambda error: (error.row, error.column))
        raise RowErrors(errors, reader.count)
    ordered = _sorted(pa.table(columns))
    pq.write_table(ordered, target, compression="zstd", row_group_size=1 << 18)
    return Taken(ordered.num_rows, len(pc.unique(ordered.column("person"))))


def template() -> str:
    """A CSV file with Chinese heads and two rows to write over."""
    heads = ["人员", "日期", "待遇", "符合范围费用", "先行自付", "超限价自付", "全自费", "人员类别", "医院级别", "年龄",
             "连续缴费年数", "身份标识", "门诊慢特病病种", "就医地"]  # fmt: skip
    rows = (
        ["1", "2026-03-05", "住院", "8600.00", "420.00", "0", "150.00", "居民", "二级", "63", "5", "", "", "本市"],
        [
            "1",
            "2026-07-19",
            "住院",
            "12350.50",
            "980.00",
            "0",
            "0",
            "居民",
            "三级",
            "63",
            "5",
            "低保、困难",
            "",
            "本市",
        ],
    )
    return "\r\n".join(",".join(row) for row in (heads, *rows)) + "\r\n"


def _read(source: Path, shown: str) -> Any:
    with source.open("rb") as opened:
        start = opened.read(4)
    try:
        table = _read_parquet(source, shown) if start == b"PAR1" else _read_csv(source)
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError, OSError) as error:
        raise ColumnError(f"{shown}: 不是CSV或Parquet文件，或已损坏（{str(error)[:120]}）") from None
    heads = [TITLES.get(head.strip().lstrip("\ufeff"), head.strip().lstrip("\ufeff")) for head in table.column_names]
    doubled = sorted({head for head in heads if heads.count(head) > 1})
    if doubled:
        raise ColumnError(f"{shown}: 列 {'、'.join(doubled)} 出现了两次；请保留一列")
    known = {*KEYS, *MONEY, "account_usable"}
    unknown = [head for head in heads if head not in known and "." not in head]
    if unknown:
        raise ColumnError(f"{shown}: 不认识的列 {'、'.join(unknown)}；请按模板的表头填写，或删除这些列")
    missing = [head for head in ("person", "in_scope") if head not in heads]
    missing += [] if {"date", "year"} & set(heads) else ["date"]
    if missing:
        raise ColumnError(f"{shown}: 缺少列 {'、'.join(missing)}；请下载模板，按模板的表头填写")
    return table.rename_columns(heads)


def _read_parquet(source: Path, shown: str) -> Any:
    """The file, if what it says of itself can be held; words stay where they are told once."""
    file = pq.ParquetFile(source)
    schema = file.schema_arrow
    if file.metadata.num_rows > MOST_ROWS or len(schema.names) > MOST_COLUMNS:
        raise _too_much(shown)
    worded = [name for name in schema.names if pa.types.is_string(schema.field(name).type)]
    table = pq.read_table(source, read_dictionary=worded)
    for name in worded:
        for chunk in table.column(name).chunks:
            longest = pc.max(pc.utf8_length(chunk.dictionary)).as_py() or 0
            if longest > LONGEST_WORD:
                raise ColumnError(f"{shown}: 列 {name} 有超过{LONGEST_WORD}字的文字；待遇和事实是简短的词")
    return table


def _too_much(shown: str) -> ColumnError:
    limits = f"{MOST_ROWS:,}行或{MOST_COLUMNS}列"
    return ColumnError(f"{shown}: 超过{limits}；更大的数据请用命令行 tongchou simulate 直接读取Parquet文件")


def _read_csv(source: Path) -> Any:
    """All columns as text; the first row is the head."""
    raw = source.read_bytes()[: 1 << 16]
    try:
        raw.decode("utf-8")
        encoding = "utf8"
    except UnicodeDecodeError as error:
        encoding = "utf8" if error.start > len(raw) - 4 else "gb18030"
    with source.open("rb") as opened:
        head = opened.readline().decode("utf-8-sig" if encoding == "utf8" else encoding).strip().split(",")
    names = [name.strip().strip('"') for name in head]
    options = pacsv.ConvertOptions(column_types={name: pa.string() for name in [*names, "\ufeff" + names[0]]})
    return pacsv.read_csv(source, pacsv.ReadOptions(encoding=encoding), convert_options=options)


class _Columns:
    """Turns columns into those of a claim file and gathers what is wrong."""

    def __init__(self, table: Any, shown: str) -> None:
        self.table = table
        self.shown = shown
        self.errors: list[RowError] = []
        self.count = 0

    def typed(self, name: str) -> Any:
        """One column in the type of a claim file."""
        column = self.table.column(name).combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_floating(column.type):
            raise ColumnError(f"{self.shown}: 列 {name} 是浮点数，不精确；金额请用整数（分）、十进制数或文字（元）")
        if name == "person":
            return self._person(column)
        if name in MONEY or name.startswith(BEFORE):
            return self._money(name, column)
        if name in ("year", "month"):
            return self._whole(name, column)
        if name == "date":
            return self._day(name, column)
        if name == "account_usable":
            return self._truth(name, column)
        return self._fact(name, column)

    def _fact(self, name: str, column: Any) -> Any:
        spec = STANDARD_FACTS.get(name)
        kind = spec.kind if spec else ""
        if name == "benefit" or kind in ("enum", "set", "code") or (not kind and pa.types.is_string(column.type)):
            words = column.cast(pa.string())
            if name == "benefit":
                self._bad(name, pc.or_kleene(pc.is_null(words), pc.equal(words, "")), "没有写待遇", "请填写待遇名称")
            elif spec is not None and kind == "enum":
                known = (*spec.values, *(alias for alias, _ in spec.aliases), "")
                wrong = pc.invert(pc.is_in(words, value_set=pa.array(known)))
                wrong = pc.and_kleene(wrong, pc.is_valid(words))
                self._bad(name, wrong, f"{spec.title}不认识", f"可用：{'、'.join(known[:-1])}", words)
            return words
        if kind == "bool":
            return self._truth(name, column)
        return self._day(name, column) if kind == "date" else self._whole(name, column)

    def _person(self, column: Any) -> Any:
        text = column.cast(pa.string()).fill_null("")
        self._bad("person", pc.equal(text, ""), "没有人员编号", "请填写；同一人用同一编号")
        long = text.filter(pc.equal(pc.utf8_length(text), 18)).slice(0, 1_000).to_pylist()
        if any(_is_id_number(one) for one in long):
            raise ColumnError(f"{self.shown}: 人员列含有身份证号码；请先换成无意义的编号再上传")
        if pa.types.is_integer(column.type):
            return column.fill_null(0).cast(pa.int64())
        encoded = text.dictionary_encode()
        return pa.array(encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64) + 1)

    def _money(self, name: str, column: Any) -> Any:
        if pa.types.is_integer(column.type):
            fen = column.cast(pa.int64())
        elif pa.types.is_decimal(column.type):
            fen = self._fen(column)
        else:
            text = pc.utf8_trim_whitespace(column.cast(pa.string()).fill_null("0"))
            text = pc.if_else(pc.equal(text, ""), "0", text)
            wrong = pc.invert(pc.match_substring_regex(text, _YUAN))
            self._bad(name, wrong, "不是金额", "请填写元，最多两位小数，不要写千分号和单位", text)
            fen = self._fen(pc.if_else(wrong, "0", text).cast(pa.decimal128(18, 2)))
        fen = fen.fill_null(0)
        self._bad(name, pc.less(fen, 0), "金额为负", "请先与原费用合并", column)
        return fen

    @staticmethod
    def _fen(yuan: Any) -> Any:
        return pc.multiply(yuan.cast(pa.decimal128(18, 2)), pa.scalar(Decimal("100.00"))).cast(pa.int64())

    def _whole(self, name: str, column: Any) -> Any:
        if pa.types.is_integer(column.type):
            self._bad(name, pc.is_null(column), "没有值", "请填写整数")
            return column.fill_null(0).cast(pa.int64())
        text = pc.utf8_trim_whitespace(column.cast(pa.string()).fill_null(""))
        wrong = pc.invert(pc.match_substring_regex(text, _WHOLE))
        self._bad(name, wrong, "不是整数", "请填写不带小数的数字", text)
        return pc.if_else(wrong, "0", text).cast(pa.int64())

    def _day(self, name: str, column: Any) -> Any:
        if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
            self._bad(name, pc.is_null(column), "没有日期", "请填写")
            return column.cast(pa.date32()).fill_null(pa.scalar(0, pa.int32()).cast(pa.date32()))
        text = pc.utf8_trim_whitespace(column.cast(pa.string()).fill_null(""))
        days = pc.strptime(text, format="%Y-%m-%d", unit="s", error_is_null=True)
        # 30 February is read as 2 March: what is written again must be what was read
        real = pc.equal(pc.strftime(days, format="%Y-%m-%d"), text).fill_null(False)
        self._bad(name, pc.invert(real), "不是日期", "请写成2026-03-05的形式", text)
        return days.fill_null(pa.scalar(0, pa.timestamp("s"))).cast(pa.date32())

    def _truth(self, name: str, column: Any) -> Any:
        if pa.types.is_boolean(column.type):
            return column.fill_null(False)
        text = column.cast(pa.string()).fill_null("")
        wrong = pc.invert(pc.is_in(text, value_set=pa.array([*_TRUE, *_FALSE])))
        self._bad(name, wrong, "应为是或否", "请填写是或否", text)
        return pc.is_in(text, value_set=pa.array(list(_TRUE)))

    def _bad(self, name: str, mask: Any, message: str, remedy: str, values: Any = None) -> None:
        rows = np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False))
        self.count += len(rows)
        for row in rows[: 1_000 - len(self.errors)]:
            said = f"“{values[int(row)].as_py()}”{message}" if values is not None else message
            self.errors.append(RowError(self.shown, int(row) + 1, name, said, remedy))


def _sorted(table: Any) -> Any:
    """By person, benefit year or day, and else in the order of the rows."""
    keys = [name for name in ("person", "year", "date") if name in table.column_names]
    order = np.lexsort([_number(table.column(name)) for name in reversed(keys)])
    return table.take(pa.array(order))


def _number(column: Any) -> Any:
    whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    return whole.to_numpy()


def _is_id_number(text: str) -> bool:
    try:
        parse_id_number(text)
    except ValueError:
        return False
    return True


def heads() -> Sequence[str]:
    """The Chinese heads that are understood, for a hint on the screen."""
    return tuple(TITLES)
