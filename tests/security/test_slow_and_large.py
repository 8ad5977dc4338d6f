"""A real server over a socket: heads and bodies that are too large or never end are cut off, and others are served meanwhile."""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.house.source import ROOT
from tests.integration.exchange.gateway import CALL, Caller, Gateway
from tests.security.conftest import BODY_SECONDS
from tongchou.exchange import asgi as exchange
from tongchou.project import limits
from tongchou.web.imports import LARGEST_FILE

pytestmark = pytest.mark.django_db  # the server needs the database that this creates

LATE = limits.HEAD_MILLISECONDS / 1000 + 80
"""Seconds after which a test gives up waiting; machines that run tests are busy."""
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


class Line:
    """One connection that misbehaves."""

    def __init__(self, server: Gateway) -> None:
        self.began = time.monotonic()
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=LATE)

    def close(self) -> None:
        self.socket.close()

    def say(self, text: str | bytes) -> None:
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def until_closed(self) -> tuple[bytes, float]:
        """What the server said before it closed the connection, and after how many seconds it did."""
        said = b""
        try:
            while got := self.socket.recv(65536):
                said += got
        except ConnectionResetError:
            pass  # closed while we were still talking
        except TimeoutError:
            raise AssertionError(f"still open after {time.monotonic() - self.began:.0f} s") from None
        finally:
            self.socket.close()
        return said, time.monotonic() - self.began

    def drip(self, piece: bytes) -> tuple[bytes, float]:
        """Go on sending small pieces for as long as the server lets us."""
        said = b""
        self.socket.settimeout(0.25)
        with self.socket:
            while time.monotonic() - self.began < LATE:
                try:
                    self.socket.sendall(piece)
                    got = self.socket.recv(65536)
                except TimeoutError:
                    continue
                except OSError:
                    return said, time.monotonic() - self.began
                if not got:
                    return said, time.monotonic() - self.began
                said += got
        raise AssertionError(f"never cut off: {piece!r}, so far {said[:200]!r}")


def silent(server: Gateway) -> tuple[bytes, float]:
    return Line(server).until_closed()


def half_a_head(server: Gateway) -> tuple[bytes, float]:
    line = Line(server)
    line.say("POST /login/ HTTP/1.1\r\nHost: localhost\r\nX-Half: ")
    return line.until_closed()


def dripping_head(server: Gateway) -> tuple[bytes, float]:
    line = Line(server)
    line.say("GET /login/ HTTP/1.1\r\nHost: localhost\r\n")
    return line.drip(b"X-Slow: y\r\n")


def idle_after_an_answer(server: Gateway) -> tuple[bytes, float]:
    line = Line(server)
    line.say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return line.until_closed()


def half_a_form(server: Gateway) -> tuple[bytes, float]:
    line = Line(server)
    line.say(f"POST /login/ HTTP/1.1\r\nHost: localhost\r\n{FORM}Content-Length: 1000\r\n\r\nlogin=")
    return line.until_closed()


def dripping_form(server: Gateway) -> tuple[bytes, float]:
    line = Line(server)
    line.say(f"POST /login/ HTTP/1.1\r\nHost: localhost\r\n{FORM}Content-Length: 100000\r\n\r\n")
    return line.drip(b"x")


def dripping_to_a_page_that_reads_nothing(server: Gateway) -> tuple[bytes, float]:
    line = Line(server)
    line.say("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
    return line.drip(b"x")


def dripping_message(server: Gateway) -> tuple[bytes, float]:
    line = Line(server)
    line.say(f"POST {CALL} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    return line.drip(b"1\r\n{\r\n")


SLOW: dict[Callable[[Gateway], tuple[bytes, float]], tuple[float, bytes]] = {
    silent: (limits.HEAD_MILLISECONDS / 1000, b""),
    half_a_head: (limits.HEAD_MILLISECONDS / 1000, b""),
    dripping_head: (limits.HEAD_MILLISECONDS / 1000, b""),
    idle_after_an_answer: (limits.HEAD_MILLISECONDS / 1000, b"HTTP/1.1 200"),
    half_a_form: (BODY_SECONDS, b"HTTP/1.1 408"),
    dripping_form: (BODY_SECONDS, b"HTTP/1.1 408"),
    dripping_to_a_page_that_reads_nothing: (0, b"HTTP/1.1 "),
    dripping_message: (BODY_SECONDS, b"EXCH-006"),
}
"""What a slow client does, after how many seconds it is cut off, and what it is told."""
EACH = 10
"""So many clients at once do each of that: what depends on who comes first shows."""


@pytest.mark.requirement("R0.53")
def test_slow_clients_are_cut_off_and_others_are_served_meanwhile(server: Gateway) -> None:
    with ExitStack() as stack:
        many = [stack.enter_context(closing(Line(server))) for _ in range(200)]
        for line in many:
            line.say("POST /login/ HTTP/1.1\r\nHost: localhost\r\n")
        with ThreadPoolExecutor(len(SLOW) * EACH) as threads:
            attacks = [(attack, threads.submit(attack, server)) for attack in SLOW for _ in range(EACH)]
            served = [_served(server) for _ in range(20)]
        assert max(served) < 20, f"others waited {max(served):.1f} s"
        for attack, done in attacks:
            said, took = done.result()
            seconds, told = SLOW[attack]
            assert told in said, (attack.__name__, said[:200])
            assert took < seconds + 30, (attack.__name__, took)
        for line in many:
            line.until_closed()


def _served(server: Gateway) -> float:
    """A page and a message of somebody else; gives the seconds they took."""
    began = time.monotonic()
    assert _get(server, "/login/") == 200
    assert Caller(server.port, "H62990000001").call("9999", {}).code == "EXCH-008"
    return time.monotonic() - began


def _get(server: Gateway, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", path, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_floods_of_headers_are_refused(server: Gateway) -> None:
    many = Line(server)
    many.say("GET /login/ HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"X-{n}: y\r\n" for n in range(1_000)) + "\r\n")
    large = Line(server)
    large.say("GET /login/ HTTP/1.1\r\nHost: localhost\r\nX: " + "a" * 2 * limits.HEAD_BYTES + "\r\n\r\n")
    for line in (many, large):
        said, took = line.until_closed()
        assert said.startswith(b"HTTP/1.1 431")
        assert took < 20
    assert _get(server, "/login/", Cookie="x=" + "y" * 4_000) == 200, "what browsers send is well below the limit"


@pytest.mark.parametrize("told", ["announced", "in pieces"])
def test_a_body_beyond_the_limit_is_not_taken_in(server: Gateway, told: str) -> None:
    """Not one that says how large it is, nor one that doesn't: the server stops reading at the limit."""
    line = Line(server)
    head = "Transfer-Encoding: chunked" if told == "in pieces" else f"Content-Length: {100 * limits.BODY_BYTES}"
    line.say(f"POST /imports/items/ HTTP/1.1\r\nHost: localhost\r\n{FORM}{head}\r\n\r\n")
    piece = b"x" * 65536
    sent = 0
    try:
        while sent < 4 * limits.BODY_BYTES:
            line.say(b"10000\r\n" + piece + b"\r\n" if told == "in pieces" else piece)
            sent += len(piece)
    except OSError:
        pass
    line.until_closed()
    assert sent < 1.5 * limits.BODY_BYTES, "the rest was read, to no end"
    assert _served(server) < 20


def test_what_is_too_large_is_said_with_the_remedy(server: Gateway) -> None:
    line = Line(server)
    line.say(f"POST /login/ HTTP/1.1\r\nHost: localhost\r\n{FORM}Content-Length: {2 * limits.BODY_BYTES}\r\n\r\n")
    said, _ = line.until_closed()
    assert said.startswith(b"HTTP/1.1 413")
    assert "请拆分文件" in said.decode()


def test_a_message_beyond_the_gateways_limit_is_refused_in_its_envelope(server: Gateway) -> None:
    line = Line(server)
    line.say(f"POST {CALL} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        for _ in range(exchange.BODY_LIMIT // 65536 + 1):
            line.say(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    except OSError:
        pass
    said, _ = line.until_closed()
    assert b"EXCH-005" in said


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        "POST /login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
        "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "GET /login/\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_ambiguous_and_broken_requests_open_nothing(server: Gateway, head: str) -> None:
    """Two lengths, a foreign host, another protocol: 400 or closed, and never a page."""
    line = Line(server)
    line.say(head.encode("latin-1"))
    line.socket.shutdown(socket.SHUT_WR)
    said, _ = line.until_closed()
    assert not said.startswith((b"HTTP/1.1 200", b"HTTP/1.1 5")), said[:200]
    assert _get(server, "/healthz") == 200


def test_the_proxy_in_front_has_the_same_limits() -> None:
    """What nginx lets through the server takes, and the connections it keeps end before the server closes them."""
    text = (ROOT / "deploy/nginx/tongchou.conf").read_text("utf-8")
    told = dict(re.findall(r"^\s*(\w+) (\d+)[ms]?;", text, re.M))
    assert int(told["client_max_body_size"]) * 1024**2 == limits.BODY_BYTES
    assert max(LARGEST_FILE, exchange.UPLOAD_LIMIT) < limits.BODY_BYTES
    assert int(told["client_header_timeout"]) * 1000 == limits.HEAD_MILLISECONDS
    assert int(told["keepalive_timeout"]) * 1000 < limits.HEAD_MILLISECONDS
    for wanted in ("limit_conn ", "limit_req ", "client_body_timeout", "send_timeout", "large_client_header_buffers"):
        assert wanted in text
