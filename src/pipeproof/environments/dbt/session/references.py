"""The project's names in what a test asks of the database: what they stand for, and which of them is not there."""

from collections.abc import Callable, Mapping
from typing import Any

from pipeproof.environments.dbt.project import manifest as manifests
from pipeproof.environments.dbt.project import mistakes
from pipeproof.environments.dbt.project.view import View
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.environments.dbt.session.schemas import Schemas
from pipeproof.errors import PipeproofError

_CONTEXT = frozenset({
    "adapter", "api", "builtins", "config", "context", "database", "dbt", "dbt_metadata_envs", "dbt_version", "debug",
    "diff_of_two_dicts", "doc", "env_var", "exceptions", "execute", "flags", "fromjson", "fromyaml", "graph",
    "invocation_args_dict", "invocation_id", "load_result", "local_md", "log", "model", "modules", "print",
    "project_name", "ref", "render", "return", "run_started_at", "schema", "schemas", "selected_resources", "set",
    "set_strict", "source", "sql_now", "store_raw_result", "store_result", "target", "this", "thread_id", "tojson",
    "toyaml", "try_or_compiler_error", "validation", "var", "write", "zip", "zip_strict",
})  # fmt: skip
"""What dbt gives to each text that it renders: its documentation's Jinja functions, and what its macros use."""


def locate(node: Any, schemas: Schemas, compile_node: Callable[[], str | None]) -> str:
    """Return what to select from for a node or a source: a relation, or an ephemeral model's query.

    Args:
        node: The node or source.
        schemas: The test's schemas.
        compile_node: Gives the node's query, where it is ephemeral.
    """
    if node.unique_id in schemas.given:
        return str(schemas.given[node.unique_id])
    if node.resource_type == "source":
        return str(schemas.source_place(node) or node.relation_name)
    relation = schemas.relation_of(node)
    if node.config.materialized == "ephemeral" and not schemas.warehouse.column_types(relation):
        return f"({compile_node()}) as {node.name}"
    return str(relation)


def render_query(
    query: str, project: DbtProject, schema: str, find: Callable[[str], str], compile_text: Callable[[str], str]
) -> str:
    """Return a query with its Jinja resolved: dbt does that, unless there is no more in it than a few names.

    Args:
        query: The query.
        project: The project.
        schema: The test's schema.
        find: What to select from for a name.
        compile_text: Lets dbt render a query, with all that a model can call.
    """
    from jinja2 import Environment, StrictUndefined, TemplateError, UndefinedError

    def ref(*names: str, v: object = None, version: object = None) -> str:
        which = v if v is not None else version
        return find(f"model:{'.'.join(names if which is None else (*names, f'v{which}'))}")

    environment = Environment(undefined=StrictUndefined)  # noqa: S701 - SQL, not HTML
    target = {"schema": schema, "name": project.profile.target, "type": project.adapter}
    names = {"ref": ref, "source": lambda source, table: find(f"source:{source}.{table}"), "target": target}
    with mistakes.explained("the query", lambda: None):
        try:
            return environment.from_string(query).render(**names)
        except UndefinedError:  # of a macro, or of something else that dbt knows
            if _names_nothing(query, project):
                raise
            return compile_text(query)
        except TemplateError:  # a tag of dbt's
            return compile_text(query)


def _names_nothing(query: str, project: DbtProject) -> bool:
    """Return whether a query has a name that neither the project nor dbt knows: dbt renders it as nothing at all."""
    from jinja2 import Environment, meta

    named = meta.find_undeclared_variables(Environment().parse(query))  # noqa: S701 - SQL, not HTML
    macros = project.nodes_manifest.macros.values()
    return not named <= {*_CONTEXT, *(macro.name for macro in macros), *(macro.package_name for macro in macros)}


def find_absent(query: str, view: View, schemas: Schemas, statuses: Mapping[str, str]) -> PipeproofError | None:
    """The error for what a query reads and is not there; `None` where all of it is.

    Args:
        query: The query, rendered.
        view: The project.
        schemas: The test's schemas.
        statuses: What became of the nodes that the test has run, by their unique ids.
    """
    schemas.warehouse.share()  # what is not the test's own may be there as well
    built = [node for node in view.manifest.nodes.values() if node.resource_type in manifests.BUILT_KINDS]
    for node in [*built, *view.manifest.sources.values()]:
        if node.unique_id in schemas.given:
            continue
        source = node.resource_type == "source"
        relation = (schemas.source_place(node) or node) if source else schemas.relation_of(node)
        named = node.relation_name if relation is node else str(relation)
        if named in query and not schemas.warehouse.column_types(relation):
            return mistakes.not_built(node, view.names.spell(node.unique_id), statuses.get(node.unique_id))
    return None
