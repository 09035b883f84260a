"""`dbt.given`: rows in whatever form become a table that stands in for a node or source.

The table is made in `session/stand_ins`, its rows are written by `session/warehouse`.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.errors import DbtRowsError
from pipeproof.environments.dbt.project import manifest as manifests
from pipeproof.environments.dbt.project import mistakes
from pipeproof.environments.dbt.project.declarations import find_column
from pipeproof.environments.dbt.result import find_file
from pipeproof.environments.dbt.rows.reading import empty_table, infer_types, read_rows
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.environments.dbt.session.schemas import Schemas
from pipeproof.environments.dbt.session.stand_ins import ColumnError, create_stand_in
from pipeproof.errors import Location

Explained = Callable[..., AbstractContextManager[None]]


def give_query(schemas: Schemas, node: Any, name: str, query: str, explained: Explained) -> None:
    """Let the rows of a query stand in; `explained` tells the database's errors in our words."""
    relation = schemas.relation_of(node)
    with explained(f"the query given for {name}", query):
        schemas.warehouse.create_from_query(relation, query)
        keys = _write_keys(schemas, node, schemas.warehouse.column_types(relation))
        if keys:
            schemas.warehouse.add_keys(relation, keys)


def give_rows(
    project: DbtProject,
    schemas: Schemas,
    node: Any,
    name: str,
    rows: object,
    folders: Sequence[Path],
    explained: Explained,
) -> None:
    """Let rows stand in; they come out as they were given.

    Raises:
        DbtRowsError: They make no table, or a column's type would change them.
    """
    warehouse, relation = schemas.warehouse, schemas.relation_of(node)
    seed = node.resource_type == "seed"
    table, typed = read_rows(rows, folders, seed=seed)
    built = warehouse.column_types(relation) if node.unique_id not in schemas.given else {}
    mistakes.check_columns(node, table.column_names, project.path, built)
    types = {**built, **manifests.declared_types(node)}
    if not typed:
        table = infer_types(table, types, seed=seed)
    if not table.column_names:
        table = empty_table(name, types)
    keys = _write_keys(schemas, node, table.column_names)
    with explained(f"the rows given for {name}"):
        try:
            create_stand_in(warehouse, relation, table, types, keys, lenient=project.profile.embedded)
        except ColumnError as error:
            raise _explain(project, node, name, error) from None


def _write_keys(schemas: Schemas, node: Any, names: Collection[str]) -> list[str]:
    """Return the keys that a node's contract declares, as far as the rows have their columns."""
    given = {name.lower(): name for name in names}
    return [
        f"{kind} ({', '.join(schemas.warehouse.quote(given[column.lower()]) for column in columns)})"
        for kind, columns in manifests.declared_keys(node)
        if all(column.lower() in given for column in columns)
    ]


def _explain(project: DbtProject, node: Any, name: str, error: ColumnError) -> DbtRowsError:
    """The error for a column that cannot hold what it was given, on the line of the YAML that declares its type."""
    patch = str(getattr(node, "patch_path", None) or "").partition("://")[2]
    file = find_file(node, project.path, patch)
    declared = file is not None and file.suffix in {".yml", ".yaml"} and file.is_file()
    line = find_column(file, node, error.column) if declared and file is not None else None
    return DbtRowsError(
        f"the rows given for {name}: {error}",
        hint="give what the type can hold, or declare a type that holds it",
        location=Location(file, line) if file is not None and line else None,
    )
