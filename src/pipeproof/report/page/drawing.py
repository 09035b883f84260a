"""State machines and lineages, drawn, each with a table of the same for who cannot see it, or where it is too large."""

from collections.abc import Iterator, Sequence

from pipeproof.report.graphs import Edge, Graph, Node
from pipeproof.report.links import Links
from pipeproof.report.page.layout import Point, lay_out
from pipeproof.report.page.markup import Markup, element, table
from pipeproof.report.page.svg import pixels, short, svg, width_of
from pipeproof.report.tables import Code, Table, first_rows
from pipeproof.report.wording import counted
from pipeproof.text import plain

_MOST_NODES = 120
_MOST_EDGES = 400
_MOST_ROWS = 1_000
_NAME = 36
_LABEL = 24
_PADDING = 24
_HEIGHT = 46.0
_LOOP = 26
_LINE = 16.0
_SIGNS = {"good": "✓", "bad": "✗", "missed": "○", "given": "→"}


def draw_graph(graph: Graph, number: int, links: Links) -> Markup:
    """Draw a graph under a heading of its own; `number` is that of no other drawing of the page."""
    told = _tell(graph)
    drawable = len(graph.nodes) <= _MOST_NODES and len(graph.edges) <= _MOST_EDGES
    return element(
        "section",
        element("h3", f"{graph.kind} ", element("code", short(graph.name, 100))),
        element("p", told if drawable else f"{told}; too large to be drawn"),
        _draw(graph, f"drawing-{number}", told) if drawable else None,
        element("details", element("summary", "The same as a table"), table(_list_nodes(graph), links)),
        class_="graph",
    )


def _tell(graph: Graph) -> str:
    marks = [node.mark for node in graph.nodes if node.mark != "given"]
    failed = marks.count("bad")
    transitions = [edge for edge in graph.edges if not edge.inner]
    never = sum(1 for edge in transitions if not edge.taken)
    word = "node" if graph.across else "state"
    told = [f"{len(marks) - marks.count('missed')} of {counted(len(marks), word)} exercised"]
    told += [f"{failed} failed"] if failed else []
    told += [f"{never} of {counted(len(transitions), 'transition')} never taken"] if never else []
    return ", ".join(told)


def _list_nodes(graph: Graph) -> Table:
    names = {node.id: node.name for node in graph.nodes}
    following: dict[str, list[str]] = {}
    for edge in graph.edges:
        words = ", ".join(filter(None, (edge.label, "" if edge.taken else "never taken")))
        following.setdefault(edge.source, []).append(f"{names[edge.target]} ({words})" if words else names[edge.target])
    rows = [(Code(node.name), node.told, "; ".join(following.get(node.id, ()))) for node in graph.nodes]
    shown, left = first_rows(rows, _MOST_ROWS)
    return Table(f"{graph.kind} {graph.name}", ("name", "in the tests", "leads to"), shown, left)


def _draw(graph: Graph, key: str, told: str) -> Markup:
    numbers = {node.id: at for at, node in enumerate(graph.nodes)}
    sizes = [(_width_of(node), _HEIGHT) for node in graph.nodes]
    ends = [(numbers[edge.source], numbers[edge.target]) for edge in graph.edges]
    layout = lay_out(sizes, ends, [_room_of(edge, across=graph.across) for edge in graph.edges], across=graph.across)
    parts = [_arrow_head(key)]
    for at, edge in enumerate(graph.edges):
        source = ends[at][0]
        parts.extend(
            _draw_edge(edge, layout.routes[at], layout.centers[source], sizes[source], key=key, across=graph.across)
        )
    parts += [_draw_node(*drawn) for drawn in zip(graph.nodes, layout.centers, sizes, strict=True)]
    return svg(key, f"{graph.kind} {graph.name}", told, (layout.width + _LOOP, layout.height), parts)


def _words_of(edge: Edge) -> str:
    return ", ".join(filter(None, (short(edge.label, _LABEL) if edge.label else "", "" if edge.taken else "never")))


def _room_of(edge: Edge, *, across: bool) -> float:
    """Return what the words on an arrow need beside the nodes that it passes."""
    words = _words_of(edge)
    return 0.0 if not words else _LINE if across else width_of(words)


def _width_of(node: Node) -> float:
    return max(width_of(short(node.name, _NAME)), width_of(_said_of(node))) + _PADDING


def _said_of(node: Node) -> str:
    return f"{_SIGNS[node.mark]} {node.told}"


def _arrow_head(key: str) -> Markup:
    tip = element("path", d="M0 0L8 4L0 8z", class_="tip")
    size = {"markerWidth": 8, "markerHeight": 8, "refX": 8, "refY": 4}
    return element("defs", element("marker", tip, id=f"{key}-tip", orient="auto", **size))


def _draw_node(node: Node, center: Point, size: Point) -> Markup:
    (x, y), (width, height) = center, size
    corner = {"x": pixels(x - width / 2), "y": pixels(y - height / 2)}
    return element(
        "g",
        element("title", f"{plain(node.name)}: {node.told}"),
        element("rect", **corner, width=pixels(width), height=pixels(height), rx=6),
        element("text", short(node.name, _NAME), x=pixels(x), y=pixels(y - 4), class_="name"),
        element("text", _said_of(node), x=pixels(x), y=pixels(y + 13)),
        class_=f"node {node.mark}",
    )


def _draw_edge(
    edge: Edge, points: Sequence[Point], center: Point, size: Point, *, key: str, across: bool
) -> Iterator[Markup]:
    """Draw an arrow; `center` and `size` are those of the node that it leaves."""
    if points:
        path = _curve(points, across=across)
        # In the middle of its way: where it passes a layer, room was left for it.
        at = (len(points) - 1) // 2
        (x, y), (to_x, to_y) = points[at], points[at + 1]
        middle = (x + to_x) / 2, (y + to_y) / 2
    else:  # from a node to itself: a loop at its right side
        right, y = center[0] + size[0] / 2, center[1]
        path = f"M{pixels(right)} {pixels(y - 8)}c{_LOOP} -14 {_LOOP} 30 0 16"
        middle = right + _LOOP / 2, y - 14
    yield element("path", d=path, class_="edge" if edge.taken else "edge never", marker_end=f"url(#{key}-tip)")
    if words := _words_of(edge):
        yield element("text", words, x=pixels(middle[0]), y=pixels(middle[1] + 4), class_="label")


def _curve(points: Sequence[Point], *, across: bool) -> str:
    """Return a path through the points, which leaves and reaches each in the direction of the layers."""
    (x, y), *others = points
    path = f"M{pixels(x)} {pixels(y)}"
    for to_x, to_y in others:
        if across:
            half = (x + to_x) / 2
            bend = f"{pixels(half)} {pixels(y)} {pixels(half)} {pixels(to_y)}"
        else:
            half = (y + to_y) / 2
            bend = f"{pixels(x)} {pixels(half)} {pixels(to_x)} {pixels(half)}"
        path += f"C{bend} {pixels(to_x)} {pixels(to_y)}"
        x, y = to_x, to_y
    return path
