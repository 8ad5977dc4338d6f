"""A year of claims on disk: the Parquet format of docs/simulation.md, read in batches with bounded memory.

One row per claim; amounts in fen; a person's claims stand together, in the order in which they settle. Words get codes that
stay the same over all files of a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from tongchou.simulation.parquet import ColumnError

Array = np.ndarray[Any, Any]

AMOUNTS = ("out_of_scope", "over_limit", "prior_self_pay", "in_scope")
ACCOUNT = ("account_usable", "account_held", "account_drawn")
"""Whether the personal account may pay, what it held before the claim, what it paid (fen)."""
RECORDED = ("settled_fund", "settled_account", "settled_cash")
"""What was paid in reality (fen): the run compares its first policy with it."""
BEFORE = "before:"
"""Columns ``before:<counter>``: what a counter held at a person's first claim of the year."""
KEYS = ("person", "date", "year", "month", "benefit")
BATCH = 1 << 19
EPOCH = 719_163
"""Ordinal of 1970-01-01, from which Parquet counts its days."""
MOST_ERRORS = 1_000


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing that is wrong in a row: file, number of the row (the first row of data is 1), column, what to do."""

    file: str
    row: int
    column: str
    message: str
    remedy: str

    def text(self) -> str:
        """One line for a terminal."""
        return f"{self.file} 第{self.row}行 {self.column}：{self.message}。{self.remedy}"


class RowErrors(ColumnError):
    """Rows that can't be used; ``errors`` names at most :data:`MOST_ERRORS` of them, ``count`` is how many there are."""

    def __init__(self, errors: Sequence[RowError], count: int) -> None:
        self.errors = tuple(errors[:MOST_ERRORS])
        self.count = count
        super().__init__(f"{count}处数据不能使用：\n" + "\n".join(error.text() for error in self.errors[:20]))


class ClaimFiles:
    """The claim files of one run.

    ``words[name]`` is what the codes of a text column stand for; code 0 is "not stated".

    Raises:
        ColumnError: no file, not Parquet, a column is missing or of another type in some file.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        if not files:
            raise ColumnError("没有找到Parquet文件")
        self.files = tuple(files)
        opened = [_open(path) for path in self.files]
        self.columns: tuple[str, ...] = tuple(opened[0].schema_arrow.names)
        self.rows = sum(file.metadata.num_rows for file in opened)
        types = {name: opened[0].schema_arrow.field(name).type for name in self.columns}
        for path, file in zip(self.files, opened, strict=True):
            if set(file.schema_arrow.names) != set(self.columns):
                raise ColumnError(f"{path}: 列与 {self.files[0]} 不同；各文件的列应当相同")
        missing = [name for name in ("person", "in_scope") if name not in types]
        missing += [] if {"date", "year"} & types.keys() else ["date"]
        if missing:
            raise ColumnError(f"{self.files[0]}: 缺少列 {'、'.join(missing)}；列的说明见 docs/simulation.md")
        self.words: dict[str, list[str | None]] = {name: [None] for name, kind in types.items() if _is_text(kind)}
        self.facts = tuple(name for name in self.columns if "." in name and not name.startswith(BEFORE))
        self.counters = tuple(name.removeprefix(BEFORE) for name in self.columns if name.startswith(BEFORE))
        self._wrong_types(types)

    def has(self, *names: str) -> bool:
        """Whether all these columns are there."""
        return all(name in self.columns for name in names)

    def batches(self, size: int = BATCH) -> Iterator[dict[str, Array]]:
        """The rows of all files, in batches of int64 columns (codes, days as ordinals, truth as 0 and 1).

        Raises:
            RowErrors: rows of a batch hold what can't be: no person, a negative amount, no benefit.
        """
        for path in self.files:
            first = 1
            for batch in _open(path, list(self.words)).iter_batches(batch_size=size, use_threads=False):
                found = {name: self._column(name, batch.column(name)) for name in self.columns}
                errors = self._errors(path.name, first, batch, found)
                if errors:
                    raise RowErrors(errors, len(errors))
                first += batch.num_rows
                yield found

    def _column(self, name: str, column: Any) -> Array:
        if name in self.words:
            return self._codes(name, column)
        if pa.types.is_date32(column.type):
            days: Array = column.cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
            return days + EPOCH
        if pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        values: Array = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        return values

    def _codes(self, name: str, column: Any) -> Array:
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        known = self.words[name]
        places = {word: number for number, word in enumerate(known)}
        table = np.zeros(len(encoded.dictionary) + 1, dtype=np.int64)
        for number, word in enumerate(encoded.dictionary.to_pylist()):
            if word and word not in places:
                places[word] = len(known)
                known.append(word)
            table[number] = places.get(word, 0) if word else 0
        codes: Array = table[encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)]
        return codes

    def _errors(self, file: str, first: int, batch: Any, found: Mapping[str, Array]) -> list[RowError]:
        errors: list[RowError] = []
        for name in self.columns:
            if name in self.words:
                if name == "benefit":
                    bad = np.flatnonzero(found[name] == 0)
                    errors += [RowError(file, first + int(at), name, "没有写待遇", "请填写待遇名称") for at in bad]
                continue
            column = batch.column(name)
            if column.null_count and not name.startswith(BEFORE):
                nulls = np.flatnonzero(pc.is_null(column).to_numpy(zero_copy_only=False))
                errors += [RowError(file, first + int(at), name, "没有值", "请填写，没有金额的写0") for at in nulls]
            if name in (*AMOUNTS, "account_held", "account_drawn"):
                bad = np.flatnonzero(found[name] < 0)
                errors += [
                    RowError(file, first + int(at), name, f"金额为负：{int(found[name][at])}分", "请合并退费后再模拟")
                    for at in bad
                ]
        return errors

    def _wrong_types(self, types: Mapping[str, Any]) -> None:
        for name, kind in types.items():
            text = name == "benefit" or (name in self.words)
            fits = text if name == "benefit" else (_is_text(kind) and "." in name) or _is_whole(kind)
            if not fits:
                remedy = "金额用整数（分），人员编号用整数，日期用date32，待遇和事实用文字"
                raise ColumnError(f"{self.files[0]}: 列 {name} 的类型 {kind} 不能使用；{remedy}")


def parquet_files(paths: Sequence[Path]) -> list[Path]:
    """The Parquet files that the paths name, folders by their files in the order of their names.

    Raises:
        ColumnError: there is none.
    """
    files = [file for path in paths for file in (sorted(path.glob("*.parquet")) if path.is_dir() else [path])]
    if not files:
        raise ColumnError(f"没有找到Parquet文件：{'、'.join(str(path) for path in paths)}")
    return files


def _open(path: Path, dictionary: Sequence[str] = ()) -> Any:
    try:
        return pq.ParquetFile(path, read_dictionary=list(dictionary))
    except FileNotFoundError:
        raise ColumnError(f"没有文件 {path}") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise ColumnError(f"{path}: 不是Parquet文件，或已损坏（{error}）") from None


def _is_text(kind: Any) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))


def _is_whole(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_date32(kind))
