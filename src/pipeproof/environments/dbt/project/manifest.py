"""What a test changes in its copy of the project: where relations are, and what stands in for them.

The nodes are dbt's; they are changed by their public fields only.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.guard.writes import DYNAMIC, find_fixed_writes
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA, PROFILE
from pipeproof.environments.dbt.run_names import place_schema

BUILT_KINDS = {"model", "seed", "snapshot"}
"""The kinds of nodes that stand for a relation with rows of its own."""

FILE_KEYS = ("external_location", "plugin")
"""The keys of a source's meta by which DuckDB reads it from files of its own."""

_PLACEHOLDER = re.compile(rf"{PARSE_SCHEMA}\w*", re.IGNORECASE)
_GRAPH = re.compile(r"(?<![\w.])graph\b")


def move_nodes(manifest: Any, adapter: Any, schema: str) -> None:
    """Put everything that the project can build into the schemas of one test."""
    database = adapter.config.credentials.database
    for node in _relations(manifest):
        node.schema = moved_schema(node, adapter, schema)
        node.database = database
        if getattr(node, "relation_name", None):
            node.relation_name = str(adapter.Relation.create_from(adapter.config, node))
        for hook in hooks_of(node):  # what a configuration made of the target's schema when the project was parsed
            hook.sql = _PLACEHOLDER.sub(lambda found: place_schema(found[0], PARSE_SCHEMA, schema), hook.sql)


def moved_schema(node: Any, adapter: Any, schema: str) -> str:
    """Which of a test's schemas a node of the project as it was parsed goes to."""
    original = node.schema or PARSE_SCHEMA
    if node.database and node.database.lower() != str(adapter.config.credentials.database).lower():
        original = f"{node.database}_{original}"
    return place_schema(original, PARSE_SCHEMA, schema)


def move_files(manifest: Any, folder: Path) -> None:
    """Put the files that `external` models write into a temporary folder."""
    folder.mkdir(exist_ok=True)  # where those without a location go
    for node in manifest.nodes.values():
        location = node.config.get("location") if node.resource_type == "model" else None
        if location:
            place = folder / node.schema
            place.mkdir(parents=True, exist_ok=True)
            node.config["location"] = str(place / str(location).rsplit("/", 1)[-1])


def stand_in(manifest: Any, unique_id: str, relation: Any) -> None:
    """Make a model, seed or snapshot a table that is there and that nothing builds.

    A node that is empty is one that dbt refers to and never runs; without parents, it ends the selection of ancestors.
    """
    node = manifest.nodes[unique_id]
    node.schema, node.alias = relation.schema, relation.identifier
    if node.relation_name:
        node.relation_name = str(relation)
    node.config.pre_hook, node.config.post_hook = [], []
    if node.resource_type == "seed":
        node.__class__ = _stand_in_seed()
        return
    node.raw_code = ""
    node.depends_on.nodes = []
    node.refs, node.sources = [], []
    if node.resource_type == "model":
        node.config.materialized = "table"


@cache
def _stand_in_seed() -> Any:
    """Return a seed that is empty: dbt's own never are, as they have a file."""
    from dbt.contracts.graph.nodes import SeedNode

    return type("StandInSeed", (SeedNode,), {"empty": property(lambda _self: True)})


def build_ephemerals(manifest: Any, is_named: Callable[[Any], bool]) -> None:
    """Make ephemeral models that a test builds by their names views, so that there is something to look at."""
    for node in manifest.nodes.values():
        if node.resource_type == "model" and node.config.materialized == "ephemeral" and is_named(node):
            node.config.materialized = "view"


def metas_of(source: Any) -> tuple[dict[str, Any], ...]:
    """Where a source's meta stands: at it, at its table, and in the configuration (a field from dbt-core 1.10.5 on)."""
    return source.source_meta, source.meta, source.config.get("meta") or {}


def find_escapes(manifest: Any, target: str, adapter: str) -> dict[str, str]:
    """Return the nodes and hooks that write to a schema whose name is written out, with what they write.

    A hook whose conditions look at nothing but the target is looked at as this target makes it.
    """
    escapes = {}
    for node in manifest.nodes.values():
        texts = [node.raw_code] if node.resource_type == "operation" else []
        texts += [hook if isinstance(hook, str) else hook.sql for hook in hooks_of(node)]
        texts = [_PLACEHOLDER.sub(DYNAMIC, text) for text in texts]
        writes = [
            str(write)
            for text in texts
            if find_fixed_writes(text)
            for write in find_fixed_writes(_render_for(text, target, adapter))
        ]
        if writes:
            escapes[node.unique_id] = writes[0]
    return escapes


def hooks_of(node: Any) -> list[Any]:
    """Return what runs before and after a node."""
    return [*(getattr(node.config, "pre_hook", ()) or ()), *(getattr(node.config, "post_hook", ()) or ())]


def _render_for(text: str, target: str, adapter: str) -> str:
    """Return a hook as a target makes it, as far as that is known without dbt; else as it stands."""
    from jinja2 import Environment, StrictUndefined

    known = {"name": target, "type": adapter, "profile_name": PROFILE, "schema": DYNAMIC}
    names = {"target": known, "this": DYNAMIC, "ref": lambda *_names, **_options: DYNAMIC}
    environment = Environment(undefined=StrictUndefined)  # noqa: S701 - SQL, not HTML
    try:
        return environment.from_string(text).render(names, source=names["ref"])
    except Exception:  # noqa: BLE001 - whatever it is, it is seen when the hook runs
        return text


def uses_graph(manifest: Any, adapter: str) -> bool:
    """Return whether a macro or model of the project (or of a package) looks at dbt's `graph` variable."""
    own = {"dbt", f"dbt_{adapter}"}
    texts = [macro.macro_sql for macro in manifest.macros.values() if macro.package_name not in own]
    texts += [node.raw_code for node in manifest.nodes.values()]
    texts += [hook.sql for node in manifest.nodes.values() for hook in hooks_of(node) if not isinstance(hook, str)]
    return any(_GRAPH.search(text) for text in texts)


def find_key(manifest: Any, node: Any) -> list[str]:
    """Return the columns that tell a node's rows apart: its `unique_key`, else a column that is tested to be unique."""
    declared = node.config.get("unique_key") if node.resource_type in {"model", "snapshot"} else None
    if declared:
        return [declared] if isinstance(declared, str) else list(declared)
    for test in manifest.nodes.values():
        kind = getattr(test, "test_metadata", None)
        if kind and kind.name == "unique" and test.attached_node == node.unique_id and test.column_name:
            return [test.column_name]
    return []


def lineage(manifest: Any) -> list[Mapping[str, Any]]:
    """The nodes and sources for the report: what each is and is made of, its columns, how many tests it has."""
    tests: dict[str, int] = {}
    checks = [node for node in manifest.nodes.values() if node.resource_type == "test"]
    for node in [*checks, *manifest.unit_tests.values()]:
        for parent in {getattr(node, "attached_node", None), *node.depends_on.nodes} - {None}:
            tests[str(parent)] = tests.get(str(parent), 0) + 1
    built = [node for node in manifest.nodes.values() if node.resource_type in BUILT_KINDS]
    return [
        {
            "id": node.unique_id,
            "name": node.name if node.resource_type != "source" else f"{node.source_name}.{node.name}",
            "type": str(node.resource_type),
            "materialized": node.config.get("materialized") if node.resource_type != "source" else None,
            "file": node.original_file_path,
            "depends_on": list(getattr(node, "depends_on_nodes", [])),
            "tests": tests.get(node.unique_id, 0),
            "columns": [column.name for column in node.columns.values()],
        }
        for node in sorted([*built, *manifest.sources.values()], key=lambda node: str(node.unique_id))
    ]


def list_checks(manifest: Any) -> list[Mapping[str, Any]]:
    """The project's own data tests and unit tests for the report: what each looks at, those of packages left out."""
    own = manifest.metadata.project_name
    checks = [node for node in manifest.nodes.values() if node.resource_type == "test"]
    return [
        {
            "id": check.unique_id,
            "name": check.name,
            "file": check.original_file_path,
            "node": getattr(check, "attached_node", None),
            "column": getattr(check, "column_name", None),
        }
        for check in sorted([*checks, *manifest.unit_tests.values()], key=lambda check: str(check.unique_id))
        if check.package_name == own
    ]


def ancestors(
    manifest: Any,
    wanted: Collection[str],
    makers: Mapping[str, str] | None = None,
    ends: Callable[[str], bool] = lambda _at: False,
) -> Iterator[str]:
    """Nodes and all that they are made of.

    Args:
        manifest: The project.
        wanted: The nodes.
        makers: What builds sources, where the project does.
        ends: Where not to look further.
    """
    parts = (manifest.nodes, manifest.unit_tests, getattr(manifest, "functions", None) or {})  # dbt 1.11 brought them
    seen: set[str] = set()
    waiting = list(wanted)
    while waiting:
        unique_id = waiting.pop()
        if unique_id in seen:
            continue
        seen.add(unique_id)
        yield unique_id
        node = next((part[unique_id] for part in parts if unique_id in part), None)
        if node is not None and not ends(unique_id):
            waiting += node.depends_on_nodes
        elif makers and unique_id in makers:
            waiting.append(makers[unique_id])


def is_built(manifest: Any, unique_id: str) -> bool:
    """Return whether something is a node that dbt builds a relation for."""
    node = manifest.nodes.get(unique_id)
    return node is not None and node.resource_type in BUILT_KINDS and node.config.materialized != "ephemeral"


def declared_types(node: Any) -> dict[str, str]:
    """Return the types of a node's columns as the project says them."""
    seeded = (node.config.get("column_types") or {}) if node.resource_type == "seed" else {}
    declared = {column.name: str(column.data_type) for column in node.columns.values() if column.data_type}
    return {**{name: str(kind) for name, kind in seeded.items()}, **declared}


def declared_keys(node: Any) -> list[tuple[str, list[str]]]:
    """Return the primary key and the unique ones of an enforced contract: how SQL calls them, and their columns."""
    if node.resource_type != "model" or not node.config.contract.enforced:
        return []
    kinds = {"primary_key": "primary key", "unique": "unique"}
    whole = [(each.type, list(each.columns)) for each in getattr(node, "constraints", ())]
    single = [(each.type, [column.name]) for column in node.columns.values() for each in column.constraints]
    found = [(getattr(kind, "value", kind), columns) for kind, columns in (*whole, *single)]
    return [(kinds[kind], columns) for kind, columns in found if kind in kinds and columns]


def _relations(manifest: Any) -> Iterable[Any]:
    """Everything that has a schema of its own."""
    yield from manifest.nodes.values()
    yield from getattr(manifest, "functions", {}).values()
