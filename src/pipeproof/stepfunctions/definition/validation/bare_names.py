"""Names of fields with nothing before them in JSONata: an expression of a state has no input to find them in."""

from collections.abc import Iterator

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataSyntaxError
from pipeproof.stepfunctions.expressions.jsonata.parser import Node, parse

_IN_A_CONTEXT = {".", "[", "{"}
"""Operators whose right side is evaluated on what the left side gives."""


def find_bare_names(expression: str) -> Iterator[str]:
    """Yield the names of fields that are looked for in the input that an expression has not, each once.

    Bodies of functions are left out, as who calls them may give them a context. Text that does not parse has none.
    """
    try:
        tree = parse(expression)
    except JsonataSyntaxError:
        return
    yield from dict.fromkeys(_names(tree))


def _names(node: Node) -> Iterator[str]:
    if node.kind == "name":
        yield str(node.value)
    elif node.kind not in ("lambda", "transform"):
        for part in _parts(node):
            yield from _names(part)


def _parts(node: Node) -> Iterator[Node]:
    """Yield the parts that are evaluated where the node itself is."""
    if node.lhs is not None:
        yield node.lhs
    if node.kind in ("sort", "bind") or (node.kind == "binary" and node.value in _IN_A_CONTEXT):
        return
    yield from node.items
    for key, value in node.pairs:
        yield from (key, value)
    yield from (part for part in (node.rhs, node.condition, node.then, node.otherwise) if part is not None)
