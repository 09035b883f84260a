"""The project's unit tests where the sources of what they look at are not there, as in the embedded database.

dbt takes the columns of a unit test's inputs, and their types, from tables. Here these are empty: what the inputs are
made of is built once a worker on sources without rows, whose columns are those that the YAML declares and those that
the project's SQL reads. A column of which nothing says the type has that of the values that the unit test gives.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.project.manifest import BUILT_KINDS, ancestors, declared_types, is_built
from pipeproof.environments.dbt.project.reads import Reads
from pipeproof.environments.dbt.project.unit_inputs import find_inputs, form_of, is_rows
from pipeproof.environments.dbt.requests import request_nodes
from pipeproof.environments.dbt.result import DbtNode
from pipeproof.environments.dbt.rows.reading import infer_types, make_table
from pipeproof.environments.dbt.scenario.scenario import Dbt, Recorder
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.errors import PipeproofError

Types = Mapping[str, str | None]
"""The types of columns, by their names; None where nothing says one."""


class EmptyInputs:
    """What unit tests take columns from, built empty.

    Args:
        project: The project.
        record: Takes the evidence of what unit tests run.
    """

    def __init__(self, project: DbtProject, record: Recorder) -> None:
        self._project = project
        self._record = record
        self._opened: Dbt | None = None
        self._sources: dict[str, Types] = {}
        self._tried: set[str] = set()
        self._open: set[str] = set()

    def run(self, unit_test: Any) -> DbtNode:
        """Run a unit test, on empty tables of what its inputs are."""
        inputs = list(find_inputs(self._project.nodes_manifest, unit_test))
        self._prepare([at for at, _ in inputs])
        dbt = open_scenario(self._project, self._record)
        try:
            for at, given in inputs:
                columns = self._find_columns(dbt, at, given)
                if columns or is_rows(given):  # dbt 2 runs the model on the tables, also on that of a query
                    dbt.stand_in(at, columns)
                if at in unit_test.depends_on.nodes:  # the model itself: its code is what is tested
                    dbt.count_as_built(at)
            return dbt.perform(request_nodes("test", [unit_test])).nodes[unit_test.unique_id]
        finally:
            dbt.close()

    def close(self) -> None:
        """Drop what was built."""
        if self._opened is not None:
            self._opened.close()

    @property
    def _dbt(self) -> Dbt:
        """Where what is empty is built; opened when it is first needed."""
        if self._opened is None:
            self._opened = open_scenario(self._project, lambda _kind, _data: None)
        return self._opened

    def _prepare(self, wanted: Collection[str]) -> None:
        """Build what is not there yet of what some nodes are made of; what cannot be built without rows is left out."""
        manifest = self._project.nodes_manifest
        needed = {*ancestors(manifest, wanted, self._project.view().makers, self._is_declared)} - self._tried
        self._tried |= needed
        absent = {at for at in needed if at in manifest.sources and at not in self._project.view().makers}
        self._read_columns(absent)
        for at in absent:
            self._dbt.stand_in(at, self._sources[at])
        for at in needed:
            if self._is_declared(at):
                self._dbt.stand_in(at, declared_types(manifest.nodes[at]))
        build = [manifest.nodes[at] for at in needed if is_built(manifest, at) and not self._is_declared(at)]
        if build:
            with suppress(PipeproofError):
                result = self._dbt.perform(request_nodes("build", build), check=False)
                self._dbt.replace_guesses(result.nodes.values())

    def _is_declared(self, at: str) -> bool:
        """Return whether a contract says all columns and types of a model, so that it need not be built for them."""
        node = self._project.nodes_manifest.nodes.get(at)
        return node is not None and node.resource_type == "model" and bool(node.config.contract.enforced)

    def _read_columns(self, absent: Collection[str]) -> None:
        """Find the columns of sources: those that are declared, and those that are read."""
        if not absent:
            return
        manifest = self._project.nodes_manifest
        models = [at for at, node in manifest.nodes.items() if node.resource_type in BUILT_KINDS]
        readers: dict[str, list[str]] = {}
        for at in models:
            for parent in manifest.nodes[at].depends_on_nodes:
                readers.setdefault(parent, []).append(at)
        known = {at: {name.lower() for name in manifest.nodes[at].columns} for at in models}
        places = {self._dbt.find_place(at): at for at in (*models, *absent)}
        dialect = self._project.dialect or self._project.adapter
        reads = Reads({place: at for place, at in places.items() if at in absent}, places, known, dialect)
        reads.follow(lambda at: readers.get(at, ()), self._compile)
        self._open |= {at for at in models if reads.hands_on(at)}
        for at in absent:
            declared = {name.lower(): kind for name, kind in _columns_of(manifest.sources[at]).items()}
            self._sources[at] = reads.columns.get(at, {}) | declared

    def _compile(self, wanted: Collection[str]) -> dict[str, str]:
        """Return the SQL of models and of those that they read, as far as it can be made without rows."""
        manifest = self._project.nodes_manifest
        read = {parent for at in wanted for parent in manifest.nodes[at].depends_on_nodes}
        models = [manifest.nodes[at] for at in {*wanted, *read} if at.startswith("model.")]
        try:
            result = self._dbt.perform(request_nodes("compile", models), check=False)
        except PipeproofError:
            return {}
        return {node.unique_id: node.compiled for node in result.nodes.values() if node.compiled}

    def _find_columns(self, dbt: Dbt, at: str, given: Any) -> Types:
        """The columns of an input, each of the type that it is known to have, else of what the unit test gives."""
        manifest = self._project.nodes_manifest
        node = manifest.sources.get(at) or manifest.nodes[at]
        declared = self._is_declared(at)
        columns: Types = self._sources.get(at) or (declared_types(node) if declared else self._dbt.column_types(at))
        table = _read_given(given, [name for name, kind in columns.items() if kind])
        values = {field.name.lower(): dbt.name_type(field) for field in table.schema}
        found = {name: kind or values.get(name.lower()) for name, kind in columns.items()}
        if columns and at in manifest.nodes and (declared or at not in self._open):
            return found  # all columns are known: dbt says which one is given and is not there
        lower = {name.lower() for name in found}
        return {**_columns_of(node), **found, **{name: kind for name, kind in values.items() if name not in lower}}


def _read_given(given: Any, known: Collection[str]) -> Any:
    """The rows of an input as a table: a CSV file's of the types that they look like; of a YAML's text, which dbt has
    for its dates too, what looks like times is."""
    import pyarrow as pa  # type: ignore[import-untyped]

    table = make_table([dict(row) for row in given.rows or []] if is_rows(given) else [])
    text = [field.name for field in table.schema if pa.types.is_string(field.type) and not field.metadata]
    looked = infer_types(table.select(text), known)
    for field in looked.schema:
        if form_of(given) == "csv" or pa.types.is_temporal(field.type):
            table = table.set_column(table.column_names.index(field.name), field, looked.column(field.name))
    return table


def _columns_of(node: Any) -> dict[str, str | None]:
    """Return the columns that the YAML names, with the types that it says."""
    types = declared_types(node)
    return {column.name: types.get(column.name) for column in node.columns.values()}
