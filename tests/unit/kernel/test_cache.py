"""The cache of dated reference data."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from tongchou.kernel.cache import RevisionCache


class Source:
    """Counts what is fetched."""

    def __init__(self) -> None:
        self.fetched: list[list[int]] = []

    def __call__(self, keys: Collection[int]) -> dict[int, str]:
        self.fetched.append(list(keys))
        return {key: f"value {key}" for key in keys if key >= 0}


def test_fetches_only_what_is_missing_and_once() -> None:
    cache: RevisionCache[int, str] = RevisionCache(10)
    source = Source()
    assert cache.get_many([1, 2], revision=1, fetch=source) == {1: "value 1", 2: "value 2"}
    assert cache.get_many([2, 3], revision=1, fetch=source) == {2: "value 2", 3: "value 3"}
    assert source.fetched == [[1, 2], [3]]


def test_another_revision_empties_it_an_older_one_too() -> None:
    cache: RevisionCache[int, str] = RevisionCache(10)
    source = Source()
    for revision in (1, 2, 1):
        cache.get_many([1], revision=revision, fetch=source)
    assert source.fetched == [[1], [1], [1]]


def test_drops_the_least_recently_used() -> None:
    cache: RevisionCache[int, str] = RevisionCache(2)
    source = Source()
    cache.get_many([1, 2], revision=1, fetch=source)
    cache.get_many([1], revision=1, fetch=source)
    cache.get_many([3], revision=1, fetch=source)
    assert len(cache) == 2
    cache.get_many([1, 3], revision=1, fetch=source)
    cache.get_many([2], revision=1, fetch=source)
    assert source.fetched == [[1, 2], [3], [2]]


def test_what_does_not_exist_is_missing() -> None:
    assert RevisionCache[int, str](2).get_many([-1], revision=1, fetch=Source()) == {}


def test_what_was_fetched_for_an_older_state_is_not_kept() -> None:
    cache: RevisionCache[int, str] = RevisionCache(10)
    source = Source()

    def fetch_while_the_source_changes(keys: Collection[int]) -> dict[int, str]:
        cache.get_many([2], revision=2, fetch=source)
        return dict.fromkeys(keys, "old")

    assert cache.get_many([1], revision=1, fetch=fetch_while_the_source_changes) == {1: "old"}
    assert cache.get_many([1], revision=2, fetch=source) == {1: "value 1"}


def test_capacity_is_positive() -> None:
    with pytest.raises(ValueError):
        RevisionCache(0)
