"""Serial numbers: whatever the clocks say and however processes come and go, none is given out twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.kernel.serials import EPOCH_MS, Lease, SerialSource, fixed_node

NOW = EPOCH_MS + 1_000_000


class Registry:
    """What the database does: leases of a node never overlap; few nodes, so that they are handed on often."""

    def __init__(self, nodes: int) -> None:
        self._until = [0] * nodes
        self._holder = [""] * nodes
        self.clock = NOW

    def lease(self, holder: str, now_ms: int) -> Lease:
        order = sorted(range(len(self._until)), key=lambda node: (self._holder[node] != holder, self._until[node]))
        node = next(n for n in order if self._holder[n] == holder or self._until[n] <= self.clock)
        begin = self._until[node]
        self._holder[node], self._until[node] = holder, max(self.clock, now_ms, begin) + 10
        return Lease(node=node, from_ms=begin, until_ms=self._until[node])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-40, 40), st.integers(1, 5)), max_size=200))
def test_numbers_of_all_processes_differ_and_rise_within_each(steps: list[tuple[int, int, int]]) -> None:
    """Four processes with clocks that are up to 40 ms off, on four nodes that are leased for about 10 ms."""
    registry = Registry(nodes=4)
    sources = {n: SerialSource(lambda now_ms, n=n: registry.lease(str(n), now_ms)) for n in range(4)}  # type: ignore[misc]
    given_out: set[int] = set()
    last = dict.fromkeys(range(4), 0)
    for process, clock_error, passes in steps:
        registry.clock += passes
        number = sources[process].next(now_ms=registry.clock + clock_error)
        assert number not in given_out
        assert last[process] < number < 2**63
        given_out.add(number)
        last[process] = number


def test_more_numbers_than_a_millisecond_holds_run_ahead_of_the_clock() -> None:
    source = SerialSource(fixed_node(3))
    numbers = [source.next(now_ms=NOW) for _ in range(20_000)]
    assert numbers == sorted(set(numbers))
    assert source.next(now_ms=NOW - 5_000) > numbers[-1], "a clock that steps back repeats nothing"
    assert {number >> 13 & 255 for number in numbers} == {3}


def test_what_is_no_lease_is_refused() -> None:
    with pytest.raises(ValueError, match="node"):
        Lease(node=256, from_ms=0, until_ms=1)
    with pytest.raises(ValueError, match="never begins"):
        Lease(node=1, from_ms=5, until_ms=5)
    over = SerialSource(lambda now_ms: Lease(node=1, from_ms=0, until_ms=1))
    with pytest.raises(ValueError, match="over"):
        over.next(now_ms=NOW)
