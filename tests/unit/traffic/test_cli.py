"""``tongchou traffic`` where there is nothing to play against."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tongchou.traffic.client import NoAnswer, listening


def test_nothing_listens() -> None:
    with socket.socket() as taken:  # bound, not listening: nobody else gets the port meanwhile
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NoAnswer):
            asyncio.run(listening(f"http://127.0.0.1:{taken.getsockname()[1]}"))


def test_something_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        asyncio.run(listening(f"http://127.0.0.1:{server.getsockname()[1]}"))
