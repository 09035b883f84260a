"""What nodes go by: dbt tells them apart by `unique_id`, people by the shortest name that no other one has."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

_TESTS = {"test", "unit_test"}


def spell_out(node: Any) -> tuple[str, ...]:
    """Return the names that a node goes by, shortest first; the last one is its `unique_id`, which no other has.

    A version of a model is `dim.v1`; a test has what it tests before it, `orders.positive` or `orders.amount.positive`;
    and each may have its package (`shop.dim.v1`) or its kind (`model:dim`) before it.
    """
    unique_id, name = str(node.unique_id), str(node.name)
    kind, package, *_ = unique_id.split(".", 2)
    names = [name]
    version = getattr(node, "version", None)
    if kind == "source":
        names = [f"{node.source_name}.{name}"]
    elif version is not None:
        names += [f"{name}_v{version}"] if kind == "unit_test" else [f"{name}.v{version}", f"{name}_v{version}"]
    if kind in _TESTS and (tested := _tested_by(node)):
        column = getattr(node, "column_name", None)
        names += [f"{tested}.{name}", *([f"{tested}.{column}.{name}"] if column else [])]
    longer = [f"{package}.{short}" for short in names]
    return (*dict.fromkeys([*names, *longer, *(f"{kind}:{short}" for short in (*names, *longer)), unique_id]),)


def _tested_by(node: Any) -> str | None:
    """What a test belongs to: `orders`, `dim.v2`, `raw.orders`; `None` where that is nothing or several things."""
    attached = getattr(node, "attached_node", None)
    parents = [attached] if attached else list(getattr(getattr(node, "depends_on", None), "nodes", None) or ())
    return str(parents[0]).split(".", 2)[-1] if len(parents) == 1 else None


def tell_apart(things: Iterable[T], names: Callable[[T], Iterable[str]]) -> dict[str, T]:
    """Things by the shortest of its names that each has for itself; `names` gives them, shortest first."""
    known = [(thing, list(names(thing))) for thing in things]
    counts = Counter(name for _, given in known for name in dict.fromkeys(given))
    return {next((name for name in given if counts[name] == 1), given[-1]): thing for thing, given in known}
