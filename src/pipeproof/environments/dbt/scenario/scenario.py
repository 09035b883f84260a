"""One test's dbt: the project in a schema of its own, with stand-ins for what the test does not build."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.comparison.difference import render_difference
from pipeproof.environments.dbt.comparison.tables import Tolerance, compare_tables
from pipeproof.environments.dbt.errors import DbtDifferenceError, DbtQueryError, DbtRowsError
from pipeproof.environments.dbt.guard.watch import refusal
from pipeproof.environments.dbt.project import manifest as manifests
from pipeproof.environments.dbt.project import mistakes
from pipeproof.environments.dbt.project.view import View
from pipeproof.environments.dbt.requests import (
    Request,
    check_options,
    check_request,
    is_of_text,
    request_nodes,
    request_text,
)
from pipeproof.environments.dbt.result import DbtFailed, DbtNode, DbtResult
from pipeproof.environments.dbt.rows.reading import is_sql, read_rows
from pipeproof.environments.dbt.scenario.calling import check_macro, locate_macro, read_value, write_call
from pipeproof.environments.dbt.scenario.execution import execute
from pipeproof.environments.dbt.scenario.failures import explain_failure, text_failed
from pipeproof.environments.dbt.scenario.giving import give_query, give_rows
from pipeproof.environments.dbt.scenario.ran import Ran
from pipeproof.environments.dbt.scenario.unproven import raise_unproven
from pipeproof.environments.dbt.session import references, roles
from pipeproof.environments.dbt.session.clock import read_moment
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.environments.dbt.session.schemas import Schemas
from pipeproof.environments.dbt.session.stand_ins import create_empty
from pipeproof.environments.dbt.session.warehouse import UNTYPED
from pipeproof.errors import Location, PipeproofError

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Recorder = Callable[[str, Mapping[str, Any]], None]
Selection = str | Sequence[str] | None


class Dbt:
    """The project in an isolated schema; its files are untouched.

    Args:
        project: The project, parsed.
        record: Takes evidence: a kind and a mapping.
        folders: Where relative paths of rows are looked for.
    """

    def __init__(self, project: DbtProject, record: Recorder, folders: Sequence[Path] = ()) -> None:
        self.project = project
        self._record = record
        self._folders = folders
        self._statuses: dict[str, str] = {}
        self._lately: list[View] = []
        self._created: set[str] = set()
        self._schemas = Schemas(project)
        self._given = self._schemas.given
        self._warehouse = self._schemas.warehouse
        self.schema = self._schemas.own

    def given(self, name: str, rows: Any) -> None:
        """Let rows stand in for a model, seed or snapshot (`"stg_orders"`) or a source (`"raw.orders"`).

        What stands in is not built by a later `run`, unless that names it; then it is what the model finds, so that
        an incremental model has something to add to.

        Args:
            name: The model, seed, snapshot or source.
            rows: A list of mappings, the path of a CSV or Parquet file, a pandas, Polars or Arrow frame, or SQL.

        Raises:
            DbtNameError: The project has nothing of that name.
            DbtRowsError: The rows make no table.
        """
        __tracebackhide__ = True
        node = self._find(name)
        relation = self._schemas.relation_of(node)
        with self._warehouse.preparing():
            self._schemas.make(str(relation.schema))
            if is_sql(rows):
                give_query(self._schemas, node, name, self._render(rows), self._explained)
            else:
                give_rows(self.project, self._schemas, node, name, rows, self._folders, self._explained)
        self._given[node.unique_id] = relation
        roles.let_use(self._warehouse, self._schemas.places())

    def fixtures(self, *names: str) -> None:
        """Give sources the rows of the project's fixtures: `fixtures/raw/orders.csv` has those of `raw.orders`.

        Args:
            names: The sources; all that have a file, where none is named.

        Raises:
            DbtRowsError: A source has no file, or a file belongs to none.
        """
        __tracebackhide__ = True
        found = self._view.fixtures(self.project.path)
        for unique_id in [self._find(name).unique_id for name in names] or found:
            if unique_id not in found:
                spelt = self._view.names.spell(unique_id)
                raise DbtRowsError(
                    f"{spelt} has no fixture", hint=f"put its rows into fixtures/{spelt.replace('.', '/')}.csv"
                )
            self.given(unique_id, str(found[unique_id]))

    def at(self, moment: str | date | datetime | None) -> None:
        """Let it be a time: for `current_timestamp` and the like in SQL, for snapshots, and for Jinja's clock.

        It holds for what is run, and for the test's own queries, until another is set or the test ends. In SQL time
        stands still; for Jinja (`run_started_at`, `modules.datetime`) and Python models it goes on from there.

        Args:
            moment: A date or a time, or ISO text of one; UTC where it has no zone. None for the machine's clock.

        Raises:
            DbtOptionError: It is no time, or the time of this database cannot be set.
        """
        __tracebackhide__ = True
        with self._warehouse.preparing():
            self._schemas.set_time(None if moment is None else read_moment(moment))

    def run(self, select: Selection = None, **options: Any) -> DbtResult:
        """Build models. See [invoke][] for the options, which all commands share."""
        __tracebackhide__ = True
        return self._command("run", select, options)

    def build(self, select: Selection = None, **options: Any) -> DbtResult:
        """Build seeds, snapshots and models, and test them."""
        __tracebackhide__ = True
        return self._command("build", select, options)

    def seed(self, select: Selection = None, **options: Any) -> DbtResult:
        """Load seeds."""
        __tracebackhide__ = True
        return self._command("seed", select, options)

    def test(self, select: Selection = None, **options: Any) -> DbtResult:
        """Run the project's own data tests and unit tests."""
        __tracebackhide__ = True
        return self._command("test", select, options)

    def snapshot(self, select: Selection = None, **options: Any) -> DbtResult:
        """Take snapshots."""
        __tracebackhide__ = True
        return self._command("snapshot", select, options)

    def compile(self, select: Selection = None, **options: Any) -> DbtResult:
        """Render models without building them: each node's `compiled`."""
        __tracebackhide__ = True
        return self._command("compile", select, options)

    def invoke(
        self,
        command: str,
        select: Selection = None,
        *,
        exclude: Selection = None,
        selector: str | None = None,
        vars: Mapping[str, Any] | None = None,  # noqa: A002 - dbt's word
        full_refresh: bool = False,
        state: str | Path | None = None,
        defer: bool = False,
        favor_state: bool = False,
        check: bool = True,
        args: Sequence[str] = (),
    ) -> DbtResult:
        """Run one of dbt's commands in the test's schema.

        Args:
            command: `run`, `build`, `seed`, `test`, `snapshot` or `compile`.
            select: As `--select`; a list is a union.
            exclude: As `--exclude`.
            selector: A selector of the project's `selectors.yml`.
            vars: As `--vars`.
            full_refresh: Build incremental models anew.
            state: A production `manifest.json` or its folder, or its `s3://` URL: for `state:modified` and `defer`.
            defer: Let what was neither built nor given be production's, which is read and never written.
            favor_state: Prefer production's even where it was built.
            check: Raise when a node fails; otherwise its status says so.
            args: Further arguments of dbt's command line.

        Raises:
            DbtFailed: A node failed, or dbt did.
            DbtUnproven: None failed, and one cannot be run in the embedded database as its warehouse would.
            DbtNothingSelected: The selection, or a part of it, matches nothing.
            DbtRefusedError: Something would be written outside the test's schemas.
        """
        __tracebackhide__ = True
        request = Request(
            command, select, exclude, selector, vars or {}, full_refresh, state, defer, favor_state, tuple(args)
        )
        check_request(request)
        return self.perform(request, check=check)

    def perform(self, request: Request, *, check: bool = True) -> DbtResult:
        """Run a request; see [invoke][] for what is raised."""
        __tracebackhide__ = True
        view = self.project.view(request.vars)
        self._lately = [view, *(other for other in self._lately if other is not view)]
        there = {*self._given, *(at for at, status in self._statuses.items() if status == "success")}
        started = time.perf_counter()
        ran = self._execute(request)
        roles.let_use(self._warehouse, self._schemas.places())
        manifest, nodes = ran.manifest, ran.nodes
        result = DbtResult(request.command, nodes, time.perf_counter() - started)
        self._record_run(request, result, there)
        self._statuses |= {node.unique_id: node.status for node in nodes.values()}
        for node in nodes.values():
            if node.unique_id in self._given:  # built now: no stand-in any more
                self._warehouse.forget(self._given.pop(node.unique_id))
        if ran.refused:
            raise refusal(ran.refused, self.schema)
        if check or ran.exception is not None:
            raise_unproven(self.project, manifest, result, ran.unproven)
        if ran.exception is not None or (check and not result.success):
            given = {at: self._warehouse.column_types(relation) for at, relation in self._given.items()}
            raise explain_failure(self.project, manifest, result, ran.exception, given, ran.said, request.criteria)
        if ran.unmatched or not nodes:
            raise mistakes.nothing_selected(request, ran.unmatched, view.manifest)
        return result

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return what was built, or stands in, under a name: its rows with real types."""
        __tracebackhide__ = True
        query = f"select * from {self._source_of(name)}"  # noqa: S608
        with self._explained(f"the rows of {name}", query):
            names, rows = self._warehouse.read(query)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def arrow(self, name: str) -> "pa.Table":
        """Return what was built, or stands in, under a name."""
        __tracebackhide__ = True
        query = f"select * from {self._source_of(name)}"  # noqa: S608
        with self._explained(f"the rows of {name}", query):
            return self._warehouse.read_table(query)

    def macro(
        self,
        name: str,
        /,
        *args: Any,
        this: str | None = None,
        vars: Mapping[str, Any] | None = None,  # noqa: A002 - dbt's word
        **options: Any,
    ) -> Any:
        """Call a macro as a model would, and return what it gives.

        Args:
            name: The macro: `"cents"`; one of a package with the package's name, `"dbt_utils.star"`.
            args: Its arguments: text, numbers, lists, dicts; `"{{ … }}"` is an expression, as `"{{ ref('orders') }}"`.
            this: The model that it is called in: its `this`, `model` and `config`, and whether it is incremental.
            vars: As `--vars`.
            options: Its arguments by name.

        Returns:
            Text (without the blanks around it), a number, a truth value, None, a list or a dict, as the macro returns
            it; a table of `run_query` as a list of dicts; all else, as a relation or a date, as text.

        Raises:
            DbtNameError: The project has no such macro, or no such model.
            DbtFailed: The macro fails, with `exceptions.raise_compiler_error` for one.
        """
        __tracebackhide__ = True
        manifest = self.project.view(vars).manifest
        check_macro(name, manifest)
        node = None if this is None else self._find(this)
        place = locate_macro(name, manifest, self.project.path)
        text = write_call(name, args, options)
        return read_value(self._compile_text(text, f"the macro {name}", node, vars, place))

    def sql(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, in which all that a model may say works: `ref`, `source`, `target`, macros, `var`."""
        __tracebackhide__ = True
        rendered = self._render(query)
        with self._explained("the query", rendered):
            names, rows = self._warehouse.read(rendered)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def grants(self, name: str) -> Mapping[str, Sequence[str]]:
        """Return which roles have been granted what: `{"select": ["reporter"]}`.

        Args:
            name: The model, seed or snapshot.

        Returns:
            Roles by privilege, in small letters: on PostgreSQL what the database says of what was built, without its
            owner; elsewhere the project's `grants`.

        Raises:
            DbtNotBuiltError: It was not built, where the database is asked.
        """
        __tracebackhide__ = True
        node = self._find(name)
        if self._warehouse.dialect == "postgres":
            self._owner_of(name, node)
        return roles.read_grants(self._warehouse, self._schemas.relation_of(node), node)

    def owner(self, name: str) -> str:
        """Return the role that owns what was built, on PostgreSQL.

        Raises:
            DbtNotBuiltError: It was not built.
            DbtOptionError: The database has no roles that it can be asked about.
        """
        __tracebackhide__ = True
        return self._owner_of(name, self._find(name))

    def role(self, name: str) -> AbstractContextManager[None]:
        """Let the test's own queries be a role's, on PostgreSQL: `with dbt.role("reporter"): dbt.rows("orders")`.

        What the role may not do raises DbtQueryError. It may use the test's schemas, whose production counterparts
        are granted outside of the project.

        Raises:
            DbtOptionError: The database has no such role, or none that it can be asked about.
        """
        self._schemas.make()
        self._warehouse.share()
        return roles.playing(self._warehouse, self._schemas.places(), name)

    def expect(
        self,
        name: str,
        rows: Any,
        columns: Sequence[str] | None = None,
        ordered: bool = False,
        tolerance: Tolerance = None,
    ) -> None:
        """Compare what was built with what is expected, by value.

        Args:
            name: The model, seed, snapshot or source.
            rows: The expected rows, in any form that [given][] takes. Their columns are compared; others are not.
            columns: Compare these columns alone.
            ordered: Whether the order of the rows counts.
            tolerance: How far apart numbers may be: for all columns, or a mapping by column.

        Raises:
            DbtDifferenceError: They differ; the message shows the rows that do.
            DbtRowsError: A column is not there.
        """
        __tracebackhide__ = True
        mistakes.check_tolerance(tolerance)
        columns = [columns] if isinstance(columns, str) else columns
        built = self.arrow(name)
        if is_sql(rows):
            query, typed = self._render(rows), True
            with self._explained(f"the query for what is expected of {name}", query):
                expected = self._warehouse.read_table(query)
        else:
            expected, typed = read_rows(rows, self._folders)
        node = self._find(name)
        key = manifests.find_key(self._view.manifest, node)
        compared = [*(expected.column_names if columns is None else columns)]
        self._record("dbt.expect", {"id": node.unique_id, "columns": compared})
        difference = compare_tables(
            built, expected, typed=typed, columns=columns, ordered=ordered, tolerance=tolerance, key=key
        )
        if difference is not None:
            raise DbtDifferenceError(render_difference(name, difference))

    def stand_in(self, unique_id: str, types: Mapping[str, str | None]) -> None:
        """Let an empty table stand in for a node or source.

        Args:
            unique_id: The node or source.
            types: Its columns and their types; None where nothing says one.
        """
        relation = self._schemas.relation_of(self._find(unique_id))
        self._schemas.make(str(relation.schema))
        create_empty(self._warehouse, relation, types)
        self._given[unique_id] = relation

    def replace_guesses(self, built: Iterable[DbtNode]) -> None:
        """Let tables that dbt has built show which of their columns nothing says the type of, where they do not.

        Args:
            built: The nodes, those first that others are made of.
        """
        for node in built if self._warehouse.guesses_types else ():
            if node.materialized in {"incremental", "table"} and node.compiled:
                with suppress(Exception):  # of a model in Python there is no view
                    self._warehouse.replace_by_view(
                        self._schemas.relation_of(self._find(node.unique_id)), node.compiled
                    )

    def column_types(self, unique_id: str) -> dict[str, str | None]:
        """The columns of a node that was built or stands in; the type is None where the database has none for it."""
        relation = self._given.get(unique_id) or self._schemas.relation_of(self._find(unique_id))
        types = self._warehouse.column_types(relation)
        return {name: None if kind == UNTYPED else kind for name, kind in types.items()}

    def name_type(self, field: "pa.Field[Any]") -> str | None:
        """Return what a column of values is declared as; None for one of NULLs alone."""
        kind = self._warehouse.name_type(field)
        return None if kind == UNTYPED else kind

    def find_place(self, unique_id: str) -> tuple[str, str]:
        """The schema and the name, in small letters, under which compiled SQL has a node or a source without rows."""
        node = self._find(unique_id)
        source = node.resource_type == "source"
        place = (self._schemas.source_place(node) or node) if source else self._schemas.relation_of(node)
        return str(place.schema).lower(), str(place.identifier).lower()

    def count_as_built(self, name: str) -> None:
        """Take what stands in for a node for what was built: it no longer keeps the node's own code from running."""
        self._warehouse.share()
        self._warehouse.forget(self._given.pop(self._find(name).unique_id))

    def close(self) -> None:
        """Drop the test's schemas."""
        self._schemas.drop()

    def _command(self, command: str, select: Selection, options: Mapping[str, Any]) -> DbtResult:
        __tracebackhide__ = True
        code = Dbt.invoke.__code__
        check_options(command, options, code.co_varnames[3 : code.co_argcount + code.co_kwonlyargcount])
        return self.invoke(command, select, **options)

    @property
    def _view(self) -> View:
        """The project as this test's last run saw it."""
        return self._lately[0] if self._lately else self.project.view()

    def _find(self, name: str) -> Any:
        """Return the node or source of that name."""
        return self.project.find(name, self._lately)

    def _execute(self, request: Request) -> Ran:
        """Let dbt run a command, in this process."""
        return execute(self.project, request, self._schemas, self._created)

    def _explained(self, what: str, query: str = "") -> AbstractContextManager[None]:
        """Tell a refusal of the database's in words of ours: that something the query reads is not there, for one."""

        def find_absent() -> PipeproofError | None:
            # Asked by the connection's own role, which sees all that is there.
            with self._warehouse.preparing():
                return references.find_absent(query, self._view, self._schemas, self._statuses)

        return mistakes.explained(what, find_absent)

    def _owner_of(self, name: str, node: Any) -> str:
        owner = roles.read_owner(self._warehouse, self._schemas.relation_of(node))
        if owner is None:
            raise mistakes.not_built(node, name, self._statuses.get(node.unique_id))
        return owner

    def _source_of(self, name: str) -> str:
        """Return what to select from for a name."""
        node = self._find(name)

        def compile_node() -> str | None:
            request = replace(request_nodes("compile", [node]), vars=self._view.variables, runs=True)
            return self.perform(request).nodes[node.unique_id].compiled

        return references.locate(node, self._schemas, compile_node)

    def _render(self, query: str) -> str:
        """Return a query with its references resolved; what they refer to may be made for it."""
        self._schemas.make()
        self._warehouse.share()  # it may write

        def compile_text(text: str) -> str:
            try:
                return self._compile_text(text, "the query", variables=self._view.variables)
            except DbtFailed as error:
                raise DbtQueryError(error.message, location=error.location) from error

        rendered = references.render_query(query, self.project, self.schema, self._source_of, compile_text)
        clock = self._schemas.clock
        return clock.write(rendered) if clock is not None and clock.write is not None else rendered

    def _compile_text(
        self,
        text: str,
        what: str,
        node: Any = None,
        variables: Mapping[str, Any] | None = None,
        place: Location | None = None,
    ) -> str:
        """Return what dbt makes of text, as the code of a model or by itself; the rest is for the error."""
        __tracebackhide__ = True
        request = request_text(text, node, variables or {})
        ran = self._execute(request)
        if ran.refused:
            raise refusal(ran.refused, self.schema)
        compiled = next((found.compiled for found in ran.nodes.values() if is_of_text(found, request)), None)
        if ran.exception is not None or compiled is None:
            raise text_failed(self.project, what, ran, place)
        return compiled

    def _record_run(self, request: Request, result: DbtResult, there: Collection[str]) -> None:
        from pipeproof.environments.dbt.scenario.evidence import describe_run

        for kind, data in describe_run(self.project, self.schema, request, result, self._given, there):
            self._record(kind, data)
