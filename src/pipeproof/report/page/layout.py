"""Where the nodes of a graph stand: in layers, so that nearly all arrows lead the same way (Sugiyama's method).

The same graph is always drawn the same way: nothing in here depends on chance or on the order of a set.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_GAP = 28.0
"""Between neighbours in a layer."""
_LAYER_GAP = 52.0
"""Between layers: room for the arrows and what stands on them."""
_BESIDE = 12.0
"""What an arrow takes that passes by the nodes of a layer."""
_SWEEPS = 8

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands, in pixels.

    Attributes:
        centers: Of each node, in the order given.
        routes: The points that each edge goes through, in the order given, from its source to its target; empty for
            an edge from a node to itself.
        width: Of the whole.
        height: Of the whole.
    """

    centers: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def lay_out(
    sizes: Sequence[Point], edges: Sequence[tuple[int, int]], labels: Sequence[float] = (), *, across: bool = False
) -> Layout:
    """Give each node a place, its layer below (or to the right of) the layers of what leads to it.

    Args:
        sizes: Width and height of each node, in pixels.
        edges: From and to, each the number of a node; there may be circles.
        labels: How much room each edge needs where it passes a layer, in pixels; none at all is needed where it is left
            out.
        across: Whether layers follow each other from the left to the right, and not downwards.
    """
    turned = [(height, width) for width, height in sizes] if across else list(sizes)
    forward = _without_circles(len(sizes), edges)
    chains, layer_of = _with_stops(forward, _layers(len(sizes), forward))
    widths = [size[0] for size in turned] + [_BESIDE] * (len(layer_of) - len(sizes))
    for at, chain in chains.items():
        for stop in chain[1:-1] if labels else ():
            widths[stop] = max(_BESIDE, labels[at])
    steps = [step for chain in chains.values() for step in pairwise(chain)]
    rows = _ordered(layer_of, steps)
    xs = _abreast(rows, widths, steps)
    heights = [max((turned[one][1] for one in row if one < len(sizes)), default=0.0) for row in rows]
    tops = [sum(heights[:at]) + at * _LAYER_GAP for at in range(len(rows))]
    centers = [(xs[one], tops[layer] + heights[layer] / 2) for one, layer in enumerate(layer_of)]
    routes = []
    for at, (source, _) in enumerate(edges):
        chain = chains.get(at, ())
        points = tuple(_route(chain, centers, tops, heights, layer_of, turned))
        routes.append(points if not chain or chain[0] == source else points[::-1])
    width, height = max((xs[one] + widths[one] / 2 for one in range(len(xs))), default=0.0), sum(heights)
    height += _LAYER_GAP * max(0, len(rows) - 1)
    placed = tuple(centers[: len(sizes)])
    if across:
        return Layout(tuple(map(_turn, placed)), tuple(tuple(map(_turn, r)) for r in routes), height, width)
    return Layout(placed, tuple(routes), width, height)


def _turn(point: Point) -> Point:
    return point[1], point[0]


def _without_circles(count: int, edges: Sequence[tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Return the edges by their numbers, those turned round that would close a circle; none from a node to itself."""
    leaving: dict[int, list[tuple[int, int]]] = {}
    for at, (source, target) in enumerate(edges):
        if source != target:
            leaving.setdefault(source, []).append((at, target))
    found: dict[int, tuple[int, int]] = {}
    done: set[int] = set()
    for root in range(count):
        path: dict[int, Iterator[tuple[int, int]]] = {}
        stack = [] if root in done else [root]
        while stack:
            node = stack[-1]
            following = path.setdefault(node, iter(leaving.get(node, ())))
            for at, target in following:
                found[at] = (target, node) if target in path else (node, target)
                if target not in done and target not in path:
                    stack.append(target)
                    break
            else:
                done.add(stack.pop())
                del path[node]
    return found


def _layers(count: int, forward: Mapping[int, tuple[int, int]]) -> list[int]:
    """Return each node's layer: one more than the deepest of what leads to it."""
    leaving: dict[int, list[int]] = {}
    waits = [0] * count
    for source, target in forward.values():
        leaving.setdefault(source, []).append(target)
        waits[target] += 1
    layers = [0] * count
    ready = [node for node in range(count) if not waits[node]]
    for node in ready:  # it grows
        for target in leaving.get(node, ()):
            layers[target] = max(layers[target], layers[node] + 1)
            waits[target] -= 1
            if not waits[target]:
                ready.append(target)
    return layers


def _with_stops(
    forward: Mapping[int, tuple[int, int]], layers: list[int]
) -> tuple[dict[int, tuple[int, ...]], list[int]]:
    """Give an edge that passes layers a stop in each of them; return the chains, and the layers with the stops'."""
    every = list(layers)
    chains = {}
    for at, (source, target) in sorted(forward.items()):
        stops = range(len(every), len(every) + layers[target] - layers[source] - 1)
        every.extend(range(layers[source] + 1, layers[target]))
        chains[at] = (source, *stops, target)
    return chains, every


def _ordered(layer_of: Sequence[int], steps: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Order each layer by the middle of what its members are joined with, downwards and upwards in turn."""
    rows: list[list[int]] = [[] for _ in range(max(layer_of, default=-1) + 1)]
    for one, layer in enumerate(layer_of):
        rows[layer].append(one)
    above, below = _neighbours(steps)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        joined = above if down else below
        for row in rows if down else reversed(rows):
            places = {one: at for other in rows for at, one in enumerate(other)}
            middles = {one: _mean([places[other] for other in joined.get(one, ())], places[one]) for one in row}
            row.sort(key=lambda one: middles[one])
    return rows


def _neighbours(steps: Sequence[tuple[int, int]]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for source, target in steps:
        above.setdefault(target, []).append(source)
        below.setdefault(source, []).append(target)
    return above, below


def _abreast(rows: Sequence[Sequence[int]], widths: Sequence[float], steps: Sequence[tuple[int, int]]) -> list[float]:
    """Return the middle of each member of a layer: as near to what it is joined with as its neighbours let it."""
    xs = [0.0] * len(widths)
    for row in rows:
        at = 0.0
        for one in row:
            xs[one] = at + widths[one] / 2
            at += widths[one] + _GAP
    above, below = _neighbours(steps)
    for sweep in range(_SWEEPS):
        joined = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean([xs[other] for other in joined.get(one, ())], xs[one]) for one in row]
            for one, x in zip(row, _apart(wanted, [widths[one] for one in row]), strict=True):
                xs[one] = x
    left = min((xs[one] - widths[one] / 2 for one in range(len(xs))), default=0.0)
    return [x - left for x in xs]


def _apart(wanted: Sequence[float], widths: Sequence[float]) -> list[float]:
    """Return what is nearest to the wanted places, by the squares, with room between neighbours (pooled violators)."""
    offsets, at = [], 0.0
    for before, width in zip((None, *widths), widths, strict=False):
        at += 0.0 if before is None else before / 2 + _GAP + width / 2
        offsets.append(at)
    pools: list[tuple[float, int]] = []  # the sum of the places of neighbours that touch, and how many they are
    for place, offset in zip(wanted, offsets, strict=True):
        total, count = place - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    fitted = [total / count for total, count in pools for _ in range(count)]
    return [place + offset for place, offset in zip(fitted, offsets, strict=True)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _route(
    chain: Sequence[int],
    centers: Sequence[Point],
    tops: Sequence[float],
    heights: Sequence[float],
    layer_of: Sequence[int],
    sizes: Sequence[Point],
) -> Iterator[Point]:
    """Yield the points of a chain: the edges of its first and last node, and both ends of each layer that it passes."""
    for at, one in enumerate(chain):
        x, y = centers[one]
        top, bottom = tops[layer_of[one]], tops[layer_of[one]] + heights[layer_of[one]]
        if at == 0:
            yield x, y + sizes[one][1] / 2
        elif at == len(chain) - 1:
            yield x, y - sizes[one][1] / 2
        else:
            yield x, top
            yield x, bottom
