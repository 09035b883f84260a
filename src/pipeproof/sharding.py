"""Sharding: which tests of a suite each of several jobs runs.

Every job computes the same division, from the collected tests and the durations of an earlier run, so none has to be
told of the others. What takes longest goes first, each to the shard that has least to do (Graham's LPT rule). Tests
that share a dear fixture are dealt as one piece; a piece is halved only where the longest shard would else be a tenth
longer than it has to be, and between two classes, modules or packages rather than within one.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

_TOLERANCE = 1.1
"""How much longer than the ideal a shard may be for the sake of pieces that stay whole."""

_LEAST = 1e-3
"""Seconds that any test counts for: those that take no time would all end in one shard."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Tests that are dealt together, in their order; `load` in seconds."""

    tests: tuple[str, ...]
    load: float


def partition(tests: Mapping[str, Sequence[str]], durations: Mapping[str, float], total: int) -> list[frozenset[str]]:
    """Divide tests into `total` sets of about equal duration; the same for any order of `tests`.

    Args:
        tests: Node ids, each with what it shares with other tests, from the widest (a server) to the narrowest (a
            class), the same number of names for each; an empty one where it shares nothing of that kind.
        durations: Seconds by node id, where known.
        total: How many sets to make.
    """
    loads = dict(_loads(sorted(tests), durations))
    if not loads:
        return [frozenset()] * total
    ideal = max(sum(loads.values()) / total, *loads.values())
    pieces = [part for piece in _group(tests, loads) for part in _cut(piece, ideal, tests, loads)]
    while True:
        shards = _deal(pieces, total)
        longest = max(shards, key=_load)
        # It is the piece dealt last that makes a shard the longest: before it, no other had less to do.
        divisible = next((piece for piece in reversed(longest) if len(piece.tests) > 1), None)
        if divisible is None or _load(longest) <= ideal * _TOLERANCE:
            return [frozenset(test for piece in shard for test in piece.tests) for shard in shards]
        pieces.remove(divisible)
        pieces += _halve(divisible, tests, loads)


def _loads(tests: Iterable[str], durations: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Yield each test with its seconds; one that is new counts as the mean of its file, else of all that are known."""
    from statistics import fmean  # it loads fractions and decimals, and few runs are divided

    by_file: dict[str, list[float]] = {}
    for test in tests:
        if test in durations:
            by_file.setdefault(_file(test), []).append(durations[test])
    means = {file: fmean(known) for file, known in by_file.items()}
    mean = fmean(duration for known in by_file.values() for duration in known) if by_file else 1.0
    for test in tests:
        yield test, max(durations.get(test, means.get(_file(test), mean)), _LEAST)


def _file(test: str) -> str:
    return test.partition("::")[0]


def _group(tests: Mapping[str, Sequence[str]], loads: Mapping[str, float]) -> Iterator[_Piece]:
    """Yield the tests that share the widest thing that any of them shares, and each that shares nothing by itself."""

    def widest(test: str) -> tuple[str, ...]:
        names = tests[test]
        return next((tuple(names[: n + 1]) for n, name in enumerate(names) if name), ("", test))

    for _, group in groupby(sorted(loads, key=lambda test: (widest(test), *tests[test], test)), widest):
        yield _piece(tuple(group), loads)


def _piece(tests: tuple[str, ...], loads: Mapping[str, float]) -> _Piece:
    return _Piece(tests, sum(loads[test] for test in tests))


def _cut(
    piece: _Piece, limit: float, tests: Mapping[str, Sequence[str]], loads: Mapping[str, float]
) -> Iterator[_Piece]:
    """Yield the parts of a piece that is longer than a whole shard."""
    if piece.load <= limit or len(piece.tests) == 1:
        yield piece
        return
    for half in _halve(piece, tests, loads):
        yield from _cut(half, limit, tests, loads)


def _halve(piece: _Piece, tests: Mapping[str, Sequence[str]], loads: Mapping[str, float]) -> tuple[_Piece, _Piece]:
    """Cut a piece of several tests near its middle, at the widest boundary that runs through it."""
    names = [tests[test] for test in piece.tests]
    level = next((n for n, column in enumerate(zip(*names, strict=True)) if len(set(column)) > 1), None)
    ends = [n for n in range(1, len(names)) if level is None or names[n][: level + 1] != names[n - 1][: level + 1]]
    before, reached = [0.0], 0.0
    for test in piece.tests:
        reached += loads[test]
        before.append(reached)
    end = min(ends, key=lambda n: abs(before[n] - piece.load / 2))
    return _piece(piece.tests[:end], loads), _piece(piece.tests[end:], loads)


def _deal(pieces: Iterable[_Piece], total: int) -> list[list[_Piece]]:
    """Deal the pieces, the longest first, each to the shard that has least."""
    shards: list[list[_Piece]] = [[] for _ in range(total)]
    loads = [(0.0, number) for number in range(total)]
    for piece in sorted(pieces, key=lambda piece: (-piece.load, piece.tests[0])):
        load, number = loads[0]
        shards[number].append(piece)
        heapq.heapreplace(loads, (load + piece.load, number))
    return shards


def _load(shard: Iterable[_Piece]) -> float:
    return sum(piece.load for piece in shard)
