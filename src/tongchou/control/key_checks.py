"""Do the keys open what the database holds? K1 … K4 of ``tongchou doctor``.

One finding for each key, not for each row or column: a lost or exchanged key file is one mistake with one remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from tongchou.control import vault
from tongchou.control.columns import Column, columns
from tongchou.control.services import rotation
from tongchou.kernel.findings import Finding
from tongchou.kernel.rejection import Rejection

SAMPLE = 20
"""So many ciphertexts of each column and key are opened."""


@dataclass(slots=True)
class _Seen:
    """What was found of one key: rows under it, columns they are in, samples that opened or did not."""

    rows: int = 0
    opened: int = 0
    refused: int = 0
    places: list[str] = field(default_factory=list)
    refused_in: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)


def check_keys() -> list[Finding]:
    """K1 keys that are missing; K2 that are not those that encrypted, or altered rows; K3 search hashes of another text;
    K4 rows from before encryption that are still in clear (warning).
    """
    try:
        known = vault.keys().ciphers
    except Rejection as refused:
        return [Finding(number="K1", severity="error", what=refused.message, remedy=refused.remedy)]
    seen: dict[int, _Seen] = {}
    for column in columns():
        for number, rows in rotation.usage(column).items():
            one = seen.setdefault(number, _Seen())
            one.rows += rows
            one.places.append(f"{column.name} {rows} 行")
            if number in known:
                _try(column, number, one)
    return [finding for number, one in sorted(seen.items()) for finding in _told(number, one, known=number in known)]


def _told(number: int, one: _Seen, *, known: bool) -> Iterator[Finding]:
    places = "、".join(one.places)
    if number == 0:
        what = f"仍有加密之前存入的明文：{places}"
        yield Finding(number="K4", severity="warning", what=what, remedy="请运行 tongchou keys finish 补加密，可不停机")
    elif not known:
        what = f"缺少编号为 {number} 的数据密钥，{one.rows} 行无法解密（{places}）"
        remedy = "从密钥备份恢复密钥文件 keys/data-keys.json（或 TONGCHOU_DATA_KEYS）后再次检查；不要用新密钥覆盖"
        yield Finding(number="K1", severity="error", what=what, remedy=remedy)
    elif one.refused and not one.opened:
        what = f"编号为 {number} 的数据密钥不是加密时的那一把，{one.rows} 行无法解密（{places}）"
        remedy = (
            "密钥文件被换掉或重新生成：停止写入，从密钥备份恢复 keys/data-keys.json（或 TONGCHOU_DATA_KEYS）后再次检查"
        )
        yield Finding(number="K2", severity="error", what=what, remedy=remedy)
    elif one.refused:
        what = f"密文校验失败，数据被改动或放错了位置（{'、'.join(one.refused_in)}，抽查每列 {SAMPLE} 行）"
        yield Finding(number="K2", severity="error", what=what, remedy="从备份恢复这些记录，查明何人以何权限写入数据库")
    if one.mismatched:
        what = f"检索摘要与密文不符，按号码查不到这些记录（{'、'.join(one.mismatched)}，抽查每列 {SAMPLE} 行）"
        yield Finding(
            number="K3",
            severity="error",
            what=what,
            remedy="请运行 tongchou keys finish --search-key 重算摘要；仍不符的从备份恢复",
        )


def _try(column: Column, number: int, one: _Seen) -> None:
    """Open some ciphertexts of a key; where there is a search hash, compare it."""
    search = f", {column.search}" if column.search else ""
    key = ", ".join(column.key)
    sql = f"""SELECT {column.cipher}{search}, concat_ws(' ', {key}) FROM {column.table}
              WHERE {column.cipher} IS NOT NULL AND {column.where} AND {rotation.key_number(column)} = %s LIMIT {SAMPLE}"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [number])
        rows = cursor.fetchall()
    for row in rows:
        place = f"{column.name} {row[-1]}"
        try:
            text = vault.decrypt_bytes(column=column.label, data=bytes(row[0]))
        except Rejection:
            one.refused += 1
            one.refused_in.append(place)
            continue
        one.opened += 1
        if search and row[1] not in vault.search_hashes(column=column.label, text=text.decode()):
            one.mismatched.append(place)
