"""Callers that keep a gateway busy: each sends the next prepared message as soon as it has its answer.

A plain HTTP/1.1 client on asyncio protocols: the load must cost little, because it shares the machine with what it measures.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.harness import percentile

SUCCESS = b'"infcode":0'
PATH = "/fsi/api/rsfComIfsService/callService"


@dataclass(frozen=True)
class Result:
    """What a run under load gave; times in nanoseconds."""

    answered: int
    failed: int
    first_failure: str
    elapsed: int
    times: list[int]

    @property
    def per_second(self) -> int:
        """Successful answers per second."""
        return self.answered * 1_000_000_000 // self.elapsed

    def milliseconds(self, share: int) -> str:
        """The time below which ``share`` percent of the answers came, in ms with one decimal."""
        tenths = percentile(self.times, share) // 100_000
        return f"{tenths // 10}.{tenths % 10}"


def run(url: str, bodies: Iterator[bytes], *, callers: int, seconds: int) -> Result:
    """Keep ``callers`` connections busy for ``seconds``, or until the messages run out."""
    return asyncio.run(_run(url, bodies, callers, seconds))


async def _run(url: str, bodies: Iterator[bytes], callers: int, seconds: int) -> Result:
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    start = time.perf_counter_ns()
    crew = _Crew(bodies, host=address.netloc, until=start + seconds * 1_000_000_000)
    for _ in range(callers):
        crew.at_work += 1  # before it connects: with no message left it is gone again before this goes on
        await loop.create_connection(lambda: _Caller(crew), address.hostname, address.port)
    await crew.finished.wait()
    elapsed = time.perf_counter_ns() - start
    return Result(len(crew.times), crew.failed, crew.first_failure, elapsed, sorted(crew.times))


class _Crew:
    """What the callers of one run share."""

    def __init__(self, bodies: Iterator[bytes], *, host: str, until: int) -> None:
        self.bodies = bodies
        self.until = until
        self.head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode()
        self.times: list[int] = []
        self.failed = 0
        self.first_failure = ""
        self.at_work = 0
        self.finished = asyncio.Event()

    def next_request(self) -> bytes | None:
        """The next message as HTTP bytes, or None when it is time to stop."""
        if time.perf_counter_ns() >= self.until:
            return None
        body = next(self.bodies, None)
        return None if body is None else b"%b%d\r\n\r\n%b" % (self.head, len(body), body)

    def one_less(self) -> None:
        """A caller has stopped."""
        self.at_work -= 1
        if self.at_work == 0:
            self.finished.set()


class _Caller(asyncio.Protocol):
    """One connection: send, wait for the whole answer, note the time, send the next."""

    def __init__(self, crew: _Crew) -> None:
        self._crew = crew
        self._received = b""
        self._sent_at = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if len(body) < int(lengths[0].partition(b":")[2]):
            return
        if SUCCESS in body.replace(b" ", b""):
            self._crew.times.append(time.perf_counter_ns() - self._sent_at)
        else:
            self._crew.failed += 1
            self._crew.first_failure = self._crew.first_failure or body.decode(errors="replace")[:300]
        self._received = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._crew.one_less()

    def _send(self) -> None:
        request = self._crew.next_request()
        if request is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter_ns()
        self._transport.write(request)  # type: ignore[attr-defined]
