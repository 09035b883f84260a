"""Where a test finds the project's sources: at their own place, unless the project or the test makes them.

A source that names the very relation of a seed, model or snapshot of the project goes where that goes; one in a schema
that is named after the target's goes with the target's; and one that is given rows is a table of the test's.
"""

from collections.abc import Mapping
from typing import Any

from pipeproof.environments.dbt.project.manifest import BUILT_KINDS, FILE_KEYS, ancestors, metas_of
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA
from pipeproof.environments.dbt.run_names import is_inside, place_schema


def find_makers(manifest: Any, target_schema: str | None = None) -> dict[str, str]:
    """The sources whose relation is one that the project builds itself, with what builds it: unique ids.

    Args:
        manifest: The project as it was parsed.
        target_schema: What the project's profile calls the target's schema: a source may name it so.
    """
    made = {_place(node, node.alias): at for at, node in manifest.nodes.items() if node.resource_type in BUILT_KINDS}
    found = {}
    for at, source in manifest.sources.items():
        places = [_place(source, source.identifier)]
        if target_schema and is_inside(str(source.schema), target_schema):
            places.append(_place(source, source.identifier, PARSE_SCHEMA + str(source.schema)[len(target_schema) :]))
        found[at] = next((made[place] for place in places if place in made), None)
    return {at: maker for at, maker in found.items() if maker is not None}


def _place(node: Any, identifier: str, schema: str = "") -> tuple[str, str, str]:
    return str(node.database).lower(), str(schema or node.schema).lower(), str(identifier).lower()


def follows_target(source: Any) -> bool:
    """Return whether a source, as it was parsed, is in the target's schema or in one that is named after it."""
    return is_inside(str(source.schema), PARSE_SCHEMA)


def move_sources(manifest: Any, adapter: Any, schema: str, makers: Mapping[str, str]) -> None:
    """Let the sources that are the project's own be where its nodes, which are moved already, are.

    Args:
        manifest: The project.
        adapter: dbt's adapter.
        schema: The test's schema.
        makers: As [find_makers][] found them.
    """
    for at, source in manifest.sources.items():
        maker = manifest.nodes.get(makers.get(at))
        if maker is not None:
            redirect_source(manifest, adapter, at, adapter.Relation.create_from(adapter.config, maker))
        elif follows_target(source):
            source.schema = place_schema(source.schema, PARSE_SCHEMA, schema)
            source.relation_name = str(adapter.Relation.create_from(adapter.config, source))


def order_by_makers(manifest: Any, makers: Mapping[str, str]) -> None:
    """Let what reads a source be run after what makes it; dbt itself knows of no such order."""
    for at, node in manifest.nodes.items():
        found = {makers[parent] for parent in node.depends_on_nodes if parent in makers}
        if found:
            node.depends_on.nodes += [maker for maker in found if at not in ancestors(manifest, [maker])]


def redirect_source(manifest: Any, adapter: Any, unique_id: str, relation: Any) -> None:
    """Let a source be a table of the test's."""
    source = manifest.sources[unique_id]
    source.database, source.schema, source.identifier = relation.database, relation.schema, relation.identifier
    source.quoting.database = source.quoting.schema = source.quoting.identifier = None
    source.relation_name = str(adapter.Relation.create_from(adapter.config, source))
    for meta in metas_of(source):  # where DuckDB would read it from instead
        for key in FILE_KEYS:
            meta.pop(key, None)
