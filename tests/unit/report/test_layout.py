"""Where the nodes of a graph stand."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pipeproof.report.page.layout import lay_out

SIZE = (100.0, 40.0)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(1, 12))
    node = st.integers(0, count - 1)
    return count, draw(st.lists(st.tuples(node, node), max_size=25))


def test_layout__a_chain_is_a_straight_line() -> None:
    layout = lay_out([SIZE] * 3, [(0, 1), (1, 2)])
    assert [x for x, _ in layout.centers] == [50, 50, 50]
    assert [y for _, y in layout.centers] == sorted(y for _, y in layout.centers)
    assert layout.width == 100


def test_layout__across_is_the_same_turned() -> None:
    layout = lay_out([SIZE] * 3, [(0, 1), (1, 2)], across=True)
    assert [y for _, y in layout.centers] == [20, 20, 20]
    assert layout.height == 40


def test_layout__the_branches_of_a_choice_stand_on_both_sides_of_it() -> None:
    layout = lay_out([SIZE] * 4, [(0, 1), (0, 2), (1, 3), (2, 3)])
    (x, _), (left, _), (right, _), (end, _) = layout.centers
    assert left < x < right
    assert end == x


def test_layout__an_arrow_back_keeps_its_direction() -> None:
    layout = lay_out([SIZE] * 2, [(0, 1), (1, 0)])
    (_, top), (_, bottom) = layout.centers
    forward, back = layout.routes
    assert top < bottom
    assert forward[0][1] < forward[-1][1]
    assert back[0][1] > back[-1][1]


@given(graphs(), st.booleans())
def test_layout__nodes_never_overlap_and_all_is_inside(graph: tuple[int, list[tuple[int, int]]], across: bool) -> None:
    count, edges = graph
    layout = lay_out([SIZE] * count, edges, across=across)
    for (x, y), (other_x, other_y) in itertools.combinations(layout.centers, 2):
        assert abs(x - other_x) > 99.9 or abs(y - other_y) > 39.9
    for x, y in layout.centers:
        assert 49.9 <= x <= layout.width - 49.9
        assert 19.9 <= y <= layout.height - 19.9
    for (source, target), route in zip(edges, layout.routes, strict=True):
        assert bool(route) == (source != target)
        for x, y in route:
            assert -0.1 <= x <= layout.width + 0.1
            assert -0.1 <= y <= layout.height + 0.1
    assert layout == lay_out([SIZE] * count, edges, across=across)
