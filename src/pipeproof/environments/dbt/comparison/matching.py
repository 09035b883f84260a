"""Which expected rows are there: rows are matched one to one, numbers within their tolerance."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeproof.environments.dbt.rows.values import Key, identify, is_close, is_number

MATCHED = 250_000
"""How many pairs of rows, equal but for their tolerant numbers, are looked at to match them as well as can be."""

Row = tuple[Any, ...]
Limits = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is there, but not as expected; `cells` are the positions of the columns that differ."""

    expected: Row
    built: Row
    cells: frozenset[int]


@dataclass(frozen=True, slots=True)
class Left:
    """What has no equal on the other side; `more` is how many rows are not listed."""

    missing: list[Row]
    extra: list[Row]
    changed: list[Change]
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.changed or self.more)


def differing(wanted: Row, found: Row, limits: Limits) -> frozenset[int]:
    """Return the positions of the cells that differ."""
    return frozenset(
        at
        for at, (one, other, limit) in enumerate(zip(wanted, found, limits, strict=True))
        if identify(one) != identify(other)
        and not (limit is not None and is_number(one) and is_number(other) and is_close(one, other, limit))
    )


def match_rows(wanted: Sequence[Row], found: Sequence[Row], limits: Limits) -> tuple[list[Row], list[Row]]:
    """Return the rows that only one side has, duplicates counted."""
    if not any(limit is not None for limit in limits):
        return _subtract(wanted, found)
    missing: list[Row] = []
    extra: list[Row] = []
    for wants, finds in _group(wanted, found, limits):
        left = _subtract(wants, finds)
        if not left[0] and not left[1]:
            continue
        # what is equal need not be matched to what it equals: 1, 2 and 2, 3 are close by 1
        if len(wants) == len(finds) and _match(wants, finds, limits) == ([], []):
            continue
        lacking, superfluous = _match(*left, limits)
        missing += lacking
        extra += superfluous
    return missing, extra


def _subtract(wanted: Sequence[Row], found: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    keys = [tuple(map(identify, row)) for row in wanted]
    other = [tuple(map(identify, row)) for row in found]
    left, right = Counter(keys) - Counter(other), Counter(other) - Counter(keys)
    return _take(wanted, keys, left), _take(found, other, right)


def _take(rows: Sequence[Row], keys: list[Key], counts: Counter[Key]) -> list[Row]:
    taken = []
    for row, row_key in zip(rows, keys, strict=True):
        if counts[row_key]:
            counts[row_key] -= 1
            taken.append(row)
    return taken


def _group(wanted: Sequence[Row], found: Sequence[Row], limits: Limits) -> list[tuple[list[Row], list[Row]]]:
    """Return the rows of each side that are equal in all but the numbers that have a tolerance."""
    groups: dict[Key, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((wanted, found)):
        for row in rows:
            exact = tuple(
                ("loose",) if limit is not None and is_number(cell) else identify(cell)
                for cell, limit in zip(row, limits, strict=True)
            )
            groups[exact][side].append(row)
    return list(groups.values())


def _match(wants: list[Row], finds: list[Row], limits: Limits) -> tuple[list[Row], list[Row]]:
    """Return what is left of two groups of rows that are equal but for their tolerant numbers."""
    if not wants or not finds:
        return wants, finds
    loose = [at for at, limit in enumerate(limits) if limit is not None and is_number(wants[0][at])]
    if len(loose) > 1 and len(wants) * len(finds) <= MATCHED:
        return _match_best(wants, finds, limits)
    return _match_in_order(_sort(wants, loose), _sort(finds, loose), limits)


def _sort(rows: list[Row], loose: list[int]) -> list[tuple[Key, Row]]:
    return sorted(((tuple(identify(row[at]) for at in loose), row) for row in rows), key=lambda entry: entry[0])


def _match_in_order(
    wants: list[tuple[Key, Row]], finds: list[tuple[Key, Row]], limits: Limits
) -> tuple[list[Row], list[Row]]:
    """Match by size: for one number in a row, as many as can be; for more, those that are in the same order."""
    left: list[Row] = []
    right: list[Row] = []
    want = find = 0
    while want < len(wants) and find < len(finds):
        if not differing(wants[want][1], finds[find][1], limits):
            want += 1
            find += 1
        elif wants[want][0] < finds[find][0]:
            left.append(wants[want][1])
            want += 1
        else:
            right.append(finds[find][1])
            find += 1
    return left + [row for _, row in wants[want:]], right + [row for _, row in finds[find:]]


def _match_best(wants: list[Row], finds: list[Row], limits: Limits) -> tuple[list[Row], list[Row]]:
    """Match as many as can be: a row takes another's place if that finds another place."""
    close = [[at for at, find in enumerate(finds) if not differing(want, find, limits)] for want in wants]
    taker: dict[int, int] = {}
    for start in range(len(wants)):
        _augment(start, close, taker)
    taken = set(taker.values())
    left = [row for at, row in enumerate(wants) if at not in taken]
    return left, [row for at, row in enumerate(finds) if at not in taker]


def _augment(start: int, close: list[list[int]], taker: dict[int, int]) -> None:
    """Find a place for one more row, breadth first; `taker` says who has which place."""
    came_from: dict[int, int] = {}
    queue = [start]
    for want in queue:
        for place in close[want]:
            if place in came_from:
                continue
            came_from[place] = want
            if place in taker:
                queue.append(taker[place])
                continue
            _move_up(place, came_from, taker)
            return


def _move_up(free: int, came_from: dict[int, int], taker: dict[int, int]) -> None:
    """Everybody on the way to a free place takes the next one."""
    places = {who: place for place, who in taker.items()}
    place: int | None = free
    while place is not None:
        mover = came_from[place]
        taker[place] = mover
        place = places.get(mover)
