"""A visit or a fee of a day that has not come yet can't be registered: its rules, prices and benefit year aren't its own."""

from __future__ import annotations

from datetime import timedelta

from tongchou.exchange import rejections, tables
from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.envelope import Message

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far an institution's clock may be ahead of the centre's around midnight."""


def refuse_future(message: Message, node: str, name: str) -> None:
    """A time, a field of a node or of its rows, lies on a day after the centre's.

    Raises:
        Rejection: EXCH-034, with the number of the row.
    """
    found = message.nodes[node]
    today = (message.received_at + CLOCKS_DIFFER).astimezone(TIME_ZONE).date()
    for number, row in enumerate([found] if isinstance(found, dict) else found, 1):
        if row[name].date() > today:
            where = f"{node} " if row is found else f"{node} 第 {number} 行 "
            moment = row[name].date()
            raise rejections.NOT_YET(
                where=where, name=name, caption=_caption(message, node, name), moment=moment, today=today, field=name
            )


def _caption(message: Message, node: str, name: str) -> str:
    fields = next(each.fields for each in tables.input_nodes(message.transaction) if each.name == node)
    return next(field.caption for field in fields if field.name == name)
