"""What the project's unit tests give: the inputs, and the nodes and sources that they stand for."""

import ast
from collections.abc import Iterator
from typing import Any


def find_inputs(manifest: Any, unit_test: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a unit test gives rows for: unique ids, and dbt's description of the input."""
    models = list(unit_test.depends_on.nodes)[:1]
    parents = [parent for model in models for parent in manifest.nodes[model].depends_on_nodes]
    for given in unit_test.given:
        if is_this(given):
            yield from ((model, given) for model in models)
        else:
            named = {at: manifest.sources.get(at) or manifest.nodes.get(at) for at in parents}
            fitting = [at for at, node in named.items() if _is_called(node, given.input)]
            latest = [at for at in fitting if _is_latest(named[at])]
            yield from ((at, given) for at in (latest or fitting)[:1])


def is_this(given: Any) -> bool:
    """Return whether an input of a unit test is the table of its own model, as an incremental one finds it."""
    return str(given.input).strip() == "this"


def form_of(given: Any) -> str:
    """Return how an input's rows are written: `dict`, `csv` or `sql`."""
    return str(getattr(given.format, "value", given.format))


def is_rows(given: Any) -> bool:
    """Return whether an input is given as rows, for which dbt looks up columns, and not as a query."""
    return form_of(given) != "sql"


def _is_called(node: Any, reference: str) -> bool:
    """Return whether a `ref(…)` or `source(…)` means a node or source."""
    try:
        call = ast.parse(reference.strip(), mode="eval").body
    except SyntaxError:
        return False
    if node is None or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return False
    names = [str(value) for part in call.args if (value := getattr(part, "value", None)) is not None]
    if node.resource_type == "source":
        return call.func.id == "source" and names == [node.source_name, node.name]
    version = next((getattr(each.value, "value", None) for each in call.keywords if each.arg in {"v", "version"}), None)
    of_version = version is None or str(version) == str(getattr(node, "version", None))
    return call.func.id == "ref" and names in ([node.name], [node.package_name, node.name]) and of_version


def _is_latest(node: Any) -> bool:
    version = getattr(node, "version", None)
    return version is not None and version == getattr(node, "latest_version", None)
